import type { TransitLoad, TransitRow } from '../../../domains/mobility/index.ts'
import type { FileSpec } from './file-spec.ts'
import type { FeedFiles } from './files.ts'
import { readLocations } from './locations.ts'
import { LOCATIONS } from './schema.ts'
import type { ReadingState } from './state.ts'
import { openTable, RowReader, TableRow } from './table.ts'
import { dateOf } from './values.ts'

const BATCH = 2000
const MOST_COLUMNS = 200
/** More keys than this of one file are not compared. */
const MOST_KEYS = 1_000_000

/** Fares, attributions and what only this feed has: kept row by row, without what cannot be read of them. */
export async function passOn(
  files: FeedFiles,
  load: TransitLoad,
  state: ReadingState,
  name: string,
  spec: FileSpec | undefined,
): Promise<void> {
  if (name === LOCATIONS) {
    const text = await textOf(files, name, state.context.maxDocumentBytes)
    await load.otherFile(name, [], text)
    if (text !== null) await locations(load, state, text)
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
  const look = spec?.isPassedOn ? looker(state, spec) : undefined
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
          const read = reader?.read(cells, row)
          if (read === null) continue
          if (read) look?.(read)
          const kept =
            read && !look ? checked(state, read, table.header, cells) : table.header.map((_, at) => cells[at] ?? '')
          state.count(name, 1, kept ? 1 : 0)
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

/** Looks at rows of a file that is passed on as it came. */
function looker(state: ReadingState, spec: FileSpec): (row: TableRow) => void {
  const keys = new Set<string>()
  return (row) => {
    const values = spec.key.map((field) => row.text(field) ?? '')
    const key = JSON.stringify(values)
    if (row.good && keys.has(key))
      state.note('duplicate_key', row, { fieldName1: spec.key.join(), fieldValue1: values.join() })
    else if (row.good && keys.size < MOST_KEYS) keys.add(key)
    state.references.row(row)
    if (spec.name === 'booking_rules.txt') state.flexRules.bookingRule(row)
    else if (spec.name === 'location_groups.txt')
      state.flexRules.geography(row.text('location_group_id') ?? '', spec.name, row)
    else if (spec.name === 'location_group_stops.txt') {
      const stop = state.stops.of(row.text('stop_id') ?? '') ?? -1
      const group = row.text('location_group_id') ?? ''
      if (stop >= 0) state.groupStops.set(group, [...(state.groupStops.get(group) ?? []), stop])
    } else state.fareRules.row(row)
  }
}

async function locations(load: TransitLoad, state: ReadingState, text: string): Promise<void> {
  const { ids, areas } = readLocations(text, (code, facts) => state.notices.add(code, facts))
  for (const [index, id] of ids.entries()) {
    state.references.add(LOCATIONS, 'id', id)
    state.flexRules.geography(id, LOCATIONS, new TableRow(LOCATIONS, index))
  }
  for (const { id, geometry } of areas) state.areas.set(id, geometry)
  for (const { index, reason } of await load.invalidAreas(areas.map(({ geometry }) => geometry))) {
    state.notices.add('invalid_geometry', {
      filename: LOCATIONS,
      featureIndex: areas[index]!.index,
      featureId: areas[index]!.id,
      message: reason,
    })
    state.areas.delete(areas[index]!.id)
  }
}

/** The cells that can be used; null when the row cannot. */
function checked(
  state: ReadingState,
  row: TableRow,
  header: readonly string[],
  cells: readonly string[],
): string[] | null {
  if (row.file === 'fare_rules.txt') {
    state.references.row(row)
    const route = state.routes.of(row.text('route_id') ?? '')
    const isZoned = ['origin_id', 'destination_id', 'contains_id'].some((field) => row.text(field) !== undefined)
    if (isZoned && route !== undefined && route >= 0) state.zonedRoutes.add(route)
  }
  if (row.file === 'fare_attributes.txt' && row.text('fare_id') !== undefined) {
    if (row.good && !state.unique(row, state.fares, 'fare_id')) row.good = false
    else if (row.good) state.fares.add(row.text('fare_id')!)
    else state.fares.addUnusable(row.text('fare_id')!)
  }
  if (row.file === 'fare_attributes.txt' && row.text('agency_id') === undefined)
    state.note(state.agencies.size > 1 ? 'missing_required_field' : 'missing_recommended_field', row, {
      fieldName: 'agency_id',
    })
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
