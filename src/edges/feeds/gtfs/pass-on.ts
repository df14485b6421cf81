import type { TransitLoad, TransitRow } from '../../../domains/mobility/index.ts'
import type { FeedFiles } from './files.ts'
import { type FileSpec, LOCATIONS } from './schema.ts'
import type { ReadingState } from './state.ts'
import { openTable, RowReader, type TableRow } from './table.ts'
import { dateOf } from './values.ts'

const BATCH = 2000
const MOST_COLUMNS = 200

/** Fares, attributions and what only this feed has: kept row by row, without what cannot be read of them. */
export async function passOn(
  files: FeedFiles,
  load: TransitLoad,
  state: ReadingState,
  name: string,
  spec: FileSpec | undefined,
): Promise<void> {
  if (name === LOCATIONS) {
    await load.otherFile(name, [], await textOf(files, name, state.context.maxDocumentBytes))
    return
  }
  const table = await openTable(spec, name, files.open(name), state.notices)
  if ('reason' in table) {
    if (name === 'fare_attributes.txt') state.fares.absent = true
    return
  }
  if (table.header.length > MOST_COLUMNS) {
    state.notices.add('csv_parsing_failed', { filename: name, message: `more than ${MOST_COLUMNS} columns` })
    return
  }
  const reader = spec && new RowReader(spec, table.header, state.notices)
  if (name !== 'feed_info.txt') await load.otherFile(name, table.header)
  state.headers[name] = table.header.filter((column) => column !== '')
  let rows = 0
  await load.fill(
    'gtfs_other_row',
    (async function* () {
      let batch: TransitRow[] = []
      for await (const { rows: block, first } of table.blocks) {
        state.context.signal?.throwIfAborted()
        for (const [index, cells] of block.entries()) {
          const row = first + index
          const kept = reader
            ? checked(state, reader.read(cells, row), table.header, cells)
            : table.header.map((_, at) => cells[at] ?? '')
          if (kept === undefined) continue
          state.count(name, 1, kept ? 1 : 0)
          if (kept && !reader) state.references.row(name, table.header, kept, row)
          if (kept && name === 'feed_info.txt') feedInfo(state, table.header, kept, ++rows, row)
          else if (kept) batch.push({ name, row, cells: kept })
        }
        state.tick(block.length)
        if (batch.length < BATCH) continue
        yield batch
        batch = []
      }
      yield batch
    })(),
  )
}

/** The cells that can be used; null when the row cannot, undefined when there is none. */
function checked(
  state: ReadingState,
  row: TableRow | null,
  header: readonly string[],
  cells: readonly string[],
): string[] | null | undefined {
  if (!row) return undefined
  if (row.file === 'fare_attributes.txt' && row.text('fare_id') !== undefined) {
    if (row.good && !state.unique(row, state.fares, 'fare_id')) row.good = false
    else if (row.good) state.fares.add(row.text('fare_id')!)
    else state.fares.addUnusable(row.text('fare_id')!)
  }
  const references = [
    ['agency_id', 'agency.txt', state.agencies],
    ['route_id', 'routes.txt', state.routes],
    ['trip_id', 'trips.txt', state.trips],
    ...(row.file === 'fare_rules.txt' ? [['fare_id', 'fare_attributes.txt', state.fares] as const] : []),
  ] as const
  let dangling = false
  for (const [field, parent, ids] of references) {
    if (field in row.values && state.refer(row, field, parent, field, ids) === undefined) dangling = true
  }
  if (
    row.file === 'attributions.txt' &&
    !['is_producer', 'is_operator', 'is_authority'].some((role) => row.num(role) === 1)
  )
    state.note('attribution_without_role', row, { attributionId: row.text('attribution_id') ?? '' })
  if (!row.good || dangling) return state.rejectRow(row)
  return header.map((name, at) =>
    name in row.values
      ? cells[at]!.replaceAll(/[\ufffd\0]/g, '')
          .replaceAll(/\s*[\r\n]+\s*/g, ' ')
          .trim()
      : '',
  )
}

function feedInfo(
  state: ReadingState,
  header: readonly string[],
  cells: readonly string[],
  rows: number,
  csvRowNumber: number,
): void {
  const { notices, today } = state
  if (rows > 1) {
    notices.add('more_than_one_entity', { filename: 'feed_info.txt', csvRowNumber })
    return
  }
  const info = Object.fromEntries(
    header.map((name, at) => [name, cells[at]!] as const).filter(([name, value]) => name !== '' && value !== ''),
  )
  state.feedInfo = info
  const facts = { filename: 'feed_info.txt', csvRowNumber }
  if (!info.feed_contact_email && !info.feed_contact_url) notices.add('missing_feed_contact_email_and_url', facts)
  state.rules.feedInfo(info, csvRowNumber)
  const start = info.feed_start_date && dateOf(info.feed_start_date)
  const end = info.feed_end_date && dateOf(info.feed_end_date)
  if (start && end && end < start)
    notices.add('start_and_end_range_out_of_order', {
      ...facts,
      startFieldName: 'feed_start_date',
      endFieldName: 'feed_end_date',
    })
  if (!end) return
  const within = (days: number) =>
    end <= new Date(Date.parse(`${today}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
  const ending = { ...facts, currentDate: today, feedEndDate: end }
  if (within(7)) notices.add('feed_expiration_date7_days', ending)
  else if (within(30)) notices.add('feed_expiration_date30_days', ending)
}

async function textOf(files: FeedFiles, name: string, most: number): Promise<string | null> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of files.open(name)) {
    size += chunk.length
    if (size > most) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
