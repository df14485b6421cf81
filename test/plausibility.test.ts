/** Odd values in the database: found, kept, made longer, forgotten when corrected; and rare on real counts. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { OWNER } from '../src/domains/access/index.ts'
import { Plausibility } from '../src/domains/plausibility/index.ts'
import type { Database } from '../src/kernel/db/index.ts'
import { createLog } from '../src/kernel/log.ts'
import { databases } from './support/database.ts'
import { type Sample, sampleStation } from './support/sensing.ts'
import { DATA, ready, type SourcesBench, sourcesOn } from './support/sources.ts'

const QUARTER = 900_000
const DAY = 24 * 3_600_000
const SITE = join(DATA, 'counts/muenster/100031297')

for (const engine of databases()) {
  describe(`odd values on the ${engine.name} database`, { timeout: 120_000 }, () => {
    let db: Database
    let sample: Sample
    let plausibility: Plausibility
    let series: number
    const start = Date.parse('2026-06-01T00:00:00Z')
    const days = 35
    const at = (index: number): number => start + index * QUARTER
    const iso = (index: number): string => new Date(at(index)).toISOString()
    /** A street: quiet at night, busy by day, never the same twice in a row. */
    const usual = (index: number): number => {
      const hour = (index % 96) / 4
      return hour < 5 ? 0 : Math.round(30 + 25 * Math.sin(((hour - 6) / 24) * 2 * Math.PI)) + (index % 7)
    }
    const put = async (from: number, to: number, value: (index: number) => number) => {
      const rows = Array.from({ length: to - from }, (_, i) => ({
        datastream: series,
        t: iso(from + i),
        tEnd: iso(from + i + 1),
        v: value(from + i),
      }))
      await sample.sensing.append(rows)
    }
    const stored = async () => {
      const range = { from: iso(0), to: new Date(start + 60 * DAY).toISOString() }
      const flags = await plausibility.flags([sample.dataset], [series], range)
      return flags.map(({ rule, from, to }) => `${rule} ${from.slice(0, 16)} ${to.slice(0, 16)}`)
    }
    const checkAll = () => plausibility.check(series, start, at(days * 96))

    before(async () => {
      db = await engine.fresh()
      sample = await sampleStation(db, 1)
      series = sample.datastreams[0]!
      plausibility = new Plausibility({ db, sensing: sample.sensing, access: sample.access, log: createLog('silent') })
      await put(0, days * 96, usual)
    })
    after(() => db.close())
    beforeEach(async () => {
      await db.query('delete from plausibility_flag')
      await db.query('delete from plausibility_setting')
    })

    it('are not found where nothing is odd', async () => {
      await checkAll()
      assert.deepEqual(await stored(), [])
    })

    it('are found by each rule, once however often one looks, and not where nobody may look', async () => {
      const day = 30 * 96
      await db.query('update observation set v = -3 where datastream = $1 and t = $2', [series, iso(day + 40)])
      await db.query('update observation set v = 900 where datastream = $1 and t = $2', [series, iso(day + 60)])
      await db.query('update observation set v = 33 where datastream = $1 and t >= $2 and t < $3', [
        series,
        iso(day + 96 + 30),
        iso(day + 96 + 60),
      ])
      await db.query('update observation set v = 0 where datastream = $1 and t >= $2 and t < $3', [
        series,
        iso(day + 192 + 32),
        iso(day + 192 + 72),
      ])
      const expected = [
        'range 2026-07-01T10:00 2026-07-01T10:15',
        'spike 2026-07-01T15:00 2026-07-01T15:15',
        'stuck 2026-07-02T07:30 2026-07-02T15:00',
        'drop 2026-07-03T08:00 2026-07-03T18:00',
      ]
      await checkAll()
      assert.deepEqual(await stored(), expected)
      await checkAll()
      await plausibility.check(series, at(day + 58), at(day + 63))
      assert.deepEqual(await stored(), expected)
      assert.deepEqual(await plausibility.flags([], [series], { from: iso(0), to: iso(days * 96) }), [])
      // Values stand as they were written.
      const [row] = await db.query<{ n: number }>('select count(*) as n from observation where datastream = $1', [
        series,
      ])
      assert.equal(row!.n, days * 96)
      // Corrected: the flag goes. Called all right: it is not shown, and not found again.
      await db.query('update observation set v = 3 where datastream = $1 and t = $2', [series, iso(day + 40)])
      const [spike] = (await plausibility.list([sample.dataset])).filter(({ rule }) => rule === 'spike')
      await plausibility.setOk(spike!.id, true, OWNER)
      await checkAll()
      assert.deepEqual(await stored(), expected.slice(2))
      const all = await plausibility.list([sample.dataset], { open: false })
      assert.equal(all.find(({ id }) => id === spike!.id)?.okBy, OWNER.name)
      await plausibility.setOk(spike!.id, false, OWNER)
      assert.equal((await stored()).length, 3)
      const acts = await db.query<{ act: string }>(`select act from audit where object = $1 order by id`, [
        `flag:${spike!.id}`,
      ])
      assert.deepEqual(
        acts.map(({ act }) => act),
        ['flag.ok', 'flag.reopen'],
      )
    })

    it('grow while it goes on, seen a piece at a time', async () => {
      const from = days * 96
      await put(from, from + 26, () => 44)
      for (let i = 0; i < 26; i += 2) await plausibility.check(series, at(from + i), at(from + i + 1))
      const [flag] = await plausibility.list([sample.dataset])
      await put(from + 26, from + 60, () => 44)
      for (let i = 26; i < 60; i += 2) await plausibility.check(series, at(from + i), at(from + i + 1))
      const grown = (await plausibility.list([sample.dataset])).filter(({ rule }) => rule === 'stuck')
      assert.equal(grown.length, 1)
      assert.equal(grown[0]!.id, flag!.id)
      assert.deepEqual([grown[0]!.from, grown[0]!.to].map(Date.parse), [at(from), at(from + 60)])
      assert.equal(grown[0]!.detail.hours, 15)
    })

    it('follow what is stored, by themselves', async () => {
      plausibility.start()
      try {
        const from = days * 96 + 100
        await put(from, from + 4, () => -1)
        for (let wait = 0; !(await stored()).some((one) => one.startsWith('range')); wait++) {
          assert.ok(wait < 300, 'not found within 30 s')
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      } finally {
        await plausibility.stop()
      }
    })

    it('keep limits a steward sets, for staff only', async () => {
      const { settings, defaults } = await plausibility.settings(series, OWNER)
      assert.deepEqual(settings, defaults)
      const changed = await plausibility.setSettings(series, { ...settings, max: 500, stuckHours: null }, OWNER)
      assert.deepEqual(changed.changed, { max: 500, stuckHours: null })
      await assert.rejects(plausibility.setSettings(series, { ...settings, min: 9, max: 1 }, OWNER), /must be below/)
      await assert.rejects(plausibility.settings(series, { kind: 'anonymous', name: 'anonymous' }), /key|sign/i)
    })
  })
}

// One engine is enough: what the rules find depends on the values alone.
describe('odd values of a real counter', {
  skip: existsSync(SITE) ? false : 'needs the real data at ../shared/data',
  timeout: 300_000,
}, () => {
  let bench: SourcesBench
  const folder = mkdtempSync(join(tmpdir(), 'zahnrad-counter-'))
  after(async () => {
    await bench?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('are rare', async (t) => {
    mkdirSync(join(folder, '100031297'))
    for (const name of readdirSync(SITE).filter((one) => one.startsWith('2025-')))
      copyFileSync(join(SITE, name), join(folder, '100031297', name))
    bench = await sourcesOn(await databases().at(-1)!.fresh())
    const report = await bench.sources.run(ready('muenster-rad'), { from: folder })
    assert.notEqual(report.outcome, 'failed', report.error)
    const plausibility = new Plausibility({ ...bench, log: createLog('silent') })
    const all = await bench.db.query<{ id: number; from: string; to: string; n: number }>(
      'select datastream as id, t_min as "from", t_max as "to", n from datastream_state where n > 0',
    )
    for (const { id, from, to } of all) await plausibility.check(id, Date.parse(from), Date.parse(to))
    const [flags] = await bench.db.query<{ n: number }>('select count(*) as n from plausibility_flag')
    const values = all.reduce((sum, { n }) => sum + n, 0)
    t.diagnostic(`${flags!.n} flags on ${values} values of ${all.length} series`)
    assert.ok(values > 100_000)
    assert.ok(flags!.n / values < 1 / 10_000, `${flags!.n} flags on ${values} values`)
  })
})
