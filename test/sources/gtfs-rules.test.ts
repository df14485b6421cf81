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

    it('looks at a feed that lists its trips in disorder as at any other', async () => {
      const codes = async (rows: string[]) =>
        (
          await noticed({
            'stops.txt': FEED['stops.txt'].replace('49.02,12.1', '49.02,12.102'),
            'stop_times.txt': `trip_id,stop_sequence,stop_id,arrival_time,departure_time,shape_dist_traveled\n${rows.join('\n')}\n`,
          })
        ).map(({ code, n }) => [code, n])
      const rows = [
        't1,1,a,08:00:10,08:00:10,0',
        't1,2,b,08:00:20,08:00:20,1',
        't1,3,c,08:10:00,08:10:00,1',
        't2,1,a,,,',
        't2,2,b,09:05:00,09:05:00,',
      ]
      const found = await codes(rows)
      for (const code of [
        'decreasing_or_equal_stop_time_distance',
        'fast_travel_between_consecutive_stops',
        'missing_trip_edge',
        'stop_too_far_from_shape',
      ])
        assert.ok(
          found.some(([one]) => one === code),
          code,
        )
      assert.deepEqual(await codes([rows[4]!, rows[2]!, rows[0]!, rows[3]!, rows[1]!]), found)
    })

    it('lets trips of a block follow one another, the last call of one being the first of the next', async () => {
      const codes = (await noticed({ ...blocks('mo'), 'stop_times.txt': handover })).map(({ code }) => code)
      assert.ok(!codes.includes('block_trips_with_overlapping_stop_times'))
    })
  })
}
