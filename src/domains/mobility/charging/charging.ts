import Value from 'typebox/value'
import type { Database } from '../../../kernel/db/index.ts'
import type { Access, Actor } from '../../access/index.ts'
import type { Catalog, Dataset } from '../../catalog/index.ts'
import { CONCEPTS, type Feature, findFeatures, latestAt } from '../../features/index.ts'
import { STANDS_BACK, samePairs } from './duplicates.ts'
import { countStates, type Evse, evseKey, Location } from './model.ts'

const CONCEPT = 'charging'

/** A place to charge near another one. */
export interface ChargerNear {
  dataset: Dataset
  key: string
  name: string
  lon: number
  lat: number
  /** Metres. */
  distance: number
  operator: string | null
  /** Charge points that can be used. */
  total: number
  /** Watts of the strongest connector; null when unknown. */
  power: number | null
  standards: string[]
  /** Newest counts; null where no state is known. */
  free: number | null
  used: number | null
  broken: number | null
  /** ISO 8601. */
  measured: string | null
  /** Other records of the same charge points, by EVSE id or because people found so: left out of the answer. */
  also: string[]
}

/** Places to charge, from registers and operators, each charge point once. */
export class Charging {
  readonly #db: Database
  readonly #access: Access
  readonly #catalog: Catalog

  constructor({ db, access, catalog }: { db: Database; access: Access; catalog: Catalog }) {
    this.#db = db
    this.#access = access
    this.#catalog = catalog
  }

  /** Places within `radius` metres, nearest first; records of the same EVSE ids are one, the one with states. */
  async near(actor: Actor, place: { lon: number; lat: number; radius: number }): Promise<ChargerNear[]> {
    const features = await findFeatures(this.#db, {
      concept: CONCEPT,
      visible: this.#access.visible(actor),
      near: place,
      limit: 500,
    })
    const latest = await latestAt(
      this.#db,
      features.flatMap(({ thing }) => thing ?? []),
    )
    // Records that people found to be the same place share a mark, as those of one EVSE share its id.
    const marks = new Map<number, string[]>()
    for (const { a, b } of await samePairs(
      this.#db,
      features.map(({ id }) => id),
    ))
      for (const id of [a, b]) marks.set(id, [...(marks.get(id) ?? []), `${a}=${b}`])
    const { free, used, broken } = CONCEPTS.get(CONCEPT)!.series
    const found = features.flatMap((feature) => {
      const dataset = this.#catalog.byKey(feature.dataset)
      if (!dataset) return []
      const at = feature.thing === null ? undefined : latest.get(feature.thing)
      const of = (series: typeof free) => at?.get(series!.property)
      const number = (series: typeof free) =>
        typeof of(series)?.value === 'number' ? (of(series)!.value as number) : null
      return [
        {
          ...describe(feature),
          dataset,
          free: number(free),
          used: number(used),
          broken: number(broken),
          measured: of(free)?.time ?? null,
          also: [] as string[],
          evses: [
            ...evsesOf(feature).flatMap(({ evse_id }) => (evse_id ? [evseKey(evse_id)] : [])),
            ...(marks.get(feature.id) ?? []),
          ],
        },
      ]
    })
    // The record with states first, so that it is the one that stays.
    const owner = new Map<string, ChargerNear>()
    const kept = new Set<ChargerNear>()
    for (const one of [...found].sort((a, b) => Number(b.measured !== null) - Number(a.measured !== null))) {
      const same = one.evses.map((id) => owner.get(id)).find((known) => known !== undefined)
      if (same) same.also.push(`${one.dataset.id}:${one.key}`)
      else kept.add(one)
      for (const id of one.evses) if (!owner.has(id)) owner.set(id, same ?? one)
    }
    return found.filter((one) => kept.has(one)).map(({ evses: _, ...one }) => one)
  }

  /** A page of all places in OCPI's terms, the last changed first, and how many there are. */
  async locations(
    actor: Actor,
    { offset, limit, from }: { offset: number; limit: number; from: string | null },
  ): Promise<{ total: number; locations: Location[] }> {
    const visible = this.#access.visible(actor)
    const where = `f.dataset = any($1::int4[]) and f.concept = $2 and f.gone_at is null
      and ($3::timestamptz is null or f.changed_at >= $3) and not ${STANDS_BACK}`
    const [[count], rows] = await Promise.all([
      this.#db.query<{ n: number }>(`select count(*)::int4 as n from feature f where ${where}`, [
        visible,
        CONCEPT,
        from,
      ]),
      this.#db.query<{ properties: Record<string, unknown> }>(
        `select properties from feature f where ${where} order by changed_at desc, id limit $4::int4 offset $5::int4`,
        [visible, CONCEPT, from, limit, offset],
      ),
    ])
    return { total: count!.n, locations: rows.flatMap(({ properties }) => inTerms(properties)) }
  }

  /** One place by the id its operator gave it; null where there is none, or `actor` may not see it. */
  async location(actor: Actor, id: string): Promise<Location | null> {
    const [row] = await this.#db.query<{ properties: Record<string, unknown> }>(
      `select properties from feature where dataset = any($1::int4[]) and concept = $2 and gone_at is null
       and properties ->> 'id' = $3 limit 1`,
      [this.#access.visible(actor), CONCEPT, id],
    )
    return row ? (inTerms(row.properties)[0] ?? null) : null
  }
}

/** Only what OCPI knows; a place that a mapping described in less is none. */
function inTerms(properties: Record<string, unknown>): Location[] {
  const location = Value.Clean(Location, structuredClone(properties))
  return Value.Check(Location, location) ? [location] : []
}

const evsesOf = ({ properties }: Feature): Evse[] =>
  Array.isArray(properties.evses) ? (properties.evses as Evse[]) : []

function describe(feature: Feature) {
  const evses = evsesOf(feature)
  const connectors = evses.flatMap(({ connectors: all }) => all)
  const powers = connectors.flatMap(
    ({ max_electric_power, max_voltage, max_amperage, power_type }) =>
      max_electric_power ?? max_voltage * max_amperage * (power_type === 'AC_3_PHASE' ? 3 : 1),
  )
  const [lon, lat] = (feature.geometry as { coordinates?: [number, number] } | null)?.coordinates ?? [0, 0]
  return {
    key: feature.key,
    name: feature.name,
    lon,
    lat,
    distance: feature.distance ?? 0,
    operator: (feature.properties.operator as { name?: string } | undefined)?.name ?? null,
    total: evses.length > 0 ? countStates(evses).total : Number(feature.properties.points ?? 0),
    power: powers.length > 0 ? Math.max(...powers) : null,
    standards: [...new Set(connectors.map(({ standard }) => standard))],
  }
}
