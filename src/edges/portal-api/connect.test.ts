/** Adding a source by form, over HTTP, on both databases: files, addresses, messages, rights, limits. */
import assert from 'node:assert/strict'
import { type EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import { databases } from '../../../test/support/database.ts'
import { type RunningPlatform, startPlatform } from '../../../test/support/platform.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers is looked at
type Json = any

const PATH = '/api/v1/source-drafts'
const hours = (day: string, from: number, count: number): string =>
  Array.from(
    { length: count },
    (_, at) => `${day}T${String(from + at).padStart(2, '0')}:00:00Z;Am Markt;${from + at}`,
  ).join('\n')
const CSV = `Zeit;Messstelle;Fahrräder\n${hours('2024-02-01', 0, 24)}\n`

for (const engine of databases()) {
  describe(`source drafts on the ${engine.name} database`, { timeout: 240_000 }, () => {
    let platform: RunningPlatform
    let key: string
    let server: Server
    let served = CSV
    let address: string

    before(async () => {
      platform = await startPlatform(engine, { ZAHNRAD_ALLOW_PRIVATE: '1' })
      key = await platform.key('form')
      server = createServer((_, answer) => answer.end(served)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      address = `http://127.0.0.1:${(server.address() as { port: number }).port}`
    })
    after(async () => {
      server?.close()
      await platform?.remove()
    })

    const call = async (
      method: string,
      path: string,
      body?: unknown,
      as: string | null = key,
    ): Promise<{ status: number; body: Json }> => {
      const bytes = typeof body === 'string' || body instanceof Uint8Array
      const answer = await fetch(platform.url + path, {
        method,
        headers: {
          ...(as === null ? {} : { authorization: `Bearer ${as}` }),
          ...(body === undefined ? {} : { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }),
        },
        body: body === undefined ? undefined : bytes ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body),
      })
      const text = await answer.text()
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
    }
    const ok = async (method: string, path: string, body?: unknown): Promise<Json> => {
      const answer = await call(method, path, body)
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
      return answer.body
    }
    const file = (name: string, bytes: string | Uint8Array) =>
      call('POST', `${PATH}/file?name=${encodeURIComponent(name)}`, bytes)
    /** Asks again until something is there; a loaded machine takes its time. */
    const until = async <T>(what: string, work: () => Promise<T | undefined | false>): Promise<T> => {
      for (const start = performance.now(); performance.now() - start < 60_000; ) {
        const found = await work()
        if (found) return found
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      throw new Error(`does not come: ${what}`)
    }
    const finished = (id: string) =>
      until('the first run', async () => {
        const draft = await ok('GET', `${PATH}/${id}`)
        return draft.outcome && draft
      })
    const named = (draft: Json, id: string, schedule?: object) =>
      ok('PUT', `${PATH}/${draft.id}`, {
        mapping: { ...draft.mapping, id, dataset: { title: id }, ...(schedule ? { schedule } : {}) },
      })

    it('are for those who may manage the platform: 401 without a key, 403 with one for a dataset', async () => {
      const first = await ok('POST', `${PATH}/file?name=recht.csv`, CSV)
      await named(first, 'recht')
      await ok('POST', `${PATH}/${first.id}/save`)
      await finished(first.id)
      const made = await platform.command(
        'key',
        'create',
        '--name',
        'nur lesen',
        '--role',
        'steward',
        '--on',
        'dataset:recht',
      )
      const small = made.stdout.trim().split('\n').at(-1)!
      const draft = (await file('rechte.csv', CSV)).body
      const paths: [string, string, unknown?][] = [
        ['GET', PATH],
        ['GET', `${PATH}/options`],
        ['POST', PATH, { url: address }],
        ['POST', `${PATH}/file?name=a.csv`, CSV],
        ['GET', `${PATH}/${draft.id}`],
        ['PUT', `${PATH}/${draft.id}`, { yaml: null }],
        ['POST', `${PATH}/${draft.id}/read`, { separator: ',' }],
        ['POST', `${PATH}/${draft.id}/preview`],
        ['POST', `${PATH}/${draft.id}/save`],
        ['DELETE', `${PATH}/${draft.id}`],
      ]
      for (const [method, path, body] of paths) {
        assert.equal((await call(method, path, body, null)).status, 401, `${method} ${path}`)
        assert.equal((await call(method, path, body, small)).status, 403, `${method} ${path}`)
      }
      await ok('DELETE', `${PATH}/${draft.id}`)
      assert.equal((await call('GET', `${PATH}/${draft.id}`)).status, 404)
    })

    it('say what is wrong with a file that is empty, binary or too large', async () => {
      const empty = await file('leer.csv', new Uint8Array())
      assert.ok(
        empty.body.detection?.problem?.de === 'Die Datei ist leer.' || empty.status >= 400,
        JSON.stringify(empty),
      )
      const binary = await file(
        'bild.csv',
        Uint8Array.from({ length: 4000 }, (_, at) => (at * 37) % 256),
      )
      assert.match(binary.body.detection.problem.de, /keine Text- oder Tabellendatei/)
      assert.equal(binary.body.mapping, null)
      assert.equal((await call('POST', `${PATH}/${binary.body.id}/preview`)).status, 422)
      assert.equal((await call('POST', `${PATH}/${binary.body.id}/save`)).status, 422)
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const headers = {
          authorization: `Bearer ${key}`,
          'content-type': 'application/octet-stream',
          'content-length': '1200000000',
        }
        const sent = request(`${platform.url}${PATH}/file?name=riesig.csv`, { method: 'POST', headers }, (answer) => {
          resolve(answer.statusCode)
          sent.destroy()
        })
        sent.on('error', reject)
        sent.write('a')
      })
      assert.equal(status, 413)
      const wrong = await call('POST', `${PATH}/file?name=a.csv`, { no: 'file' })
      assert.equal(wrong.status, 415, JSON.stringify(wrong.body))
    })

    it('read a file again as its person says, and keep what was chosen', async () => {
      const text = `Bericht der Stadt\nZeit|Temp|Ort\n${Array.from({ length: 30 }, (_, at) => `2024-02-01 ${String(at % 24).padStart(2, '0')}:00|${at},5|Süd`).join('\n')}\n`
      const draft = (await file('messung.csv', Buffer.from(text, 'latin1'))).body
      assert.equal(draft.mapping.format.encoding, 'iso-8859-1')
      const columns = draft.mapping.columns.map((one: Json) => (one.column === 'Ort' ? { ...one, role: 'none' } : one))
      await ok('PUT', `${PATH}/${draft.id}`, { mapping: { ...draft.mapping, id: 'mein-name', columns } })
      const again = await ok('POST', `${PATH}/${draft.id}/read`, {
        encoding: 'windows-1252',
        header: 2,
        separator: '|',
      })
      assert.deepEqual(again.detection.header, ['Zeit', 'Temp', 'Ort'])
      assert.equal(again.mapping.format.encoding, 'windows-1252')
      assert.equal(again.mapping.format.skip, 1)
      assert.equal(again.mapping.id, 'mein-name')
      assert.equal(again.mapping.columns[2].role, 'none')
      const headless = await ok('POST', `${PATH}/${draft.id}/read`, { header: 0, separator: '|' })
      assert.equal(headless.detection.header.length, 3)
      assert.notEqual(headless.detection.header[0], 'Zeit')
      const refused = await call('POST', `${PATH}/${draft.id}/read`, { encoding: 'utf-8' })
      assert.equal(refused.status, 422)
      assert.equal(refused.body.code, 'not-readable-so')
      assert.match(refused.body.words.de, /Zeichensatz/)
      assert.equal((await ok('GET', `${PATH}/${draft.id}`)).detection.header.length, 3)
      assert.equal((await call('POST', `${PATH}/${draft.id}/read`, { encoding: 'klingonisch' })).status, 400)
    })

    it('fetch an address, are saved with a schedule, and run by it', async () => {
      const missing = await call('POST', PATH, { url: 'http://127.0.0.1:1/weg.csv' })
      assert.equal(missing.status, 422)
      assert.match(missing.body.words.de, /nicht erreichbar/)
      const draft = await ok('POST', PATH, { url: `${address}/zaehlung.csv` })
      const kept = await named(draft, 'zaehlung', { every: '2s' })
      assert.match(kept.text, /every: 2s/)
      const survey = await ok('POST', `${PATH}/${draft.id}/preview`)
      assert.deepEqual([survey.values, survey.things.length], [24, 1])
      const folder = mkdtempSync(join(tmpdir(), 'zahnrad-form-'))
      try {
        writeFileSync(join(folder, 'zaehlung.yaml'), kept.text)
        const checked = await platform.command('source', 'check', join(folder, 'zaehlung.yaml'))
        assert.equal(checked.code, 0, checked.stderr)
      } finally {
        rmSync(folder, { recursive: true })
      }
      await ok('POST', `${PATH}/${draft.id}/save`)
      assert.equal((await finished(draft.id)).outcome.accepted, 24)
      served = CSV + hours('2024-02-02', 0, 12)
      const { stations } = await ok('GET', `${PATH}/${draft.id}`)
      await until('the run by schedule', async () => {
        const station = await ok('GET', `/api/v1/stations/${stations[0].id}`)
        return station.datastreams[0].n === 36
      })
      assert.equal((await call('POST', `${PATH}/${draft.id}/save`)).body.code, 'draft-saved')
      const same = (await file('zaehlung.csv', CSV)).body
      await named(same, 'zaehlung')
      assert.equal((await call('POST', `${PATH}/${same.id}/save`)).body.code, 'source-exists')
      await ok('DELETE', `${PATH}/${same.id}`)
    })

    it('make places of the city of a list, of the kind one chooses, in its terms', async () => {
      const { concepts } = await ok('GET', `${PATH}/options`)
      const terms = (id: string) => concepts.find((one: Json) => one.id === id).terms.map(({ key }: Json) => key)
      assert.deepEqual(
        concepts.map(({ id }: Json) => id),
        ['parking', 'roadworks', 'sharing', 'charging', 'district'],
      )
      assert.ok(terms('parking').includes('capacity') && terms('charging').includes('points'))
      const rows = [
        ['Dom', '51,962', '7,625', '400', 'garage', 'x'],
        ['Markt', '51,964', '7,629', '80', 'openSpace', 'y'],
        ['Hafen', '51,951', '7,64', 'viele', 'bay', 'z'],
      ]
      const list = `Name;Breitengrad;Längengrad;Plätze;Art;Notiz\n${rows.map((row) => row.join(';')).join('\n')}\n`
      const draft = (await file('parkplaetze.csv', list)).body
      assert.equal(draft.detection.register, true)
      const roles = Object.fromEntries(draft.mapping.columns.map((one: Json) => [one.column, one.role]))
      assert.deepEqual([roles.Breitengrad, roles.Längengrad, roles.Plätze], ['lat', 'lon', 'none'])
      const none = await ok('PUT', `${PATH}/${draft.id}`, { mapping: { ...draft.mapping, id: 'parkliste' } })
      assert.ok(none.issues.length > 0, 'without a kind it is no source')
      const facts: Record<string, string> = { Plätze: 'capacity', Art: 'type' }
      const columns = draft.mapping.columns.map((one: Json) =>
        facts[one.column] ? { column: one.column, role: 'fact', term: facts[one.column] } : one,
      )
      const dataset = { id: 'parkliste', title: 'Parkliste' }
      const mapping = { ...draft.mapping, id: 'parkliste', dataset, concept: 'parking', columns }
      const chosen = await ok('PUT', `${PATH}/${draft.id}`, { mapping })
      assert.deepEqual(chosen.issues, [])
      assert.match(chosen.text, /^concept: parking$/m)
      assert.doesNotMatch(chosen.text, /^(time|series):/m)
      const survey = await ok('POST', `${PATH}/${draft.id}/preview`)
      assert.deepEqual(
        survey.things.map(({ name }: Json) => name),
        ['Dom', 'Markt', 'Hafen'],
      )
      assert.deepEqual(
        survey.oddities.filter(({ kind }: Json) => kind === 'rejected').map(({ what, rows }: Json) => [what, rows]),
        [['capacity is not a number', [4]]],
      )
      await ok('POST', `${PATH}/${draft.id}/save`)
      assert.equal((await finished(draft.id)).outcome.accepted, 3)
      const { features } = await ok('GET', '/api/v1/mobility/parking?dataset=parkliste')
      assert.deepEqual(
        features.map(({ properties: { name, capacity, type } }: Json) => [name, capacity ?? null, type]).sort(),
        [
          ['Dom', 400, 'garage'],
          ['Hafen', null, 'bay'],
          ['Markt', 80, 'openSpace'],
        ],
      )
    })

    it('wait for a webhook, go on with its first message, and take the next ones', async () => {
      const draft = await ok('POST', PATH, { webhook: 'wetter-dach' })
      assert.equal(draft.detection, null)
      assert.equal((await call('POST', `${PATH}/${draft.id}/read`, {})).body.code, 'draft-waits')
      const message = (hour: number) => ({
        time: `2024-02-01T${String(hour).padStart(2, '0')}:00:00Z`,
        temperature: hour + 0.5,
      })
      assert.equal((await call('POST', '/api/v1/webhooks/wetter-dach', message(1), null)).status, 401)
      assert.equal((await call('POST', '/api/v1/webhooks/wetter-dach', message(1))).status, 202)
      const seen = await ok('GET', `${PATH}/${draft.id}`)
      assert.ok(
        seen.mapping.columns.some(({ role }: Json) => role === 'value'),
        JSON.stringify(seen.mapping.columns),
      )
      await ok('POST', `${PATH}/${draft.id}/save`)
      assert.equal((await finished(draft.id)).outcome.accepted, 1)
      const next = await call('POST', '/api/v1/webhooks/wetter-dach', message(2))
      assert.equal(next.status, 200, JSON.stringify(next.body))
      assert.equal(next.body.accepted, 1)
      assert.equal((await call('POST', PATH, { webhook: 'wetter-dach' })).status, 409)
    })

    it('wait for an MQTT message, and take the next ones', async () => {
      const draft = await ok('POST', PATH, { topic: 'dach/+/wetter' })
      const client = mqtt.connect(platform.mqttUrl, { username: 'geraet', password: key, reconnectPeriod: 0 })
      await once(client as unknown as EventEmitter, 'connect')
      const publish = (hour: number) =>
        client.publishAsync(
          'dach/sued/wetter',
          JSON.stringify({ time: `2024-02-01T0${hour}:00:00Z`, temperature: hour }),
          { qos: 1 },
        )
      await publish(1)
      await until('the recognised message', async () => (await ok('GET', `${PATH}/${draft.id}`)).detection)
      await named(await ok('GET', `${PATH}/${draft.id}`), 'dach-wetter')
      await ok('POST', `${PATH}/${draft.id}/save`)
      assert.equal((await finished(draft.id)).outcome.accepted, 1)
      await publish(2)
      const { stations } = await ok('GET', `${PATH}/${draft.id}`)
      await until('the second message', async () => {
        const station = await ok('GET', `/api/v1/stations/${stations[0].id}`)
        return station.datastreams[0].n === 2
      })
      await client.endAsync()
    })

    it('are listed and gone on with later, after a restart too', async () => {
      const draft = (await file('spaeter.csv', CSV)).body
      await named(draft, 'spaeter')
      await platform.restart()
      const { drafts } = await ok('GET', PATH)
      assert.deepEqual(
        drafts.filter(({ id }: Json) => id === draft.id).map(({ name, waiting }: Json) => [name, waiting]),
        [['spaeter.csv', false]],
      )
      assert.equal((await ok('GET', `${PATH}/${draft.id}`)).mapping.id, 'spaeter')
      await ok('POST', `${PATH}/${draft.id}/save`)
      assert.equal((await finished(draft.id)).outcome.accepted, 24)
      assert.ok(!(await ok('GET', PATH)).drafts.some(({ id }: Json) => id === draft.id))
    })

    it('refuse a text with mistakes by line and field, and keep it', async () => {
      const draft = (await file('text.csv', CSV)).body
      const wrong = draft.text.replace('timeZone: Europe/Berlin', 'timeZone: Europa/Bonn')
      assert.notEqual(wrong, draft.text)
      const kept = await ok('PUT', `${PATH}/${draft.id}`, { yaml: wrong })
      assert.equal(kept.text, wrong)
      const { status, body } = await call('POST', `${PATH}/${draft.id}/preview`)
      assert.equal(status, 422)
      const line = wrong.split('\n').findIndex((one: string) => one.startsWith('timeZone:')) + 1
      assert.deepEqual(
        body.issues.map(({ line, field }: Json) => [line, field]),
        [[line, 'timeZone']],
      )
      assert.deepEqual(kept.issues, body.issues, 'said at once, beside the text')
      await ok('PUT', `${PATH}/${draft.id}`, { yaml: null })
      assert.equal((await ok('POST', `${PATH}/${draft.id}/preview`)).values, 24)
      assert.equal((await call('PUT', `${PATH}/${draft.id}`, { unsinn: 1 })).status, 400)
    })
  })
}
