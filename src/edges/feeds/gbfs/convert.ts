/**
 * Older versions of GBFS in the terms of 3.0: names, times and languages. Each function takes a record as it was sent
 * and answers what it says; whether that is valid is checked afterwards, in one place, against the schema of 3.0.
 */
export type Raw = Record<string, unknown>
export type Convert = (record: Raw, language: string) => Raw

/** POSIX seconds (before 3.0) or RFC 3339 (since 3.0) as RFC 3339; anything else stays, so that the check names it. */
export function time(value: unknown): unknown {
  if (typeof value !== 'number') return value
  // -1 and 0 are what systems send for "never": no time at all.
  return value > 0 && value < 32_503_680_000 ? new Date(value * 1000).toISOString() : value
}

/** A text in one language (before 3.0) as the list of translations 3.0 wants. */
export function localized(value: unknown, language: string): unknown {
  return typeof value === 'string' ? [{ text: value, language }] : value
}

/** 1.x wrote truth values as 0 and 1. */
const truth = (value: unknown): unknown => (value === 1 ? true : value === 0 ? false : value)
/** 1.x wrote some numbers as text. */
const number = (value: unknown): unknown =>
  typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)) ? Number(value) : value
const text = (value: unknown): unknown => (typeof value === 'number' ? String(value) : value)
const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value)
/** `{type: count}` (2.x) as `[{vehicle_type_ids: [type], count}]`. */
const byType = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).map(([id, count]) => ({ vehicle_type_ids: [id], count }))
    : value

/** The record with these fields changed; fields it does not have stay away. */
function change(record: Raw, changes: Record<string, (value: unknown) => unknown>): Raw {
  const changed: Raw = { ...record }
  for (const [field, apply] of Object.entries(changes)) {
    if (changed[field] !== undefined && changed[field] !== null) changed[field] = apply(changed[field])
  }
  return changed
}

/** The record with old names of fields replaced by those of 3.0; a field that is there under its new name wins. */
function rename(record: Raw, names: Record<string, string>): Raw {
  const renamed: Raw = {}
  for (const [field, value] of Object.entries(record)) {
    const name = names[field] ?? field
    if (name === field || record[name] === undefined) renamed[name] = value
  }
  return renamed
}

const station: Convert = (record, language) =>
  change(
    rename(record, { vehicle_capacity: 'vehicle_types_capacity', vehicle_type_capacity: 'vehicle_docks_capacity' }),
    {
      station_id: text,
      region_id: text,
      name: (value) => localized(value, language),
      short_name: (value) => localized(value, language),
      rental_methods: (value) => (Array.isArray(value) ? value.map(lower) : value),
      vehicle_types_capacity: byType,
      vehicle_docks_capacity: byType,
      is_virtual_station: truth,
      is_valet_station: truth,
      is_charging_station: truth,
    },
  )

const status: Convert = (record) =>
  change(
    rename(record, { num_bikes_available: 'num_vehicles_available', num_bikes_disabled: 'num_vehicles_disabled' }),
    {
      station_id: text,
      is_installed: truth,
      is_renting: truth,
      is_returning: truth,
      last_reported: time,
    },
  )

const vehicle: Convert = (record) =>
  change(rename(record, { bike_id: 'vehicle_id' }), {
    vehicle_id: text,
    station_id: text,
    is_reserved: truth,
    is_disabled: truth,
    last_reported: time,
    available_until: time,
  })

const vehicleType: Convert = (record, language) =>
  change(rename(record, { eco_label: 'eco_labels' }), {
    form_factor: (value) => (value === 'scooter' ? 'scooter_standing' : value),
    name: (value) => localized(value, language),
    make: (value) => localized(value, language),
    model: (value) => localized(value, language),
    description: (value) => localized(value, language),
  })

const plan: Convert = (record, language) =>
  change(record, {
    name: (value) => localized(value, language),
    description: (value) => localized(value, language),
    price: number,
    is_taxable: truth,
  })

const region: Convert = (record, language) =>
  change(record, { region_id: text, name: (value) => localized(value, language) })

const period = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? change(value as Raw, { start: time, end: time }) : value

const alert: Convert = (record, language) =>
  change(record, {
    type: lower,
    times: (value) => (Array.isArray(value) ? value.map(period) : value),
    url: (value) => localized(value, language),
    summary: (value) => localized(value, language),
    description: (value) => localized(value, language),
    last_updated: time,
  })

const rule = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value
  const { ride_allowed, ...rest } = rename(value as Raw, { vehicle_type_id: 'vehicle_type_ids' })
  return {
    ...(ride_allowed === undefined ? {} : { ride_start_allowed: ride_allowed, ride_end_allowed: ride_allowed }),
    ...rest,
  }
}

/** A geofencing zone (a GeoJSON feature). */
export const zone: Convert = (record, language) =>
  change(record, {
    properties: (value) =>
      change(value as Raw, {
        name: (name) => localized(name, language),
        start: time,
        end: time,
        rules: (rules) => (Array.isArray(rules) ? rules.map(rule) : rules),
      }),
  })
export const rules = (value: unknown): unknown => (Array.isArray(value) ? value.map(rule) : value)

/** The system itself. 3.0 has its opening hours here; before it they were files of their own. */
export const system: Convert = (record, language) => {
  const { language: one, ...rest } = record
  return change(
    { ...(rest.languages === undefined && one !== undefined ? { languages: [one] } : {}), ...rest },
    {
      name: (value) => localized(value, language),
      short_name: (value) => localized(value, language),
      operator: (value) => localized(value, language),
      attribution_organization_name: (value) => localized(value, language),
      terms_url: (value) => localized(value, language),
      privacy_url: (value) => localized(value, language),
    },
  )
}

/** The converters of the files that hold a list of records. */
export const RECORD: Record<string, Convert> = {
  station_information: station,
  station_status: status,
  vehicle_status: vehicle,
  vehicle_types: vehicleType,
  system_pricing_plans: plan,
  system_regions: region,
  system_alerts: alert,
}
/** What a file was called before 3.0, and what it is called now. */
export const FILE_NAMES: Record<string, string> = { free_bike_status: 'vehicle_status' }
/** What the list in it was called. */
export const LIST_NAMES: Record<string, string[]> = { vehicle_status: ['bikes'] }

const DAYS: Record<string, string> = { mon: 'Mo', tue: 'Tu', wed: 'We', thu: 'Th', fri: 'Fr', sat: 'Sa', sun: 'Su' }
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/**
 * `system_hours` and `system_calendar` (before 3.0) as one line in OpenStreetMap's opening_hours, as 3.0 has it. Hours
 * for members and others are told apart nowhere in 3.0: the line holds those that hold for everyone where there are any.
 */
export function openingHours(hours: unknown, calendars: unknown): string {
  const entries = (Array.isArray(hours) ? hours : []) as {
    user_types?: unknown
    days?: unknown
    start_time?: unknown
    end_time?: unknown
  }[]
  const open = entries.filter(({ user_types }) => !Array.isArray(user_types) || user_types.includes('nonmember'))
  const rules = (open.length > 0 ? open : entries).flatMap(({ days, start_time, end_time }) => {
    const names = (Array.isArray(days) ? days : Object.keys(DAYS)).map((day) => DAYS[String(day)]).filter(Boolean)
    const from = clock(start_time)
    const to = clock(end_time)
    if (names.length === 0 || from === null || to === null) return []
    return [{ days: names.length === 7 ? '' : names.join(','), span: `${from}-${to === '23:59' ? '24:00' : to}` }]
  })
  const seasons = (Array.isArray(calendars) ? calendars : []).flatMap((entry: Raw) => {
    const [from, to] = [MONTHS[Number(entry?.start_month) - 1], MONTHS[Number(entry?.end_month) - 1]]
    return from && to ? [`${from} ${entry.start_day}-${to} ${entry.end_day}`] : []
  })
  const always = rules.length === 0 || rules.every(({ days, span }) => days === '' && span === '00:00-24:00')
  const lines = always ? [''] : rules.map(({ days, span }) => [days, span].filter(Boolean).join(' '))
  if (seasons.length === 0) return always ? '24/7' : lines.join('; ')
  return seasons.flatMap((season) => lines.map((line) => [season, line].filter(Boolean).join(' '))).join('; ')
}

/** "05:00:00" as "05:00"; beyond midnight stays beyond it, as opening_hours allows. */
function clock(value: unknown): string | null {
  const match = /^(\d{1,2}):(\d{2})/.exec(String(value ?? ''))
  return match ? `${match[1]!.padStart(2, '0')}:${match[2]}` : null
}
