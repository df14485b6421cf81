import type { Definition } from './definition.ts'
import type { Feed } from './feed.ts'
import { type FeedDeps, openFeed } from './feed-inputs.ts'
import { Mapper } from './mapper.ts'
import { type Batch, type Cell, type Entry, FileError, type Format, type RejectionExample } from './model.ts'
import { limitsOf } from './origin.ts'

export interface PreviewValue {
  thing: string
  series: string
  property: string
  unit: string
  time: string
  end: string | null
  value: unknown
  quality: 'good' | 'suspect'
}

/** One row of the input beside what the mapping makes of it. */
export interface PreviewRow {
  file: string
  row: number
  cells: Record<string, Cell>
  values: PreviewValue[]
  rejected: (RejectionExample & { reason: string })[]
}

/** Maps the first `limit` rows of what is there and writes nothing. */
export async function previewRows(
  definition: Definition,
  defaultZone: string,
  format: Format,
  entries: (wanted: (path: string) => boolean) => AsyncIterable<Entry>,
  limit: number,
): Promise<PreviewRow[]> {
  const rows: PreviewRow[] = []
  const filter = new Mapper(definition, defaultZone)
  const context = { maxDocumentBytes: limitsOf(definition).document }
  for await (const entry of entries((path) => filter.wants(path))) {
    for await (const batch of format.parse(entry.bytes, definition.format, { ...context, name: entry.path })) {
      for (let index = 0; index < batch.rows.length; index++) {
        rows.push(await previewRow(definition, defaultZone, entry.path, batch, index))
        if (rows.length >= limit) return rows
      }
    }
  }
  return rows
}

async function previewRow(
  definition: Definition,
  zone: string,
  file: string,
  batch: Batch,
  index: number,
): Promise<PreviewRow> {
  const mapper = new Mapper(definition, zone)
  const mapped = mapper.file(file, new Map(), Date.now())
  const cells = batch.rows[index]!
  await mapped.map({
    header: batch.header,
    preamble: batch.preamble,
    rows: [cells],
    firstRow: batch.firstRow + index,
    ...(batch.objects ? { objects: [batch.objects[index]] } : {}),
  })
  mapped.end()
  return {
    file,
    row: batch.firstRow + index,
    cells: Object.fromEntries(batch.header.map((name, column) => [name, cells[column]])),
    values: mapper.waiting.map(({ observation, stream }) => ({
      thing: stream.thing.name,
      series: stream.name,
      property: stream.observedProperty.key,
      unit: stream.unit.symbol || stream.unit.name,
      time: observation.t,
      end: observation.tEnd,
      value: observation.v ?? observation.x?.r ?? null,
      quality: observation.q === 1 ? 'suspect' : 'good',
    })),
    rejected: mapper.rejections
      .list()
      .flatMap(({ reason, examples }) => examples.map((example) => ({ reason, ...example }))),
  }
}

/** The first items of a feed: a feature with its facts, or a value. Writes nothing. */
export async function previewFeed(
  deps: FeedDeps,
  definition: Definition,
  feed: Feed,
  limit: number,
  options: { from?: string | readonly string[]; cwd?: string; signal?: AbortSignal },
): Promise<PreviewRow[]> {
  if ('apply' in feed) throw new FileError(`a feed of type ${feed.id} has no preview: run it`)
  const paths = typeof options.from === 'string' ? [options.from] : options.from
  const opened = await openFeed(deps, definition, feed, {
    ...(paths ? { paths } : {}),
    cwd: options.cwd ?? process.cwd(),
    signal: options.signal,
    validators: null,
  })
  const rows: PreviewRow[] = []
  try {
    const file = opened!.inputs[0]!.name
    const context = { name: file, maxDocumentBytes: limitsOf(definition).document, signal: options.signal }
    for await (const item of feed.read(opened!.inputs, definition.format, context)) {
      if (item.kind === 'complete') continue
      const row = rows.length + 1
      const rejected =
        item.kind === 'reject'
          ? [{ reason: item.reason, row: item.row ?? row, column: item.column ?? '', value: item.value ?? null }]
          : []
      const { kind: _, ...cells } = item.kind === 'feature' ? { ...item, ...item.properties } : item
      const shown = Object.entries(cells).filter(([, cell]) => typeof cell !== 'object')
      rows.push({ file, row, cells: Object.fromEntries(shown) as Record<string, Cell>, values: [], rejected })
      if (rows.length >= limit) break
    }
    return rows
  } finally {
    await opened!.close()
  }
}
