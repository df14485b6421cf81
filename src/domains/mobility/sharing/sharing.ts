import { createHmac } from 'node:crypto'
import type { Database } from '../../../kernel/db/index.ts'
import type { Access, Actor } from '../../access/index.ts'
import { type Catalog, type City, type Dataset, licenceOf } from '../../catalog/index.ts'
import { CONCEPTS, documentsOf, type Feature, type FeedDocument, findFeatures, latestAt } from '../../features/index.ts'
import { secretOf } from '../../sensing/index.ts'
import type { Station, System } from './documents.ts'
import type { StationStatus, SystemFile, SystemInformation, Vehicle, VehicleType } from './model.ts'

const CONCEPT = 'sharing'
const KEPT: readonly SystemFile[] = [
  'vehicle_types',
  'system_pricing_plans',
  'system_regions',
  'system_alerts',
  'geofencing_zones',
]
const NO_CONTACT = 'unknown@contact.invalid'
const MAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

/** A station or a vehicle near a place. */
export interface Near {
  kind: 'station' | 'vehicle'
  dataset: Dataset
  id: string
  name: string | null
  lon: number
  lat: number
  /** Metres from the place. */
  distance: number
  /** Holds the history of a station; null of a vehicle. */
  thing: number | null
  /** Stations: the facts; vehicles: what stands there. */
  properties: Record<string, unknown>
  /** Stations: newest values by series. */
  latest: Station['latest']
  /** When it was measured, ISO 8601; null where nothing was yet. */
  measured: string | null
}

/** Sharing systems: their stations are features with history, their free vehicles only where they stand now. */
export class Sharing {
  readonly #db: Database
  readonly #access: Access
  readonly #catalog: Catalog
  readonly #city: City
  #secret: Promise<Buffer> | undefined

  constructor({ db, access, catalog, city }: { db: Database; access: Access; catalog: Catalog; city: City }) {
    this.#db = db
    this.#access = access
    this.#catalog = catalog
    this.#city = city
  }

  /** Ids of the datasets that `actor` may see and that hold a sharing system. */
  async systems(actor: Actor): Promise<Dataset[]> {
    const rows = await this.#db.query<{ dataset: number }>(
      `select dataset from feature where dataset = any($1::int4[]) and concept = $2 and gone_at is null
       union select dataset from feed_document where dataset = any($1::int4[]) and concept = $2`,
      [this.#access.visible(actor), CONCEPT],
    )
    return rows.flatMap(({ dataset }) => this.#catalog.byKey(dataset) ?? [])
  }

  /** Everything known now of the system in this dataset; null where there is none, or `actor` may not see it. */
  async system(actor: Actor, id: string): Promise<System | null> {
    const dataset = this.#catalog.byId(id)
    const visible = this.#access.visible(actor)
    if (!dataset || !visible.includes(dataset.key)) return null
    const [features, documents] = await Promise.all([
      findFeatures(this.#db, { concept: CONCEPT, visible, dataset: dataset.key, limit: 100_000 }),
      documentsOf(this.#db, { concept: CONCEPT, visible, dataset: dataset.key }),
    ])
    if (features.length === 0 && documents.length === 0) return null
    const body = <T>(name: string) => documents.find((one) => one.name === name)?.body as T | undefined
    const information = body<SystemInformation>('system_information') ?? null
    const stations = await this.#stations(features)
    const { profile } = this.#city
    const licence = licenceOf(dataset.licence)
    return {
      id,
      title: dataset.title,
      information,
      stations,
      vehicles: await this.#renamed(body<{ records: Vehicle[] }>('vehicle_status')?.records ?? []),
      kept: Object.fromEntries(KEPT.flatMap((name) => (body(name) ? [[name, body(name)]] : []))),
      types: body<Record<string, StationStatus>>('station_types') ?? {},
      updated: newest(stations, documents, dataset),
      licence: { id: dataset.licence, url: licence?.url || null, attribution: dataset.attribution },
      contact: [dataset.contact, profile.contact].find((one) => one && MAIL.test(one)) ?? NO_CONTACT,
      timeZone: profile.timeZone,
      language: information?.languages[0] ?? profile.languages[0] ?? 'de',
    }
  }

  /** Stations and free vehicles within `radius` metres, nearest first. */
  async near(actor: Actor, place: { lon: number; lat: number; radius: number }): Promise<Near[]> {
    const visible = this.#access.visible(actor)
    const [features, documents] = await Promise.all([
      findFeatures(this.#db, { concept: CONCEPT, visible, near: place, limit: 500 }),
      documentsOf(this.#db, { concept: CONCEPT, visible, names: ['vehicle_status', 'vehicle_types'] }),
    ])
    const stations = await this.#stations(features)
    const found = features.flatMap((feature, index): Near[] => {
      const dataset = this.#catalog.byKey(feature.dataset)
      const { key, name, lon, lat, properties, latest } = stations[index]!
      const measured =
        Object.values(latest)
          .map(({ time }) => time)
          .sort()
          .at(-1) ?? null
      return dataset
        ? [
            {
              kind: 'station',
              dataset,
              id: key,
              name,
              lon,
              lat,
              distance: feature.distance ?? 0,
              thing: feature.thing,
              properties,
              latest,
              measured,
            },
          ]
        : []
    })
    for (const document of documents)
      if (document.name === 'vehicle_status') found.push(...(await this.#vehiclesNear(document, documents, place)))
    return found.sort((a, b) => a.distance - b.distance).slice(0, 500)
  }

  async #vehiclesNear(
    document: FeedDocument,
    documents: FeedDocument[],
    place: { lon: number; lat: number; radius: number },
  ): Promise<Near[]> {
    const dataset = this.#catalog.byKey(document.dataset)
    if (!dataset) return []
    const types = documents.find(({ dataset: key, name }) => key === document.dataset && name === 'vehicle_types')
    const byId = new Map(
      ((types?.body as { records?: VehicleType[] })?.records ?? []).map((type) => [type.vehicle_type_id, type]),
    )
    const near = (document.body as { records: Vehicle[] }).records.flatMap((vehicle) => {
      const { lat, lon, is_disabled, is_reserved } = vehicle
      if (lat === undefined || lon === undefined || is_disabled || is_reserved) return []
      const distance = metres(place, { lon, lat })
      return distance <= place.radius ? [{ ...vehicle, lat, lon, distance }] : []
    })
    const ids = await this.#renamed(near)
    return near.map(({ lon, lat, distance, vehicle_type_id, current_range_meters, rental_uris }, index): Near => {
      const type = byId.get(vehicle_type_id ?? '')
      const { form_factor, propulsion_type } = type ?? {}
      return {
        kind: 'vehicle',
        dataset,
        id: ids[index]!.vehicle_id,
        name: type?.name?.[0]?.text ?? null,
        lon,
        lat,
        distance,
        thing: null,
        properties: { vehicle_type_id, form_factor, propulsion_type, current_range_meters, rental_uris },
        latest: {},
        measured: new Date(document.changedAt).toISOString(),
      }
    })
  }

  async #stations(features: readonly Feature[]): Promise<Station[]> {
    const latest = await latestAt(
      this.#db,
      features.flatMap(({ thing }) => thing ?? []),
    )
    const series = Object.entries(CONCEPTS.get(CONCEPT)!.series)
    return features.map(({ key, name, geometry, properties, thing }) => {
      const at = thing === null ? undefined : latest.get(thing)
      const [lon, lat] = (geometry as { coordinates?: [number, number] } | null)?.coordinates ?? [0, 0]
      const values = series.flatMap(([id, { property }]) => {
        const value = at?.get(property)
        return value ? [[id, { value: value.value, time: value.time }]] : []
      })
      return { key, name, lon, lat, properties, latest: Object.fromEntries(values) as Station['latest'] }
    })
  }

  /**
   * Vehicles under an id that changes when they move (gbfs.md: ids "MUST be rotated to a random string after each trip"):
   * some operators send the number on the frame, and whoever noted it twice would know of a trip.
   */
  async #renamed<T extends Vehicle>(vehicles: readonly T[]): Promise<T[]> {
    if (vehicles.length === 0) return []
    this.#secret ??= secretOf(this.#db, 'vehicle_ids_secret')
    const secret = await this.#secret
    return vehicles.map((vehicle) => {
      const { vehicle_id, lat, lon, station_id } = vehicle
      const place = station_id ?? `${lat?.toFixed(3)},${lon?.toFixed(3)}`
      const id = createHmac('sha256', secret).update(`${vehicle_id}|${place}`).digest('hex').slice(0, 24)
      return { ...vehicle, vehicle_id: id }
    })
  }
}

function newest(stations: readonly Station[], documents: readonly FeedDocument[], { createdAt }: Dataset): string {
  const times = [
    ...stations.flatMap(({ latest }) => Object.values(latest).map(({ time }) => Date.parse(time))),
    ...documents.map(({ changedAt }) => Date.parse(changedAt)),
  ]
  return new Date(times.reduce((a, b) => Math.max(a, b), Date.parse(createdAt))).toISOString()
}

/** Great-circle distance; exact enough for a walk. */
function metres(a: { lon: number; lat: number }, b: { lon: number; lat: number }): number {
  const rad = Math.PI / 180
  const x = (b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad)
  const y = (b.lat - a.lat) * rad
  return Math.hypot(x, y) * 6_371_000
}
