import { Failure, get, type StationSummary, type Stations } from './api.ts'
import { KEPT } from './kept.ts'
import { distance, type Position } from './near.ts'
import { app } from './state.svelte.ts'

export type Kind = 'departures' | 'parking' | 'vehicles' | 'chargers' | 'roadworks' | 'air'
export const KINDS: readonly Kind[] = ['departures', 'parking', 'vehicles', 'chargers', 'roadworks', 'air']

/** One line of a list, whatever it is of. */
export interface Item {
  id: string
  name: string
  lon: number | null
  lat: number | null
  /** Metres from the place. */
  distance: number | null
  /** Seconds since it was measured; null where nothing says so. */
  age: number | null
  source: string | null
  // biome-ignore lint/suspicious/noExplicitAny: the terms of each mode, read by its own line
  facts: Record<string, any>
}

export interface Departure {
  trip: string
  route: string
  headsign: string | null
  planned: string
  expected: string | null
  /** Seconds. */
  delay: number | null
  status: 'scheduled' | 'live' | 'cancelled' | 'skipped' | 'added'
  platform: string | null
  /** Of GTFS. */
  route_type?: number | null
}

/** An alert of public transport, its texts by language. */
export interface StopAlert {
  id: string
  header_text: Record<string, string>
  description_text: Record<string, string>
  url: Record<string, string>
}

export interface Section {
  items: Item[]
  attribution: string | null
}

/** What a place looks like at a time; what is kept for when there is no connection. */
export interface Picture {
  at: number
  /** Seen by nobody in particular: only such a picture is kept. */
  open: boolean
  place: Place
  sections: Partial<Record<Kind, Section>>
}

export interface Place extends Position {
  name: string
}

interface Collection {
  attribution?: string | null
  features: { geometry: { type: string; coordinates: unknown } | null; properties: Record<string, unknown> }[]
}

const RADIUS = 1000
const STOPS = 3
const FAVOURITES = 'jetzt.orte'
/** Weather and air: what is measured where, not more than a few kilometres away. */
const AIR = /^(air_|humidity|wind_|precipitation|pm|no2|o3|particulate|temperature)/
const AIR_RADIUS = 5000

/** A place as it goes to the server: to about a hundred metres, enough for what is near. */
const rounded = ({ lon, lat }: Position): string => `${lon.toFixed(3)},${lat.toFixed(3)}`

function itemsOf({ features }: Collection, at: Position): Item[] {
  return features
    .map(({ geometry, properties }): Item => {
      const [lon, lat] = pointOf(geometry)
      return {
        id: String(properties.id ?? ''),
        name: String(properties.name ?? ''),
        lon,
        lat,
        distance:
          typeof properties.distance === 'number'
            ? properties.distance
            : lon === null || lat === null
              ? null
              : distance(at, { lon, lat }),
        age: typeof properties.age === 'number' ? properties.age : null,
        source: typeof properties.source === 'string' ? properties.source : null,
        facts: properties,
      }
    })
    .sort((a, b) => (a.distance ?? 0) - (b.distance ?? 0))
}

/** The first position of a geometry, whatever its kind. */
function pointOf(geometry: { coordinates: unknown } | null): [number, number] | [null, null] {
  let inner = geometry?.coordinates
  while (Array.isArray(inner) && Array.isArray(inner[0])) inner = inner[0]
  return Array.isArray(inner) && typeof inner[0] === 'number' ? [inner[0], Number(inner[1])] : [null, null]
}

async function departures(at: Place): Promise<Section> {
  const stops = itemsOf(await get<Collection>(`/api/v1/mobility/stops?near=${rounded(at)}&radius=${RADIUS}`), at)
  const items = await Promise.all(
    stops.slice(0, STOPS).map(async (stop): Promise<Item> => {
      const answer = await get<{
        departures: Departure[]
        alerts: StopAlert[]
        age: number | null
        source: string | null
        realtime: unknown[]
      }>(`/api/v1/mobility/departures?stop=${encodeURIComponent(stop.id)}&limit=5`)
      return {
        ...stop,
        age: answer.age,
        source: answer.source,
        facts: { departures: answer.departures, alerts: answer.alerts, live: answer.realtime.length > 0 },
      }
    }),
  )
  return { items: items.filter(({ facts }) => facts.departures.length > 0), attribution: null }
}

async function around(kind: 'parking' | 'vehicles' | 'chargers' | 'roadworks', at: Place): Promise<Section> {
  const answer = await get<Collection>(`/api/v1/mobility/${kind}?near=${rounded(at)}&radius=${RADIUS}`)
  return { items: itemsOf(answer, at).slice(0, 20), attribution: answer.attribution ?? null }
}

async function air(at: Place): Promise<Section> {
  const { stations, now } = await get<Stations>('/api/v1/stations')
  const near = stations.flatMap((station): (StationSummary & { metres: number })[] =>
    station.lon !== null && station.lat !== null && station.headline && AIR.test(station.group ?? '')
      ? [{ ...station, metres: distance(at, { lon: station.lon, lat: station.lat }) }]
      : [],
  )
  const items = near
    .filter(({ metres }) => metres <= AIR_RADIUS)
    .sort((a, b) => a.metres - b.metres)
    .slice(0, 4)
    .map(
      (station): Item => ({
        id: String(station.id),
        name: station.name,
        lon: station.lon,
        lat: station.lat,
        distance: station.metres,
        age: station.newest ? Math.max(0, (Date.parse(now) - Date.parse(station.newest)) / 1000) : null,
        source: station.datasetTitle,
        facts: { station },
      }),
    )
  return { items, attribution: null }
}

const LOAD: Record<Kind, (at: Place) => Promise<Section>> = {
  departures,
  parking: (at) => around('parking', at),
  vehicles: (at) => around('vehicles', at),
  chargers: (at) => around('chargers', at),
  roadworks: (at) => around('roadworks', at),
  air,
}

/** What is around a place now: each list comes for itself, and one that fails leaves the others alone. */
export class Now {
  picture = $state.raw<Picture | null>(null)
  /** Lists that are being asked for. */
  loading = $state(false)
  failures = $state.raw<Partial<Record<Kind, Failure>>>({})
  /** Shown is what was kept: nothing could be reached. */
  kept = $state(false)
  #turn = 0

  /** Shows what was last seen, if it was of this place (or of any, without one). */
  recall(place: Place | null): void {
    const kept = read<Picture>(KEPT)
    if (!kept?.open || (place && rounded(kept.place) !== rounded(place))) return
    this.picture = kept
    this.kept = true
  }

  async load(place: Place): Promise<void> {
    const turn = ++this.#turn
    const open = !app.known
    this.loading = true
    const sections: Partial<Record<Kind, Section>> = {}
    const failures: Partial<Record<Kind, Failure>> = {}
    await Promise.all(
      KINDS.map(async (kind) => {
        try {
          sections[kind] = await LOAD[kind](place)
        } catch (error) {
          failures[kind] = error instanceof Failure ? error : new Failure('server', String(error))
        }
      }),
    )
    if (turn !== this.#turn) return
    this.loading = false
    this.failures = failures
    const none = Object.keys(sections).length === 0
    if (none && this.picture && rounded(this.picture.place) === rounded(place)) {
      this.kept = true
      return
    }
    this.kept = false
    // Who signed in or out meanwhile may have got some of it.
    this.picture = { at: Date.now(), open: open && !app.known, place, sections }
    if (!none && this.picture.open) write(KEPT, this.picture)
  }
}

/** Places somebody comes back to; they stay on the device. */
export class Favourites {
  list = $state.raw<Place[]>(read<Place[]>(FAVOURITES) ?? [])

  has(place: Place): boolean {
    return this.list.some((one) => rounded(one) === rounded(place))
  }

  toggle(place: Place): void {
    this.list = this.has(place)
      ? this.list.filter((one) => rounded(one) !== rounded(place))
      : [...this.list, place].slice(-20)
    write(FAVOURITES, this.list)
  }
}

function read<T>(key: string): T | null {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null') as T | null
  } catch {
    return null
  }
}

function write(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch {
    // A full or forbidden store: the page works without.
  }
}
