/** Hourly sums, counters and latest values stay right under late, duplicate, corrected and deleted values. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { databases } from '../../../test/support/database.ts'
import { type Sample, sampleStation } from '../../../test/support/sensing.ts'
import type { Database } from '../../kernel/db/index.ts'
import { type NewObservation, recompute } from './index.ts'

/** Quarter hours over three days around the end of summer time, so hours, days and months change. */
const START = Date.UTC(2026, 9, 24)
const timeAt = (quarter: number) => new Date(START + quarter * 900_000).toISOString().replace('.000Z', 'Z')

const value = fc.record({
  series: fc.nat(1),
  quarter: fc.nat(288),
  v: fc.oneof(fc.integer({ min: -50, max: 500 }), fc.constant(null)),
  q: fc.constantFrom(null, 1 as const),
})
const act = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('post' as const),
      values: fc.array(value, { minLength: 1, maxLength: 12 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('import' as const),
      values: fc.array(value, { minLength: 1, maxLength: 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('delete' as const),
      values: fc.array(value, { minLength: 1, maxLength: 5 }),
    }),
  },
)

interface Row {
  id: number
  datastream: number
  t: string
  t_end: string | null
  v: number | null
  q: number | null
}

/** The same figures, reckoned plainly from all rows. */
function naive(rows: Row[]) {
  const hours = new Map<
    string,
    { n: number; suspect: number; sum: number; sumSuspect: number; min: number; max: number }
  >()
  const states = new Map<number, { n: number; first: string; end: string; last: Row }>()
  for (const row of rows) {
    const state = states.get(row.datastream)
    if (!state) states.set(row.datastream, { n: 1, first: row.t, end: row.t_end ?? row.t, last: row })
    else {
      state.n++
      if (row.t < state.first) state.first = row.t
      if ((row.t_end ?? row.t) > state.end) state.end = row.t_end ?? row.t
      if (row.t > state.last.t || (row.t === state.last.t && row.id > state.last.id)) state.last = row
    }
    if (row.v === null) continue
    const key = `${row.datastream} ${row.t.slice(0, 13)}:00:00Z`
    const hour = hours.get(key) ?? { n: 0, suspect: 0, sum: 0, sumSuspect: 0, min: Infinity, max: -Infinity }
    hour.n++
    hour.sum += row.v
    if (row.q === 1) {
      hour.suspect++
      hour.sumSuspect += row.v
    }
    hour.min = Math.min(hour.min, row.v)
    hour.max = Math.max(hour.max, row.v)
    hours.set(key, hour)
  }
  return { hours, states }
}

async function compare(db: Database): Promise<void> {
  const rows = await db.query<Row>('select id, datastream, t, t_end, v, q from observation')
  const expected = naive(rows)
  const hours = await db.query<{
    datastream: number
    hour: string
    n: number
    n_suspect: number
    sum: number
    sum_suspect: number
    min: number
    max: number
  }>('select * from rollup_hour where variant = 0')
  const stored = new Map(
    hours.map((h) => [
      `${h.datastream} ${h.hour}`,
      { n: h.n, suspect: h.n_suspect, sum: h.sum, sumSuspect: h.sum_suspect, min: h.min, max: h.max },
    ]),
  )
  assert.deepEqual(new Map([...stored].sort()), new Map([...expected.hours].sort()))
  const states = await db.query<{
    datastream: number
    n: number
    t_min: string
    last_id: number
    last_v: number | null
  }>('select datastream, n, t_min, t_max, last_id, last_v from datastream_state where n > 0 order by datastream')
  const plain = [...expected.states].sort(([a], [b]) => a - b)
  assert.deepEqual(
    states,
    plain.map(([datastream, s]) => ({
      datastream,
      n: s.n,
      t_min: s.first,
      t_max: s.end,
      last_id: s.last.id,
      last_v: s.last.v,
    })),
  )
}

for (const engine of databases()) {
  describe(`what is derived from observations (${engine.name})`, () => {
    let db: Database
    let sample: Sample
    let run = 0
    before(async () => {
      db = await engine.fresh()
      sample = await sampleStation(db)
    })
    after(() => db.close())

    const toRow = (v: { series: number; quarter: number; v: number | null; q: 1 | null }): NewObservation => ({
      datastream: sample.datastreams[v.series]!,
      t: timeAt(v.quarter),
      tEnd: timeAt(v.quarter + 1),
      v: v.v,
      q: v.q,
      x: v.v === null ? { r: 'text' } : null,
    })

    it('equals a naive computation after any sequence of posts, imports and deletions', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 8 }), async (acts) => {
          for (const { kind, values } of acts) {
            const rows = values.map(toRow)
            if (kind === 'post') await sample.sensing.append(rows)
            else if (kind === 'import') {
              const writer = sample.sensing.writer({ id: ++run })
              await writer.write(rows)
              await writer.finish()
            } else await deleteAt(db, rows)
          }
          await compare(db)
        }),
        { numRuns: engine.name === 'server' ? 40 : 15 },
      )
    })

    it('keeps one value per time for a source, notes the old one, and changes nothing the second time', async () => {
      const rows = [1, 2, 3, 2].map((v, i) => toRow({ series: 0, quarter: 300 + (i % 3), v, q: null }))
      const first = sample.sensing.writer({ id: 9001 })
      assert.deepEqual(await first.write(rows), { accepted: 3, unchanged: 0, held: 1 })
      assert.deepEqual(await first.finish(), { accepted: 0, unchanged: 0, corrected: 1 })
      for (const again of [9002, 9003]) {
        const writer = sample.sensing.writer({ id: again })
        const { accepted, unchanged, held } = await writer.write(rows)
        const settled = await writer.finish()
        assert.equal(accepted + settled.accepted, 0)
        assert.equal(settled.corrected, 0)
        assert.equal(unchanged + settled.unchanged, 4)
        assert.equal(held, 2)
      }
      const corrections = await db.query('select t, old_v, new_v, run from observation_correction where run >= 9001')
      assert.deepEqual(corrections, [{ t: timeAt(300), old_v: 1, new_v: 2, run: 9001 }])
      const blocks = await db.query<{ n: number }>(
        'select sum(last_id - first_id + 1)::int4 as n from observation_block where run = 9001',
      )
      assert.equal(blocks[0]!.n, 3)
      await compare(db)
    })

    it('settles contradictions across batches in file order', async () => {
      const writer = sample.sensing.writer({ id: 9100 })
      const at = (v: number) => [toRow({ series: 1, quarter: 400, v, q: null })]
      await writer.write(at(1))
      await writer.write(at(2))
      await writer.write(at(1))
      await writer.write(at(3))
      assert.deepEqual(await writer.finish(), { accepted: 0, unchanged: 2, corrected: 1 })
      const rows = await db.query('select v from observation where datastream = $1 and t = $2', [
        sample.datastreams[1],
        timeAt(400),
      ])
      assert.deepEqual(rows, [{ v: 3 }])
      await compare(db)
    })

    it('stores posts that arrive together in one commit and gives each its own answer', async () => {
      const posts = Array.from({ length: 50 }, (_, i) =>
        sample.sensing.append([toRow({ series: 0, quarter: 500 + i, v: i, q: null })]),
      )
      posts.push(sample.sensing.append([{ datastream: 2_000_000_000, t: timeAt(1), tEnd: null, v: 1 }]))
      const results = await Promise.allSettled(posts)
      assert.equal(results.filter((r) => r.status === 'fulfilled').length, 50)
      assert.equal(results.at(-1)!.status, 'rejected')
      await compare(db)
    })
  })
}

async function deleteAt(db: Database, rows: NewObservation[]): Promise<void> {
  await db.transaction(async (tx) => {
    for (const { datastream, t } of rows) {
      const gone = await tx.query('delete from observation where datastream = $1 and t = $2 returning 1', [
        datastream,
        t,
      ])
      // Both ways: with the number of rows known, and counted again.
      const grown = Date.parse(t) % 1_800_000 === 0 ? -gone.length : undefined
      await recompute(tx, [{ datastream, from: t, to: t, grown }])
    }
  })
}
