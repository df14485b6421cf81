/** A timetable and its real time as one source, over HTTP, on both databases: by command, by form, by definition. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { databases } from '../support/database.ts'
import { facilityStatus, facilityTable } from '../support/datex2.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { FEED } from '../support/transit.ts'
import { zipOf } from '../support/zip.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers is looked at
type Json = any

const now = () => Math.floor(Date.now() / 1000)
const EVERY_DAY = {
  ...FEED,
  'calendar.txt':
    'service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nmo,1,1,1,1,1,1,1,20250101,20351231\n',
}
const ZIP = zipOf(EVERY_DAY)
const message = (entity: object[], timestamp = now()) =>
  JSON.stringify({ header: { gtfsRealtimeVersion: '2.0', incrementality: 'FULL_DATASET', timestamp }, entity })
const delays = (delay: number, timestamp?: number) =>
  message([{ id: '1', tripUpdate: { trip: { tripId: 't1' }, delay } }], timestamp)
const vehicles = () =>
  message([{ id: '1', vehicle: { trip: { tripId: 't1' }, position: { latitude: 49.01, longitude: 12.1 } } }])
const alerts = () =>
  message([
    { id: '1', alert: { informedEntity: [{ stopId: 'a' }], headerText: { translation: [{ text: 'Umleitung' }] } } },
  ])

/** What the server of the test holds; `status` other than 200 is answered as it is. */
interface Served {
  body: string | Buffer
  etag?: string
  modified?: string
  status?: number
}

for (const engine of databases()) {
  describe(`a source of several parts (${engine.name})`, { timeout: 300_000 }, () => {
    let platform: RunningPlatform
    let key: string
    let server: Server
    let address: string
    let folder: string
    const served = new Map<string, Served>()
    /** Status of each answer, by path. */
    let answered: [string, number][] = []

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'zahnrad-parts-'))
      platform = await startPlatform(engine, { ZAHNRAD_ALLOW_PRIVATE: '1' })
      key = await platform.key('parts')
      server = createServer((request, answer) => {
        const path = request.url!.split('?')[0]!
        const one = served.get(path)
        const fresh =
          one !== undefined &&
          ((one.etag !== undefined && request.headers['if-none-match'] === one.etag) ||
            (one.modified !== undefined && request.headers['if-modified-since'] === one.modified))
        const status = one === undefined ? 404 : (one.status ?? (fresh ? 304 : 200))
        answered.push([path, status])
        answer.writeHead(status, {
          ...(one?.etag ? { etag: one.etag } : {}),
          ...(one?.modified ? { 'last-modified': one.modified } : {}),
        })
        answer.end(status === 200 ? one!.body : undefined)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      address = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    })
    after(async () => {
      server?.close()
      await platform?.remove()
      rmSync(folder, { recursive: true, force: true })
    })

    const call = async (method: string, path: string, body?: object, as: string | null = key) => {
      const answer = await fetch(platform.url + path, {
        method,
        headers: {
          ...(as === null ? {} : { authorization: `Bearer ${as}` }),
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        body: body && JSON.stringify(body),
      })
      const text = await answer.text()
      return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as Json }
    }
    const get = async (path: string) => {
      const { status, body } = await call('GET', path)
      assert.equal(status, 200, JSON.stringify(body))
      return body
    }
    const partsOf = async (id: string): Promise<Record<string, Json>> =>
      Object.fromEntries((await get(`/api/v1/sources/${id}`)).parts.map((part: Json) => [part.name, part]))
    /** A run of one part (or all), from its start to its last line in the log. */
    const run = async (id: string, part?: string): Promise<Json> => {
      let { status, body } = await call('POST', `/api/v1/sources/${id}/run${part ? `?part=${part}` : ''}`)
      // Its own schedule may have come first.
      for (let wait = 0; status === 409 && wait < 100; wait++) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        ;({ status, body } = await call('POST', `/api/v1/sources/${id}/run${part ? `?part=${part}` : ''}`))
      }
      assert.equal(status, 202, JSON.stringify(body))
      const parts = part ? 1 : Math.max(1, (await get(`/api/v1/sources/${id}`)).parts.length)
      for (let wait = 0; ; wait++) {
        const { runs } = await get(`/api/v1/sources/${id}/runs`)
        const mine = runs.filter((one: Json) => one.id >= body.run && one.outcome)
        if (mine.length >= parts) return mine.find((one: Json) => one.id === body.run)
        assert.ok(wait < 400, 'the run does not end')
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    const add = async (id: string, yaml: string) => {
      const path = join(folder, `${id}.yaml`)
      writeFileSync(path, yaml)
      const { code, stderr } = await platform.command('source', 'add', path)
      assert.equal(code, 0, stderr)
    }
    /** By a schedule so seldom that only runs of the test come. */
    const definition = (id: string, live: string) =>
      `title: ${id}\ndataset: { id: ${id}, title: ${id} }\nfrom: { http: { url: "${address}/${id}.zip" } }\nformat: { type: gtfs }\nwith:\n${live}`

    it('is recognised by one command, from files, and from addresses', async () => {
      const zip = join(folder, 'ct.zip')
      const live = [join(folder, 'tu.pb'), join(folder, 'vp.pb'), join(folder, 'al.pb')]
      writeFileSync(zip, ZIP)
      for (const [index, text] of [delays(120), vehicles(), alerts()].entries()) writeFileSync(live[index]!, text)
      const done = await platform.command('source', 'run', '--detect', ...live, zip, '--dataset', 'ct', '--json')
      assert.equal(done.code, 0, done.stderr)
      const report = JSON.parse(done.stdout)
      assert.deepEqual([report.source, report.dataset, report.outcome], ['ct', 'ct', 'ok'])
      assert.deepEqual(
        report.parts.map(({ source, part, outcome }: Json) => [source, part, outcome]),
        [
          ['ct', 'main', 'ok'],
          ['ct', 'trip-updates', 'ok'],
          ['ct', 'vehicle-positions', 'ok'],
          ['ct', 'alerts', 'ok'],
        ],
      )
      const { departures, realtime } = await get('/api/v1/mobility/departures?stop=ct:a')
      assert.ok(departures.length > 0)
      assert.deepEqual(
        realtime.map(({ part, live }: Json) => [part, live]),
        [['trip-updates', true]],
      )
      for (const kind of ['trip-updates', 'vehicle-positions', 'alerts'])
        assert.equal((await get(`/gtfs-rt/ct/${kind}.json`)).entity.length, 1, kind)
      served.set('/detect.zip', { body: ZIP })
      served.set('/detect-tu', { body: delays(60) })
      const text = await platform.command('source', 'detect', `${address}/detect-tu`, `${address}/detect.zip`)
      assert.equal(text.code, 0, text.stderr)
      assert.match(text.stdout, /^id: rvv$/m)
      assert.match(text.stdout, /type: gtfs\nschedule:\n {2}every: 1d\nwith:\n {2}- role: trip-updates\n/)
      assert.match(text.stdout, /every: 30s\n$/)
    })

    it('of DATEX II table and states, in any order, is one source too', async () => {
      const [table, states] = [join(folder, 'p-table.xml'), join(folder, 'p-states.xml')]
      writeFileSync(table, facilityTable([{ id: 'g1', name: 'Dom', spaces: 100 }]))
      writeFileSync(states, facilityStatus([{ id: 'g1', vacant: 12 }], new Date().toISOString()))
      const done = await platform.command('source', 'run', '--detect', states, table, '--dataset', 'dx', '--json')
      const report = JSON.parse(done.stdout)
      assert.deepEqual([done.code, report.source, report.outcome, report.parts], [0, 'dx', 'ok', undefined])
    })

    it('is made by form: the timetable, then its real time', async () => {
      served.set('/form.zip', { body: ZIP })
      served.set('/form-tu', { body: delays(180) })
      served.set('/form-vp', { body: vehicles() })
      served.set('/form.csv', { body: 'a;b\n1;2\n' })
      const drafts = '/api/v1/source-drafts'
      const begun = (await call('POST', drafts, { url: `${address}/form.zip` })).body
      assert.equal(begun.detection.feed.type, 'gtfs')
      const wrong = await call('POST', `${drafts}/${begun.id}/parts`, { url: `${address}/form.csv` })
      assert.deepEqual([wrong.status, wrong.body.code], [422, 'not-a-part'])
      for (const path of ['form-tu', 'form-vp', 'form-tu'])
        assert.equal((await call('POST', `${drafts}/${begun.id}/parts`, { url: `${address}/${path}` })).status, 200)
      const draft = (await call('DELETE', `${drafts}/${begun.id}/parts/trip-updates-2`)).body
      assert.deepEqual(draft.parts, [
        { role: 'trip-updates', origin: `${address}/form-tu`, schedule: 'every 30s' },
        { role: 'vehicle-positions', origin: `${address}/form-vp`, schedule: 'every 30s' },
      ])
      assert.deepEqual(draft.issues, [])
      assert.equal((await call('POST', `${drafts}/${begun.id}/save`)).status, 202)
      let saved = await get(`${drafts}/${begun.id}`)
      for (let wait = 0; saved.outcome === null; wait++) {
        assert.ok(wait < 400, 'the first run does not end')
        await new Promise((resolve) => setTimeout(resolve, 50))
        saved = await get(`${drafts}/${begun.id}`)
      }
      assert.equal(saved.outcome.outcome, 'ok', JSON.stringify(saved.outcome))
      const listed = (await get('/api/v1/sources')).sources.filter(({ id }: Json) => id === saved.source)
      assert.equal(listed.length, 1, 'one entry in the list')
      assert.deepEqual([listed[0].state, listed[0].schedule], ['ok', 'every 1d'])
      const parts = await partsOf(saved.source)
      assert.deepEqual(Object.keys(parts), ['main', 'trip-updates', 'vehicle-positions'])
      assert.deepEqual(
        Object.values(parts).map(({ state, schedule, format }) => [state, schedule, format]),
        [
          ['ok', 'every 1d', 'gtfs'],
          ['ok', 'every 30s', 'gtfs-rt'],
          ['ok', 'every 30s', 'gtfs-rt'],
        ],
      )
      const hence = (part: string) => (Date.parse(parts[part].nextRun) - Date.now()) / 1000
      assert.ok(hence('main') > 80_000 && hence('trip-updates') < 35, 'each by its own schedule')

      const paused = (await call('POST', `/api/v1/sources/${saved.source}/pause`)).body
      assert.equal(paused.state, 'paused')
      assert.ok(paused.parts.every(({ nextRun }: Json) => nextRun === null))
      const resumed = (await call('POST', `/api/v1/sources/${saved.source}/resume`)).body
      assert.ok(resumed.parts.every(({ nextRun }: Json) => nextRun !== null))
      assert.equal((await call('DELETE', `/api/v1/sources/${saved.source}`)).status, 204)
      assert.equal((await call('GET', `/api/v1/sources/${saved.source}`)).status, 404)
    })

    it('runs by its schedules: the live part often, the timetable not again', async () => {
      served.set('/eilig.zip', { body: ZIP })
      served.set('/eilig-tu', { body: delays(60) })
      await add(
        'eilig',
        `${definition('eilig', `  - { role: trip-updates, http: { url: "${address}/eilig-tu" }, schedule: { every: 1s } }\n`)}schedule: { every: 1d }\n`,
      )
      const got = (path: string) => answered.filter(([one]) => one === path).length
      for (let wait = 0; got('/eilig-tu') < 3; wait++) {
        assert.ok(wait < 400, `fetched ${got('/eilig-tu')} times`)
        served.set('/eilig-tu', { body: delays(60) })
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      assert.equal(got('/eilig.zip'), 1)
      await call('DELETE', '/api/v1/sources/eilig')
    })

    it('goes on with each part where another fails, and says of each how it is', async () => {
      served.set('/netz.zip', { body: ZIP })
      served.set('/netz-tu', { body: delays(240) })
      await add('netz', definition('netz', `  - { role: trip-updates, http: { url: "${address}/netz-tu" } }\n`))
      await run('netz')
      const states = async () => Object.values(await partsOf('netz')).map(({ state }) => state)
      const first = async () => (await get('/api/v1/mobility/departures?stop=netz:a')).departures[0]
      assert.deepEqual(await states(), ['ok', 'ok'])
      const planned = (await first()).planned

      served.set('/netz-tu', { body: Buffer.from([0xff, 0x00, 0x13, 0x37]) })
      assert.equal((await run('netz', 'trip-updates')).outcome, 'failed')
      assert.equal((await run('netz', 'main')).outcome, 'ok')
      assert.deepEqual(await states(), ['ok', 'broken'])
      const whole = await get('/api/v1/sources/netz')
      assert.deepEqual([whole.state, whole.ailing], ['broken', 'trip-updates'])
      assert.match(whole.cause.original, /no GTFS Realtime/)
      assert.equal((await first()).planned, planned, 'the timetable serves')

      served.set('/netz.zip', { body: '', status: 500 })
      served.set('/netz-tu', { body: delays(300) })
      assert.equal((await run('netz', 'main')).outcome, 'failed')
      assert.equal((await run('netz', 'trip-updates')).outcome, 'ok')
      assert.deepEqual(await states(), ['broken', 'ok'])
      assert.equal((await first()).planned, planned)
      const log = (await get('/api/v1/sources/netz/runs')).runs.map(({ part, outcome }: Json) => [part, outcome])
      assert.deepEqual(log.slice(0, 2), [
        ['trip-updates', 'ok'],
        [null, 'failed'],
      ])
      const all = await run('netz')
      assert.equal(all.outcome, 'failed', 'the first run of both')
      assert.deepEqual(await states(), ['broken', 'ok'], 'and the other ran all the same')
      assert.equal((await call('POST', '/api/v1/sources/netz/run?part=nichts')).body.code, 'part-unknown')
      await call('DELETE', '/api/v1/sources/netz')
    })

    it('asks for each file whether it changed, and leaves out what did not', async () => {
      const at = new Date().toUTCString()
      served.set('/dx-table', { body: facilityTable([{ id: 'g1', name: 'Dom', spaces: 100 }]), etag: '"t1"' })
      served.set('/dx-states', {
        body: facilityStatus([{ id: 'g1', vacant: 12 }], '2026-05-01T10:00:00Z'),
        modified: at,
      })
      await add(
        'halle',
        `title: Halle\ndataset: { title: Halle }\nfrom: { http: { url: "${address}/dx-table" } }\nwith: [{ role: status, http: { url: "${address}/dx-states" } }]\nformat: { type: datex2 }\nschedule: { every: 1s }\n`,
      )
      const after = async (outcome: string) => {
        answered = []
        for (let wait = 0; ; wait++) {
          const [last] = (await get('/api/v1/sources/halle/runs?limit=1')).runs
          const asked = answered.filter(([path]) => path.startsWith('/dx-'))
          if (last?.outcome === outcome && asked.length >= 2) return { last, asked: asked.map(([, status]) => status) }
          assert.ok(wait < 400, `${JSON.stringify(last)} ${JSON.stringify(answered)}`)
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
      const same = await after('unmodified')
      assert.ok(
        same.asked.slice(-2).every((status) => status === 304),
        'both unchanged',
      )
      assert.equal(same.last.read, 0, 'nothing is read again')
      const states = facilityStatus([{ id: 'g1', vacant: 7 }], '2026-05-01T10:05:00Z')
      served.set('/dx-states', { body: states, modified: new Date(Date.now() + 5000).toUTCString() })
      const live = await after('ok')
      assert.ok(live.asked.includes(304) && live.asked.includes(200), 'the states alone came again')
      assert.ok(live.last.read > 0 && live.last.accepted > 0 && live.last.unchanged === 0, JSON.stringify(live.last))
      await after('unmodified')
      const table = facilityTable([
        { id: 'g1', name: 'Dom', spaces: 100 },
        { id: 'g2', name: 'Markt', spaces: 50 },
      ])
      served.set('/dx-table', { body: table, etag: '"t2"' })
      const both = await after('ok')
      assert.equal(both.asked.filter((status) => status === 200).length, 2, 'a new table is read with its states')
      await after('unmodified')
      const features = (await get('/api/v1/mobility/parking?dataset=halle')).features
      assert.deepEqual(features.map(({ properties }: Json) => properties.name).sort(), ['Dom', 'Markt'])
      await call('DELETE', '/api/v1/sources/halle')
    })

    it('whose real time stands still says so, with its age, and shows nothing as live', async () => {
      served.set('/still.zip', { body: ZIP, etag: '"z"' })
      served.set('/still-tu', { body: delays(60), etag: '"1"' })
      const live = `  - { role: trip-updates, http: { url: "${address}/still-tu" }, format: { type: gtfs-rt, validity: 6s }, schedule: { every: 1d } }\n`
      await add('still', definition('still', live))
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      assert.equal((await partsOf('still'))['trip-updates'].state, 'new', 'it waits for the first timetable')
      await run('still', 'main')
      const of = now()
      served.set('/still-tu', { body: delays(60, of), etag: '"1"' })
      await run('still', 'trip-updates')
      const departures = () => get('/api/v1/mobility/departures?stop=still:a')
      assert.equal((await partsOf('still'))['trip-updates'].state, 'ok')
      assert.deepEqual(
        (await departures()).realtime.map(({ live }: Json) => live),
        [true],
      )
      while (now() <= of + 7) await new Promise((resolve) => setTimeout(resolve, 100))
      assert.deepEqual(
        (await departures()).realtime.map(({ live }: Json) => live),
        [false],
      )
      // HTTP answers 200, with the same feed.
      const again = await run('still', 'trip-updates')
      assert.equal(again.outcome, 'failed')
      assert.match(again.error, /stands still: it is of/)
      const { state, cause, contentAt } = (await partsOf('still'))['trip-updates']
      assert.equal(state, 'broken')
      assert.match(cause.text, /Daten stehen still/)
      assert.equal(Date.parse(contentAt) / 1000, of, 'shown with the time it is of')
      const shown = await departures()
      assert.ok(shown.departures.every(({ status }: Json) => status === 'scheduled'))
      assert.ok(shown.realtime[0].age >= 6)
      assert.equal((await partsOf('still')).main.state, 'ok')
      await call('DELETE', '/api/v1/sources/still')

      // The same where the server says "unchanged" (304): that is no sign of life.
      served.set('/stumm.zip', { body: ZIP, etag: '"z"' })
      served.set('/stumm-tu', { body: delays(60), etag: '"1"' })
      await add(
        'stumm',
        definition(
          'stumm',
          `  - { role: trip-updates, http: { url: "${address}/stumm-tu" }, format: { type: gtfs-rt, validity: 6s }, schedule: { every: 1s } }\n`,
        ),
      )
      await run('stumm', 'main')
      answered = []
      served.set('/stumm-tu', { body: delays(60), etag: '"2"' })
      for (let wait = 0; ; wait++) {
        const part = (await partsOf('stumm'))['trip-updates']
        const unchanged = answered.some(([path, status]) => path === '/stumm-tu' && status === 304)
        if (part.state === 'broken' && unchanged && /stands still/.test(part.cause.original)) break
        assert.ok(wait < 400, JSON.stringify(part))
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      await call('DELETE', '/api/v1/sources/stumm')
    })

    it('keeps what came last, good and bad, for who manages the dataset alone', async () => {
      served.set('/roh.zip', { body: ZIP })
      const good = delays(60)
      served.set('/roh-tu', { body: good })
      const live = `  - { role: trip-updates, http: { url: "${address}/roh-tu?api_key=geheim" } }\n`
      await add('roh', definition('roh', live))
      await run('roh')
      const bad = Buffer.from([0xff, 0x00, 0x13, 0x37])
      served.set('/roh-tu', { body: bad })
      await run('roh', 'trip-updates')
      const { files } = await get('/api/v1/sources/roh/raw')
      const sha = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')
      assert.deepEqual(
        files.map(({ part, good, name, bytes, sha256, why, origin }: Json) => [
          part,
          good,
          name,
          bytes,
          sha256,
          why,
          origin,
        ]),
        [
          [null, true, 'roh.zip', ZIP.length, sha(ZIP), null, `${address}/roh.zip`],
          ['trip-updates', true, 'roh-tu', good.length, sha(good), null, `${address}/roh-tu`],
          ['trip-updates', false, 'roh-tu', 4, sha(bad), null, `${address}/roh-tu`],
        ],
      )
      for (const [index, bytes] of [ZIP, Buffer.from(good), bad].entries()) {
        const answer = await fetch(`${platform.url}/api/v1/sources/roh/raw/${files[index].id}`, {
          headers: { authorization: `Bearer ${key}` },
        })
        assert.equal(answer.status, 200)
        assert.deepEqual(Buffer.from(await answer.arrayBuffer()), bytes)
      }
      for (const path of ['roh/raw', `roh/raw/${files[0].id}`, 'nichts/raw'])
        assert.ok([401, 403].includes((await call('GET', `/api/v1/sources/${path}`, undefined, null)).status), path)

      // Single vehicles and secrets are never kept.
      const vehicle = { vehicle_id: 'x1', lat: 50, lon: 8, is_reserved: false, is_disabled: false }
      const gbfs = (data: object) => JSON.stringify({ last_updated: now(), ttl: 0, version: '2.3', data })
      served.set('/gbfs/free_bike_status.json', { body: gbfs({ bikes: [{ bike_id: 'x1', ...vehicle }] }) })
      served.set('/gbfs/system_information.json', {
        body: gbfs({
          system_id: 's',
          language: 'de',
          name: 'Rad',
          timezone: 'Europe/Berlin',
          note: { api_key: 'k-123456' },
        }),
      })
      const feeds = ['free_bike_status', 'system_information'].map((name) => ({
        name,
        url: `${address}/gbfs/${name}.json`,
      }))
      served.set('/gbfs/gbfs.json', { body: gbfs({ de: { feeds } }) })
      await add(
        'rad',
        `title: Rad\ndataset: { title: Rad }\nfrom: { http: { url: "${address}/gbfs/gbfs.json" } }\nformat: { type: gbfs }\n`,
      )
      await run('rad')
      const shared = (await get('/api/v1/sources/rad/raw')).files
      assert.deepEqual(
        shared.map(({ name, why, stored, sha256 }: Json) => [name, why, stored === null, sha256 === null]),
        [
          ['free_bike_status.json', 'private', true, true],
          ['gbfs.json', null, false, false],
          ['system_information.json', 'secret', true, true],
        ],
      )
      const none = await call('GET', `/api/v1/sources/rad/raw/${shared[0].id}`)
      assert.deepEqual([none.status, none.body.code], [404, 'raw-unknown'])

      // Too large: said, not kept.
      const wide = Buffer.alloc(50_000_001, 'x')
      served.set('/gross.csv', { body: wide })
      await add(
        'gross',
        `title: Groß\ndataset: { title: Groß }\nfrom: { http: { url: "${address}/gross.csv" } }\nformat: { type: csv }\ntime: { column: zeit }\nthing: { key: "{ort}" }\nseries: [{ column: n, property: bicycle_count }]\n`,
      )
      assert.equal((await run('gross')).outcome, 'failed')
      assert.deepEqual(
        (await get('/api/v1/sources/gross/raw')).files.map(({ good, why, bytes }: Json) => [good, why, bytes]),
        [[false, 'too-large', wide.length]],
      )
      for (const id of ['roh', 'rad', 'gross'])
        assert.equal((await call('DELETE', `/api/v1/sources/${id}`)).status, 204)
    })
  })
}
