/** A dataset with one Thing and some datastreams, for tests of what is stored. */
import { Access } from '../../src/domains/access/index.ts'
import { Catalog } from '../../src/domains/catalog/index.ts'
import {
  ensureDatastream,
  ensureObservedProperty,
  ensureSensor,
  ensureThing,
  Sensing,
} from '../../src/domains/sensing/index.ts'
import type { Database } from '../../src/kernel/db/index.ts'

export interface Sample {
  catalog: Catalog
  access: Access
  sensing: Sensing
  dataset: number
  thing: number
  datastreams: number[]
}

export async function sampleStation(db: Database, count = 2): Promise<Sample> {
  const catalog = await Catalog.load(db)
  const access = new Access({ db, catalog, openWrite: false })
  const sensing = new Sensing(db)
  const { key: dataset } = await catalog.ensure({ id: 'probe', title: 'Probe' })
  return db.transaction(async (tx) => {
    const thing = await ensureThing(tx, dataset, {
      key: 'thing',
      name: 'Thing',
      location: { geometry: { type: 'Point', coordinates: [7.63, 51.96] } },
    })
    const sensor = await ensureSensor(tx, dataset, { key: 'sensor', name: 'Sensor' })
    const observedProperty = await ensureObservedProperty(tx, dataset, { key: 'bicycle_count', name: 'Bicycles' })
    const datastreams: number[] = []
    for (let i = 0; i < count; i++) {
      const unit = { name: 'bicycles', symbol: '', definition: '' }
      const spec = {
        key: `series ${i}`,
        thing,
        sensor,
        observedProperty,
        name: `Series ${i}`,
        unit,
        aggregate: 'sum' as const,
        periodSeconds: 900,
      }
      datastreams.push(await ensureDatastream(tx, dataset, spec))
    }
    return { catalog, access, sensing, dataset, thing, datastreams }
  })
}
