import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { FeedItem } from '../../../domains/sources/index.ts'
import { parkapi } from './index.ts'

async function read(document: unknown): Promise<FeedItem[]> {
  const bytes = Buffer.from(JSON.stringify(document))
  const input = {
    role: 'static',
    name: 'x.json',
    bytes: (async function* () {
      yield bytes
    })(),
  }
  const items: FeedItem[] = []
  for await (const item of parkapi.read([input], { type: 'parkapi' }, { name: 'x', maxDocumentBytes: 1e6 }))
    items.push(item)
  return items
}
const detect = (document: unknown) => parkapi.detect({ name: 'x.json', head: Buffer.from(JSON.stringify(document)) })

/** As `/Dresden` of version 1 answers. */
const CITY = {
  last_downloaded: '2026-05-04T08:00:05',
  last_updated: '2026-05-04T08:00:00',
  lots: [
    {
      ...{ address: 'Wilsdruffer Straße', coords: { lat: 51.05031, lng: 13.73754 }, forecast: true, free: 43 },
      ...{
        id: 'dresdenaltmarkt',
        lot_type: 'Tiefgarage',
        name: 'Altmarkt',
        region: 'Innere Altstadt',
        state: 'open',
        total: 400,
      },
    },
    { coords: null, free: 0, id: 'dresdenhalle', lot_type: '', name: 'Halle', state: 'nodata', total: 50 },
    { coords: null, free: -3, id: 'dresdenzoo', lot_type: 'Parkplatz', name: 'Zoo', state: 'closed', total: 10 },
  ],
}
/** As `/api/public/v3/parking-sites` answers. */
const SITES = {
  items: [
    {
      ...{ id: 7, original_uid: 'P7', name: 'Am Bahnhof', lat: '49.01', lon: '12.1', purpose: 'BIKE', type: 'SHED' },
      ...{
        capacity: 20,
        has_fee: false,
        max_height: 210,
        has_realtime_data: true,
        static_data_updated_at: '2026-01-01T00:00:00Z',
      },
      ...{
        realtime_free_capacity: 5,
        realtime_opening_status: 'OPEN',
        realtime_data_updated_at: '2026-05-04T08:00:00Z',
      },
    },
    {
      id: 8,
      original_uid: 'P8',
      name: 'Ohne Zähler',
      lat: 49.02,
      lon: 12.2,
      purpose: 'CAR',
      type: 'CAR_PARK',
      capacity: 3,
    },
  ],
}

describe('ParkAPI', () => {
  it('is recognised in both versions, and nothing else is', () => {
    assert.deepEqual([detect(CITY)?.role, detect(SITES)?.role], ['static', 'static'])
    assert.equal(detect({ items: [{ id: 1 }] }), null)
    assert.equal(detect([1]), null)
  })

  it('reads the lots of version 1; a lot without figures says nothing of free spaces', async () => {
    const items = await read(CITY)
    const features = items.flatMap((item) => (item.kind === 'feature' ? [item] : []))
    assert.deepEqual(
      features.map(({ key, geometry }) => [key, geometry]),
      [
        ['dresdenaltmarkt', { type: 'Point', coordinates: [13.73754, 51.05031] }],
        ['dresdenhalle', null],
        ['dresdenzoo', null],
      ],
    )
    assert.deepEqual(features[0]!.properties, {
      purpose: 'car',
      type: 'underground',
      capacity: 400,
      address: 'Wilsdruffer Straße',
      district: 'Innere Altstadt',
    })
    const values = items.flatMap((item) =>
      item.kind === 'value' ? [[item.key, item.series, item.value, item.time]] : [],
    )
    assert.deepEqual(values, [
      ['dresdenaltmarkt', 'free', 43, '2026-05-04T08:00:00Z'],
      ['dresdenaltmarkt', 'state', 'open', '2026-05-04T08:00:00Z'],
      ['dresdenzoo', 'state', 'closed', '2026-05-04T08:00:00Z'],
    ])
    assert.deepEqual(
      items.flatMap((item) => (item.kind === 'reject' ? [item.value] : [])),
      ['dresdenzoo: -3'],
    )
    assert.deepEqual(items.at(-1), { kind: 'complete', concept: 'parking' })
  })

  it('reads the sites of version 3, coordinates as texts too', async () => {
    const items = await read(SITES)
    const [bike, car] = items.flatMap((item) => (item.kind === 'feature' ? [item] : []))
    assert.deepEqual(bike, {
      kind: 'feature',
      concept: 'parking',
      key: 'P7',
      name: 'Am Bahnhof',
      geometry: { type: 'Point', coordinates: [12.1, 49.01] },
      properties: { capacity: 20, fee: false, purpose: 'bike', type: 'shed', maxHeight: 2.1 },
    })
    assert.equal(car!.properties.purpose, 'car')
    const values = items.flatMap((item) => (item.kind === 'value' ? [[item.key, item.series, item.value]] : []))
    assert.deepEqual(values, [
      ['P7', 'free', 5],
      ['P7', 'state', 'open'],
    ])
  })

  it('refuses what is neither', async () => {
    await assert.rejects(read({ things: [] }), /neither "lots" nor "items"/)
  })
})
