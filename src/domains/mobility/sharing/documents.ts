import type { StationInformation, StationStatus, SystemFile, SystemInformation, Vehicle } from './model.ts'

/** A station as stored: its facts, and the latest of what changes. */
export interface Station {
  key: string
  name: string
  lon: number
  lat: number
  /** {@link StationInformation}, or what a mapping knows of it. */
  properties: Record<string, unknown>
  /** By series: the value and when it was measured, ISO 8601. */
  latest: Partial<
    Record<'vehicles' | 'docks' | 'vehicles_disabled' | 'docks_disabled' | 'state', { value: unknown; time: string }>
  >
}

/** Everything known of a system now. */
export interface System {
  id: string
  title: string
  information: SystemInformation | null
  stations: Station[]
  vehicles: Vehicle[]
  /** Files without history, in the terms of 3.0. */
  kept: Partial<Record<SystemFile, { records: unknown[]; global_rules?: unknown }>>
  /** Per station: what it holds of each type. */
  types: Record<string, Pick<StationStatus, 'vehicle_types_available' | 'vehicle_docks_available'>>
  /** When something of it last came in, ISO 8601. */
  updated: string
  licence: { id: string | null; url: string | null; attribution: string | null }
  contact: string
  timeZone: string
  language: string
}

export const VERSION = '3.0'
/** Seconds after which it is worth asking again: what changes, and what hardly does. */
const TTL = { live: 30, facts: 3600 }
const LIVE = new Set<string>(['station_status', 'vehicle_status'])
const LIST: Record<string, string> = {
  vehicle_types: 'vehicle_types',
  system_pricing_plans: 'plans',
  system_regions: 'regions',
  system_alerts: 'alerts',
}

export interface Document {
  last_updated: string
  ttl: number
  version: typeof VERSION
  data: Record<string, unknown>
}

/** The files the system has, beside `gbfs` itself. */
export function filesOf(system: System): string[] {
  return [
    'system_information',
    ...(system.stations.length > 0 ? ['station_information', 'station_status'] : []),
    ...(system.vehicles.length > 0 ? ['vehicle_status'] : []),
    ...Object.keys(system.kept),
  ]
}

/** One file of a system (GBFS 3.0), null when it has none of that name. `base` is the address the files stand under. */
export function document(system: System, file: string, base: string): Document | null {
  const files = filesOf(system)
  const head = (live: boolean) =>
    ({ last_updated: system.updated, ttl: live ? TTL.live : TTL.facts, version: VERSION }) as const
  if (file === 'gbfs')
    return { ...head(false), data: { feeds: files.map((name) => ({ name, url: `${base}/${name}.json` })) } }
  if (file === 'gbfs_versions')
    return { ...head(false), data: { versions: [{ version: VERSION, url: `${base}/gbfs.json` }] } }
  if (!files.includes(file)) return null
  return { ...head(LIVE.has(file)), data: dataOf(system, file) }
}

function dataOf(system: System, file: string): Record<string, unknown> {
  switch (file) {
    case 'system_information':
      return informationOf(system)
    case 'station_information':
      return { stations: system.stations.map((station) => stationOf(station, system.language)) }
    case 'station_status':
      return { stations: system.stations.flatMap((station) => statusOf(station, system)) }
    case 'vehicle_status':
      return { vehicles: system.vehicles }
    case 'geofencing_zones': {
      const { records, global_rules } = system.kept.geofencing_zones!
      return { geofencing_zones: { type: 'FeatureCollection', features: records }, global_rules }
    }
    default:
      return { [LIST[file]!]: system.kept[file as SystemFile]!.records }
  }
}

/** The system in its own words; what it did not say, in ours. Licence and attribution are the dataset's. */
function informationOf(system: System): Record<string, unknown> {
  const { information, licence, language } = system
  const said = (text: string) => [{ text, language }]
  return {
    languages: [language],
    name: said(system.title),
    opening_hours: '24/7',
    timezone: system.timeZone,
    feed_contact_email: system.contact,
    ...information,
    system_id: information?.system_id ?? system.id,
    ...(licence.url ? { license_url: licence.url } : {}),
    ...(licence.attribution ? { attribution_organization_name: said(licence.attribution) } : {}),
  }
}

function stationOf({ key, name, lon, lat, properties }: Station, language: string): StationInformation {
  const { name: named, ...rest } = properties as Partial<StationInformation>
  return { ...rest, station_id: key, name: Array.isArray(named) ? named : [{ text: name, language }], lat, lon }
}

/** Nothing for a station whose vehicles nobody counted yet: a status without a number would be a guess. */
function statusOf({ key, latest }: Station, { types }: System): StationStatus[] {
  const count = (series: 'vehicles' | 'docks' | 'vehicles_disabled' | 'docks_disabled') => {
    const value = latest[series]?.value
    return typeof value === 'number' ? Math.max(0, Math.round(value)) : undefined
  }
  const vehicles = count('vehicles')
  if (vehicles === undefined) return []
  const state = String(latest.state?.value ?? 'open')
  const [docks, vehiclesDisabled, docksDisabled] = [count('docks'), count('vehicles_disabled'), count('docks_disabled')]
  return [
    {
      station_id: key,
      num_vehicles_available: vehicles,
      ...(docks === undefined ? {} : { num_docks_available: docks }),
      ...(vehiclesDisabled === undefined ? {} : { num_vehicles_disabled: vehiclesDisabled }),
      ...(docksDisabled === undefined ? {} : { num_docks_disabled: docksDisabled }),
      is_installed: state !== 'planned',
      is_renting: state === 'open' || state === 'rent_only',
      is_returning: state === 'open' || state === 'return_only',
      last_reported: latest.vehicles!.time,
      ...types[key],
    },
  ]
}
