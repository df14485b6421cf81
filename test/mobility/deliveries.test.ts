/** A Stadtwerk delivers by key: one car park or all by REST, by MQTT, by DATEX II; and sees what became of it. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever is answered is looked at
type Json = any

const MAPPING = `format: { type: json }
concept: parking
time: { column: stand, format: iso }
thing:
  key: "{id}"
  name: "{name|id}"
  location: { lat: "{breite}", lon: "{laenge}" }
  properties: { purpose: car, capacity: "{plaetze}" }
series:
  - { column: frei, key: free, name: Freie Stellplätze, property: parking_free }
`
const definition = (id: string, from: string, rest: string) =>
  `id: ${id}\ntitle: Stadtwerk ${id}\ndataset: { id: parken, title: Parken }\nfrom: ${from}\n${rest}`
const SOURCES: [string, string, string][] = [
  ['swp-rest', '{ webhook: {} }', MAPPING],
  ['swp-mqtt', '{ mqtt: { topic: "stadtwerk/+/frei" } }', MAPPING],
  ['swp-datex2', '{ webhook: {} }', 'format: { type: datex2 }\n'],
]
const site = (id: string, free: number | string, minute = 15) => ({
  ...{ id, name: `Parkhaus ${id}`, breite: 49.0195, laenge: 12.0974, plaetze: 400, frei: free },
  stand: `2026-11-24T08:${minute}:00Z`,
})

for (const engine of databases()) {
  describe(`deliveries of an operator (${engine.name})`, { timeout: 600_000 }, () => {
    let platform: RunningPlatform
    let admin: string
    let operator: string
    let stranger: string
    const folder = mkdtempSync(join(tmpdir(), 'zahnrad-deliveries-'))

    const ask = async (method: string, path: string, key: string, body?: string | object, type?: string) => {
      const content = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body)
      const answer = await fetch(platform.url + path, {
        method,
        headers: {
          ...(key && { authorization: `Bearer ${key}` }),
          ...(content !== undefined && { 'content-type': type ?? 'application/json' }),
        },
        ...(content === undefined ? {} : { body: content }),
      })
      const text = await answer.text()
      const body_ = /json/.test(answer.headers.get('content-type') ?? '') ? (JSON.parse(text) as Json) : null
      return { status: answer.status, body: body_, text }
    }
    /** An account with a key of its own that may write to the dataset alone. */
    const keyOf = async (email: string): Promise<string> => {
      const { body: person } = await ask('POST', '/api/v1/people', admin, { email, name: email })
      await ask('POST', '/api/v1/grants', admin, {
        ...{ account: person.id, role: 'steward', on: 'dataset:parken', until: null, note: '' },
      })
      const { text } = await ask('POST', `/api/v1/people/${person.id}/link`, admin, {})
      const token = /link=([\w-]+)/.exec(text)?.[1]
      const password = 'Sechs Kähne am Kai'
      const signedIn = await fetch(`${platform.url}/api/v1/sign-in/password`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token, password }),
      })
      assert.ok(signedIn.ok, await signedIn.text())
      const cookie = signedIn.headers.get('set-cookie')!.split(';')[0]!
      const made = await fetch(`${platform.url}/api/v1/account/keys`, {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json', origin: platform.url },
        body: JSON.stringify({ name: email, expiresAt: null, grants: [{ role: 'steward', on: 'dataset:parken' }] }),
      })
      const answer = (await made.json()) as { key: string }
      assert.ok(made.status < 300, JSON.stringify(answer))
      return answer.key
    }
    const parking = async () => {
      const { body } = await ask('GET', '/api/v1/mobility/parking?dataset=parken', admin)
      return Object.fromEntries(body.features.map((one: Json) => [one.properties.name, one.properties.free])) as Json
    }

    before(async () => {
      platform = await startPlatform(engine)
      admin = await platform.key()
      for (const [id, from, rest] of SOURCES) {
        const path = join(folder, `${id}.yaml`)
        writeFileSync(path, definition(id, from, rest))
        const added = await platform.command('source', 'add', path)
        assert.equal(added.code, 0, added.stderr)
      }
      operator = await keyOf('stadtwerk@partner.example')
      stranger = await keyOf('andere@partner.example')
    })
    after(async () => {
      await platform?.remove()
      rmSync(folder, { recursive: true, force: true })
    })

    it('takes one car park or all by REST, answers a receipt, and says in German what was wrong', async () => {
      const post = (body: object | string) => ask('POST', '/api/v1/webhooks/swp-rest', operator, body)
      const one = await post(site('dachau', 17))
      // Figures count the car park and its value.
      assert.deepEqual([one.status, one.body.accepted], [200, 2], one.text)
      assert.match(one.body.receipt, /^[0-9a-f]{24}$/)
      const all = await post([site('dachau', 16, 20), site('bismarck', 90), site('arcaden', 'viele')])
      assert.deepEqual([all.status, all.body.accepted, all.body.unchanged, all.body.rejected], [200, 4, 1, 1], all.text)
      assert.deepEqual(await parking(), { 'Parkhaus dachau': 16, 'Parkhaus bismarck': 90, 'Parkhaus arcaden': null })
      const bad = await post('{"id":')
      assert.equal(bad.status, 422)
      const proof = await ask('GET', `/api/v1/deliveries/${all.body.receipt}`, operator)
      assert.equal(proof.status, 200, proof.text)
      const { by, way, rejections, accepted, source } = proof.body
      assert.deepEqual([way, accepted, source.id], ['webhook', 4, 'swp-rest'])
      assert.match(by, /^key:.*stadtwerk/)
      assert.deepEqual(
        rejections.map(({ text, advice, examples }: Json) => [text, /Einheit/.test(advice), examples[0].value]),
        [['Der Wert ist keine Zahl.', true, 'viele']],
      )
      const failed = await ask('GET', `/api/v1/deliveries/${bad.body.receipt}`, operator)
      assert.match(failed.body.rejections[0].text, /JSON|endet mittendrin/)
    })

    it('takes the same by MQTT, one line of proof for a minute', async () => {
      const client = await mqtt.connectAsync(platform.mqttUrl, {
        username: 'x',
        password: operator,
        reconnectPeriod: 0,
      })
      try {
        for (const [free, minute] of [
          [40, 30],
          [41, 31],
          [42, 32],
        ] as const)
          await client.publishAsync('stadtwerk/neupfarr/frei', JSON.stringify(site('neupfarr', free, minute)), {
            qos: 1,
          })
        await client.publishAsync('stadtwerk/neupfarr/frei', 'kaputt', { qos: 1 })
      } finally {
        await client.endAsync()
      }
      assert.equal((await parking())['Parkhaus neupfarr'], 42)
      const { body } = await ask('GET', '/api/v1/deliveries?source=swp-mqtt', operator)
      const sum = (name: string) => body.deliveries.reduce((all: number, one: Json) => all + one[name], 0)
      assert.deepEqual([sum('messages'), sum('accepted'), sum('rejected')], [4, 4, 1])
      assert.ok(body.deliveries.length <= 2, 'at most two minutes')
      assert.equal(body.deliveries[0].topic, 'stadtwerk/neupfarr/frei')
    })

    it('takes DATEX II: the table, then the states', async () => {
      await ask('POST', '/api/v1/datasets/parken/state', admin, { state: 'released' })
      const table = await ask('GET', '/datex2/parking/parken/table.xml', admin)
      const status = await ask('GET', '/datex2/parking/parken/status.xml', admin)
      const post = (xml: string) => ask('POST', '/api/v1/webhooks/swp-datex2', operator, xml, 'application/xml')
      const renamed = (xml: string) => xml.replaceAll('bismarck', 'datexhaus')
      const early = await post(renamed(status.text).replaceAll('dachau', 'unbekannt'))
      assert.ok(early.body.rejected > 0, early.text)
      assert.match(
        JSON.stringify((await ask('GET', `/api/v1/deliveries/${early.body.receipt}`, operator)).body.rejections),
        /Stammdaten/,
      )
      const first = await post(renamed(table.text))
      assert.equal(first.status, 200, first.text)
      const second = await post(renamed(status.text))
      assert.equal(second.status, 200, second.text)
      assert.equal((await parking())['Parkhaus datexhaus'], 90)
      const doctype = await post(
        '<!DOCTYPE x [<!ENTITY a "b">]><d2:payload xmlns:d2="http://datex2.eu/schema/3/d2Payload">&a;</d2:payload>',
      )
      assert.equal(doctype.status, 422)
    })

    it('shows an operator their own, the administration all, others and nobody nothing', async () => {
      const count = async (key: string) => {
        const { status, body } = await ask('GET', '/api/v1/deliveries?limit=1000', key)
        return [status, body?.deliveries?.length]
      }
      const [, own] = await count(operator)
      assert.ok(own! >= 8)
      assert.deepEqual(await count(admin), [200, own])
      assert.deepEqual(await count(stranger), [200, 0])
      assert.equal((await count(''))[0], 401)
      const { body } = await ask('GET', '/api/v1/deliveries?limit=1', operator)
      const [{ receipt }] = body.deliveries
      assert.equal((await ask('GET', `/api/v1/deliveries/${receipt}`, stranger)).status, 404)
      const csv = await ask('GET', '/api/v1/deliveries.csv', operator)
      assert.equal(csv.text.trim().split('\r\n').length, Number(own) + 1)
      assert.match(csv.text, /Der Wert ist keine Zahl/)
    })

    it('gives examples that are accepted as they stand', async () => {
      const { body } = await ask('GET', '/api/v1/deliveries/sources', operator)
      assert.deepEqual(body.sources.map(({ id }: Json) => id).sort(), ['swp-datex2', 'swp-mqtt', 'swp-rest'])
      const { url, example } = body.sources.find(({ id }: Json) => id === 'swp-rest')
      assert.equal(url, `${platform.url}/api/v1/webhooks/swp-rest`)
      const answer = await ask('POST', '/api/v1/webhooks/swp-rest', operator, example.body, example.contentType)
      assert.deepEqual([answer.status, answer.body.accepted], [200, 2], answer.text)
      const topic = body.sources.find(({ id }: Json) => id === 'swp-mqtt').example.topic
      assert.equal(topic, 'stadtwerk/a/frei')
      const datex2 = body.sources.find(({ id }: Json) => id === 'swp-datex2').example
      const pushed = await ask('POST', '/api/v1/webhooks/swp-datex2', operator, datex2.body, datex2.contentType)
      // The car park it speaks of came with the first example.
      assert.deepEqual([pushed.status, pushed.body.rejected], [200, 0], pushed.text)
    })
  })
}
