/**
 * Every route there is, taken from the router, asked by people who may not: a route that is added fails here until
 * somebody says in `support/every-route.ts` how it is reached.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import type { Counter } from 'prom-client'
import { readConfig } from '../src/config.ts'
import { OWNER } from '../src/domains/access/index.ts'
import { buildInterface } from '../src/interface.ts'
import { createLog } from '../src/kernel/log.ts'
import { counter, registry } from '../src/kernel/metrics.ts'
import { httpOf, serve } from '../src/main.ts'
import { openPlatform, type Platform } from '../src/platform.ts'
import { databases } from './support/database.ts'
import { changesOf, OWN, QUESTIONS, readsOf, type Try } from './support/every-route.ts'
import { type Ask, datasetOf, type Hidden, hide, type Ids, LEAK, NUMBER, SLUG, WORD } from './support/hidden.ts'

const PASSWORD = 'Vier Kähne am Kai'
const REFUSED = [401, 403, 404]
/** What changes by itself while somebody tries: who came when, the log, the clock of alerts. */
const LIVELY =
  /^(session|audit|audit_head|api_key|dataset_use|setting|job|schedule|login_flow|alert_|source_pending|pgboss)/

for (const engine of databases()) {
  describe(`every route (${engine.name})`, { timeout: 240_000 }, () => {
    const routes: { method: string; url: string }[] = []
    const callers: Record<string, Ask> = {}
    const earlier: Record<string, Record<string, string>> = {}
    const closers: { name: string; close: () => unknown }[] = []
    let platform: Platform
    let url: string
    let limitedKey: string
    let open: Ids
    let hidden: Hidden
    let admin: Ask

    const asks =
      (headers: Record<string, string>): Ask =>
      async (method, path, body, more = {}) => {
        const answer = await fetch(url + path, {
          ...{ method, redirect: 'manual', signal: AbortSignal.timeout(20_000) },
          headers: {
            ...{ 'if-match': '*', ...headers },
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...more,
          },
          body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
        })
        // A stream that opens has said enough: nobody here may open one.
        if (answer.headers.get('content-type')?.startsWith('text/event-stream')) {
          await answer.body!.cancel()
          return { status: answer.status, body: undefined, text: `${WORD}: the stream opened` }
        }
        const text = await answer.text()
        let parsed: unknown
        try {
          parsed = JSON.parse(text)
        } catch {}
        return { status: answer.status, body: parsed, text }
      }
    const cookieOf = (answer: Response) => ({ cookie: answer.headers.get('set-cookie')!.split(';')[0]! })
    const post = (path: string, body: unknown) =>
      fetch(url + path, {
        ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      })
    const answersOf = async (ask: Ask) => {
      const answers: Record<string, string> = {}
      for (const question of QUESTIONS) {
        const { status, text } = await ask('GET', question)
        assert.ok(status < 500, `${question}: ${status} ${text}`)
        // What a page carries is asked for by itself, too; on a busy machine it comes without.
        const own = text.replace(/<script type="application\/json".*?<\/script>/g, '').replace(/\s+/g, ' ')
        answers[question] = `${status} ${own.replace(/"(requestId|now)":"[^"]*"/g, '')}`
      }
      return answers
    }
    const stored = async () => {
      const tables = await platform.db.query<{ name: string }>(
        `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
      )
      const all: Record<string, unknown> = {}
      for (const { name } of tables.filter((one) => !LIVELY.test(one.name)))
        [all[name]] = await platform.db.query(
          `select count(*)::int as n, md5(string_agg(t::text, '|' order by t::text)) as sum from "${name}" t`,
        )
      return all
    }

    before(async () => {
      const place = await engine.place()
      const log = createLog('fatal')
      await buildInterface(log)
      const env = {
        ...place.env,
        PORT: '0',
        MQTT_PORT: '0',
        ZAHNRAD_EXAMPLE: '0',
        TASKING: '1',
        OIDC_ISSUER: 'http://localhost:1',
      }
      const mail = { SMTP_URL: 'smtp://localhost:1', SMTP_FROM: 'daten@stadt.example' }
      const config = readConfig({ ...env, ...mail, OIDC_CLIENT_ID: 'x', OIDC_CLIENT_SECRET: 'y' })
      platform = await openPlatform(config, log, { exclusive: true })
      closers.push({ name: 'place', close: () => place.remove() }, { name: 'platform', close: () => platform.close() })
      const app = await httpOf(platform)
      app.addHook('onRoute', (route) => {
        for (const method of [route.method].flat()) routes.push({ method, url: route.url })
      })
      await serve(platform, app, closers)
      url = `http://localhost:${config.port}`
      admin = asks({ authorization: `Bearer ${await platform.access.createKey('machine', OWNER)}` })
      open = await datasetOf(admin, 'offen', 'sichtbar', 5)
      assert.equal((await admin('POST', '/api/v1/datasets/offen/state', { state: 'released' })).status, 200)
      const partner = await platform.access.accounts.invite({ email: 'otto@partner.example', name: 'Otto' }, OWNER)
      const { token } = await platform.access.accounts.link(partner.id, OWNER)
      const signedIn = await post('/api/v1/sign-in/password', { token, password: PASSWORD })
      const dataset = platform.catalog.require('offen').key
      const limited = await platform.access.keys.create(
        { name: 'limited', grants: [{ role: 'steward', dataset, space: null }] },
        OWNER,
      )
      limitedKey = limited.key
      callers.nobody = asks({})
      callers.partner = asks(cookieOf(signedIn))
      callers['a limited key'] = asks({ authorization: `Bearer ${limited.key}` })
      for (const [who, ask] of Object.entries(callers)) earlier[who] = await answersOf(ask)
      hidden = await hide(platform, admin)
    })
    after(async () => {
      for (const { close } of closers.reverse()) await close()
      // The next engine's platform names its figures anew in this process.
      registry.clear()
    })

    it('is known, by how it reads or changes', () => {
      const unknown = routes.filter(({ method, url: path }) => {
        if (method === 'GET') return !path.startsWith('/assets/') && !isFile(path) && readsOf(path) === null
        if (method === 'HEAD' || method === 'OPTIONS') return false
        return changesOf(method, path) === null && !OWN.includes(`${method} ${path}`)
      })
      assert.deepEqual(unknown, [], 'classify these in test/support/every-route.ts')
      assert.ok(routes.length > 100)
    })

    it('answers OPTIONS with what is possible there, to everybody', async () => {
      const place = (path: string) => path.replaceAll(/:\w+/g, ':')
      const own = routes.filter(({ url: path }) => path.startsWith('/') && !path.includes('/sta/v1.1'))
      const possible = Map.groupBy(own, (one) => place(one.url))
      assert.ok(possible.size > 100)
      for (const [path, known] of possible) {
        const answer = await fetch(url + path.replaceAll(':', '1').replace('*', 'nirgends'), { method: 'OPTIONS' })
        assert.equal(answer.status, 204, path)
        assert.equal(await answer.text(), '')
        const allowed = answer.headers.get('allow')?.split(', ').sort()
        assert.deepEqual(allowed, [...new Set([...known.map((one) => one.method), 'OPTIONS'])].sort(), path)
      }
    })

    it('tells nothing of what is hidden', async () => {
      // The hidden source has had a run: its figures are there, for whoever may see its dataset.
      const name = 'zahnrad_source_runs_total'
      const known = registry.getSingleMetric(name) as Counter<'source' | 'outcome'> | undefined
      const runs = known ?? counter(name, 'Runs of sources', ['source', 'outcome'])
      runs.inc({ source: hidden.source, outcome: 'ok' })
      assert.match((await admin('GET', '/metrics')).text, new RegExp(`source="${hidden.source}"`))
      let asked = 0
      for (const { url: route } of routes.filter((one) => one.method === 'GET')) {
        const reads = readsOf(route)
        if (!reads) continue
        for (const path of reads.paths(hidden)) {
          await Promise.all(
            Object.entries(callers).map(async ([who, ask]) => {
              const { status, text } = await ask('GET', path)
              asked++
              const seen = `${who}: GET ${path}: ${status} ${text.slice(0, 400)}`
              assert.ok(status < 500, seen)
              if (reads.closed) assert.ok(REFUSED.includes(status), seen)
              assert.doesNotMatch(text, LEAK, seen)
              if (who !== 'partner') assert.doesNotMatch(text, /Auf Anfrage/, seen)
              const known = who === 'partner' ? `${SLUG}intern` : path
              if (!path.includes(SLUG)) assert.ok(!text.replaceAll(known, '').includes(SLUG), seen)
            }),
          )
        }
      }
      assert.ok(asked > 1000, `${asked} questions`)
    })

    it('answers the same, to the letter, whether or not there is something hidden', async () => {
      for (const [who, ask] of Object.entries(callers)) {
        const now = await answersOf(ask)
        for (const question of QUESTIONS) {
          assert.equal(now[question], earlier[who]![question], `${who}: ${question}`)
        }
      }
    })

    it('changes nothing that is hidden', async () => {
      const was = await stored()
      for (const { method, url: route } of routes) {
        if (['GET', 'HEAD', 'OPTIONS'].includes(method) || OWN.includes(`${method} ${route}`)) continue
        for (const { path, body, headers } of changesOf(method, route)!(hidden)) {
          for (const [who, ask] of Object.entries(callers)) {
            const { status, text, body: answer } = await ask(method, path, body, headers)
            const seen = `${who}: ${method} ${path}: ${status} ${text.slice(0, 300)}`
            // CreateObservations answers 201 with one word per row (SensorThings 1.1, §12.1).
            const rows = path.endsWith('/CreateObservations') && Array.isArray(answer) ? answer : null
            // SensorThings: a link to something that is not there, or may not be seen, is a wrong body (400).
            const refused = REFUSED.includes(status) || (status === 400 && / does not exist"/.test(text))
            assert.ok(refused || rows?.every((row) => String(row).startsWith('error')), seen)
            assert.doesNotMatch(text, LEAK, seen)
          }
        }
      }
      assert.deepEqual(await stored(), was)
    })

    it('changes nothing another site asks for with the session of whoever administers', async () => {
      const link = await fetch(`${url}/login?code=${await platform.access.createLoginCode(OWNER)}`, {
        redirect: 'manual',
      })
      const { cookie } = cookieOf(link)
      assert.equal((await asks({ cookie })('GET', '/api/v1/people')).status, 200)
      const sites: Record<string, string>[] = [
        { 'sec-fetch-site': 'cross-site', origin: 'https://boese.example' },
        { 'sec-fetch-site': 'same-site', origin: 'https://andere.stadt.example' },
        { origin: 'https://boese.example' },
        { origin: 'null' },
      ]
      const was = await stored()
      let tried = 0
      for (const { method, url: route } of routes) {
        if (['GET', 'HEAD', 'OPTIONS'].includes(method)) continue
        const own = OWN.includes(`${method} ${route}`)
        const tries: Try[] = own ? [{ path: route, body: {} }] : changesOf(method, route)!(hidden).slice(0, 2)
        for (const { path, body, headers } of tries) {
          const anonymous = await asks({})(method, path, body, headers)
          for (const site of sites) {
            const { status, text } = await asks({ cookie, ...site })(method, path, body, headers)
            tried++
            const seen = `${method} ${path} from ${JSON.stringify(site)}: ${status} ${text.slice(0, 300)}`
            // As if nobody was signed in; signing in and out is refused before anything else.
            assert.ok(status === anonymous.status || status === 403, seen)
            assert.ok(status >= 400 || path.endsWith('/CreateObservations'), seen)
          }
        }
      }
      assert.ok(tried > 200, `${tried} tries`)
      assert.deepEqual(await stored(), was)
      assert.equal((await asks({ cookie })('GET', '/api/v1/people')).status, 200, 'still signed in')
    })

    it('lets nobody read or write by a batch', async () => {
      const was = await stored()
      const urls = hidden.sets.flatMap((ids) => [`Things(${ids.Things[0]})`, `Datastreams(${ids.Datastreams[0]})`])
      const requests = [
        ...urls.map((one, id) => ({ id: `r${id}`, method: 'get', url: one })),
        ...urls.map((one, id) => ({ id: `w${id}`, method: 'patch', url: one, body: { name: 'x' } })),
      ]
      for (const ask of Object.values(callers)) {
        const { status, body, text } = await ask('POST', '/sta/v1.1/$batch', { requests })
        assert.equal(status, 200, text)
        assert.equal(body.responses.length, requests.length)
        for (const one of body.responses) assert.ok(REFUSED.includes(one.status), JSON.stringify(one))
        assert.doesNotMatch(text, LEAK)
        // The same as multipart/mixed: each by itself, and as change sets.
        for (const set of [false, true]) {
          const answer = await ask('POST', '/sta/v1.1/$batch', multipart(requests, set), {
            'content-type': 'multipart/mixed; boundary=b',
          })
          assert.equal(answer.status, 200, answer.text)
          const statuses = [...answer.text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((one) => Number(one[1]))
          assert.equal(statuses.length, requests.length, answer.text)
          for (const one of statuses) assert.ok(REFUSED.includes(one), answer.text)
          assert.doesNotMatch(answer.text, LEAK)
        }
        // At the root of a hidden dataset there is no batch at all; at an open one nothing hidden comes in.
        for (const ids of hidden.sets) {
          for (const type of ['application/json', 'multipart/mixed; boundary=b']) {
            const sent = type.startsWith('multipart') ? multipart(requests, false) : JSON.stringify({ requests })
            const at = `/d/${ids.dataset}/sta/v1.1/$batch`
            assert.equal((await ask('POST', at, sent, { 'content-type': type })).status, 404, at)
          }
        }
      }
      assert.deepEqual(await stored(), was)
    })

    it('notes what was done without secrets, and no more of people than who they are', async () => {
      await platform.access.log.flush()
      const rows = await platform.db.query<{ act: string; detail: string }>('select act, detail::text from audit')
      const text = rows.map((row) => JSON.stringify(row)).join('\n')
      assert.ok(new Set(rows.map((row) => row.act)).size > 15, text)
      assert.doesNotMatch(text, /z[ksli]_[\w-]{10}|scrypt|Kähne|kanal-verborgen@/i)
      for (const { act, detail } of rows) assert.ok(detail.length < 4_000, `${act}: ${detail}`)
      assert.equal((await platform.access.log.verify()).ok, true)
    })

    it('is closed over MQTT where it is closed over HTTP, and open streams stay silent', async () => {
      const topics = hidden.sets.flatMap((ids) => [
        `v1.1/Datastreams(${ids.Datastreams[0]})/Observations`,
        `v1.1/MultiDatastreams(${ids.MultiDatastreams[0]})/Observations`,
        `v1.1/Things(${ids.Things[0]})`,
        `d/${ids.dataset}/v1.1/Observations`,
      ])
      const was = await stored()
      const clients: mqtt.MqttClient[] = []
      const heard: string[] = []
      const connect = async (password?: string) => {
        const client = mqtt.connect(`mqtt://localhost:${platform.config.mqttPort}`, {
          ...{ protocolVersion: 4, reconnectPeriod: 0, ...(password && { username: 'x', password }) },
        })
        client.on('error', () => {})
        clients.push(client)
        await once(client as never, 'connect')
        return client
      }
      for (const password of [undefined, limitedKey]) {
        const client = await connect(password)
        client.on('message', (_topic, payload) => heard.push(payload.toString()))
        for (const topic of [...topics, '#', 'v1.1/#', '+/+']) {
          const refused = await client.subscribeAsync(topic, { qos: 0 }).then(
            ([one]) => one!.qos === 128,
            () => true,
          )
          assert.ok(refused, topic)
        }
        await client.subscribeAsync('v1.1/Observations', { qos: 0 })
        for (const topic of [...topics.slice(0, 2), `${SLUG}thema`, `${SLUG}entwurfsthema`]) {
          const other = await connect(password)
          const closed = once(other as never, 'close')
          other.publish(topic, JSON.stringify({ result: 1, zeit: '2026-11-01T00:00:00Z', ort: 'x' }), { qos: 1 })
          // Refused by closing, or told to be wrong: in both cases nothing is stored.
          await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 1_500))])
        }
      }
      assert.deepEqual(await stored(), was)
      const stream = await fetch(`${url}/api/v1/events?dataset=offen`)
      assert.equal(stream.status, 200)
      let text = ''
      const reading = (async () => {
        for await (const chunk of stream.body!) text += Buffer.from(chunk).toString()
      })().catch(() => {})
      for (const ids of [...hidden.sets, open]) {
        const result = ids === open ? 77 : NUMBER
        const path = `/d/${ids.dataset}/sta/v1.1/Datastreams(${ids.Datastreams[0]})/Observations`
        assert.equal((await admin('POST', path, { result, phenomenonTime: '2026-11-02T00:00:00Z' })).status, 201)
      }
      for (let wait = 0; wait < 400 && (heard.length < 2 || !text.includes('77')); wait++)
        await new Promise((resolve) => setTimeout(resolve, 50))
      assert.equal(heard.length, 2, heard.join())
      assert.match(text, /77/)
      assert.doesNotMatch(heard.join() + text, LEAK)
      for (const client of clients) client.end(true)
      await stream.body?.cancel().catch(() => {})
      void reading
    })
  })
}

/** A multipart batch (OData 4.01 §11.7), each request by itself or in a change set of its own. */
function multipart(requests: { id: string; method: string; url: string; body?: unknown }[], sets: boolean): string {
  const parts = requests.flatMap(({ id, method, url, body }) => {
    const head = ['Content-Type: application/http', `Content-ID: ${id}`, '']
    const lines = [...head, `${method.toUpperCase()} ${url} HTTP/1.1`, 'Content-Type: application/json', '']
    const one = [...lines, body === undefined ? '' : JSON.stringify(body)]
    if (!sets || method === 'get') return ['--b', ...one]
    return ['--b', 'Content-Type: multipart/mixed; boundary=c', '', '--c', ...one, '--c--']
  })
  return [...parts, '--b--', ''].join('\r\n')
}

/** A file of the built pages: the same for everybody. */
function isFile(path: string): boolean {
  return (
    /^\/([\w.-]+\/)*[\w.-]*\.(html|js|css|svg|png|ico|json|woff2?|txt|webmanifest|map)(\.gz|\.br)?$/.test(path) &&
    !path.startsWith('/api/')
  )
}
