import type { Database } from '../../kernel/db/index.ts'
import { CONCEPTS, tieToThings, upsertFeatures } from '../features/index.ts'
import type { NewObservation, Sensing } from '../sensing/index.ts'
import type { Definition } from './definition.ts'
import { parseDuration } from './duration.ts'
import { Entities } from './entities.ts'
import type { StreamRef, ThingRef } from './model.ts'
import { observationTypes } from './refs.ts'

/** Silent bays are left out after this long, unless the definition says otherwise. */
const SILENT = '1d'
const { free, occupied } = CONCEPTS.get('parking')!.series

interface Area {
  area: string
  bays: number
  free: number
  occupied: number
  t: string
  lon: number | null
  lat: number | null
}

/**
 * Sums up single bays to their car park: after a run, each area it touched gets how many bays there are, how many are
 * free and how many taken, at the time of the newest of their values. Derived, so the figures of the run leave it out.
 */
export class Bays {
  readonly #deps: { db: Database; sensing: Sensing }
  readonly #definition: Definition
  readonly #run: { id: number; dataset: number }
  readonly #entities: Entities

  constructor(deps: { db: Database; sensing: Sensing }, definition: Definition, run: { id: number; dataset: number }) {
    this.#deps = deps
    this.#definition = definition
    this.#run = run
    this.#entities = new Entities(deps, definition, run.dataset)
  }

  /** `names`: what people read, by the key of the area. */
  async sumUp(names: ReadonlyMap<string, string>): Promise<void> {
    const { db, sensing } = this.#deps
    const { dataset, id: run } = this.#run
    const source = this.#definition.id
    const areas = await this.#count([...names.keys()])
    if (areas.length === 0) return
    const things = areas.map((area) => thingOf(area, names.get(area.area) || area.area))
    const streams = things.map((thing) => [streamOf(thing, 'free'), streamOf(thing, 'occupied')] as const)
    await this.#entities.ensure(streams.flat())
    await db.transaction(async (tx) => {
      await upsertFeatures(
        tx,
        { dataset, source, run },
        areas.map((area, at) => ({
          concept: 'parking',
          key: area.area,
          name: things[at]!.name,
          geometry: things[at]!.location?.geometry ?? null,
          properties: { purpose: 'car', capacity: area.bays, live: true },
        })),
      )
      const ties = areas.map(({ area }, at) => ({ concept: 'parking', key: area, thing: things[at]!.id }))
      await tieToThings(tx, dataset, ties)
    })
    const value = (stream: StreamRef, t: string, v: number): NewObservation => ({
      datastream: stream.id,
      t,
      tEnd: null,
      v,
    })
    const writer = sensing.writer({ id: run })
    await writer.write(
      areas.flatMap((area, at) => [
        value(streams[at]![0], area.t, area.free),
        value(streams[at]![1], area.t, area.occupied),
      ]),
    )
    await writer.finish()
  }

  #count(areas: readonly string[]): Promise<Area[]> {
    const { occupancy = 'occupancy', silent = SILENT } = this.#definition.sum!
    return this.#deps.db.query<Area>(
      `with bay as (
         select t.properties ->> 'area' as area, s.last_t as t, s.last_v as v,
           max(s.last_t) over (partition by t.properties ->> 'area') as newest,
           (select st_centroid(l.geom) from thing_location tl join location l on l.id = tl.location
            where tl.thing = t.id and l.geom is not null limit 1) as place
         from thing t join datastream d on d.thing = t.id join observed_property p on p.id = d.observed_property
           join datastream_state s on s.datastream = d.id
         where t.dataset = $1 and t.properties ->> 'area' = any($2::text[]) and d.source = $3 and p.natural_key = $4
           and s.last_t is not null)
       select area, count(*) as bays,
         count(*) filter (where v = 0 and t > newest - make_interval(secs => $5)) as free,
         count(*) filter (where v > 0 and t > newest - make_interval(secs => $5)) as occupied,
         max(t) as t, avg(st_x(place)) as lon, avg(st_y(place)) as lat
       from bay group by area`,
      [this.#run.dataset, areas, this.#definition.id, occupancy, parseDuration(silent).seconds],
    )
  }
}

function thingOf({ area, lon, lat }: Area, name: string): ThingRef {
  const location = lon === null || lat === null ? null : { geometry: { type: 'Point', coordinates: [lon, lat] } }
  return {
    id: 0,
    key: `sum/${area}`,
    name,
    description: 'Summe einzelner Stellplätze mit Sensor.',
    properties: null,
    location,
    streams: new Map(),
  }
}

function streamOf(thing: ThingRef, key: 'free' | 'occupied'): StreamRef {
  const { property, name, description, unit, aggregate } = key === 'free' ? free! : occupied!
  return {
    id: 0,
    key,
    thing,
    name,
    description: '',
    observedProperty: { key: property, name, definition: `urn:zahnrad:property:${property}`, description },
    unit,
    observationType: observationTypes.number,
    aggregate,
    periodSeconds: null,
    role: null,
    properties: null,
  }
}
