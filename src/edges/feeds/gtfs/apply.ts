import { currentVersion, isCurrent, TransitLoad, type TransitRow } from '../../../domains/mobility/index.ts'
import { type ApplyContext, type ApplyInput, FileError, type RunFigures } from '../../../domains/sources/index.ts'
import { afterLoad } from './after-load.ts'
import { type FeedFiles, openFiles } from './files.ts'
import type { Ids } from './ids.ts'
import * as links from './links.ts'
import { passOn } from './pass-on.ts'
import { FILES, LOCATIONS, ORDER } from './schema.ts'
import { Shapes } from './shapes.ts'
import { ReadingState } from './state.ts'
import { StopTimes } from './stop-times.ts'
import { Stops } from './stops.ts'
import { openTable, RowReader, type TableRow } from './table.ts'
import * as tables from './tables.ts'
import type { TravelContext } from './travel.ts'
import { TripOrder } from './trip-order.ts'

const BATCH = 2000
/** Less than this share of trips or stop times of use: a version that serves is not replaced by what is left. */
const LEAST_SHARE = 0.5
/** More days of service than this in one feed is a trap or a mistake (Germany as a whole has three million). */
const MOST_SERVICE_DAYS = 20_000_000

/**
 * Reads a feed into a version of its own and lets it serve when it is complete. What can be used of a flawed feed is
 * used; a hopeless one leaves its report and nothing else. Throws FileError with the reason then.
 */
export async function apply(inputs: readonly ApplyInput[], context: ApplyContext): Promise<RunFigures> {
  const { db, dataset, source, run, origin } = context
  const started = Date.now()
  const files = await openFiles(inputs, context.limits)
  if (await isCurrent(db, dataset, files.hash)) return unchanged(context)
  let refused = false
  const load = await TransitLoad.begin(db, { dataset, source, run, origin, hash: files.hash })
  try {
    const state = new ReadingState(context)
    await read(files, load, state)
    const seconds = () => (Date.now() - started) / 1000
    const span = await load.span()
    coverage(state, span)
    const problem = hopeless(state, span, (await currentVersion(db, dataset)) !== undefined)
    if (problem !== null) {
      await load.refuse({ read: state.read, notices: state.notices.list(), seconds: seconds() })
      refused = true
      throw new FileError(problem)
    }
    await load.index()
    if (state.isUnsorted) {
      await inOrder(load, state)
      unusedTrips(state)
    }
    await afterLoad(load, state)
    await load.complete({
      timeZone: state.timeZone,
      feedInfo: state.feedInfo,
      counts: state.used,
      headers: state.headers,
      read: state.read,
      notices: state.notices.list(),
      seconds: seconds(),
    })
    return state.figures()
  } catch (error) {
    // Stopped, failed on our side, or a trap: nothing of it stays.
    if (!refused) await load.abandon().catch(() => {})
    throw error
  }
}

async function unchanged({ db, dataset }: ApplyContext): Promise<RunFigures> {
  const { counts } = (await currentVersion(db, dataset))!
  const read = Object.values(counts).reduce((sum, n) => sum + n, 0)
  return { read, accepted: 0, unchanged: read, corrected: 0, rejected: 0, rejections: [] }
}

async function read(files: FeedFiles, load: TransitLoad, state: ReadingState): Promise<void> {
  const { notices } = state
  const has = (name: string) => files.names.includes(name)
  for (const spec of FILES.values()) {
    if (has(spec.name)) continue
    // Translations are of the language feed_info.txt names.
    const isNeeded = spec.name === 'feed_info.txt' && has('translations.txt')
    if (spec.presence === 'required' || isNeeded) notices.add('missing_required_file', { filename: spec.name })
    else if (spec.presence === 'recommended') notices.add('missing_recommended_file', { filename: spec.name })
  }
  if (!has('calendar.txt') && !has('calendar_dates.txt')) notices.add('missing_calendar_and_calendar_date_files', {})
  if (files.nested) notices.add('invalid_input_files_in_subfolder', {})
  const stops = new Stops(state)
  const services = new Map<number, TableRow>()
  const onlyDates: TransitRow[] = []
  const readers: Record<string, tables.FileReader> = {
    'agency.txt': tables.agencies(state),
    'levels.txt': tables.levels(state),
    'stops.txt': stops,
    'routes.txt': tables.routes(state),
    'calendar.txt': tables.calendar(state, services),
    'calendar_dates.txt': tables.calendarDates(state, services, onlyDates),
    'trips.txt': tables.trips(state),
    'frequencies.txt': tables.frequencies(state),
    'transfers.txt': links.transfers(state),
    'pathways.txt': links.pathways(state),
    'translations.txt': tables.translations(state),
  }
  state.flexRules.hasBookingRules = has('booking_rules.txt')
  if (has(LOCATIONS)) await passOn(files, load, state, LOCATIONS, undefined)
  for (const name of ORDER) {
    if (name === 'trips.txt') {
      await calendarsRead(load, state, onlyDates)
      for (const service of await load.expiredServices(state.today)) {
        const row = services.get(service)
        if (row) state.note('expired_calendar', row, { serviceId: row.text('service_id')! })
      }
    }
    if (!has(name)) {
      absent(state, name, has)
      continue
    }
    const spec = FILES.get(name)!
    const reader = readers[name]
    if (!reader && name !== 'stop_times.txt' && name !== 'shapes.txt') {
      await passOn(files, load, state, name, spec)
      continue
    }
    const table = await openTable(spec, name, files.open(name), notices)
    if (!('reason' in table)) state.headers[name] = table.header.filter((column) => column !== '')
    if ('reason' in table) {
      absent(state, name, has)
      if (table.reason === 'utf-16') state.wide ??= name
    } else if (name === 'stop_times.txt')
      await stopTimes(load, state, new StopTimes(table, contextOf(load, state, stops)))
    else if (name === 'shapes.txt') await load.fillShapes(new Shapes(state, table).parts())
    else {
      const rows = new RowReader(spec, table.header, notices)
      const extra = table.header.filter((column) => column !== '' && !reader!.modelled.includes(column))
      await load.fill(
        reader!.table,
        (async function* () {
          let batch: TransitRow[] = []
          for await (const { rows: block, first } of table.blocks) {
            state.context.signal?.throwIfAborted()
            for (const [index, cells] of block.entries()) {
              const row = rows.read(cells, first + index)
              if (!row) continue
              const made = reader!.row(row)
              state.count(name, 1, made ? 1 : 0)
              if (made)
                batch.push(extra.length > 0 ? { ...made, other: otherOf(row, extra, table.header, cells) } : made)
            }
            state.tick(block.length)
            if (batch.length < BATCH) continue
            yield batch
            batch = []
          }
          yield batch
        })(),
      )
      reader!.end?.()
    }
    if (name === 'stops.txt') await load.withoutParents(stops.withoutRow)
    if (name === 'agency.txt' && state.timeZone !== '')
      state.today = new Intl.DateTimeFormat('sv-SE', { timeZone: state.timeZone, dateStyle: 'short' }).format(
        new Date(),
      )
  }
  for (const name of files.names) {
    if (FILES.has(name) || name === LOCATIONS) continue
    notices.add('unknown_file', { filename: name })
    if (name.endsWith('.txt')) await passOn(files, load, state, name, undefined)
  }
  if (state.headers['routes.txt']?.includes('network_id'))
    for (const filename of ['networks.txt', 'route_networks.txt'].filter(has))
      notices.add('route_networks_specified_in_more_than_one_file', {
        filename,
        fieldName: 'network_id',
        otherFilename: 'routes.txt',
      })
  state.fareRules.end()
  if (!state.used['stop_times.txt']) return
  stops.unused()
  if (!state.isUnsorted) unusedTrips(state)
}

/** Columns the database has no place for, as they stand in the file. */
function otherOf(
  row: TableRow,
  extra: readonly string[],
  header: readonly string[],
  cells: readonly string[],
): Record<string, string> | null {
  let other: Record<string, string> | null = null
  for (const column of extra) {
    if (row.values[column] === undefined) continue
    other ??= {}
    other[column] = cells[header.indexOf(column)]!.trim()
  }
  return other
}

/** A table that is not there or cannot be read: what refers to it need not be told of row by row. */
function absent(state: ReadingState, name: string, has: (name: string) => boolean): void {
  const of: Record<string, Ids> = {
    'agency.txt': state.agencies,
    'stops.txt': state.stops,
    'routes.txt': state.routes,
    'trips.txt': state.trips,
    'fare_attributes.txt': state.fares,
  }
  if (of[name]) of[name].absent = true
  // Unreadable, not merely left out.
  if ((name === 'shapes.txt' || name === 'levels.txt') && has(name))
    (name === 'shapes.txt' ? state.shapes : state.levels).absent = true
  if (name === 'calendar.txt' && (has(name) || !has('calendar_dates.txt'))) state.services.absent = true
}

async function calendarsRead(load: TransitLoad, state: ReadingState, onlyDates: readonly TransitRow[]): Promise<void> {
  await load.fill(
    'gtfs_service',
    (async function* () {
      yield onlyDates
    })(),
  )
  if ((await load.plannedDays()) > MOST_SERVICE_DAYS)
    throw new FileError(`the calendars name more than ${MOST_SERVICE_DAYS} days of service`)
  await load.serviceDays()
  state.context.signal?.throwIfAborted()
}

function contextOf(load: TransitLoad, state: ReadingState, stops: Stops) {
  return {
    version: load.version,
    trips: state.trips,
    stops: state.stops,
    locationTypes: stops.types,
    travel: travelOf(state, (stop) => stops.named(stop)),
    notices: state.notices,
    flex: (row: TableRow) => {
      state.references.row(row)
      state.flexRules.stopTime(row)
      for (const stop of state.groupStops.get(row.text('location_group_id') ?? '') ?? []) state.stops.mark(stop)
    },
    signal: state.context.signal,
    progress: (rows: number) => state.tick(rows),
    reject: (code: string, row: number, column: string, value: string) =>
      state.reject(code, 'stop_times.txt', row, column, value),
  }
}

async function stopTimes(load: TransitLoad, state: ReadingState, times: StopTimes): Promise<void> {
  await load.fillStopTimes(times.parts())
  let removed = 0
  if (!times.order.unsorted) state.travel = times.order.travel
  if (times.order.unsorted) {
    state.isUnsorted = true
    const { n, examples } = await load.removeDuplicates()
    state.notices.addMany(
      'duplicate_key',
      n,
      examples.map(({ trip, sequence }) => ({
        filename: 'stop_times.txt',
        fieldName1: 'trip_id,stop_sequence',
        fieldValue1: `${trip},${sequence}`,
        tripId: trip,
        stopSequence: sequence,
      })),
    )
    removed = n
    for (const { trip, sequence } of examples)
      state.reject('duplicate_key', 'stop_times.txt', 0, 'stop_sequence', `${trip},${sequence}`)
  }
  if (times.order.gaps) await load.interpolate()
  state.count('stop_times.txt', times.read, times.used - removed)
}

/** Stop times that did not come trip after trip are looked at again as the database has them. */
async function inOrder(load: TransitLoad, state: ReadingState): Promise<void> {
  const { trips, stopFacts } = state
  const ids = new Map([...trips.entries()].map(([id, trip]) => [trip, id]))
  trips.clearUses()
  const order = new TripOrder({ trips, travel: travelOf(state, (stop) => stopFacts[stop]!), notices: state.notices })
  for await (const call of load.calls()) {
    if (call.trip !== order.trip) order.begin(ids.get(call.trip)!, call.trip)
    order.take(0, call.sequence, call.stop, call.arrival, call.departure, call.dist, call.flexible)
  }
  order.end()
  state.notices.merge(order.found)
  state.travel = order.travel
}

function travelOf(state: ReadingState, stop: TravelContext['stop']): TravelContext {
  return { places: state.places, shapes: state.shapeEnds, trips: state.tripFacts, stop }
}

/** Trips nobody can board, or that end where they begin. */
function unusedTrips(state: ReadingState): void {
  const { trips } = state
  const hasOneCall = (tripId: string) => trips.uses(trips.of(tripId) ?? -1) === 1
  for (const [tripId, trip] of trips.entries()) {
    if (trip < 0) continue
    if (!trips.isUsed(trip)) state.notices.add('unused_trip', { filename: 'trips.txt', tripId })
    if (trips.uses(trip) < 2) state.notices.add('unusable_trip', { filename: 'trips.txt', tripId })
  }
  state.flexRules.end(hasOneCall)
  for (const [shapeId, shape] of state.shapes.entries())
    if (shape >= 0 && !state.shapes.isUsed(shape))
      state.notices.add('unused_shape', { filename: 'shapes.txt', shapeId })
}

/** Root causes, told when something they explain is missing. */
const ROOTS = new Set([
  'missing_required_file',
  'missing_required_column',
  'missing_calendar_and_calendar_date_files',
  'empty_file',
  'csv_parsing_failed',
  'duplicated_column',
])

/** Why a feed cannot serve, in one sentence; null when it can. */
function hopeless(state: ReadingState, span: { first: string | null }, serves: boolean): string | null {
  const { used, read: seen, notices } = state
  const empty = ['agency.txt', 'stops.txt', 'routes.txt', 'trips.txt', 'stop_times.txt'].find((name) => !used[name])
  if (empty !== undefined || span.first === null) {
    if (state.wide !== null) return `${state.wide} is UTF-16: the files of a GTFS feed must be UTF-8`
    const errors = notices.list().filter(({ severity }) => severity === 'ERROR')
    const roots = errors.filter(({ code }) => ROOTS.has(code))
    const causes = (roots.length > 0 ? roots : errors).slice(0, 3).map(({ code, examples: [example] }) => {
      const where = [example?.filename ?? example?.childFilename, example?.fieldName].filter(Boolean).join(' ')
      return where === '' ? code : `${code} (${where})`
    })
    const what = empty ? `nothing of ${empty} can be used` : 'no trip runs on any day'
    return `${what}: ${causes.join(', ') || 'there are no rows'}`
  }
  if (!serves) return null
  for (const name of ['trips.txt', 'stop_times.txt'])
    if (used[name]! < seen[name]! * LEAST_SHARE)
      return `only ${used[name]} of ${seen[name]} rows of ${name} can be used: the timetable before goes on serving`
  return null
}

/** Does a trip run within the next seven days? */
function coverage(state: ReadingState, { first, last }: { first: string | null; last: string | null }): void {
  if (first === null || last === null) return
  const week = new Date(Date.parse(`${state.today}T00:00:00Z`) + 7 * 86_400_000).toISOString().slice(0, 10)
  if (first <= state.today && last >= week) return
  state.notices.add('trip_coverage_not_active_for_next7_days', {
    currentDate: state.today,
    serviceWindowStartDate: first,
    serviceWindowEndDate: last,
  })
}
