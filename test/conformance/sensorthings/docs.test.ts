import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { sensorThingsOpenApi } from '../../../src/edges/sensorthings/index.ts'
import { databases } from '../../support/database.ts'
import { datastream, location, observedProperty, startService, type TestService, thing } from './service.ts'

const DOC = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'using', 'sensorthings.md'), 'utf8')

for (const engine of databases()) {
  describe(`what the documentation says of SensorThings (${engine.name})`, () => {
    let sta: TestService
    before(async () => {
      sta = await startService(engine)
      await sta.make(
        'Things',
        thing('Promenade', {
          properties: { floor: 2 },
          Locations: [location('Promenade', 7.6, 51.9)],
          Datastreams: [
            datastream('temperature', {
              ObservedProperty: observedProperty('temperature'),
              Observations: [{ result: 21, phenomenonTime: '2026-08-20T10:00:00Z' }],
            }),
          ],
        }),
      )
    })
    after(() => sta.close())

    it('every question of the documentation has an answer', async () => {
      const questions = [...DOC.matchAll(/^ {4}GET \/sta\/v1\.1\/(.+)$/gm)].map((match) => match[1]!)
      assert.ok(questions.length >= 10)
      for (const question of questions) {
        const { status, body, text } = await sta.call('GET', question.replaceAll(' ', '%20'))
        assert.equal(status, 200, `${question}: ${text}`)
        if (question.includes('$value')) assert.equal(text, 'Promenade')
        else assert.ok(body['@iot.count'] === 1 || body.value.length === 1, question)
      }
    })

    it('the example of writing works', async () => {
      const [, path, body] = /^ {4}POST \/sta\/v1\.1\/(\S+)\n {4}(\{.+\})$/m.exec(DOC)!
      assert.equal((await sta.call('POST', path!, body)).status, 201)
    })
  })
}

describe('OpenAPI of SensorThings', () => {
  it('every reference leads somewhere, and every set and relation has a path', () => {
    const { paths, components } = sensorThingsOpenApi({ tasking: true })
    const refs = [...JSON.stringify({ paths, components }).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      (match) => match[1]!,
    )
    assert.ok(refs.length > 50)
    for (const name of refs) assert.ok(components.schemas[name], name)
    for (const path of [
      '/sta/v1.1/Things',
      '/sta/v1.1/Things({id})',
      '/sta/v1.1/Things({id})/Datastreams',
      '/sta/v1.1/Observations({id})/FeatureOfInterest',
      '/sta/v1.1/CreateObservations',
    ]) {
      assert.ok(paths[path], path)
    }
  })
})
