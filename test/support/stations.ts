/** Stations with real rows for tests of what reads them. */
import { Catalog, type DatasetState } from '../../src/domains/catalog/index.ts'
import {
  type DatastreamSpec,
  ensureDatastream,
  ensureObservedProperty,
  ensureSensor,
  ensureThing,
  type NewObservation,
  Sensing,
} from '../../src/domains/sensing/index.ts'
import type { Database } from '../../src/kernel/db/index.ts'

export interface StationSpec {
  name: string
  at?: [number, number]
  approximate?: boolean
  properties?: Record<string, unknown>
  series: (Partial<Omit<DatastreamSpec, 'observedProperty'>> & { key: string; property?: string })[]
}

export interface Town {
  db: Database
  catalog: Catalog
  sensing: Sensing
  /** Adds a dataset in the given state and returns its key. */
  dataset(id: string, state: DatasetState): Promise<number>
  /** Adds a station and returns its id and the ids of its series, in order. */
  station(dataset: number, spec: StationSpec): Promise<{ thing: number; series: number[] }>
}

export async function town(db: Database): Promise<Town> {
  const catalog = await Catalog.load(db)
  const sensing = new Sensing(db)
  return {
    db,
    catalog,
    sensing,
    async dataset(id, state) {
      await catalog.ensure({
        id,
        title: `Datensatz ${id}`,
        licence: 'dl-by-de/2.0',
        attribution: 'Stadt Münster',
        publisher: 'Amt für Mobilität',
      })
      return (await catalog.setState(id, state)).key
    },
    station: (dataset, spec) =>
      db.transaction(async (tx) => {
        const thing = await ensureThing(tx, dataset, {
          key: spec.name,
          name: spec.name,
          properties: spec.properties,
          location: spec.at && {
            name: `Ort ${spec.name}`,
            geometry: { type: 'Point', coordinates: spec.at },
            properties: spec.approximate ? { approximate: true } : undefined,
          },
        })
        const sensor = await ensureSensor(tx, dataset, { key: 'loop', name: 'Induktionsschleife' })
        const series: number[] = []
        for (const { key, property = 'bicycle_count', ...rest } of spec.series) {
          const observedProperty = await ensureObservedProperty(tx, dataset, {
            key: property,
            name: `Größe ${property}`,
          })
          const datastream = {
            thing,
            sensor,
            observedProperty,
            name: `${spec.name} ${key}`,
            unit: { name: 'Anzahl', symbol: '1', definition: '' },
          }
          const full = {
            ...datastream,
            aggregate: 'sum' as const,
            periodSeconds: 900,
            ...rest,
            key: `${spec.name}:${key}`,
          }
          series.push(await ensureDatastream(tx, dataset, full))
        }
        return { thing, series }
      }),
  }
}

/** Values of a regular series: one each `seconds` from `from` (inclusive) to `to` (exclusive). */
export function regular(
  datastream: number,
  from: string,
  to: string,
  seconds: number,
  value: (at: number, index: number) => number | null,
): NewObservation[] {
  const rows: NewObservation[] = []
  let index = 0
  for (let at = Date.parse(from); at < Date.parse(to); at += seconds * 1000) {
    const v = value(at, index++)
    if (v !== null) rows.push({ datastream, t: isoOf(at), tEnd: isoOf(at + seconds * 1000), v })
  }
  return rows
}

export const isoOf = (at: number): string => new Date(at).toISOString().replace('.000Z', 'Z')
