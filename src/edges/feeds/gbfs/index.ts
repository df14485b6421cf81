import type { SystemFile, SystemInformation, Vehicle } from '../../../domains/mobility/index.ts'
import {
  type FeedInput,
  type FeedItem,
  FileError,
  type FormatOptions,
  type ItemFeed,
  type ParseContext,
} from '../../../domains/sources/index.ts'
import { wholeText } from '../text.ts'
import { FILE_NAMES, type Raw } from './convert.ts'
import { discover, type Fault, fileOf, parseDocument, type ReadFile, readFile, textOf } from './read.ts'

const KNOWN = new Set<string>([
  'system_information',
  'station_information',
  'station_status',
  'vehicle_status',
  'vehicle_types',
  'system_pricing_plans',
  'system_regions',
  'system_alerts',
  'geofencing_zones',
])
/** Read with the system itself, not as files of their own. */
const HOURS = ['system_hours', 'system_calendar']
/** Files that speak of stations, prices and places, never of single vehicles. */
const PUBLIC = new Set([...KNOWN, ...HOURS, 'gbfs'].filter((file) => file !== 'vehicle_status'))
/** Kept as they are now, without history. */
const KEPT: SystemFile[] = [
  'vehicle_types',
  'system_pricing_plans',
  'system_regions',
  'system_alerts',
  'geofencing_zones',
]

/** GBFS of every version (github.com/MobilityData/gbfs): from its `gbfs.json`, from single files, or pushed. */
export const gbfs: ItemFeed = {
  id: 'gbfs',
  detect({ name, head }) {
    const start = new TextDecoder().decode(head)
    if (!/^\s*\{/.test(start) || !/"data"\s*:/.test(start) || !/"(ttl|last_updated)"\s*:/.test(start)) return null
    const file = /"feeds"\s*:/.test(start)
      ? 'gbfs'
      : /"(bikes|vehicles)"\s*:/.test(start)
        ? 'vehicle_status'
        : /"num_(bikes|vehicles)_available"/.test(start)
          ? 'station_status'
          : /"station_id"\s*:/.test(start) && /"lat"\s*:/.test(start)
            ? 'station_information'
            : /"system_id"\s*:/.test(start)
              ? 'system_information'
              : ['vehicle_types', 'plans', 'regions', 'alerts', 'geofencing_zones'].find((list) =>
                  start.includes(`"${list}"`),
                )
    return file ? { role: file, confidence: 0.9, reason: `${name} is the ${file} of a GBFS feed` } : null
  },

  // Where single vehicles stand is nobody's to keep; of a file nobody knows it might be that.
  isPrivate: (role) => !PUBLIC.has(role.split('@')[0]!),

  /** The files `gbfs.json` names, and how long it holds. */
  follow(main) {
    const document = parseDocument(new TextDecoder().decode(main), 'gbfs.json')
    if (fileOf(document.data) !== 'gbfs') return []
    const { feeds, language } = discover(document)
    return feeds
      .filter(({ name }) => KNOWN.has(name) || HOURS.includes(name))
      .map(({ name, url }) => ({ role: language === null ? name : `${name}@${language}`, url }))
  },

  holds(body) {
    try {
      const { ttl } = JSON.parse(new TextDecoder().decode(body)) as { ttl?: unknown }
      return typeof ttl === 'number' && ttl > 0 ? Math.min(ttl, 7 * 86_400) : 0
    } catch {
      return 0
    }
  },

  async *read(inputs: FeedInput[], _options: FormatOptions, context: ParseContext): AsyncIterable<FeedItem> {
    const { files, faults } = await readAll(inputs, context)
    for (const { file, fault } of faults) yield rejected(file, fault)
    const of = (file: SystemFile) => files.find((one) => one.file === file)
    const information = of('system_information')?.records[0] as SystemInformation | undefined
    const language = information?.languages[0] ?? 'de'

    if (information) {
      yield { kind: 'document', concept: 'sharing', name: 'system_information', body: information }
      yield {
        kind: 'feature',
        concept: 'sharing_system',
        key: 'system',
        name: textOf(information.name, language) ?? information.system_id,
        geometry: null,
        properties: { ...information },
      }
    }
    for (const file of KEPT) {
      const read = of(file)
      if (read)
        yield {
          kind: 'document',
          concept: 'sharing',
          name: file,
          body: {
            records: read.records,
            ...(read.globalRules === undefined ? {} : { global_rules: read.globalRules }),
          },
        }
    }
    const stations = of('station_information')
    if (stations) {
      for (const station of stations.records) {
        const { station_id, lat, lon } = station as { station_id: string; lat: number; lon: number }
        yield {
          kind: 'feature',
          concept: 'sharing',
          key: station_id,
          name: textOf(station.name, language) ?? station_id,
          geometry: { type: 'Point', coordinates: [lon, lat] },
          properties: station,
        }
      }
      yield { kind: 'complete', concept: 'sharing' }
    }
    const status = of('station_status')
    if (status) yield* statusItems(status)
    const vehicles = of('vehicle_status')
    if (vehicles) yield* vehicleItems(vehicles)
  },
}

/** Every input as the file it is; hours and calendar go into the system's opening hours. */
async function readAll(
  inputs: FeedInput[],
  context: ParseContext,
): Promise<{ files: ReadFile[]; faults: { file: string; fault: Fault }[] }> {
  const documents: { file: string; language: string | null; document: Raw & { data: Raw } }[] = []
  for (const input of inputs) {
    const [role = '', language = null] = input.role.split('@')
    const document = parseDocument(
      await wholeText(input.bytes, { name: input.name, maxBytes: context.maxDocumentBytes }),
      input.name,
    )
    const named = FILE_NAMES[role] ?? role
    const file = KNOWN.has(named) || HOURS.includes(named) ? named : fileOf(document.data)
    if (file === null) throw new FileError(`${input.name} is no file of GBFS that is known here`)
    if (file !== 'gbfs') documents.push({ file, language, document })
  }
  const own = documents.find(({ file }) => file === 'system_information')?.document.data
  const spoken = own?.language ?? (Array.isArray(own?.languages) ? own.languages[0] : undefined)
  const data = (file: string) => documents.find((one) => one.file === file)?.document.data
  const hours = { hours: data('system_hours')?.rental_hours, calendars: data('system_calendar')?.calendars }
  const files = documents
    .filter(({ file }) => !HOURS.includes(file))
    .map(({ file, language, document }) =>
      readFile(file as SystemFile, document, String(spoken ?? language ?? 'de'), hours),
    )
  return { files, faults: files.flatMap(({ file, faults }) => faults.map((fault) => ({ file, fault }))) }
}

/** What is told of a fault. Of a vehicle only the field: a log that kept ids and places would be its history. */
function rejected(file: string, { reason, row, column, value }: Fault): FeedItem {
  const about = file === 'vehicle_status' ? {} : { value }
  return { kind: 'reject', reason: `${file}: ${reason}`, row, column, ...about }
}

/** What a station holds, as history; what it holds of each type, as it is now. */
function* statusItems({ records }: ReadFile): Iterable<FeedItem> {
  const types: Record<string, unknown> = {}
  for (const record of records) {
    const status = record as Raw & { station_id: string; last_reported: string }
    const value = (series: string, of: unknown): FeedItem[] =>
      of === undefined
        ? []
        : [
            {
              kind: 'value',
              concept: 'sharing',
              key: status.station_id,
              series,
              time: status.last_reported,
              value: of as number | string,
            },
          ]
    yield* value('vehicles', status.num_vehicles_available)
    yield* value('docks', status.num_docks_available)
    yield* value('vehicles_disabled', status.num_vehicles_disabled)
    yield* value('docks_disabled', status.num_docks_disabled)
    yield* value('state', stateOf(status))
    const { vehicle_types_available, vehicle_docks_available } = status
    if (vehicle_types_available !== undefined || vehicle_docks_available !== undefined)
      types[status.station_id] = { vehicle_types_available, vehicle_docks_available }
  }
  if (Object.keys(types).length > 0)
    yield { kind: 'document', concept: 'sharing', name: 'station_types', body: types, merge: true }
}

/** `is_installed`, `is_renting` and `is_returning` in one word. */
function stateOf({ is_installed, is_renting, is_returning }: Raw): string {
  if (!is_installed) return 'planned'
  return is_renting ? (is_returning ? 'open' : 'rent_only') : is_returning ? 'return_only' : 'closed'
}

/** The vehicles that stand free now: never a history of one, only how many there were. */
function* vehicleItems({ records, lastUpdated }: ReadFile): Iterable<FeedItem> {
  const vehicles = records as unknown as Vehicle[]
  yield { kind: 'document', concept: 'sharing', name: 'vehicle_status', body: { records: vehicles } }
  if (lastUpdated === null) return
  const free = vehicles.filter(({ is_disabled, is_reserved }) => !is_disabled && !is_reserved).length
  yield { kind: 'value', concept: 'sharing_system', key: 'system', series: 'vehicles', time: lastUpdated, value: free }
}
