/** What a steward does with a source: run it, follow and stop it, look at what was rejected, on both databases. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { rejectedRows, runOf, sourceRates, versionsOf, yamlOf } from '../../src/domains/sources/index.ts'
import { databases } from '../support/database.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'

const STRANGER = { kind: 'anonymous', name: 'anonymous' } as const
const yaml = (id: string, from: string): string => `id: ${id}
title: Zähler
dataset: { title: Zähler }
from: ${from}
format: { type: csv, separator: ";" }
time: { column: Zeit, format: "YYYY-MM-DD HH:mm", period: 15m }
thing: { key: "{Ort}" }
series: [{ column: Anzahl, property: bicycle_count }]
`
const HEAD = 'Zeit;Ort;Anzahl\n'

for (const engine of databases()) {
  describe(`a steward's view of sources (${engine.name})`, { timeout: 120_000 }, () => {
    let bench: SourcesBench
    let folder: string
    const file = (name: string, content: string): string => {
      const path = join(folder, name)
      writeFileSync(path, content)
      return path
    }
    const add = (id: string, from: string) => bench.sources.add(bench.sources.check(yaml(id, from)), OWNER)
    const ended = async (source: string, run: number) => {
      for (let wait = 0; wait < 600; wait++) {
        const row = await runOf(bench.db, source, run)
        if (row?.outcome && !bench.sources.running(source)) return row
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      throw new Error(`run ${run} does not end`)
    }
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'zahnrad-steward-'))
      bench = await sourcesOn(await engine.fresh())
    })
    after(async () => {
      await bench.close()
      rmSync(folder, { recursive: true, force: true })
    })

    it('gives what a source sent last to who manages its dataset, and to nobody else', async () => {
      const { sources, access, catalog, db } = bench
      await add('roh', `{ file: { path: ${file('roh.csv', `${HEAD}2026-08-20 00:15;A;1\n`)} } }`)
      await ended('roh', await sources.begin('roh', OWNER))
      const mine = catalog.byId('roh')!.key
      const other = (await catalog.ensure({ id: 'fremd', title: 'Fremd' })).key
      const who = async (name: string, role: 'owner' | 'consumer', dataset: number) => {
        const { key } = await access.keys.create({ name, grants: [{ role, dataset, space: null }] }, OWNER)
        return access.authenticate({ bearer: key })
      }
      const owner = await who('eigen', 'owner', mine)
      const [row] = await sources.raw.list('roh', owner)
      assert.deepEqual([row!.name, row!.good, row!.bytes, row!.why], ['roh.csv', true, 37, null])
      const { bytes } = await sources.raw.open('roh', row!.id, owner)
      assert.equal(Buffer.concat(await bytes.toArray()).toString(), `${HEAD}2026-08-20 00:15;A;1\n`)
      const log = await db.query<{ n: number }>(`select count(*) as n from audit where act = 'source.raw'`)
      assert.equal(log[0]!.n, 1)
      for (const actor of [STRANGER, await who('fremd', 'owner', other), await who('leser', 'consumer', mine)]) {
        await assert.rejects(sources.raw.list('roh', actor), /key|may not|not allowed|forbidden/i, actor.name)
        await assert.rejects(sources.raw.open('roh', row!.id, actor), /key|may not|not allowed|forbidden/i, actor.name)
      }
      // Once small counts are protected, what was kept before is not given either.
      await db.query(`insert into dataset_sheet (dataset, k, changed_by) values ($1, 5, 'test')`, [mine])
      await catalog.reload()
      await assert.rejects(sources.raw.open('roh', row!.id, owner), /nothing is kept/)
      await ended('roh', await sources.begin('roh', OWNER))
      const [kept] = await sources.raw.list('roh', owner)
      assert.deepEqual([kept!.why, kept!.sha256, kept!.stored], ['small-counts', null, null])
    })

    it('runs in the background and keeps each rejected row, in order', async () => {
      const bad = Array.from(
        { length: 30 },
        (_, i) => `2026-08-20 ${String(i % 24).padStart(2, '0')}:00;A;schlecht ${i}`,
      )
      await add('zaehler', `{ file: { path: ${file('a.csv', `${HEAD}2026-08-20 00:15;A;1\n${bad.join('\n')}\n`)} } }`)
      const run = await bench.sources.begin('zaehler', OWNER)
      const row = await ended('zaehler', run)
      assert.deepEqual([row.outcome, row.read, row.accepted, row.rejected], ['rejections', 31, 1, 30])
      assert.equal(row.rejections[0]!.examples.length, 5)
      const { rows, kept } = await rejectedRows(bench.db, run, { limit: 10, offset: 20 })
      assert.equal(kept, 30)
      assert.deepEqual(
        rows.map(({ row, column, value }) => [row, column, value]),
        bad.slice(20).map((_, i) => [23 + i, 'Anzahl', `schlecht ${20 + i}`]),
      )
    })

    it('keeps rows of the last ten runs only, and none of a dataset that is gone', async () => {
      const runs: number[] = []
      for (let i = 0; i < 11; i++) {
        const run = await bench.sources.begin('zaehler', OWNER)
        await ended('zaehler', run)
        runs.push(run)
      }
      assert.equal((await rejectedRows(bench.db, runs[0]!, { limit: 1 })).kept, 0)
      assert.equal((await rejectedRows(bench.db, runs[1]!, { limit: 1 })).kept, 30)
      await bench.db.query('delete from source_run where source = $1', ['zaehler'])
      assert.deepEqual(await bench.db.query('select 1 from source_rejected'), [])
    })

    it('stops a run at its next batch; what is stored stays', async () => {
      const rows = Array.from({ length: 400_000 }, (_, i) => {
        const at = new Date(Date.UTC(2010, 0, 1) + i * 900_000).toISOString()
        return `${at.slice(0, 10)} ${at.slice(11, 16)};B;${i % 90}`
      })
      await add('lang', `{ file: { path: ${file('b.csv', `${HEAD}${rows.join('\n')}\n`)} } }`)
      const run = await bench.sources.begin('lang', OWNER)
      await assert.rejects(bench.sources.begin('lang', OWNER), (error: { status?: number }) => error.status === 409)
      while (!bench.sources.running('lang')?.progress?.rows) await new Promise((resolve) => setTimeout(resolve, 10))
      assert.equal(bench.sources.running('lang')?.run, run)
      assert.equal(await bench.sources.stopRun('lang', run + 1, OWNER), false)
      assert.equal(await bench.sources.stopRun('lang', run, OWNER), true)
      const row = await ended('lang', run)
      assert.deepEqual([row.outcome, row.error], ['failed', 'The run was stopped.'])
      assert.ok(row.read < 400_000)
      const [stored] = await bench.db.query<{ n: number }>('select count(*) as n from observation')
      assert.ok(stored!.n >= row.accepted)
      assert.equal(await bench.sources.stopRun('lang', run, OWNER), false)
    })

    it('keeps what is pushed and rejected, beside the figures of the day', async () => {
      await add('sendung', '{ webhook: {} }')
      await bench.sources.pushed.post('sendung', Buffer.from(`${HEAD}2026-08-20 00:15;C;eins\n`))
      await bench.sources.pushed.post('sendung', Buffer.from(`${HEAD}2026-08-20 00:15;C;7\n2026-08-20 00:30;C;zwei\n`))
      const [run] = await bench.sources.log('sendung')
      const { rows, kept } = await rejectedRows(bench.db, run!.id, { limit: 10 })
      assert.deepEqual([run!.rejected, kept, ...rows.map(({ value }) => value)], [2, 2, 'eins', 'zwei'])
    })

    it('keeps every version of a definition, and tells how much a source brings', async () => {
      await add('lang', `{ file: { path: ${file('c.csv', `${HEAD}2026-08-20 00:15;B;1\n`)} } }`)
      assert.deepEqual(
        (await versionsOf(bench.db, 'lang')).map(({ version }) => version),
        [2, 1],
      )
      assert.match((await yamlOf(bench.db, 'lang', 1))!, /b\.csv/)
      assert.equal(await yamlOf(bench.db, 'lang', 3), undefined)
      const now = Date.parse('2026-08-20T12:00:00Z')
      const rates = await sourceRates(bench.db, ['lang', 'sendung', 'nirgends'], now)
      assert.equal(rates.get('lang')?.kind, 'run')
      const sent = rates.get('sendung')!
      assert.deepEqual([sent.kind, sent.points.length], ['hour', 48])
      assert.equal(
        sent.points.reduce((sum, [, n]) => sum + n, 0),
        1,
      )
      assert.equal(rates.get('nirgends'), undefined)
    })

    it('is for staff', async () => {
      for (const work of [bench.sources.begin('lang', STRANGER), bench.sources.stopRun('lang', 1, STRANGER)])
        await assert.rejects(work, (error: { status?: number }) => error.status === 401)
    })
  })
}
