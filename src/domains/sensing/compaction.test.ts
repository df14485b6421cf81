/** Indexes that writing has left half empty are built anew; nothing else changes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { databases } from '../../../test/support/database.ts'
import { sampleStation } from '../../../test/support/sensing.ts'
import { createLog } from '../../kernel/log.ts'
import { Compaction } from './index.ts'

for (const engine of databases()) {
  describe(`compaction of observations (${engine.name})`, () => {
    it('builds a sparse index anew on a server and leaves the embedded engine alone', async () => {
      const db = await engine.fresh()
      try {
        const { datastreams } = await sampleStation(db, 40)
        await db.query(
          `create table if not exists observation_2025 partition of observation for values from ('2025-01-01Z') to ('2026-01-01Z')`,
        )
        // Late days between earlier ones: pages are split in the middle.
        for (let day = 0; day < 10; day++) {
          await db.query(
            `insert into observation (id, t, v, datastream)
             select 1000000 + $2::int * 100000 + n * 100 + s, timestamptz '2025-01-01Z' + make_interval(days => $2::int, mins => n::int), n, ($1::int4[])[s]
             from generate_series(0, 99) n, generate_series(1, 40) s`,
            [datastreams, (day * 7) % 10],
          )
        }
        await db.query('analyze observation_2025')
        const sums = () => db.query('select datastream, count(*) n, sum(v) v from observation group by 1 order by 1')
        const before = await sums()
        const compaction = new Compaction({ db, log: createLog('warn') })
        assert.deepEqual(await compaction.run(), [], 'small ones are not worth it')
        // What a run that was cut off leaves behind.
        if (engine.name === 'server') {
          await db.query('create index observation_2025_datastream_t_idx_ccnew on observation_2025 (datastream, t)')
          await db.query(
            `update pg_index set indisvalid = false where indexrelid = 'observation_2025_datastream_t_idx_ccnew'::regclass`,
          )
        }
        const done = await compaction.run({ smallest: 0 })
        if (engine.name === 'embedded') {
          assert.deepEqual(done, [])
          return
        }
        const [one] = done.filter(({ index }) => index === 'observation_2025_datastream_t_idx')
        assert.ok(one && one.after < 0.85 * one.before, JSON.stringify(done))
        assert.ok(one.after / 40_000 < 33, `${one.after / 40_000} bytes a row`)
        assert.deepEqual(await sums(), before)
        const indexes = await db.query<{ name: string; valid: boolean }>(
          `select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = 'observation_2025'::regclass order by 1`,
        )
        assert.ok(
          indexes.every(({ name, valid }) => valid && !name.includes('_cc')),
          JSON.stringify(indexes),
        )
        assert.deepEqual(await compaction.run({ smallest: 0 }), [], 'a dense index stays')
      } finally {
        await db.close()
      }
    })
  })
}
