/** Sensors of single bays over MQTT: their car park knows how many are free, message by message. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { findFeatures } from '../../src/domains/features/index.ts'
import { parkingStates } from '../../src/domains/mobility/index.ts'
import { DefinitionError } from '../../src/domains/sources/index.ts'
import { databases } from '../support/database.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'

const DEFINITION = `id: buchten
title: Stellplatzsensoren
dataset: { title: Stellplatzsensoren }
from: { mqtt: { topic: "parken/+/+" } }
format: { type: json }
time: { column: zeit }
thing:
  key: "{topic.2}"
  location: { lat: "{lat}", lon: "{lon}" }
series:
  - { column: belegt, property: occupancy, values: { "true": 1, "false": 0 } }
sum: { area: "{topic.1}", name: "Parkplatz {topic.1}", silent: 1h }
`

for (const engine of databases()) {
  describe(`bays summed up (${engine.name})`, () => {
    let bench: SourcesBench
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      await bench.sources.add(bench.sources.check(DEFINITION), OWNER)
    })
    after(() => bench.close())

    const send = (bay: string, time: string, taken: boolean | string, area = 'markt') => {
      const body = { zeit: `2026-05-04T${time}:00Z`, belegt: taken, lat: 49 + bay.length / 1000, lon: 12 }
      return bench.sources.pushed.deliver('buchten', `parken/${area}/${bay}`, Buffer.from(JSON.stringify(body)))
    }
    const known = async () => {
      const { key } = bench.catalog.byId('buchten')!
      const features = await findFeatures(bench.db, { concept: 'parking', visible: [key] })
      const states = await parkingStates(bench.db, [key], features)
      return features.map((one) => {
        const { capacity, free, occupied, measured } = states.get(one.id)!
        return [one.name, capacity, free, occupied, measured]
      })
    }

    it('counts free and taken bays of each car park, with the messages of others in between', async () => {
      const figures = await send('a', '08:00', true)
      assert.deepEqual([figures.read, figures.accepted], [1, 1])
      await send('bb', '08:01', false)
      await Promise.all([send('ccc', '08:02', false), send('a', '08:02', true, 'bahnhof')])
      assert.deepEqual(await known(), [
        ['Parkplatz bahnhof', 1, 0, 1, '2026-05-04T08:02:00Z'],
        ['Parkplatz markt', 3, 2, 1, '2026-05-04T08:02:00Z'],
      ])
      await send('bb', '08:03', true)
      await send('a', '08:04', false)
      assert.deepEqual((await known())[1], ['Parkplatz markt', 3, 2, 1, '2026-05-04T08:04:00Z'])
      const history = await bench.db.query<{ v: number }>(
        `select o.v from observation o join datastream d on d.id = o.datastream join observed_property p on p.id = d.observed_property
           join thing t on t.id = d.thing where p.natural_key = 'parking_free' and t.name = 'Parkplatz markt' order by o.t`,
      )
      assert.deepEqual(
        history.map(({ v }) => v),
        [0, 1, 2, 1, 2],
      )
    })

    it('leaves out a bay that fell silent, and rejects what is no state', async () => {
      await send('ccc', '09:30', false)
      assert.deepEqual((await known())[1], ['Parkplatz markt', 3, 1, 0, '2026-05-04T09:30:00Z'])
      const bad = await send('a', '09:31', 'vielleicht')
      assert.deepEqual([bad.rejected, bad.rejections[0]!.reason], [1, 'not a number'])
    })

    it('says what a definition lacks', () => {
      const issue = (change: (text: string) => string) => {
        try {
          bench.sources.check(change(DEFINITION))
        } catch (error) {
          if (error instanceof DefinitionError) return error.message
        }
        return 'valid'
      }
      assert.match(
        issue((text) => text.replace('occupancy, values', 'moisture, values')),
        /no series has the observed property "occupancy"/,
      )
      assert.match(
        issue((text) => `${text}concept: parking\n`),
        /leave out concept/,
      )
    })
  })
}
