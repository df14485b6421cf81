/** Roadworks people enter: with a drawn detour, files, an end and a way back. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { City } from '../../src/domains/catalog/index.ts'
import { ATTACHMENTS_MOST } from '../../src/domains/features/index.ts'
import { registerMobility } from '../../src/edges/mobility/index.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { featuresOf, readDatex2 } from '../support/datex2.ts'
import { DATA, type SourcesBench, sourcesOn } from '../support/sources.ts'

const SCHEMA = join(DATA, 'datex2/v3.1/all.xsd')
const PATH = '/api/v1/mobility/roadworks'
const PNG = Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), Buffer.alloc(100, 7)])
const LINE = {
  type: 'LineString',
  coordinates: [
    [9.17, 48.77],
    [9.18, 48.775],
  ],
}
// biome-ignore lint/suspicious/noExplicitAny: whatever is answered is looked at
type Json = any

for (const engine of databases()) {
  describe(`own roadworks (${engine.name})`, { timeout: 300_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let key: string
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      const { db, access, catalog } = bench
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      registerSession(app, { access })
      await registerMobility(app, { ...bench, city: await City.load(db) })
      key = await access.createKey('roadworks', OWNER)
      for (const id of ['offen', 'entwurf']) await catalog.ensure({ id, title: id })
      await catalog.setState('offen', 'released')
    })
    after(async () => {
      await app?.close()
      await bench?.close()
    })

    const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object, who = key) => {
      const answer = await app.inject({
        method,
        url,
        headers: {
          ...(who && { authorization: `Bearer ${who}` }),
          ...(body instanceof Buffer && { 'content-type': 'application/octet-stream' }),
        },
        ...(body ? { payload: body } : {}),
      })
      const json = answer.headers['content-type']?.includes('json')
      return { answer, status: answer.statusCode, body: (json ? JSON.parse(answer.body) : null) as Json }
    }
    const enter = async (dataset: string, more: object = {}): Promise<string> => {
      const made = await call('POST', PATH, { dataset, name: 'Leitungsbau', geometry: LINE, ...more })
      assert.equal(made.status, 201, made.answer.body)
      return made.body.id
    }

    it('names the datasets one may enter in, to those who may alone', async () => {
      await enter('entwurf')
      const { body } = await call('GET', `${PATH}/datasets`)
      assert.deepEqual(body.datasets, [
        { id: 'entwurf', title: 'entwurf', state: 'draft', roadworks: 1 },
        { id: 'offen', title: 'offen', state: 'released', roadworks: 0 },
      ])
      assert.deepEqual((await call('GET', `${PATH}/datasets`, undefined, '')).body.datasets, [])
      assert.deepEqual((await call('GET', `${PATH}?entered=true&when=all`, undefined, '')).body.features, [])
    })

    it('gives the drawn detour and the files in DATEX II that is valid', async () => {
      for (const [type, detourGeometry] of [
        ['ConstructionWorks', LINE],
        ['PublicEvent', { type: 'MultiLineString', coordinates: [LINE.coordinates, LINE.coordinates] }],
        ['MaintenanceWorks', undefined],
      ] as const) {
        const properties = { type, detour: 'über die Ringstraße', ...(detourGeometry && { detourGeometry }) }
        const id = await enter('offen', { properties })
        const path = `${PATH}/${id}`
        const file = await call('POST', `${path}/attachments?name=Plan%20%22A%22.exe`, PNG)
        assert.deepEqual([file.status, file.body?.name, file.body?.mediaType], [201, 'Plan A.png', 'image/png'])
        const { answer } = await call('GET', '/datex2/roadworks/offen.xml', undefined, '')
        assert.match(answer.body, new RegExp(`xsi:type="sit:${type}"`))
        assert.equal(answer.body.includes('sit:ReroutingManagement'), detourGeometry !== undefined)
        // The same line twice is one line to who reads it.
        const [back] = featuresOf(await readDatex2({ role: 'situation', text: answer.body }))
        assert.deepEqual(back!.properties.detourGeometry, detourGeometry && LINE)
        assert.deepEqual([back!.geometry, back!.properties.detour], [LINE, 'über die Ringstraße'])
        assert.ok(answer.body.includes(`/attachments/${file.body.id}</com:urlLinkAddress>`))
        if (existsSync(SCHEMA)) {
          const { status, stderr } = spawnSync('xmllint', ['--noout', '--schema', SCHEMA, '-'], {
            input: answer.body,
            encoding: 'utf8',
          })
          assert.equal(status, 0, stderr.slice(0, 2000))
        }
        assert.equal((await call('DELETE', path)).status, 204)
      }
      const wrong = await call('POST', PATH, {
        ...{ dataset: 'offen', name: 'x', geometry: LINE },
        properties: { detourGeometry: { type: 'Point', coordinates: [9, 48] } },
      })
      assert.match(wrong.body.detail, /detourGeometry: a detour is a line/)
    })

    it('brings back what was taken back, with its files', async () => {
      const id = await enter('offen')
      const path = `${PATH}/${id}`
      const file = (await call('POST', `${path}/attachments?name=plan.png`, PNG)).body
      assert.equal((await call('POST', `${path}/restore`)).body.code, 'not-removed')
      assert.equal((await call('DELETE', path)).status, 204)
      assert.equal((await call('GET', path)).status, 404)
      assert.equal((await call('GET', file.url)).status, 404)
      assert.ok([401, 403].includes((await call('POST', `${path}/restore`, undefined, '')).status))
      const back = await call('POST', `${path}/restore`)
      assert.deepEqual([back.status, back.body.properties.attachments[0].id], [200, file.id])
      assert.equal((await call('DELETE', file.url)).status, 204)
      assert.equal((await call('GET', path)).body.properties.attachments, undefined)
      assert.equal((await call('POST', `${file.url}/restore`)).status, 204)
      assert.equal((await call('GET', path, undefined, '')).body.properties.attachments[0].name, 'plan.png')
      const acts = await bench.db.query<{ act: string }>('select act from audit where object = $1 order by id', [
        `feature:${id}`,
      ])
      assert.deepEqual(
        acts.map(({ act }) => act.replace('roadworks.', '')),
        ['create', 'attach', 'delete', 'restore', 'detach', 'reattach'],
      )
    })

    it('ends roadworks, and lets nobody overwrite a change', async () => {
      const id = await enter('offen', { validFrom: '2020-01-01T00:00:00Z' })
      const read = await call('GET', `${PATH}/${id}`)
      assert.equal(read.body.properties.when, 'current')
      const ended = await call('PATCH', `${PATH}/${id}`, { validTo: new Date().toISOString() })
      assert.equal(ended.body.properties.when, 'past')
      const late = await app.inject({
        method: 'PATCH',
        url: `${PATH}/${id}`,
        headers: { authorization: `Bearer ${key}`, 'if-match': String(read.answer.headers.etag) },
        payload: { name: 'anders' },
      })
      assert.equal(late.statusCode, 412)
    })

    it('keeps files within kinds, size and number, and serves them without rights', async () => {
      const id = await enter('offen')
      const add = (name: string, bytes: Buffer) => call('POST', `${PATH}/${id}/attachments?name=${name}`, bytes)
      assert.equal((await add('x.png', Buffer.from('<script>alert(1)</script>'))).body.code, 'attachment-kind')
      assert.equal((await add('x.png', Buffer.alloc(0))).body.code, 'body-missing')
      assert.equal((await add('x.png', Buffer.concat([PNG, Buffer.alloc(5 * 1024 * 1024)]))).status, 413)
      const first = await add('..%2F..%2Fplan.PNG', PNG)
      assert.equal(first.body.name, 'plan.png')
      assert.equal((await add('again.png', PNG)).body.id, first.body.id)
      for (let i = 1; i < ATTACHMENTS_MOST; i++)
        assert.equal((await add(`${i}.pdf`, Buffer.from(`%PDF-1.7 ${i}`))).status, 201)
      assert.equal((await add('more.pdf', Buffer.from('%PDF-1.7 more'))).body.code, 'attachments-full')
      const { answer } = await call('GET', first.body.url, undefined, '')
      assert.deepEqual(answer.rawPayload, PNG)
      const { headers } = answer
      assert.equal(headers['content-type'], 'image/png')
      assert.match(String(headers['content-disposition']), /^attachment; filename\*=UTF-8''plan\.png$/)
      assert.match(String(headers['content-security-policy']), /default-src 'none'; sandbox/)
      assert.equal(headers['x-content-type-options'], 'nosniff')
      const hidden = await enter('entwurf')
      const secret = await call('POST', `${PATH}/${hidden}/attachments?name=x.png`, PNG)
      assert.equal((await call('GET', secret.body.url, undefined, '')).status, 404)
      const { url } = first.body
      assert.equal((await call('GET', url.replace(encodeURIComponent(id), encodeURIComponent(hidden)))).status, 404)
      assert.ok([401, 403].includes((await call('POST', `${PATH}/${id}/attachments?name=x.png`, PNG, '')).status))
    })
  })
}
