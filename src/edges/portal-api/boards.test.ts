/** Boards over HTTP on both databases: rights, conflicts, limits, hostile texts, and that they leak nothing. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { TSchema } from 'typebox'
import Value from 'typebox/value'
import { databases } from '../../../test/support/database.ts'
import { noMap } from '../../../test/support/map.ts'
import { isoOf, regular, type Town, town } from '../../../test/support/stations.ts'
import { Access, type Actor, ANONYMOUS } from '../../domains/access/index.ts'
import { Boards, MAX_BOARDS, MAX_ITEMS } from '../../domains/boards/index.ts'
import { City } from '../../domains/catalog/index.ts'
import { Example } from '../../domains/example/index.ts'
import { createHttp, type FastifyInstance } from '../../kernel/http/index.ts'
import { createLog } from '../../kernel/log.ts'
import { registerPortalApi } from './index.ts'
import { BoardAnswer, BoardsAnswer, FiguresAnswer } from './schemas-boards.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever the platform answers is looked at
type Json = any

const STAFF: Actor = { kind: 'staff', name: 'staff' }
const OTHER: Actor = { kind: 'staff', name: 'other' }
const HOUR = 3_600_000
const fits = (schema: TSchema, value: unknown) => assert.deepEqual(Value.Errors(schema, value).slice(0, 3), [])
const size = { width: 2, height: 2 }
const text = (words: string) => ({ kind: 'text', ...size, text: words })

for (const engine of databases()) {
  describe(`boards on the ${engine.name} database`, () => {
    let place: Town
    let boards: Boards
    let app: FastifyInstance
    let open: { thing: number; series: number[] }
    let secret: { thing: number; series: number[] }

    before(async () => {
      place = await town(await engine.fresh())
      const access = new Access({ db: place.db, catalog: place.catalog, openWrite: false })
      const now = Math.floor(Date.now() / 900_000) * 900_000
      open = await place.station(await place.dataset('rad', 'released'), {
        name: 'Promenade',
        series: [
          { key: 'Summe', role: 'total' },
          { key: 'FR1', role: 'part' },
          { key: 'FR2', role: 'part' },
        ],
      })
      secret = await place.station(await place.dataset('geheimplan', 'draft'), {
        name: 'Geheime Brücke',
        series: [{ key: 'a', property: 'heimlich' }],
      })
      for (const [i, id] of [...open.series, ...secret.series].entries()) {
        const from = isoOf(now - 29 * 24 * HOUR)
        await place.sensing.append(regular(id, from, isoOf(now), 900, () => i + 1))
      }
      const log = createLog('silent')
      boards = new Boards({ db: place.db, access, catalog: place.catalog })
      app = await createHttp({ log, trustProxy: [] })
      app.decorateRequest('actor')
      app.addHook('onRequest', async (request) => {
        const given = request.headers.authorization
        request.actor = given ? (given === 'other' ? OTHER : STAFF) : ANONYMOUS
      })
      await registerPortalApi(app, {
        basemap: noMap(),
        db: place.db,
        access,
        catalog: place.catalog,
        city: await City.load(place.db),
        sensing: place.sensing,
        boards,
        example: new Example({ ...place, access, log, timeZone: () => 'Europe/Berlin' }, { historyDays: 0 }),
        sources: { list: async () => [], log: async () => [] },
        log,
        version: '1.2.3',
        sourceCode: 'https://example.org/code',
        extra: [],
      })
    })
    after(async () => {
      await app.close()
      await place.db.close()
    })

    async function call(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, options: Json = {}) {
      const { staff = true, body, match, authorization = 'x' } = options
      const answer = await app.inject({
        method,
        url: `/api/v1/boards${path}`,
        headers: { ...(staff && { authorization }), ...(match !== undefined && { 'if-match': match }) },
        ...(body !== undefined && { payload: body }),
      })
      return { status: answer.statusCode, headers: answer.headers, body: answer.body ? (answer.json() as Json) : null }
    }
    const make = async (body: Json) => {
      const made = await call('POST', '', { body })
      assert.equal(made.status, 201, JSON.stringify(made.body))
      return made.body
    }

    it('is made, changed and deleted by staff alone', async () => {
      const denied = [
        await call('POST', '', { staff: false, body: { title: 'Fremd' } }),
        await call('PUT', '/x', { staff: false, body: { title: 'Fremd' }, match: '"1"' }),
        await call('DELETE', '/x', { staff: false }),
        await call('POST', '/x/restore', { staff: false }),
      ]
      assert.deepEqual(
        denied.map((answer) => [answer.status, answer.body.code]),
        denied.map(() => [401, 'key-required']),
      )
      const made = await call('POST', '', { body: { title: 'Verkehr heute', items: [text('Guten Tag')] } })
      fits(BoardAnswer, made.body)
      assert.match(made.body.id, /^[a-z2-9]{10}$/)
      assert.deepEqual(
        [made.status, made.headers.etag, made.headers.location],
        [201, '"1"', `/api/v1/boards/${made.body.id}`],
      )
      const draft = await call('GET', `/${made.body.id}`, { staff: false })
      assert.deepEqual([draft.status, draft.body.code], [404, 'not-found'])
      assert.deepEqual((await call('GET', '', { staff: false })).body.boards, [])
    })

    it('is seen by everybody once it is published, and no more once it is withdrawn', async () => {
      const board = await make({ id: 'rathaus', title: 'Rathaus', visibility: 'published', items: [text('Hier')] })
      assert.equal(board.id, 'rathaus')
      const { body } = await call('GET', '', { staff: false })
      fits(BoardsAnswer, body)
      assert.deepEqual(
        body.boards.map((one: Json) => [one.id, one.kinds]),
        [['rathaus', { text: 1 }]],
      )
      assert.equal((await call('GET', '/rathaus', { staff: false })).status, 200)
      const again = await call('POST', '', { body: { id: 'rathaus', title: 'Zweite' } })
      assert.deepEqual([again.status, again.body.code], [409, 'board-id-taken'])
      await call('PUT', '/rathaus', { body: { title: 'Rathaus' }, match: '"1"' })
      assert.equal((await call('GET', '/rathaus', { staff: false })).status, 404)
      const acts = await place.db.query<{ act: string }>(
        `select act from audit where object = 'board:rathaus' order by id`,
      )
      assert.deepEqual(
        acts.map(({ act }) => act),
        ['board.create', 'board.withdraw'],
      )
    })

    it('is logged once for many small changes, and each time who may see it changes', async () => {
      await make({ id: 'tippen', title: 'T' })
      let version = 1
      const save = async (title: string, visibility = 'draft', authorization = 'x') => {
        const { status } = await call('PUT', '/tippen', {
          body: { title, visibility },
          match: `"${version++}"`,
          authorization,
        })
        assert.equal(status, 200)
      }
      for (const title of ['Ti', 'Tip', 'Tipp']) await save(title)
      await save('Tipp', 'published')
      await save('Tippen', 'published')
      await save('Getippt', 'published', 'other')
      await save('Getippt')
      const acts = await place.db.query<{ act: string; actor: string; title: string }>(
        `select act, actor, detail->>'title' as title from audit where object = 'board:tippen' order by id`,
      )
      assert.deepEqual(
        acts.map(({ act, actor, title }) => [act, actor, title]),
        [
          ['board.create', 'staff', 'T'],
          ['board.change', 'staff', 'Ti'],
          ['board.publish', 'staff', 'Tipp'],
          ['board.change', 'other', 'Getippt'],
          ['board.withdraw', 'staff', 'Getippt'],
        ],
      )
    })

    it('refuses a change that began with an older version, and loses nothing', async () => {
      const { id } = await make({ title: 'Zwei schreiben' })
      const first = await call('PUT', `/${id}`, { body: { title: 'Erste' }, match: '"1"' })
      assert.deepEqual([first.status, first.headers.etag], [200, '"2"'])
      const second = await call('PUT', `/${id}`, { body: { title: 'Zweite' }, match: '"1"' })
      assert.deepEqual([second.status, second.body.code, second.body.version], [412, 'changed-meanwhile', 2])
      const none = await call('PUT', `/${id}`, { body: { title: 'Ohne' } })
      assert.deepEqual([none.status, none.body.code], [428, 'if-match-required'])
      assert.equal((await call('PUT', `/${id}`, { body: { title: 'x' }, match: '*' })).status, 412)
      const races = await Promise.all(
        [1, 2, 3, 4].map((n) => call('PUT', `/${id}`, { body: { title: `Wettlauf ${n}` }, match: '"2"' })),
      )
      assert.deepEqual(races.map((one) => one.status).sort(), [200, 412, 412, 412])
      assert.equal((await call('GET', `/${id}`)).body.version, 3)
    })

    it('comes back after deleting, and is forgotten in the end', async () => {
      const { id } = await make({ title: 'Weg', visibility: 'published' })
      assert.equal((await call('DELETE', `/${id}`)).status, 204)
      assert.equal((await call('GET', `/${id}`)).status, 404)
      assert.equal((await call('DELETE', `/${id}`)).status, 404)
      assert.equal((await call('POST', `/${id}/restore`)).body.title, 'Weg')
      assert.equal((await call('GET', `/${id}`, { staff: false })).status, 200)
      await call('DELETE', `/${id}`)
      await place.db.query(`update board set deleted_at = now() - interval '31 days' where id = $1`, [id])
      assert.equal((await call('POST', `/${id}/restore`)).status, 404)
      await make({ title: 'Anlass zum Aufräumen' })
      assert.equal((await place.db.query('select 1 from board where id = $1', [id])).length, 0)
    })

    it('says which item is wrong', async () => {
      const chart = { kind: 'chart', ...size, series: [1], range: '7d', resolution: 'auto', compare: false }
      for (const [items, expected] of [
        [[text('a'), { ...chart, series: [1, 2, 3, 4, 5, 6] }], /^items\[1\] \(chart\).*series/],
        [[{ ...chart, series: [] }], /items\[0\] \(chart\).*series/],
        [[{ ...chart, series: ['1'] }], /items\[0\] \(chart\).*series\.0/],
        [[{ ...chart, range: '99y' }], /items\[0\] \(chart\).*range/],
        [[{ ...chart, width: 5 }], /items\[0\] \(chart\).*width/],
        [[{ ...chart, name: 'x' }], /items\[0\] \(chart\)/],
        [[{ kind: 'iframe', ...size, src: 'https://example.org' }], /items\[0\] needs a "kind"/],
        [[{ kind: 'constructor', ...size }], /items\[0\] needs a "kind"/],
        [[null], /items\[0\] needs a "kind"/],
        [[{ kind: 'figure', ...size, show: 'day' }], /items\[0\] \(figure\) names either/],
        [[{ kind: 'figure', ...size, show: 'day', series: 1, group: 'x' }], /items\[0\] \(figure\) names either/],
        [[{ kind: 'map', ...size, dataset: '../etc' }], /items\[0\] \(map\).*dataset/],
        [[text('x'.repeat(5_001))], /items\[0\] \(text\).*text/],
        [Array(MAX_ITEMS + 1).fill(text('a')), /at most 24 items, not 25/],
        [Array(21).fill({ ...chart, series: [1, 2, 3, 4, 5] }), /at most 100 series, not 105/],
        ['all', /must be a list/],
      ] as const) {
        const { status, body } = await call('POST', '', { body: { title: 'Falsch', items } })
        assert.deepEqual([status, body.code], [400, 'invalid-board'], JSON.stringify(items))
        assert.match(body.detail, expected)
      }
      for (const body of [
        {},
        { title: '' },
        { title: ' \u0000 ' },
        { title: 5 },
        { title: 'x', id: 'Ä' },
        { title: 'x', id: 7 },
        { title: 'x', owner: 'me' },
        [],
      ]) {
        assert.equal((await call('POST', '', { body })).status, 400, JSON.stringify(body))
      }
      const large = await call('POST', '', { body: { title: 'x', description: 'y'.repeat(300_000) } })
      assert.equal(large.status, 413)
    })

    it('keeps hostile texts as the texts they are, without control characters', async () => {
      const hostile = `<script>alert(1)</script> [x](javascript:alert(1)) <img src=x onerror=alert(1)> '; drop table board; --`
      const { id } = await make({
        title: `${hostile.slice(0, 60)}\u0000\u202e`,
        visibility: 'published',
        items: [text(`${hostile}\u0000\u0007\r\n\u202eeins`)],
      })
      const { body } = await call('GET', `/${id}`, { staff: false })
      assert.equal(body.title, hostile.slice(0, 60))
      assert.equal(body.items[0].text, `${hostile}\neins`)
    })

    it('tells nobody of data they may not see: no name, no value, no dataset, no kind', async () => {
      const { id, items } = await make({
        title: 'Alles',
        visibility: 'published',
        items: [
          {
            kind: 'chart',
            ...size,
            series: [open.series[0], secret.series[0]],
            range: '7d',
            resolution: 'auto',
            compare: false,
          },
          { kind: 'figure', ...size, series: secret.series[0], show: 'day' },
          { kind: 'figure', ...size, group: 'heimlich', show: 'day', title: 'Überschrift' },
          { kind: 'figure', ...size, group: 'bicycle_count', show: 'day' },
          { kind: 'map', ...size, dataset: 'geheimplan' },
          { kind: 'list', ...size, dataset: 'rad', group: 'bicycle_count-2' },
          { kind: 'list', ...size, dataset: 'fort' },
        ],
      })
      const { body } = await call('GET', `/${id}`, { staff: false })
      fits(BoardAnswer, body)
      assert.ok(!/geheim|heimlich|fort/i.test(JSON.stringify(body)), JSON.stringify(body))
      assert.deepEqual(
        body.items.map((item: Json) => item.hidden ?? false),
        [false, false, true, false, true, false, true],
      )
      assert.equal(body.items[2].title, 'Überschrift')
      assert.deepEqual((await call('GET', `/${id}`)).body.items, items)

      const figures = async (staff: boolean) => {
        const url = `/api/v1/figures?datastream=${secret.series[0]},${open.series[1]},999999`
        return (await app.inject({ url, headers: staff ? { authorization: 'x' } : {} })).json() as Json
      }
      const known = await figures(false)
      fits(FiguresAnswer, known)
      assert.deepEqual(
        known.figures.map((one: Json) => [one.datastream, one.thing.name, one.value, one.dataset.released]),
        [[open.series[1], 'Promenade', 2, true]],
      )
      assert.deepEqual(
        (await figures(true)).figures.map((one: Json) => [one.name, one.dataset.released]),
        [
          ['Geheime Brücke a', false],
          ['Promenade FR1', true],
        ],
      )
      // Maps, lists and the city's figures mark by it what only staff see.
      const stations = (await app.inject({ url: '/api/v1/stations', headers: { authorization: 'x' } })).json() as Json
      assert.deepEqual(stations.stations.map((one: Json) => [one.name, one.released]).sort(), [
        ['Geheime Brücke', false],
        ['Promenade', true],
      ])
      // A part has its own day and its own usual, not its station's.
      const [part] = known.figures
      assert.deepEqual(part.datastreams, [open.series[1]])
      assert.equal(part.dayTotal % 2, 0)
      assert.ok(Math.abs(part.usual.change) < 1)
      assert.match(part.dataset.source, /Stadt Münster, dl-by-de/)
    })

    it('is found by its words, drafts by staff alone', async () => {
      await make({ title: 'Pegel am Fluss', items: [text('100 % Hochwasser_schutz')], visibility: 'published' })
      await make({ title: 'Pegel intern' })
      const ids = async (actor: Actor, ...words: string[]) =>
        (await boards.search(actor, words)).map((one) => one.title).sort()
      assert.deepEqual(await ids(ANONYMOUS, 'pegel'), ['Pegel am Fluss'])
      assert.deepEqual(await ids(STAFF, 'PEGEL'), ['Pegel am Fluss', 'Pegel intern'])
      assert.deepEqual(await ids(ANONYMOUS, 'hochwasser_', '100 %'), ['Pegel am Fluss'])
      assert.deepEqual(await ids(ANONYMOUS, 'pegel', 'wüste'), [])
      assert.deepEqual(await ids(ANONYMOUS, ' '), [])
    })

    it('holds a limited number of boards', async () => {
      await place.db.query(
        `insert into board (id, title) select 'viele-' || n, 'Viele' from generate_series(1, $1::int4) as n`,
        [MAX_BOARDS],
      )
      const { status, body } = await call('POST', '', { body: { title: 'Eine zu viel' } })
      assert.deepEqual([status, body.code], [409, 'too-many-boards'])
    })

    it('describes itself', async () => {
      const { paths } = (await app.inject({ url: '/api/v1/openapi.json' })).json() as Json
      assert.deepEqual(Object.keys(paths['/api/v1/boards']).sort(), ['get', 'post'])
      assert.deepEqual(Object.keys(paths['/api/v1/boards/{id}']).sort(), ['delete', 'get', 'put'])
      assert.ok(paths['/api/v1/boards/{id}'].put.requestBody.content['application/json'].schema.properties.items)
    })
  })
}
