/** Rules of MobilityData's validator one by one: a feed that breaks each, and one next to it that does not. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { noticesOf, versionsOf } from '../../src/domains/mobility/index.ts'
import { databases } from '../support/database.ts'
import { blocks, CASES, handover } from '../support/gtfs-cases.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'
import { FEED, type FeedText, gtfsSource } from '../support/transit.ts'

for (const engine of databases()) {
  describe(`rules of a timetable (${engine.name})`, { timeout: 600_000 }, () => {
    let bench: SourcesBench
    const folder = mkdtempSync(join(tmpdir(), 'zahnrad-gtfs-rules-'))
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
    })
    after(async () => {
      await bench.close()
      rmSync(folder, { recursive: true, force: true })
    })
    let feeds = 0
    const noticed = async (changes: FeedText) => {
      const id = `regel-${feeds++}`
      mkdirSync(join(folder, id))
      for (const [name, text] of Object.entries({ ...FEED, ...changes })) writeFileSync(join(folder, id, name), text)
      const report = await bench.sources.run(gtfsSource(id), { from: join(folder, id) })
      assert.notEqual(report.outcome, 'failed', report.error)
      const [version] = await versionsOf(bench.db, bench.catalog.byId(id)!.key)
      return noticesOf(bench.db, version!.version)
    }
    let faultless: string[]
    before(async () => {
      faultless = (await noticed({})).map(({ code }) => code)
    })

    for (const [code, { severity, bad, good }] of Object.entries(CASES))
      it(`${severity} ${code}`, async () => {
        const found = (await noticed(bad)).find((notice) => notice.code === code)
        assert.ok(found, 'the bad feed gives no notice')
        assert.equal(found.severity, severity)
        assert.ok(found.n >= 1 && found.examples.length >= 1)
        const others = good ? (await noticed(good)).map((notice) => notice.code) : faultless
        assert.ok(!others.includes(code), 'the good feed gives the notice, too')
      })

    it('lets trips of a block follow one another, the last call of one being the first of the next', async () => {
      const codes = (await noticed({ ...blocks('mo'), 'stop_times.txt': handover })).map(({ code }) => code)
      assert.ok(!codes.includes('block_trips_with_overlapping_stop_times'))
    })
  })
}
