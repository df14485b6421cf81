import type { Database, Queryable } from '../../../kernel/db/index.ts'
import {
  ensureDatastream,
  ensureFeatures,
  ensureObservedProperty,
  ensureSensor,
  ensureThing,
  iso,
  type NewObservation,
  noted,
  type Sensing,
} from '../../sensing/index.ts'
import type { ResolvedPart } from './resolve.ts'
import { type LiveStop, type LiveTrip, tripKey } from './trip-model.ts'

/** Seconds a departure is late; and 1 for one that was cancelled. */
export const DELAY = 'departure_delay'
export const CANCELLED = 'cancelled_departures'

const PROPERTIES = {
  [DELAY]: {
    key: DELAY,
    name: 'Verspätung der Abfahrt',
    definition: 'https://gtfs.org/documentation/realtime/reference/#message-stoptimeevent',
    description: 'Sekunden gegenüber dem Fahrplan, am letzten Halt der Ankunft; negativ: zu früh.',
  },
  [CANCELLED]: {
    key: CANCELLED,
    name: 'Ausgefallene Abfahrten',
    definition: `urn:zahnrad:property:${CANCELLED}`,
    description: 'Abfahrten, die nach Fahrplan fahren sollten und ausfielen: 1 je Abfahrt.',
  },
} as const
const UNITS = {
  [DELAY]: { name: 'Sekunde', symbol: 's', definition: 'ucum:s' },
  [CANCELLED]: { name: 'Anzahl', symbol: '', definition: 'ucum:{count}' },
} as const

type Kind = typeof DELAY | typeof CANCELLED

/** What is known of one departure, and what of it is stored. */
interface Tracked {
  kind: Kind
  value: number
  stored: number | null
}

interface Figures {
  read: number
  accepted: number
  unchanged: number
  corrected: number
}

interface Wanted {
  kind: Kind
  stopId: string
  routeId: string
  route: string
  row: NewObservation
}

const BATCH = 5_000

/**
 * Keeps what becomes of every departure (decision 0032): at each stop a Datastream for the delays of each line, and one for
 * its cancelled departures. A value is written when the feed first names the departure and once more, where it changed,
 * when the vehicle is there or the feed no longer speaks of it: two values a departure at most, whatever the feed's pace.
 */
export class DelayHistory {
  readonly #db: Database
  readonly #sensing: Sensing
  /** By part: what its last state said, by trip and stop. */
  readonly #tracked = new Map<string, Map<string, Tracked & { wanted: Wanted }>>()
  /** By dataset and natural key. */
  readonly #streams = new Map<string, number>()

  constructor(db: Database, sensing: Sensing) {
    this.#db = db
    this.#sensing = sensing
  }

  /** Takes up what a feed said before a restart; how much of it is stored shows with the next state. */
  resume(key: string, part: ResolvedPart): void {
    this.#tracked.set(key, new Map(callsOf(part)))
  }

  /** Writes what changed since the last state of this part. */
  async record(key: string, dataset: number, run: number, part: ResolvedPart): Promise<Figures> {
    const before = this.#tracked.get(key)
    const now = new Map<string, Tracked & { wanted: Wanted }>()
    const due: Wanted[] = []
    let read = 0
    for (const [name, call] of callsOf(part)) {
      read++
      const known = before?.get(name)
      before?.delete(name)
      const same = known !== undefined && known.kind === call.kind
      const stored = same ? known.stored : null
      const changed = stored !== call.value
      const write = changed && (stored === null || call.settled || !same)
      now.set(name, { kind: call.kind, value: call.value, stored: write ? call.value : stored, wanted: call.wanted })
      if (write) due.push(call.wanted)
      // It comes after all. A delay that was told before a departure was cancelled stays: it was told.
      if (known?.kind === CANCELLED && !same) due.push({ ...known.wanted, row: { ...known.wanted.row, v: 0 } })
    }
    // What the feed no longer speaks of stays as it was last said.
    for (const { value, stored, wanted } of before?.values() ?? []) if (stored !== value) due.push(wanted)
    this.#tracked.set(key, now)
    const { accepted, unchanged, corrected } = await this.#write(dataset, run, part.source, due)
    const all = Math.max(read, accepted + unchanged + corrected)
    return { read: all, accepted, corrected, unchanged: all - accepted - corrected }
  }

  async #write(dataset: number, run: number, source: string, due: readonly Wanted[]): Promise<Omit<Figures, 'read'>> {
    if (due.length === 0) return { accepted: 0, unchanged: 0, corrected: 0 }
    await this.#ensure(dataset, source, due)
    const rows = due.map((one) => ({ ...one.row, datastream: this.#streams.get(`${dataset} ${keyOf(one)}`)! }))
    rows.sort((a, b) => a.datastream - b.datastream || (a.t < b.t ? -1 : 1))
    const writer = this.#sensing.writer({ id: run, beside: 'trip' })
    const total = { accepted: 0, unchanged: 0, corrected: 0 }
    for (let at = 0; at < rows.length; at += BATCH) {
      const { accepted, unchanged } = await writer.write(rows.slice(at, at + BATCH))
      total.accepted += accepted
      total.unchanged += unchanged
    }
    const settled = await writer.finish()
    total.accepted += settled.accepted
    total.unchanged += settled.unchanged
    total.corrected += settled.corrected
    return total
  }

  async #ensure(dataset: number, source: string, due: readonly Wanted[]): Promise<void> {
    const missing = new Map<string, Wanted>()
    for (const one of due) if (!this.#streams.has(`${dataset} ${keyOf(one)}`)) missing.set(keyOf(one), one)
    if (missing.size === 0) return
    const known = await this.#db.query<{ key: string; id: number }>(
      'select natural_key as key, id from datastream where dataset = $1 and natural_key = any($2::text[])',
      [dataset, [...missing.keys()]],
    )
    for (const { key, id } of known) {
      this.#streams.set(`${dataset} ${key}`, id)
      missing.delete(key)
    }
    const list = [...missing.values()]
    for (let at = 0; at < list.length; at += 500) await this.#make(dataset, source, list.slice(at, at + 500))
  }

  async #make(dataset: number, source: string, wanted: readonly Wanted[]): Promise<void> {
    const places = await stopPlaces(this.#db, dataset, [...new Set(wanted.map(({ stopId }) => stopId))])
    const made = await this.#db.transaction(async (tx) => {
      const sensor = await ensureSensor(tx, dataset, {
        key: source,
        name: 'GTFS Realtime',
        metadata: 'https://gtfs.org/documentation/realtime/reference/',
      })
      const properties = {
        [DELAY]: await ensureObservedProperty(tx, dataset, PROPERTIES[DELAY]),
        [CANCELLED]: await ensureObservedProperty(tx, dataset, PROPERTIES[CANCELLED]),
      }
      const things = new Map<string, number>()
      const ids: [string, number][] = []
      for (const one of wanted) {
        const { stopId, kind, routeId, route } = one
        const place = places.get(stopId)
        if (!things.has(stopId))
          things.set(
            stopId,
            await ensureThing(tx, dataset, {
              key: `stop:${stopId}`,
              name: place?.name ?? stopId,
              properties: { stop_id: stopId, ...(place?.platform && { platform_code: place.platform }) },
              location: place?.geometry ? { geometry: place.geometry } : null,
            }),
          )
        const id = await ensureDatastream(tx, dataset, {
          key: keyOf(one),
          thing: things.get(stopId)!,
          sensor,
          observedProperty: properties[kind],
          name: `${PROPERTIES[kind].name}, Linie ${route}`,
          unit: UNITS[kind],
          properties: { route_id: routeId },
          aggregate: kind === DELAY ? 'mean' : 'sum',
          source,
        })
        ids.push([keyOf(one), id])
      }
      await ensureFeatures(
        tx,
        ids.map(([, id]) => id),
      )
      return { ids, changes: noted(tx) }
    })
    for (const [key, id] of made.ids) this.#streams.set(`${dataset} ${key}`, id)
    this.#sensing.forget()
    this.#sensing.tell(made.changes)
  }

  /** After a dataset was removed or its entities changed. */
  forget(): void {
    this.#streams.clear()
  }
}

const keyOf = ({ stopId, kind, routeId }: Pick<Wanted, 'stopId' | 'kind' | 'routeId'>): string =>
  `stop:${stopId}/${kind === DELAY ? 'delay' : 'cancelled'}/${routeId}`

/**
 * The departures a part says something of that is kept, by trip and stop: what it names, and what the vehicle has passed.
 * `settled`: it will not change any more.
 */
function* callsOf(part: ResolvedPart): Generator<[string, Tracked & { wanted: Wanted; settled: boolean }]> {
  for (const trip of part.trips) {
    if (!trip.route || trip.state === 'deleted') continue
    for (const stop of trip.stops) {
      const planned = stop.plannedDeparture ?? stop.plannedArrival
      if (planned === null) continue
      const cancelled = trip.state === 'cancelled' || stop.state === 'skipped'
      const expected = stop.departure ?? stop.arrival ?? planned
      const passed = expected <= part.time
      if (!cancelled && (stop.delay === null || !(stop.named || passed))) continue
      const kind = cancelled ? CANCELLED : DELAY
      const value = cancelled ? 1 : stop.delay!
      yield [
        `${tripKey(trip)} ${stop.sequence}`,
        { kind, value, stored: null, settled: passed || cancelled, wanted: wantedOf(trip, stop, kind, value, planned) },
      ]
    }
  }
}

function wantedOf(trip: LiveTrip, stop: LiveStop, kind: Kind, value: number, planned: number): Wanted {
  const { routeId, name } = trip.route!
  return {
    kind,
    stopId: stop.stopId,
    routeId,
    route: name,
    row: {
      datastream: 0,
      t: iso(planned * 1000),
      tEnd: null,
      v: value,
      x: { p: { trip: trip.tripId, route: routeId, stop_sequence: stop.sequence } },
    },
  }
}

async function stopPlaces(db: Queryable, dataset: number, stopIds: readonly string[]) {
  const rows = await db.query<{ stopId: string; name: string; platform: string | null; geometry: object | null }>(
    `select s.stop_id as "stopId", coalesce(s.name, s.stop_id) as name, nullif(s.platform_code, '') as platform,
            st_asgeojson(s.geom)::jsonb as geometry
     from gtfs_version v join gtfs_stop s on s.version = v.version and s.stop_id = any($2::text[])
     where v.dataset = $1 and v.state = 'current'`,
    [dataset, stopIds],
  )
  return new Map(rows.map((row) => [row.stopId, row]))
}
