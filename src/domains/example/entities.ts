import { stringify } from 'yaml'
import type { Queryable } from '../../kernel/db/index.ts'
import type { Dataset } from '../catalog/index.ts'
import { tieToThings, upsertFeatures } from '../features/index.ts'
import {
  ensureDatastream,
  ensureFeatures,
  ensureObservedProperty,
  ensureSensor,
  ensureThing,
  iso,
} from '../sensing/index.ts'
import { CITY, RETENTION, SIMULATED, SUBJECTS } from './datasets.ts'
import { PROPERTIES } from './properties.ts'
import { addBrokenSource } from './store.ts'
import { BROKEN, type Station, type Town } from './town.ts'

const MEASUREMENT = 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement'
const COUNT = 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_CountObservation'

/** A car park is also a feature of the city: what is around a place is looked up there. */
async function asCarPark(tx: Queryable, dataset: number, { key, name, lon, lat, properties }: Station, thing: number) {
  const geometry = { type: 'Point', coordinates: [lon, lat] }
  const facts = { purpose: 'car', capacity: properties.capacity, live: true }
  const feature = { concept: 'parking', key, name, geometry, properties: facts }
  await upsertFeatures(tx, { dataset, source: null, run: null }, [feature])
  await tieToThings(tx, dataset, [{ concept: 'parking', key, thing }])
}

/** The natural key of a series, as sources make them. */
export const seriesKey = (station: string, series: string): string => `${station}/${series}`

const thingProperties = (station: Station): Record<string, unknown> => ({
  simulated: true,
  operator: `${CITY} ${SIMULATED}`,
  ...station.properties,
  blindSpots: SUBJECTS.get(station.dataset)!.blindSpots,
  retention: RETENTION,
})

/** Creates or updates all entities of one dataset. Call it in a transaction; a second call changes nothing. */
export async function writeEntities(tx: Queryable, city: Town, dataset: Dataset): Promise<void> {
  const { sensor } = SUBJECTS.get(dataset.id as Station['dataset'])!
  const properties = new Map<string, number>()
  const datastreams: number[] = []
  for (const station of city.stations.filter((one) => one.dataset === dataset.id)) {
    const thing = await ensureThing(tx, dataset.key, {
      key: station.key,
      name: station.name,
      description: station.description,
      properties: thingProperties(station),
      location: {
        name: station.name,
        description: station.description,
        geometry: { type: 'Point', coordinates: [station.lon, station.lat] },
        properties: { simulated: true },
      },
    })
    if (dataset.id === 'beispiel-parken') await asCarPark(tx, dataset.key, station, thing)
    const sensorId = await ensureSensor(tx, dataset.key, {
      key: station.source ?? dataset.id,
      ...sensor,
      properties: { simulated: true },
    })
    for (const series of station.series) {
      const property = PROPERTIES[series.property]
      if (!properties.has(series.property)) {
        const id = await ensureObservedProperty(tx, dataset.key, {
          key: series.property,
          ...property,
          properties: { simulated: true },
        })
        properties.set(series.property, id)
      }
      datastreams.push(
        await ensureDatastream(tx, dataset.key, {
          key: seriesKey(station.key, series.key),
          thing,
          sensor: sensorId,
          observedProperty: properties.get(series.property)!,
          name: series.name,
          description: `${series.name}, ${station.name}`,
          observationType: property.unit.definition === 'ucum:{count}' ? COUNT : MEASUREMENT,
          unit: property.unit,
          properties: { simulated: true },
          aggregate: property.aggregate,
          periodSeconds: 900,
          role: series.role,
          source: station.source,
        }),
      )
    }
    if (station.source) await writeBrokenSource(tx, station, dataset)
  }
  await ensureFeatures(tx, datastreams)
}

/** The broken counter has a source of its own that works: a message to its topic would be taken, and heal it. */
async function writeBrokenSource(tx: Queryable, station: Station, dataset: Dataset): Promise<void> {
  await addBrokenSource(tx, {
    id: station.source!,
    yaml: brokenDefinition(station, dataset),
    dataset: dataset.key,
    since: iso(station.brokenFrom),
    cause: 'Das Gerät meldete zuletzt 2,9 V Batteriespannung und schweigt seitdem: Batterie tauschen (simuliert).',
  })
}

/** The definition of the broken counter's source, in the words of docs/using/sources.md. */
export function brokenDefinition(station: Station, dataset: Dataset): string {
  const { sensor } = SUBJECTS.get(station.dataset)!
  const [series] = station.series
  const { id, title, description, publisher, licence, attribution } = dataset
  return stringify({
    id: station.source,
    title: `Zählstelle ${station.name}`,
    dataset: { id, title, description, publisher, licence, attribution },
    from: { mqtt: { topic: `beispiel/zaehlstelle/${BROKEN.station}` } },
    format: { type: 'json' },
    timeZone: 'UTC',
    schedule: { expect: '1h' },
    time: { column: 'start', format: 'iso', period: '15m' },
    thing: {
      key: station.key,
      name: station.name,
      description: station.description,
      location: {
        lat: String(station.lat),
        lon: String(station.lon),
        name: station.name,
        properties: { simulated: true },
      },
      properties: thingProperties(station),
    },
    sensor,
    series: [{ column: 'count', key: series!.key, name: series!.name, property: series!.property }],
  })
}
