/** Drafts of sources: how long they are kept, and what a preview says of the nights of the clock change. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { after, before, describe, it } from 'node:test'
import type { Actor } from '../../src/domains/access/index.ts'
import { databases } from '../support/database.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'

const STAFF: Actor = { kind: 'staff', name: 'staff' }
const HOUR = 3_600_000

for (const engine of databases()) {
  describe(`drafts of sources on the ${engine.name} database`, () => {
    let bench: SourcesBench

    before(async () => {
      bench = await sourcesOn(await engine.fresh())
    })
    after(() => bench.close())

    const draft = (name: string, text: string) => bench.sources.drafts.fromFile(name, Readable.from([text]), STAFF)

    it('are over a day after their last change, with their file', async () => {
      const { id } = await draft('a.csv', 'zeit;wert\n2024-02-01T00:00:00Z;1\n2024-02-01T01:00:00Z;2\n')
      const path = join(bench.scratch, 'drafts', id)
      assert.ok(existsSync(path))
      await bench.db.query(`update source_draft set changed_at = now() - interval '23 hours' where id = $1`, [id])
      assert.equal((await bench.sources.drafts.get(id)).id, id)
      await bench.db.query(`update source_draft set changed_at = now() - interval '25 hours' where id = $1`, [id])
      await assert.rejects(bench.sources.drafts.get(id), { code: 'draft-unknown' })
      assert.deepEqual(await bench.sources.drafts.list(), [])
      await assert.rejects(bench.sources.drafts.save(id, STAFF), { code: 'draft-unknown' })
    })

    /** Hourly values by a wall clock in Berlin, some left out. */
    const nights = async (from: string, count: number, leave: (iso: string) => boolean) => {
      const rows = Array.from({ length: count }, (_, at) =>
        new Date(Date.parse(from) + at * HOUR).toISOString().slice(0, 19),
      )
        .filter((iso) => !leave(iso))
        .map((iso, at) => `${iso}Z;${at}`)
      const { id } = await draft('nacht.csv', `zeit;wert\n${rows.join('\n')}\n`)
      return (await bench.sources.drafts.survey(id)).nights
    }
    const none = { both: 0, first: 0, second: 0, around: 0 }

    it('tell of the hour that is missing in autumn, and that spring is whole', async () => {
      const all = () => false
      assert.deepEqual(await nights('2024-03-30T12:00:00Z', 48, all), [
        { at: '2024-03-31T01:00:00.000Z', change: 'forward', series: 1, missing: none },
      ])
      assert.deepEqual(await nights('2024-10-26T12:00:00Z', 48, all), [
        { at: '2024-10-27T01:00:00.000Z', change: 'back', series: 1, missing: none },
      ])
      const at = '2024-10-27T01:00:00.000Z'
      assert.deepEqual(await nights('2024-10-26T12:00:00Z', 48, (iso) => iso === '2024-10-27T00:00:00'), [
        { at, change: 'back', series: 1, missing: { ...none, first: 1 } },
      ])
      assert.deepEqual(await nights('2024-10-26T12:00:00Z', 48, (iso) => iso === '2024-10-27T01:00:00'), [
        { at, change: 'back', series: 1, missing: { ...none, second: 1 } },
      ])
      assert.deepEqual(await nights('2024-06-01T00:00:00Z', 48, all), [])
    })
  })
}
