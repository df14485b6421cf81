/** Mappings with a concept: each thing is also a feature of the city. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { findFeatures } from '../../src/domains/features/index.ts'
import { checkDefinition, DefinitionError } from '../../src/domains/sources/index.ts'
import { databases } from '../support/database.ts'
import { DATA, ready, type SourcesBench, sourcesOn } from '../support/sources.ts'

const CAPTURES = join(DATA, 'parking/captures')
const skip = existsSync(CAPTURES) ? false : 'needs the real data at ../shared/data'

for (const engine of databases()) {
  describe(`mapping with a concept (${engine.name})`, { skip }, () => {
    let bench: SourcesBench
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
    })
    after(() => bench.close())
    const stored = async (dataset: string, more: object = {}) => {
      const { key } = bench.catalog.byId(dataset)!
      return findFeatures(bench.db, { concept: 'parking', visible: [key], dataset: key, ...more })
    }

    it('keeps facts without values, and a second run changes nothing', async () => {
      const first = await bench.sources.run(ready('reutlingen-parken'), { cwd: CAPTURES })
      const rows = readFileSync(join(CAPTURES, 'reutlingen.csv'), 'utf8').trim().split('\n').slice(1)
      const ids = new Set(rows.map((row) => row.slice(0, row.indexOf(','))))
      assert.deepEqual([first.outcome, first.read, first.accepted], ['ok', ids.size, ids.size], first.error)
      const second = await bench.sources.run(ready('reutlingen-parken'), { cwd: CAPTURES })
      assert.deepEqual([second.read, second.accepted, second.unchanged], [ids.size, 0, ids.size])
      const features = await stored('reutlingen-parken')
      assert.equal(features.length, ids.size)
      const dietweg = features.find(({ key }) => key === '76997')!
      assert.deepEqual(dietweg.properties, { purpose: 'car', capacity: 110 })
      assert.deepEqual(dietweg.geometry, { type: 'Point', coordinates: [9.1992897, 48.5124082] })
    })

    it('reads foreign coordinates, ties values to the feature and ends what is no longer named', async () => {
      const report = await bench.sources.run(ready('freiburg-parken'), { cwd: CAPTURES })
      assert.equal(report.outcome, 'ok', report.error ?? JSON.stringify(report.rejections))
      const raw = JSON.parse(readFileSync(join(CAPTURES, 'freiburg.json'), 'utf8'))
      assert.equal(report.read, raw.features.length * 2)
      const features = await stored('freiburg-parken')
      assert.equal(features.length, raw.features.length)
      const near = await stored('freiburg-parken', { near: { lon: 7.8421, lat: 47.9977, radius: 1500 } })
      assert.ok(near.length > 5 && near.length <= features.length, `${near.length} near the station`)
      assert.ok(near.every(({ distance }, at) => distance! <= 1500 && distance! >= (near[at - 1]?.distance ?? 0)))
      const streams = await bench.db.query<{ v: number }>(
        `select o.v from feature f join datastream d on d.thing = f.thing join observation o on o.datastream = d.id
         join dataset s on s.key = f.dataset where s.id = 'freiburg-parken'`,
      )
      const sum = (values: number[]) => values.reduce((all, value) => all + value, 0)
      assert.equal(
        sum(streams.map(({ v }) => v)),
        sum(raw.features.map((one: { properties: { obs_free: string } }) => Number(one.properties.obs_free))),
      )
    })

    it('reads roadworks from GeoJSON with the days they last', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'zahnrad-works-'))
      const feature = (id: number, von: string, bis: string) => ({
        type: 'Feature',
        properties: { id, was: `Bau ${id}`, von, bis, sperre: 'hoch' },
        geometry: {
          type: 'LineString',
          coordinates: [
            [12, 49],
            [12.1, 49.1],
          ],
        },
      })
      const features = [
        feature(1, '01.03.2020', '31.03.2099'),
        feature(2, '01.03.2098', ''),
        feature(3, '1.13.2020', ''),
      ]
      writeFileSync(join(folder, 'bau.geojson'), JSON.stringify({ type: 'FeatureCollection', features }))
      try {
        const definition = checkDefinition(`id: bau
title: Baustellen
dataset: { title: Baustellen }
from: { file: { path: bau.geojson } }
format: { type: geojson }
concept: roadworks
thing:
  key: "{id}"
  name: "{was}"
  location: { geometry: "{geometry}" }
  valid: { from: "{von}", to: "{bis}", format: D.M.YYYY }
  properties: { severity: "{stufe.stufe}" }
lookups: { stufe: { by: "{sperre}", entries: { hoch: { stufe: high } } } }
`)
        const report = await bench.sources.run(definition, { cwd: folder })
        assert.deepEqual([report.read, report.accepted, report.rejected], [4, 3, 1], JSON.stringify(report.rejections))
        assert.match(report.rejections[0]!.reason, /not a time of the form D.M.YYYY/)
        const { key } = bench.catalog.byId('bau')!
        const of = (when: 'current' | 'planned' | 'past') =>
          findFeatures(bench.db, { concept: 'roadworks', visible: [key], when })
        const [first, third] = await of('current')
        assert.deepEqual(
          [first!.key, first!.validFrom, first!.validTo, third!.key],
          ['1', '2020-02-29T23:00:00Z', '2099-03-31T22:00:00Z', '3'],
        )
        assert.equal(first!.properties.severity, 'high')
        assert.deepEqual(
          (await of('planned')).map((one) => one.key),
          ['2'],
        )
        assert.deepEqual(await of('past'), [])
      } finally {
        rmSync(folder, { recursive: true })
      }
    })

    it('says what a definition with a concept lacks or has too much', () => {
      const text = (change: (yaml: string) => string) =>
        change(readFileSync(join(import.meta.dirname, '../../sources/reutlingen-parken.yaml'), 'utf8'))
      const issues = (change: (yaml: string) => string) => {
        try {
          checkDefinition(text(change))
        } catch (error) {
          if (error instanceof DefinitionError) return error.message
        }
        return 'valid'
      }
      assert.match(
        issues((yaml) => yaml.replace('capacity:', 'capasity:')),
        /capasity.*did you mean "capacity"/,
      )
      assert.match(
        issues((yaml) => yaml.replace('concept: parking', '')),
        /series: is missing/,
      )
      assert.match(
        issues((yaml) => yaml.replace('concept: parking', 'concept: parkin')),
        /"parking"/,
      )
      assert.match(
        issues((yaml) => yaml.replace('type: csv', 'type: datex2')),
        /thing: is for mappings/,
      )
    })
  })
}
