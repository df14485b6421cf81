/**
 * Revoking a right closes open event streams and MQTT subscriptions within a second of the answer to whoever revoked it –
 * whether by a request, by a command, by another process on the same database, or because the right ended by itself.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import pg from 'pg'
import { databases } from './support/database.ts'
import { type RunningPlatform, runZahnrad, startPlatform } from './support/platform.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any
const PASSWORD = 'Zwei Kähne am Kai'
const EMAIL = 'otto@partner.example'
const LIMIT_MS = 1_000

for (const engine of databases()) {
  describe(`revoking (${engine.name})`, { timeout: 240_000 }, () => {
    let platform: RunningPlatform
    let machine: { authorization: string }
    let person: number
    let datastream: number

    const done = async (method: string, path: string, body?: unknown, headers: object = machine): Promise<Json> => {
      const answer = await fetch(platform.url + path, {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const text = await answer.text()
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${text}`)
      return text ? JSON.parse(text) : answer.headers.get('set-cookie')?.split(';')[0]
    }
    const signIn = async () => ({
      cookie: await done('POST', '/api/v1/sign-in', { email: EMAIL, password: PASSWORD }, {}),
    })
    const give = (until: string | null = null): Promise<{ id: number }> =>
      done('POST', '/api/v1/grants', { account: person, role: 'consumer', on: 'dataset:entwurf', until, note: '' })

    /** Opens a stream as the person and a subscription by a key of theirs. `closed` tells when each of them ended. */
    const watching = async () => {
      const session = await signIn()
      const { key, id } = await done(
        'POST',
        '/api/v1/account/keys',
        { name: `Skript ${Math.random()}`, expiresAt: null, grants: [{ role: 'consumer', on: 'dataset:entwurf' }] },
        session,
      )
      const stream = await fetch(`${platform.url}/api/v1/events?dataset=entwurf`, { headers: session })
      assert.equal(stream.status, 200)
      const client = mqtt.connect(platform.mqttUrl, {
        ...{ protocolVersion: 4, reconnectPeriod: 0, username: 'x', password: key },
      })
      client.on('error', () => {})
      await once(client as never, 'connect')
      const [granted] = await client.subscribeAsync(`v1.1/Datastreams(${datastream})/Observations`, { qos: 0 })
      assert.equal(granted!.qos, 0)
      return {
        session,
        key,
        id: id as number,
        stream: stream.text().then((text) => {
          assert.match(text, /event: closed/)
          return Date.now()
        }),
        subscription: once(client as never, 'close').then(() => Date.now()),
      }
    }
    type Watching = Awaited<ReturnType<typeof watching>>
    const both = ({ stream, subscription }: Watching) => [stream, subscription]
    /** Waits until all have closed and compares with the moment the act was answered. */
    const assertSoon = async (closed: Promise<number>[], act: () => Promise<unknown>, what: string) => {
      await act()
      const answered = Date.now()
      const late = new Promise<number[]>((_, reject) => {
        setTimeout(() => reject(new Error(`${what}: still open after 10 s`)), 10_000).unref()
      })
      const after = (await Promise.race([Promise.all(closed), late])).map((at) => at - answered)
      console.log(`# ${what}: closed ${after.join(' and ')} ms after the answer`)
      assert.ok(Math.max(...after) < LIMIT_MS, `${what}: ${after.join(', ')} ms`)
    }
    /** A command in a process of its own where the database can have several; else over the running one's socket. */
    const elsewhere = async (...argv: string[]) => {
      const folder = mkdtempSync(join(tmpdir(), 'zahnrad-elsewhere-'))
      const { code, stderr } =
        engine.name === 'server'
          ? await runZahnrad(argv, { ...platform.env, DATA_DIR: folder })
          : await platform.command(...argv)
      rmSync(folder, { recursive: true, force: true })
      assert.equal(code, 0, stderr)
    }

    before(async () => {
      platform = await startPlatform(engine)
      machine = { authorization: `Bearer ${await platform.key('machine')}` }
      await done('POST', '/api/v1/datasets', { id: 'entwurf', title: 'Entwurf' })
      await done('POST', '/d/entwurf/sta/v1.1/Things', {
        ...{ name: 'Station', description: '' },
        Locations: [
          {
            ...{ name: 'Ort', description: '', encodingType: 'application/geo+json' },
            location: { type: 'Point', coordinates: [7.6, 51.95] },
          },
        ],
        Datastreams: [
          {
            ...{ name: 'Reihe', description: '' },
            observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
            unitOfMeasurement: { name: 'Anzahl', symbol: '1', definition: 'http://unitsofmeasure.org/ucum.html' },
            Sensor: { name: 'Sensor', description: '', encodingType: 'text/html', metadata: 'x' },
            ObservedProperty: { name: 'Größe', description: '', definition: 'http://example.org/x' },
          },
        ],
      })
      datastream = (await done('GET', '/d/entwurf/sta/v1.1/Datastreams')).value[0]['@iot.id']
      const invited = await done('POST', '/api/v1/people', { email: EMAIL, name: 'Otto' })
      person = invited.id
      const token = new URL(invited.url).searchParams.get('link')
      await done('POST', '/api/v1/sign-in/password', { token, password: PASSWORD }, {})
    })
    after(() => platform?.remove())

    it('ends both when a request takes the right, its group, or the session and the key', async () => {
      const { id } = await give()
      await assertSoon(both(await watching()), () => done('DELETE', `/api/v1/grants/${id}`), 'a right taken')
      const spec = { slug: 'partner', title: 'Partner', kind: 'organisation', claim: null }
      const { id: group } = await done('POST', '/api/v1/groups', spec)
      const right = { group, role: 'consumer', on: 'dataset:entwurf', until: null, note: '' }
      await done('POST', '/api/v1/grants', right)
      await done('PUT', `/api/v1/groups/${group}/members/${person}`)
      const leave = () => done('DELETE', `/api/v1/groups/${group}/members/${person}`)
      await assertSoon(both(await watching()), leave, 'out of the group')
      await give()
      const one = await watching()
      const revoke = () => done('DELETE', `/api/v1/account/keys/${one.id}`, undefined, one.session)
      await assertSoon([one.subscription], revoke, 'a key revoked')
      await assertSoon([one.stream], () => done('POST', '/api/v1/logout', undefined, one.session), 'signed out')
    })

    it('ends both when a right ends by itself', async () => {
      await give()
      const closed = both(await watching())
      const end = Date.now() + 2_000
      await give(new Date(end).toISOString())
      const wait = () => new Promise((resolve) => setTimeout(resolve, end - Date.now()))
      await assertSoon(closed, wait, 'the end of a right')
    })

    it('ends both when another process, or a command, changes what somebody may', async () => {
      await give()
      await assertSoon(both(await watching()), () => elsewhere('user', 'block', EMAIL), 'blocked by a command')
      await elsewhere('user', 'unblock', EMAIL)
      const open = await watching()
      await elsewhere('key', 'create', '--name', 'noch einer', '--role', 'consumer', '--on', 'dataset:entwurf')
      const state = () => elsewhere('dataset', 'withdraw', 'entwurf')
      await assertSoon(both(open), state, 'withdrawn by a command')
      assert.equal((await fetch(`${platform.url}/api/v1/datasets/entwurf`, { headers: open.session })).status, 404)
    })

    it('hears of what is changed at the database itself', { skip: engine.name === 'embedded' }, async () => {
      await done('POST', '/api/v1/datasets/entwurf/state', { state: 'draft' })
      const client = new pg.Client({ connectionString: platform.env.DATABASE_URL })
      await client.connect()
      const end = async (text: string, what: string) =>
        assertSoon(both(await watching()), () => client.query(text), what)
      await end('delete from access_grant where api_key is null', 'a right deleted in the table')
      await give()
      const { subscription, stream, session } = await watching()
      const expired = `update api_key set revoked_at = now() where account is not null`
      await assertSoon([subscription], () => client.query(expired), 'a key revoked in the table')
      await assertSoon([stream], () => client.query('delete from session'), 'sessions deleted in the table')
      assert.equal((await fetch(`${platform.url}/api/v1/account`, { headers: session })).status, 401)
      const old = await watching()
      await client.query(`update session set expires_at = now() + interval '2 s'`)
      await give()
      const expiry = () => new Promise((resolve) => setTimeout(resolve, 2_000))
      await assertSoon([old.stream], expiry, 'the end of a session')
      // The connection that listens is lost and comes back: what happened meanwhile is looked at then.
      const again = await watching()
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where application_name = 'zahnrad listening' and datname = current_database()`,
      )
      await client.query('delete from access_grant where api_key is null')
      await Promise.all(both(again))
      await client.end()
    })
  })
}
