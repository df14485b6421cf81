import type { TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import Value from 'typebox/value'
import { GeofencingZone, RECORDS, type SystemFile, SystemInformation } from '../../../domains/mobility/index.ts'
import { FileError } from '../../../domains/sources/index.ts'
import { parseJson } from '../json/document.ts'
import {
  FILE_NAMES,
  LIST_NAMES,
  localized,
  openingHours,
  type Raw,
  RECORD,
  rules,
  system,
  time,
  zone,
} from './convert.ts'

/** A field that was left out, or a record that could not be used. */
export interface Fault {
  reason: string
  /** Number of the record in its list, from 1. */
  row: number
  column: string
  value: unknown
  /** The whole record was left out, not only the field. */
  record: boolean
}

/** One file of a system, in the terms of GBFS 3.0. */
export interface ReadFile {
  file: SystemFile
  version: string
  lastUpdated: string | null
  /** Seconds until it will have changed; 0 = always ask. */
  ttl: number
  records: Raw[]
  /** `geofencing_zones`: what holds outside every zone. */
  globalRules?: unknown
  faults: Fault[]
}

/** A list of records that long is an accident or an attack. */
const MOST_RECORDS = 200_000
const checks = new Map<TSchema, ReturnType<typeof Compile>>()

function check(schema: TSchema): ReturnType<typeof Compile> {
  let compiled = checks.get(schema)
  if (!compiled) {
    compiled = Compile(schema)
    checks.set(schema, compiled)
  }
  return compiled
}

/** Parses a body. Throws {@link FileError} when it is not a GBFS document: JSON with `data`. */
export function parseDocument(text: string, name: string): Raw & { data: Raw } {
  const document = parseJson(text, name)
  const data = (document as Raw | null)?.data
  if (typeof data !== 'object' || data === null)
    throw new FileError(`${name} is not a GBFS file: it has no "data" (gbfs.md, "JSON Files")`)
  return document as Raw & { data: Raw }
}

/**
 * The feeds that `gbfs.json` names. Before 3.0 there is one list a language: German is taken before English before
 * whatever comes first.
 */
export function discover(document: Raw & { data: Raw }): {
  language: string | null
  feeds: { name: string; url: string }[]
} {
  const { data } = document
  const listed = (value: unknown) => (value as Raw | null)?.feeds
  const languages = Object.keys(data).filter((key) => Array.isArray(listed(data[key])))
  const language = ['de', 'en'].find((wanted) => languages.includes(wanted)) ?? languages[0] ?? null
  const feeds = Array.isArray(data.feeds) ? data.feeds : language === null ? null : listed(data[language])
  if (!Array.isArray(feeds)) throw new FileError('gbfs.json names no feeds (gbfs.md, "gbfs.json")')
  return {
    language,
    feeds: feeds.flatMap((feed: Raw) =>
      typeof feed?.name === 'string' && typeof feed.url === 'string'
        ? [{ name: FILE_NAMES[feed.name] ?? feed.name, url: feed.url }]
        : [],
    ),
  }
}

/** Which file this is, by what its data holds; null when it is none we read. */
export function fileOf(data: Raw): SystemFile | 'gbfs' | 'system_hours' | 'system_calendar' | null {
  if (Array.isArray(data.feeds) || Object.values(data).some((value) => Array.isArray((value as Raw | null)?.feeds)))
    return 'gbfs'
  if (data.system_id !== undefined && data.timezone !== undefined) return 'system_information'
  if (data.geofencing_zones !== undefined) return 'geofencing_zones'
  if (Array.isArray(data.rental_hours)) return 'system_hours'
  if (Array.isArray(data.calendars)) return 'system_calendar'
  if (Array.isArray(data.bikes) || Array.isArray(data.vehicles)) return 'vehicle_status'
  if (Array.isArray(data.vehicle_types)) return 'vehicle_types'
  if (Array.isArray(data.plans)) return 'system_pricing_plans'
  if (Array.isArray(data.regions)) return 'system_regions'
  if (Array.isArray(data.alerts)) return 'system_alerts'
  if (Array.isArray(data.stations)) {
    const first = data.stations[0] as unknown
    return typeof first === 'object' && first !== null && ('lat' in first || 'name' in first)
      ? 'station_information'
      : 'station_status'
  }
  return null
}

/**
 * Reads a file of a system: any version from 1.0 to 3.0, answered in the terms of 3.0. A field that is not valid is
 * left out where it is optional, else its record is; both are told as faults. Throws {@link FileError} when nothing of
 * it can be used.
 */
export function readFile(
  file: SystemFile,
  document: Raw & { data: Raw },
  language: string,
  hours?: { hours?: unknown; calendars?: unknown },
): ReadFile {
  const faults: Fault[] = []
  const head = {
    file,
    version: String(document.version ?? '1.0'),
    lastUpdated: isoOrNull(document.last_updated),
    ttl: typeof document.ttl === 'number' && document.ttl > 0 ? Math.min(document.ttl, 86_400 * 7) : 0,
    faults,
  }
  const { data } = document
  if (file === 'system_information') {
    const record = system(data, language)
    record.opening_hours ??= openingHours(hours?.hours, hours?.calendars)
    return { ...head, records: settleAll([record], SystemInformation, faults) }
  }
  if (file === 'geofencing_zones') {
    const zones = (data.geofencing_zones as Raw | null)?.features
    if (!Array.isArray(zones)) throw new FileError('geofencing_zones has no features')
    const free = [{ ride_start_allowed: true, ride_end_allowed: true, ride_through_allowed: true }]
    return {
      ...head,
      records: settleAll(
        bounded(zones, file).map((feature) => zone(feature as Raw, language)),
        GeofencingZone,
        faults,
      ),
      globalRules: rules(data.global_rules) ?? free,
    }
  }
  const { list, id, schema } = RECORDS[file]
  const records = [list, ...(LIST_NAMES[file] ?? [])].map((name) => data[name]).find(Array.isArray)
  if (!records) throw new FileError(`${file} has no list "${list}"`)
  const strict = Number.parseFloat(head.version) >= 2
  const converted = bounded(records, file).map((given, index) => {
    const record = typeof given === 'object' && given !== null ? (given as Raw) : {}
    const read = RECORD[file]!(record, language)
    if (strict) faults.push(...tolerated(record, read, index + 1))
    return read
  })
  if (file === 'station_status') for (const record of converted) record.last_reported ??= head.lastUpdated
  return { ...head, records: once(settleAll(converted, schema, faults), id, faults) }
}

/** What 1.x allowed and 2.0 no longer does – 0 for false, a number for an id – is understood, but told. */
function tolerated(given: Raw, read: Raw, row: number): Fault[] {
  return Object.entries(given).flatMap(([column, value]) =>
    typeof value === 'number' && (typeof read[column] === 'boolean' || read[column] === String(value))
      ? [{ reason: `${column} is a number, understood as ${typeof read[column]}`, row, column, value, record: false }]
      : [],
  )
}

function bounded(list: unknown[], file: string): unknown[] {
  if (list.length > MOST_RECORDS) throw new FileError(`${file} has ${list.length} records, more than ${MOST_RECORDS}`)
  return list
}

function isoOrNull(value: unknown): string | null {
  const converted = time(value)
  return typeof converted === 'string' && !Number.isNaN(Date.parse(converted))
    ? new Date(converted).toISOString()
    : null
}

/** Every record with the fields the schema knows, faults told. */
function settleAll(records: Raw[], schema: TObject, faults: Fault[]): Raw[] {
  return records.flatMap((record, index) => {
    const clean = Value.Clean(schema, record) as Raw
    for (const [field, value] of Object.entries(clean)) if (value === null) delete clean[field]
    const compiled = check(schema)
    if (compiled.Check(clean)) return [clean]
    const required = new Set((schema as { required?: string[] }).required ?? [])
    let usable = true
    for (const { instancePath, message, params } of compiled.Errors(clean)) {
      const missing = (params as { requiredProperties?: string[] }).requiredProperties
      const column = instancePath.split('/')[1] ?? missing?.join(', ') ?? ''
      const whole = instancePath === '' || required.has(column)
      if (!(column in clean) && !whole) continue // already left out
      faults.push({ reason: `${column} ${message}`, row: index + 1, column, value: clean[column], record: whole })
      if (whole) usable = false
      else delete clean[column]
    }
    return usable && compiled.Check(clean) ? [clean] : []
  })
}

/** Of several records with one id the last counts; the others are told. */
function once(records: Raw[], id: string, faults: Fault[]): Raw[] {
  const byId = new Map<unknown, Raw>()
  for (const [index, record] of records.entries()) {
    if (byId.has(record[id]))
      faults.push({ reason: 'the same id twice', row: index + 1, column: id, value: record[id], record: true })
    byId.set(record[id], record)
  }
  return [...byId.values()]
}

/** The text of a translation list in this language, else its first. */
export function textOf(value: unknown, language: string): string | null {
  const list = localized(value, language)
  if (!Array.isArray(list) || list.length === 0) return null
  const found =
    (list as { text?: unknown; language?: unknown }[]).find((entry) => entry.language === language) ?? list[0]
  return typeof found?.text === 'string' && found.text !== '' ? found.text : null
}
