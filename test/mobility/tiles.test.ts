/** Vector tiles, read back by a library of others. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { VectorTile } from '@mapbox/vector-tile'
import { PbfReader } from 'pbf'
import { City } from '../../src/domains/catalog/index.ts'
import { upsertFeatures } from '../../src/domains/features/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'

const PATH = '/api/v1/mobility/tiles'
const WEST = 12.1
const NORTH = 49.02

/** The tile a place is on. */
const tileAt = (lon: number, lat: number, z: number) => {
  const sin = Math.sin((lat * Math.PI) / 180)
  const y = 0.5 - Math.log((1 + sin) / (1 - sin)) / (4 * Math.PI)
  return { z, x: Math.floor(((lon + 180) / 360) * 2 ** z), y: Math.floor(y * 2 ** z) }
}

for (const engine of databases()) {
  describe(`vector tiles (${engine.name})`, () => {
    let bench: SourcesBench
    let app: FastifyInstance

    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      const { db, access } = bench
      app = await createHttp({ log: createLog('silent'), trustProxy: [], publicUrl: 'https://stadt.example' })
      registerSession(app, { access })
      await registerMobility(app, { ...bench, city: await City.load(db) })
      for (const id of ['offen', 'geheim']) await bench.catalog.ensure({ id, title: id, attribution: `Stadt ${id}` })
      const chargers = Array.from({ length: 400 }, (_, i) => ({
        ...{ concept: 'charging', key: `c${i}`, name: `Säule ${i}`, properties: {} },
        geometry: { type: 'Point', coordinates: [WEST + (i % 20) * 0.001, NORTH - Math.floor(i / 20) * 0.001] },
      }))
      const square = (west: number, south: number, side: number) => [
        [west, south],
        [west + side, south],
        [west + side, south + side],
        [west, south + side],
        [west, south],
      ]
      const works = (key: string, geometry: object, from: string) => ({
        ...{ concept: 'roadworks', key, name: key, properties: {}, geometry },
        valid: { from, to: null },
      })
      const { key: open } = bench.catalog.byId('offen')!
      const { key: closed } = bench.catalog.byId('geheim')!
      await upsertFeatures(db, { dataset: open, source: 's', run: null }, chargers)
      await upsertFeatures(db, { dataset: open, source: 's', run: null }, [
        works(
          'Platz',
          { type: 'Polygon', coordinates: [square(12, 49, 0.02), square(12.005, 49.005, 0.01)] },
          '2020-01-01T00:00:00Z',
        ),
        works(
          'Weg um die Welt',
          {
            type: 'LineString',
            coordinates: [
              [-179, -89],
              [12.01, 49.01],
              [179, 89],
            ],
          },
          '2020-01-01T00:00:00Z',
        ),
        works('Später', { type: 'Point', coordinates: [12.01, 49.01] }, '2199-01-01T00:00:00Z'),
      ])
      await upsertFeatures(db, { dataset: closed, source: 's', run: null }, [
        { ...chargers[0]!, key: 'geheim', name: 'Geheime Säule' },
      ])
      await bench.catalog.setState('offen', 'released')
    })
    after(async () => {
      await app.close()
      await bench.close()
    })

    const get = (path: string, headers: Record<string, string> = {}) => app.inject({ url: PATH + path, headers })
    const tile = async (layer: string, { z, x, y }: { z: number; x: number; y: number }) => {
      const answer = await get(`/${layer}/${z}/${x}/${y}.mvt`)
      assert.equal(answer.statusCode, 200, answer.body)
      assert.equal(answer.headers['content-type'], 'application/vnd.mapbox-vector-tile')
      const read = new VectorTile(new PbfReader(answer.rawPayload)).layers[layer]!
      return Array.from({ length: read.length }, (_, i) => read.feature(i))
    }

    it('draws every place where it is, one for many where they would cover each other', async () => {
      const whole = await tile('charging', { z: 0, x: 0, y: 0 })
      assert.deepEqual(
        whole.map(({ properties }) => ({ ...properties })),
        [{ dataset: 'offen', count: 400 }],
      )
      for (const z of [8, 12, 16]) {
        const { x, y } = tileAt(WEST + 0.01, NORTH - 0.01, z)
        const found = await tile('charging', { z, x, y })
        for (const feature of found) {
          const { geometry } = feature.toGeoJSON(x, y, z)
          assert.equal(geometry.type, 'Point')
          const [lon, lat] = geometry.coordinates as [number, number]
          assert.ok(lon > WEST - 0.01 && lon < WEST + 0.03 && lat < NORTH + 0.01 && lat > NORTH - 0.03, `${lon} ${lat}`)
          assert.equal('id' in feature.properties, feature.properties.count === 1)
        }
        const all = found.reduce((sum, { properties }) => sum + Number(properties.count), 0)
        if (z < 16) assert.equal(all, 400)
        else assert.ok(found.length > 1 && found.every(({ properties }) => properties.count === 1))
      }
      const exact = tileAt(WEST, NORTH, 18)
      const [one] = await tile('charging', exact)
      assert.deepEqual({ ...one!.properties }, { id: 'offen:c0', name: 'Säule 0', dataset: 'offen', count: 1 })
      const [lon, lat] = (one!.toGeoJSON(exact.x, exact.y, 18).geometry as unknown as { coordinates: [number, number] })
        .coordinates
      assert.ok(Math.abs(lon - WEST) < 1e-6 && Math.abs(lat - NORTH) < 1e-6, `${lon} ${lat}`)
    })

    it('draws areas with their holes and lines across the edge, and only what is in force', async () => {
      const address = tileAt(12.001, 49.001, 12)
      const found = await tile('roadworks', address)
      assert.deepEqual(found.map(({ properties }) => properties.name).sort(), ['Platz', 'Weg um die Welt'])
      const area = found.find(({ properties }) => properties.name === 'Platz')!
      const { geometry } = area.toGeoJSON(address.x, address.y, address.z)
      assert.equal(geometry.type, 'Polygon')
      assert.equal((geometry.coordinates as unknown[]).length, 2)
      assert.ok((await tile('roadworks', { z: 0, x: 0, y: 0 })).length >= 1)
    })

    it('keeps what is not released to itself, and says what is asked wrongly', async () => {
      assert.equal((await get('/charging/0/0/0.mvt?dataset=geheim')).statusCode, 404)
      assert.equal((await get('/charging?dataset=geheim')).statusCode, 404)
      assert.doesNotMatch((await get('/charging/0/0/0.mvt')).body, /geheim/i)
      assert.equal((await get('/parking/3/1/1.mvt')).statusCode, 204)
      for (const [path, status] of [
        ['/charging/2/4/0.mvt', 400],
        ['/charging/19/0/0.mvt', 400],
        ['/charging/a/0/0.mvt', 400],
        ['/unknown/0/0/0.mvt', 400],
        ['/charging/0/0/0.png', 404],
      ] as const)
        assert.equal((await get(path)).statusCode, status, path)
    })

    it('is not sent again while it is the same', async () => {
      const { headers } = await get('/charging/0/0/0.mvt')
      const again = await get('/charging/0/0/0.mvt', { 'if-none-match': String(headers.etag) })
      assert.deepEqual([again.statusCode, again.rawPayload.length], [304, 0])
    })

    it('is described by TileJSON 3.0', async () => {
      const { tilejson, tiles, bounds, features, attribution, vector_layers } = (await get('/charging')).json()
      assert.equal(tilejson, '3.0.0')
      assert.equal(tiles[0], `https://stadt.example${PATH}/charging/{z}/{x}/{y}.mvt`)
      assert.deepEqual(
        bounds.map((side: number) => side.toFixed(3)),
        ['12.100', '49.001', '12.119', '49.020'],
      )
      assert.equal(features, 400)
      assert.match(attribution, /Stadt offen/)
      assert.equal(vector_layers[0].id, 'charging')
      const none = (await get('/parking')).json()
      assert.deepEqual([none.bounds, none.features], [undefined, 0])
    })
  })
}
