import type { NoticeCode } from './notice-codes.ts'
import type { NoticeFacts } from './notices.ts'
import type { TableRow } from './table.ts'

/** A line of which it is said whether one gets on or off between its stops: windows have no place in its trips. */
export const isClosed = (route: TableRow): boolean =>
  ['continuous_pickup', 'continuous_drop_off'].some((name) => [0, 2, 3].includes(route.num(name) ?? 1))

const MOST_CALLS = 200

function isTogether(a: TableRow, b: TableRow): boolean {
  const isSame = (field: string) => (a.num(field) ?? 0) === (b.num(field) ?? 0)
  const [start, end] = WINDOW
  return (
    (isSame('pickup_type') || isSame('drop_off_type')) &&
    a.text('location_id') !== b.text('location_id') &&
    a.num(start)! <= b.num(end)! &&
    a.num(end)! >= b.num(start)!
  )
}

type Note = (code: NoticeCode, row: TableRow, facts?: NoticeFacts) => void

/** Where a stop time is: one of these, no more. */
export const GEOGRAPHY = ['stop_id', 'location_group_id', 'location_id'] as const
export const WINDOW = ['start_pickup_drop_off_window', 'end_pickup_drop_off_window'] as const
/** Columns of stop_times.txt only GTFS-Flex knows: a row without them needs no look from here. */
export const FLEX_COLUMNS: ReadonlySet<string> = new Set([
  'location_group_id',
  'location_id',
  ...WINDOW,
  'pickup_booking_rule_id',
  'drop_off_booking_rule_id',
])

/** Fields of booking_rules.txt a type of booking has no use for: in real time, on the same day, on a day before. */
const FORBIDDEN = [
  [
    'forbidden_real_time_booking_field_value',
    [
      'prior_notice_duration_min',
      'prior_notice_duration_max',
      'prior_notice_last_day',
      'prior_notice_last_time',
      'prior_notice_start_day',
      'prior_notice_start_time',
      'prior_notice_service_id',
    ],
  ],
  [
    'forbidden_same_day_booking_field_value',
    ['prior_notice_last_day', 'prior_notice_last_time', 'prior_notice_service_id'],
  ],
  ['forbidden_prior_day_booking_field_value', ['prior_notice_duration_min', 'prior_notice_duration_max']],
] as const

/** Rules over GTFS-Flex: booking rules by themselves, stop times by their windows and places. They only note. */
export class FlexRules {
  /** The feed says how to book. */
  hasBookingRules = false
  readonly #note: Note
  /** Ids of stops, groups and areas share one space: which file an id stands in. */
  readonly #geography = new Map<string, string>()
  /** By trip: a call where one is to get on and off in the same place. */
  readonly #within = new Map<string, TableRow>()
  /** By trip: calls in areas while a window is open; at most {@link MOST_CALLS} of each. */
  readonly #zones = new Map<string, TableRow[]>()
  /** Trips of lines that {@link isClosed}. */
  readonly #closed = new Map<string, TableRow>()

  constructor(note: Note) {
    this.#note = note
  }

  bookingRule(row: TableRow): void {
    const bookingRuleId = row.text('booking_rule_id') ?? ''
    const type = row.num('booking_type')
    const has = (name: string) => row.values[name] !== undefined
    const [code, fields] = FORBIDDEN[type ?? -1] ?? []
    const forbidden = fields?.filter(has) ?? []
    if (code && forbidden.length > 0) this.#note(code, row, { bookingRuleId, fieldNames: forbidden.join(', ') })
    const [least, most] = [row.num('prior_notice_duration_min'), row.num('prior_notice_duration_max')]
    const [last, start] = [row.num('prior_notice_last_day'), row.num('prior_notice_start_day')]
    const note = (code: NoticeCode) => this.#note(code, row, { bookingRuleId })
    if (type === 1 && least === undefined) note('missing_prior_notice_duration_min')
    if (type === 2 && last === undefined) note('missing_prior_notice_last_day')
    if (type === 2 && !has('prior_notice_last_time')) note('missing_prior_notice_last_time')
    if (least !== undefined && most !== undefined && most < least) note('invalid_prior_notice_duration_min')
    if (start !== undefined && most !== undefined) note('forbidden_prior_notice_start_day')
    if (start === undefined && has('prior_notice_start_time')) note('forbidden_prior_notice_start_time')
    if (start !== undefined && !has('prior_notice_start_time')) note('missing_prior_notice_start_time')
    if (last !== undefined && start !== undefined && last > start) note('prior_notice_last_day_after_start_day')
  }

  /** An id of a stop, a group or an area. */
  geography(id: string, filename: string, row: TableRow): void {
    const other = this.#geography.get(id)
    if (other !== undefined && other !== filename)
      this.#note('duplicate_geography_id', row, { geographyId: id, otherFilename: other })
    else this.#geography.set(id, filename)
  }

  /** A trip of a line that {@link isClosed}, where it is one. */
  trip(tripId: string, route: TableRow | undefined): void {
    if (route) this.#closed.set(tripId, route)
  }

  /** A stop time with a column of {@link FLEX_COLUMNS}, before times are put in order. */
  stopTime(row: TableRow): void {
    const tripId = row.text('trip_id') ?? ''
    const facts = { tripId, stopSequence: row.num('stop_sequence') ?? null }
    const note = (code: NoticeCode, more: NoticeFacts = {}) => this.#note(code, row, { ...facts, ...more })
    const places = GEOGRAPHY.filter((name) => row.values[name] !== undefined)
    if (places.length > 1)
      note('forbidden_geography_id', Object.fromEntries(places.map((one) => [one, row.text(one)!])))
    if (!places.includes('stop_id') && row.num('shape_dist_traveled') !== undefined)
      note('forbidden_shape_dist_traveled', { shapeDistTraveled: row.num('shape_dist_traveled')! })
    const [start, end] = WINDOW.map((name) => row.num(name))
    if (start === undefined && end === undefined) return
    if (start === undefined || end === undefined)
      note('missing_pickup_or_drop_off_window', { fieldName: start === undefined ? WINDOW[0] : WINDOW[1] })
    else if (end <= start) note('invalid_pickup_drop_off_window')
    if (row.num('arrival_time') !== undefined || row.num('departure_time') !== undefined)
      note('forbidden_arrival_or_departure_time')
    const pickup = row.num('pickup_type')
    const dropOff = row.num('drop_off_type')
    if (start !== undefined && end !== undefined && pickup === 2 && dropOff === 2) this.#within.set(tripId, row)
    if ((pickup ?? 0) === 0 || pickup === 3) note('forbidden_pickup_type')
    if ((dropOff ?? 0) === 0) note('forbidden_drop_off_type')
    for (const [type, fieldName] of [
      [pickup, 'pickup_booking_rule_id'],
      [dropOff, 'drop_off_booking_rule_id'],
    ] as const)
      if (type === 2 && this.hasBookingRules && row.text(fieldName) === undefined)
        note('missing_pickup_drop_off_booking_rule_id', { fieldName })
    if (start !== undefined && end !== undefined && row.text('location_id') !== undefined) {
      const rows = this.#zones.get(tripId) ?? []
      if (rows.length < MOST_CALLS) rows.push(row)
      this.#zones.set(tripId, rows)
    }
    const route = this.#closed.get(tripId)
    if (route)
      this.#note('forbidden_continuous_pickup_drop_off', route, {
        tripId,
        stopTimeCsvRowNumber: row.number,
        routeId: route.text('route_id') ?? '',
      })
  }

  /** Calls of one trip in two areas, open at the same time for the same: whether the areas overlap is another question. */
  *together(): Iterable<{ tripId: string; a: TableRow; b: TableRow }> {
    for (const [tripId, rows] of this.#zones)
      for (const [index, a] of rows.entries())
        for (const b of rows.slice(index + 1)) if (isTogether(a, b)) yield { tripId, a, b }
  }

  /** After the last stop time: travel within one area or group takes two calls there. */
  end(hasOneCall: (tripId: string) => boolean): void {
    for (const [tripId, row] of this.#within)
      if (hasOneCall(tripId))
        this.#note('missing_stop_times_record', row, {
          tripId,
          locationGroupId: row.text('location_group_id') ?? '',
          locationId: row.text('location_id') ?? '',
        })
  }
}
