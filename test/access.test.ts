/** Rights from outside, on the real program: people of two organisations, four datasets in the four states. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any
const PASSWORD = 'Vier Kähne am Kai'
const STATES = ['entwurf', 'pruefung', 'frei', 'zurueck'] as const
const SECRET = /entwurf|pruefung|zurueck|4711/

for (const engine of databases()) {
  describe(`rights from outside (${engine.name})`, { timeout: 240_000 }, () => {
    let platform: RunningPlatform
    let machine: string
    let admin: Caller
    let otto: Caller
    let ottoId: number
    let paula: Caller
    let paulaId: number
    const streams: Record<string, number> = {}
    const things: Record<string, number> = {}

    interface Caller {
      call(method: string, path: string, body?: unknown): Promise<{ status: number; body: Json; text: string }>
      headers: Record<string, string>
    }

    const caller = (headers: Record<string, string>): Caller => ({
      headers,
      async call(method, path, body) {
        const answer = await fetch(path.startsWith('http') ? path : `${platform.url}${path}`, {
          method,
          headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
          body: body === undefined ? undefined : JSON.stringify(body),
        })
        const text = await answer.text()
        let parsed: Json
        try {
          parsed = JSON.parse(text)
        } catch {}
        return { status: answer.status, body: parsed, text }
      },
    })
    const signedIn = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${platform.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
      assert.equal(answer.status, 204, await answer.text())
      return caller({ cookie: answer.headers.get('set-cookie')!.split(';')[0]! })
    }
    const done = async (who: Caller, method: string, path: string, body?: unknown): Promise<Json> => {
      const answer = await who.call(method, path, body)
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
      return answer.body
    }

    before(async () => {
      platform = await startPlatform(engine)
      machine = await platform.key('machine')
      const owner = caller({ authorization: `Bearer ${machine}` })
      for (const id of STATES) {
        await done(owner, 'POST', '/api/v1/datasets', { id, title: `Titel ${id}` })
        await done(owner, 'POST', `/d/${id}/sta/v1.1/Things`, {
          name: `Station ${id}`,
          description: '',
          Locations: [
            {
              name: `Ort ${id}`,
              description: '',
              encodingType: 'application/geo+json',
              location: { type: 'Point', coordinates: [7.6, 51.9] },
            },
          ],
          Datastreams: [
            {
              name: `Reihe ${id}`,
              description: '',
              observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
              unitOfMeasurement: { name: 'Anzahl', symbol: '1', definition: 'http://unitsofmeasure.org/ucum.html' },
              Sensor: { name: `Sensor ${id}`, description: '', encodingType: 'text/html', metadata: 'x' },
              ObservedProperty: { name: `Größe ${id}`, description: '', definition: `http://example.org/${id}` },
              Observations: [{ result: id === 'frei' ? 1 : 4711, phenomenonTime: '2026-11-01T00:00:00Z' }],
            },
          ],
        })
        const { value } = await done(owner, 'GET', `/d/${id}/sta/v1.1/Datastreams?$expand=Thing`)
        streams[id] = value[0]['@iot.id']
        things[id] = value[0].Thing['@iot.id']
      }
      for (const [id, ...states] of [
        ['pruefung', 'review'],
        ['frei', 'released'],
        ['zurueck', 'released', 'withdrawn'],
      ] as const)
        for (const state of states) await done(owner, 'POST', `/api/v1/datasets/${id}/state`, { state })
      const link = (await platform.command('admin', 'link')).stdout.trim()
      const cookie = (await fetch(link, { redirect: 'manual' })).headers.get('set-cookie')!.split(';')[0]!
      admin = await signedIn(
        '/api/v1/sign-in/first',
        { email: 'chefin@stadt.example', name: 'Chefin', password: PASSWORD },
        { cookie },
      )
      const joins = async (email: string, name: string): Promise<[number, Caller]> => {
        const invited = await done(admin, 'POST', '/api/v1/people', { email, name })
        const token = new URL(invited.url).searchParams.get('link')
        return [invited.id, await signedIn('/api/v1/sign-in/password', { token, password: PASSWORD })]
      }
      ;[ottoId, otto] = await joins('otto@partner.example', 'Otto')
      // Of another organisation, which was given the dataset in review.
      ;[paulaId, paula] = await joins('paula@verbund.example', 'Paula')
      const { id: group } = await done(admin, 'POST', '/api/v1/groups', {
        ...{ slug: 'verbund', title: 'Verbund', kind: 'organisation', claim: null },
      })
      await done(admin, 'PUT', `/api/v1/groups/${group}/members/${paulaId}`)
      await done(admin, 'POST', '/api/v1/grants', {
        ...{ group, role: 'consumer', on: 'dataset:pruefung', until: null, note: '' },
      })
    })
    after(() => platform?.remove())

    it('tells whoever knows every address nothing of what is not released', async () => {
      const nobody = caller({})
      const limited = (
        await platform.command('key', 'create', '--name', 'nur frei', '--role', 'steward', '--on', 'dataset:frei')
      ).stdout.trim()
      for (const who of [nobody, otto, caller({ authorization: `Bearer ${limited}` })]) {
        const sets = ['Things', 'Locations', 'Datastreams', 'Sensors', 'ObservedProperties', 'Observations']
        for (const set of [...sets, 'FeaturesOfInterest', 'HistoricalLocations']) {
          const { status, text, body } = await who.call('GET', `/sta/v1.1/${set}?$count=true`)
          assert.deepEqual([status, body['@iot.count']], [200, 1], set)
          assert.doesNotMatch(text, SECRET, set)
        }
        for (const path of [
          '/api/v1/datasets',
          '/api/v1/stations',
          '/api/v1/city',
          '/sta/v1.1/Things?$expand=Datastreams($expand=Observations,Sensor,ObservedProperty),Locations',
          '/sta/v1.1/Observations?$orderby=result%20desc',
          '/sta/v1.1/Observations?$filter=result%20gt%204000',
          '/sta/v1.1/Observations?$apply=aggregate(result%20with%20max%20as%20m)',
          `/api/v1/figures?datastream=${Object.values(streams)}`,
          '/',
        ]) {
          const { status, text } = await who.call('GET', path)
          assert.ok(status < 500, `${path}: ${status}`)
          assert.doesNotMatch(text, SECRET, path)
        }
        for (const id of STATES.filter((one) => one !== 'frei')) {
          for (const path of [
            `/api/v1/datasets/${id}`,
            `/api/v1/datasets/${id}/download`,
            `/api/v1/datasets/${id}/stations.geojson`,
            `/api/v1/datasets/${id}/quality`,
            `/api/v1/datasets/${id}/review`,
            `/api/v1/datasets/${id}/use`,
            `/api/v1/terms?dataset=${id}`,
            `/api/v1/stations/${things[id]}`,
            `/api/v1/series?datastream=${streams[id]}`,
            `/api/v1/events?datastream=${streams[id]}`,
            `/api/v1/events?dataset=${id}`,
            `/d/${id}/sta/v1.1/Things`,
            `/sta/v1.1/Things(${things[id]})`,
            `/sta/v1.1/Datastreams(${streams[id]})/Observations`,
            `/sta/v1.1/Datastreams(${streams[id]})/Observations/$count`,
          ]) {
            const there = await who.call('GET', path)
            assert.equal(there.status, 404, path)
            // The same as for what does not exist, but for the name that was asked for.
            const absent = await who.call('GET', path.replace(id, 'nirgends').replace(/\d{1,6}(?=\)|$)/, '999999'))
            const plain = (answer: Json) =>
              JSON.stringify(answer.body ?? answer.text).replace(/[\w-]{36}|\d+|nirgends|entwurf|pruefung|zurueck/g, '')
            assert.deepEqual([absent.status, plain(absent)], [404, plain(there)], path)
          }
        }
      }
    })

    it('shows another organisation what it was given, and no more', async () => {
      for (const set of ['Things', 'Datastreams', 'Observations', 'Sensors']) {
        const { body, text } = await paula.call('GET', `/sta/v1.1/${set}?$count=true`)
        assert.equal(body['@iot.count'], 2, set)
        assert.doesNotMatch(text, /entwurf|zurueck/, set)
      }
      const ids = (await done(paula, 'GET', '/api/v1/datasets')).datasets.map((one: Json) => one.id)
      assert.deepEqual(ids.sort(), ['frei', 'pruefung'])
      for (const id of ['entwurf', 'zurueck']) {
        assert.equal((await paula.call('GET', `/api/v1/datasets/${id}`)).status, 404)
        assert.equal((await paula.call('GET', `/api/v1/series?datastream=${streams[id]}`)).status, 404)
      }
      // What one organisation was given makes no difference to the other, nor to whoever has no account.
      for (const path of ['/api/v1/datasets', '/sta/v1.1/Things?$count=true', '/sta/v1.1/Observations?$count=true']) {
        const [seen, open] = [await otto.call('GET', path), await caller({}).call('GET', path)]
        const plain = (text: string) => text.replace(/"now":"[^"]*"/, '')
        assert.equal(plain(seen.text), plain(open.text), path)
      }
      const requests = await done(otto, 'GET', '/api/v1/requests')
      assert.deepEqual([requests.askable, requests.managed, requests.toDecide], [[], [], []])
    })

    it('keeps the administration to those who administer', async () => {
      for (const who of [caller({}), otto]) {
        for (const path of [
          'people',
          'reviews',
          'audit',
          'audit/proof',
          'audit/export',
          'rights?account=1&dataset=entwurf',
        ]) {
          const { status, text } = await who.call('GET', `/api/v1/${path}`)
          assert.ok(status === 401 || status === 403, `${path}: ${status} ${text}`)
        }
        const given = { account: ottoId, role: 'admin', on: 'platform', until: null, note: '' }
        assert.ok([401, 403].includes((await who.call('POST', '/api/v1/grants', given)).status))
        assert.equal((await who.call('PUT', '/api/v1/datasets/entwurf/space', { space: null })).status < 404, true)
      }
      assert.equal((await caller({ authorization: `Bearer ${machine}` }).call('GET', '/api/v1/account')).status, 401)
    })

    it('gives a right, explains it, and ends open streams and subscriptions within a second', async () => {
      const { id: group } = await done(admin, 'POST', '/api/v1/groups', {
        ...{ slug: 'partner', title: 'Partner', kind: 'organisation', claim: null },
      })
      const { id: grant } = await done(admin, 'POST', '/api/v1/grants', {
        ...{ group, role: 'consumer', on: 'dataset:entwurf', until: null, note: 'Probe' },
      })
      await done(admin, 'PUT', `/api/v1/groups/${group}/members/${ottoId}`)
      const why = await done(admin, 'GET', `/api/v1/rights?account=${ottoId}&dataset=entwurf`)
      const read = why.actions.find((one: Json) => one.action === 'read')
      assert.deepEqual(
        [read.allowed, read.everybody, read.grants[0].role, read.grants[0].on, read.grants[0].through.title],
        [true, false, 'consumer', 'dataset:entwurf', 'Partner'],
      )
      const beyond = { name: 'zu viel', expiresAt: null, grants: [{ role: 'steward', on: 'dataset:entwurf' }] }
      assert.equal((await otto.call('POST', '/api/v1/account/keys', beyond)).status, 403)
      const hidden = { name: 'x', expiresAt: null, grants: [{ role: 'consumer', on: 'dataset:pruefung' }] }
      assert.equal((await otto.call('POST', '/api/v1/account/keys', hidden)).status, 404)
      const made = await done(otto, 'POST', '/api/v1/account/keys', {
        ...{ name: 'Skript', expiresAt: null, grants: [{ role: 'consumer', on: 'dataset:entwurf' }] },
      })
      const account = await done(otto, 'GET', '/api/v1/account')
      assert.deepEqual(
        [account.email, account.keys[0].name, account.grants[0].through.title, account.sessions[0].current],
        ['otto@partner.example', 'Skript', 'Partner', true],
      )
      const stream = await fetch(`${platform.url}/api/v1/events?dataset=entwurf`, { headers: otto.headers })
      assert.equal(stream.status, 200)
      const client = mqtt.connect(platform.mqttUrl, {
        ...{ protocolVersion: 4, reconnectPeriod: 0, username: 'x', password: made.key },
      })
      client.on('error', () => {})
      await once(client as never, 'connect')
      const granted = await client.subscribeAsync(`v1.1/Datastreams(${streams.entwurf})/Observations`, { qos: 0 })
      assert.equal(granted[0]!.qos, 0)
      const closed = once(client as never, 'close')
      await done(admin, 'DELETE', `/api/v1/grants/${grant}`)
      const began = Date.now()
      const [text] = await Promise.all([stream.text(), closed])
      assert.ok(Date.now() - began < 1_000, `${Date.now() - began} ms`)
      assert.match(text, /event: closed/)
      assert.equal((await otto.call('GET', '/api/v1/datasets/entwurf')).status, 404)
      client.end(true)
    })

    it('explains why somebody may not: what has ended, and what allows too little', async () => {
      const given = { account: paulaId, role: 'consumer', on: 'platform', note: '' }
      const { id: grant } = await done(admin, 'POST', '/api/v1/grants', { ...given, until: null })
      const ask = async (dataset: string) => done(admin, 'GET', `/api/v1/rights?account=${paulaId}&dataset=${dataset}`)
      const draft = await ask('entwurf')
      assert.deepEqual(
        draft.reaching.map((one: Json) => [one.role, one.on, one.ended, one.actions]),
        [['consumer', 'platform', false, []]],
      )
      const review = await ask('pruefung')
      assert.deepEqual(review.reaching.map((one: Json) => [one.on, one.through?.title ?? null, one.actions]).sort(), [
        ['dataset:pruefung', 'Verbund', ['know', 'read', 'use']],
        ['platform', null, []],
      ])
      await done(admin, 'POST', '/api/v1/grants', { ...given, until: new Date(Date.now() + 300).toISOString() })
      await new Promise((resolve) => setTimeout(resolve, 400))
      const [ended] = (await ask('frei')).reaching
      assert.deepEqual([ended.id, ended.ended, ended.actions], [grant, true, ['know', 'read', 'use']])
      const { accounts, datasets } = await done(admin, 'GET', '/api/v1/people')
      const [listed] = accounts.filter((one: Json) => one.id === paulaId)
      assert.deepEqual([listed.sessions, listed.claimed, listed.state], [1, [], 'active'])
      assert.deepEqual(datasets.map((one: Json) => one.id).sort(), [...STATES].sort())
    })

    it('keeps every version of the terms for whoever decides', async () => {
      const odrl = { '@context': 'http://www.w3.org/ns/odrl.jsonld', '@type': 'Set', permission: [{ action: 'use' }] }
      const first = await done(admin, 'POST', '/api/v1/terms', { dataset: 'frei', body: 'Erste', odrl: null })
      const second = await done(admin, 'POST', '/api/v1/terms', { dataset: 'frei', body: 'Zweite', odrl })
      const { versions } = await done(admin, 'GET', '/api/v1/terms/versions?dataset=frei')
      assert.deepEqual(
        versions.map((one: Json) => [one.id, one.body, one.odrl, one.createdBy]),
        [
          [second.id, 'Zweite', odrl, 'user:chefin@stadt.example'],
          [first.id, 'Erste', null, 'user:chefin@stadt.example'],
        ],
      )
      const { terms } = await done(otto, 'GET', `/api/v1/terms/${first.id}`)
      assert.deepEqual([terms.body, terms.createdBy], ['Erste', undefined])
      assert.equal((await otto.call('GET', '/api/v1/terms/versions?dataset=frei')).status, 403)
      const hidden = await done(admin, 'POST', '/api/v1/terms', { dataset: 'entwurf', body: 'Geheim', odrl: null })
      assert.equal((await otto.call('GET', `/api/v1/terms/${hidden.id}`)).status, 404)
      const none = await admin.call('POST', '/api/v1/terms', { dataset: 'frei', body: 'x', odrl: { '@type': 'Set' } })
      assert.deepEqual([none.status, none.body.code], [400, 'odrl-invalid'])
    })

    it('exports what was asked for, as CSV too, and notes the export', async () => {
      const { text } = await admin.call('GET', '/api/v1/audit/export?format=csv&act=grant')
      const [head, ...rows] = text.trim().split('\r\n')
      assert.equal(head, 'id,at,actor,act,object,origin,detail,hash')
      assert.ok(rows.length >= 4 && rows.every((row) => row.includes(',grant.')), text)
      const lines = (await admin.call('GET', '/api/v1/audit/export?act=grant')).text.trim().split('\n')
      assert.equal(lines.length, rows.length)
      for (const line of lines) assert.match(JSON.parse(line).hash, /^[0-9a-f]{64}$/)
      const { entries } = await done(admin, 'GET', '/api/v1/audit?act=audit.export&limit=2')
      assert.deepEqual(
        entries.map((one: Json) => one.detail),
        [
          { format: 'ndjson', act: 'grant' },
          { format: 'csv', act: 'grant' },
        ],
      )
    })

    it('ends all sessions of a person', async () => {
      assert.equal((await otto.call('DELETE', `/api/v1/people/${paulaId}/sessions`)).status, 403)
      await done(admin, 'DELETE', `/api/v1/people/${paulaId}/sessions`)
      assert.equal((await paula.call('GET', '/api/v1/account')).status, 401)
      await done(admin, 'DELETE', `/api/v1/people/${(await done(admin, 'GET', '/api/v1/account')).id}/sessions`)
      assert.equal((await admin.call('GET', '/api/v1/account')).status, 200, 'the own session stays')
    })

    it('notes who did what and who used what, and proves it', async () => {
      const { entries } = await done(admin, 'GET', '/api/v1/audit?object=dataset:entwurf&act=data')
      assert.ok(
        entries.some((entry: Json) => entry.actor === 'user:otto@partner.example'),
        JSON.stringify(entries),
      )
      const { entries: given } = await done(admin, 'GET', '/api/v1/audit?act=grant.give&object=group:partner')
      assert.deepEqual(
        [given[0].actor, given[0].object, given[0].detail.scope, typeof given[0].origin],
        ['user:chefin@stadt.example', 'group:partner', 'dataset:entwurf', 'string'],
      )
      assert.equal((await done(admin, 'GET', '/api/v1/audit/proof')).ok, true)
      const { use } = await done(admin, 'GET', '/api/v1/datasets/entwurf/use')
      assert.ok(use.some((one: Json) => one.actor === 'user:otto@partner.example' && one.requests > 0))
      const { text } = await admin.call('GET', '/api/v1/audit/export')
      assert.doesNotMatch(text, /z[ksli]_|scrypt|Kähne/)
    })

    it('lets people end their own sessions and keys', async () => {
      const account = await done(otto, 'GET', '/api/v1/account')
      await done(otto, 'DELETE', `/api/v1/account/keys/${account.keys[0].id}`)
      const other = await signedIn('/api/v1/sign-in', { email: 'otto@partner.example', password: PASSWORD })
      await done(otto, 'POST', '/api/v1/account/password', { old: PASSWORD, password: 'Fünf Kähne am Kai' })
      assert.equal((await other.call('GET', '/api/v1/account')).status, 401, 'other sessions end with a new password')
      await done(otto, 'DELETE', `/api/v1/account/sessions/${account.sessions[0].id}`)
      assert.equal((await otto.call('GET', '/api/v1/account')).status, 401)
    })

    it('locks out whoever guesses, from the place too, and never who owns the machine', async () => {
      const guess = async (email: string) => {
        const answer = await fetch(`${platform.url}/api/v1/sign-in`, {
          ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
          body: JSON.stringify({ email, password: 'geraten und falsch' }),
        })
        if (answer.status === 429) assert.ok(Number(answer.headers.get('retry-after')) > 0)
        return answer.status
      }
      let tries = 0
      while ((await guess('chefin@stadt.example')) !== 429 && tries < 20) tries++
      assert.equal(tries, 10)
      // The place: links that are none cost no hashing.
      const redeem = () =>
        fetch(`${platform.url}/api/v1/sign-in/password`, {
          ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
          body: JSON.stringify({ token: 'zi_geraten', password: PASSWORD }),
        })
      for (let at = 0; (await redeem()).status !== 429; at++) assert.ok(at < 60, 'the place')
      assert.equal((await admin.call('GET', '/api/v1/account')).status, 200, 'who is signed in stays so')
      const { code, stdout } = await platform.command('admin', 'link')
      assert.equal(code, 0)
      const link = /\/login\?code=\S+/.exec(stdout)![0]
      const entered = await fetch(platform.url + link, { redirect: 'manual' })
      const cookie = entered.headers.get('set-cookie')!.split(';')[0]!
      const staff = caller({ cookie })
      assert.equal((await staff.call('GET', '/api/v1/audit?act=session.lock-out')).body.entries.length, 1)
      assert.equal((await platform.command('audit', 'verify')).code, 0)
    })
  })
}
