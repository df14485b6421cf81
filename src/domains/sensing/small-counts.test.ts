/** Small counts: published without bias and never as they were; sums and totals follow under any change. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { databases } from '../../../test/support/database.ts'
import type { Database } from '../../kernel/db/index.ts'
import { Catalog } from '../catalog/index.ts'
import {
  ensureDatastream,
  ensureObservedProperty,
  ensureSensor,
  ensureThing,
  forgetMeasured,
  measuredReader,
  type NewObservation,
  recompute,
  Sensing,
  type StoredObservation,
} from './index.ts'
import { chance, rounded, stepped } from './rounding.ts'

const START = Date.UTC(2026, 9, 24)
const K = 5
const timeAt = (quarter: number) => new Date(START + quarter * 900_000).toISOString().replace('.000Z', 'Z')

describe('rounding of small counts', () => {
  const secret = randomBytes(32)
  const N = 20_000
  const draws = Array.from({ length: N }, (_, i) => chance(secret, 7, timeAt(i)))

  it('has no bias, and the spread the documentation names', () => {
    for (const [of, round] of [
      ['alone', rounded],
      ['beyond parts', stepped],
    ] as const) {
      for (let v = 0; v <= 12; v++) {
        const values = draws.map((u) => round(v, K, u))
        const mean = values.reduce((a, b) => a + b, 0) / N
        const rest = of === 'alone' ? (v < K ? v : 0) : v % K
        const deviation = Math.sqrt(rest * (K - rest))
        assert.ok(
          Math.abs(mean - v) <= (4.5 * deviation) / Math.sqrt(N),
          `${of}: ${v} is published as ${mean} on average`,
        )
        const spread = Math.sqrt(values.reduce((sum, one) => sum + (one - v) ** 2, 0) / N)
        assert.ok(Math.abs(spread - deviation) < 0.1, `${of}: ${v} spreads by ${spread}, not ${deviation}`)
      }
    }
  })

  it('publishes nothing between 0 and k, and of what is beyond parts only multiples of k', () => {
    for (const u of draws.slice(0, 2_000)) {
      for (let v = 0; v <= 12; v++) {
        assert.ok(rounded(v, K, u) === 0 || rounded(v, K, u) >= K)
        assert.equal(stepped(v, K, u) % K, 0)
        assert.ok(Math.abs(stepped(v, K, u) - v) < K)
      }
    }
  })

  it('hangs on key, series and instant alone, however the instant is written', () => {
    const u = chance(secret, 7, '2026-10-24T00:00:00Z')
    assert.equal(chance(secret, 7, '2026-10-24T00:00:00.000Z'), u)
    assert.equal(chance(secret, 7, '2026-10-24T00:00:00.000000Z'), u)
    for (const other of [
      chance(secret, 8, '2026-10-24T00:00:00Z'),
      chance(secret, 7, '2026-10-24T00:00:00.000001Z'),
      chance(randomBytes(32), 7, '2026-10-24T00:00:00Z'),
    ])
      assert.notEqual(other, u)
  })
})

const value = fc.record({
  series: fc.nat(2),
  quarter: fc.nat(12),
  v: fc.oneof({ weight: 5, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: fc.constant(null) }),
  q: fc.constantFrom(null, 1 as const),
})
const act = fc.record({
  kind: fc.constantFrom('post', 'post', 'import', 'import', 'delete', 'change'),
  values: fc.array(value, { minLength: 1, maxLength: 12 }),
})

interface Row {
  id: number
  datastream: number
  t: string
  v: number | null
  q: number | null
}

function hoursOf(rows: readonly Row[]): Map<string, object> {
  const hours = new Map<string, Record<'n' | 'n_suspect' | 'sum' | 'sum_suspect' | 'min' | 'max', number>>()
  for (const { datastream, t, v, q } of rows) {
    if (v === null) continue
    const key = `${datastream} ${t.slice(0, 13)}:00:00Z`
    const hour = hours.get(key) ?? { n: 0, n_suspect: 0, sum: 0, sum_suspect: 0, min: Infinity, max: -Infinity }
    hours.set(key, {
      n: hour.n + 1,
      n_suspect: hour.n_suspect + (q === 1 ? 1 : 0),
      sum: hour.sum + v,
      sum_suspect: hour.sum_suspect + (q === 1 ? v : 0),
      min: Math.min(hour.min, v),
      max: Math.max(hour.max, v),
    })
  }
  return new Map([...hours].sort())
}

const ROWS =
  'select id, datastream, t, v, q from observation where datastream = any($1::int4[]) order by datastream, t, v, id'

for (const engine of databases()) {
  describe(`what is published of small counts (${engine.name})`, { timeout: 120_000 }, () => {
    let db: Database
    let sensing: Sensing
    let run = 0
    const heard: StoredObservation[] = []
    /** The protected dataset, and one without protection that gets the same acts: what is true. Series: two parts, a total. */
    const sets: { dataset: number; series: number[] }[] = []

    before(async () => {
      db = await engine.fresh()
      const catalog = await Catalog.load(db)
      sensing = new Sensing(db)
      for (const id of ['klein', 'zwilling']) {
        const { key: dataset } = await catalog.ensure({ id, title: id })
        await db.transaction(async (tx) => {
          const thing = await ensureThing(tx, dataset, { key: 'thing', name: 'Thing' })
          const sensor = await ensureSensor(tx, dataset, { key: 'sensor', name: 'Sensor' })
          const observedProperty = await ensureObservedProperty(tx, dataset, { key: 'bikes', name: 'Bikes' })
          const series: number[] = []
          for (const role of ['part', 'part', 'total'] as const) {
            const unit = { name: 'bicycles', symbol: '', definition: '' }
            const key = `series ${series.length}`
            const spec = { key, thing, sensor, observedProperty, name: key, unit, aggregate: 'sum' as const, role }
            series.push(await ensureDatastream(tx, dataset, { ...spec, periodSeconds: 900 }))
          }
          sets.push({ dataset, series })
        })
      }
      await setK(K)
      sensing.stored.on(({ dataset, rows }) => dataset === sets[0]!.dataset && heard.push(...rows))
    })
    after(async () => {
      await sensing.smallCounts.stop()
      await db.close()
    })

    async function setK(k: number | null): Promise<void> {
      await db.query(
        `insert into dataset_sheet (dataset, k, changed_by) values ($1, $2, 'test')
         on conflict (dataset) do update set k = excluded.k`,
        [sets[0]!.dataset, k],
      )
      sensing.smallCounts.look()
      await sensing.smallCounts.idle()
      const [row] = await db.query<{ k: number }>('select k from dataset_protection where dataset = $1', [
        sets[0]!.dataset,
      ])
      assert.equal(row!.k, k ?? 1)
    }

    const toRow = (set: number, v: { series: number; quarter: number; v: number | null; q: 1 | null }) => ({
      datastream: sets[set]!.series[v.series]!,
      t: timeAt(v.quarter),
      tEnd: timeAt(v.quarter + 1),
      v: v.v,
      q: v.q,
      x: v.v === null ? { r: 'text' } : null,
    })

    async function perform(kind: string, rows: NewObservation[]): Promise<void> {
      if (kind === 'post') await sensing.append(rows)
      else if (kind === 'import') {
        const writer = sensing.writer({ id: ++run })
        await writer.write(rows)
        await writer.finish()
      } else {
        for (const row of rows) {
          await db.transaction(async (tx) => {
            const found = await tx.query<Row>(
              `${kind === 'delete' ? 'delete from' : 'select * from'} observation where datastream = $1 and t = $2 ${kind === 'delete' ? 'returning *' : ''}`,
              [row.datastream, row.t],
            )
            if (kind === 'change') {
              await forgetMeasured(tx, found)
              await tx.query('update observation set v = $3 where datastream = $1 and t = $2', [
                row.datastream,
                row.t,
                row.v,
              ])
            }
            const grown = kind === 'delete' ? -found.length : 0
            await recompute(tx, [{ datastream: row.datastream, from: row.t, to: row.t, grown }])
          })
        }
      }
    }

    /** What is published fits its rules, staff see what is true, and sums and latest values follow both. */
    async function check(k = K): Promise<void> {
      const [mine, twin] = sets as [(typeof sets)[0], (typeof sets)[0]]
      const staff = measuredReader(db, [mine.dataset])
      const shown = await db.query<Row>(ROWS, [mine.series])
      const measured = await staff.query<Row>(ROWS, [mine.series])
      const truth = await db.query<Row>(ROWS, [twin.series])
      const plain = (rows: Row[], { series }: { series: number[] }) =>
        rows.map(({ datastream, t, v, q }) => [series.indexOf(datastream), t, v, q].join()).sort()
      assert.deepEqual(plain(measured, mine), plain(truth, twin))
      for (const { v } of shown) assert.ok(v === null || v === 0 || v >= k, `${v} is published`)
      const total = mine.series[2]!
      for (const t of new Set(shown.map((row) => row.t))) {
        const at = shown.filter((row) => row.t === t)
        const parts = at.filter((row) => row.datastream !== total).reduce((sum, row) => sum + (row.v ?? 0), 0)
        for (const row of at)
          if (row.datastream === total && row.v !== null && k > 1)
            assert.equal((row.v - parts) % k, 0, `${row.v} less its parts ${parts}`)
      }
      for (const [reader, rows] of [
        [db, shown],
        [staff, measured],
      ] as const) {
        const hours = await reader.query<Record<string, unknown>>(
          'select * from rollup_hour where variant = 0 and datastream = any($1::int4[])',
          [mine.series],
        )
        const stored = hours.map(
          ({ datastream, variant: _, hour, ...sums }) => [`${datastream} ${hour}`, sums] as const,
        )
        assert.deepEqual(new Map([...stored].sort()), hoursOf(rows))
        const latest = await reader.query<{ id: number; v: number | null }>(
          'select last_id as id, last_v as v from datastream_state where n > 0 and datastream = any($1::int4[])',
          [mine.series],
        )
        for (const { id, v } of latest) assert.equal(v, rows.find((row) => row.id === id)!.v)
      }
      const nobody = await measuredReader(db, [twin.dataset]).query<Row>(ROWS, [mine.series])
      assert.deepEqual(nobody, shown, 'staff of another dataset see what everybody sees')
      const strays = await db.query(
        'select 1 from observation_measured m where not exists (select 1 from observation o where o.id = m.id)',
      )
      assert.equal(strays.length, 0)
      for (const { v } of heard.splice(0)) assert.ok(v === null || v === 0 || v >= k, `${v} is announced`)
    }

    it('holds under any sequence of posts, imports, deletions and changes', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 6 }), async (acts) => {
          for (const { kind, values } of acts)
            for (const set of [0, 1])
              await perform(
                kind,
                values.map((one) => toRow(set, one)),
              )
          await check()
        }),
        { numRuns: engine.name === 'server' ? 15 : 8 },
      )
    })

    it('keeps nobody waiting who asks within a transaction, while others ask outside', {
      timeout: 60_000,
    }, async () => {
      const { smallCounts } = new Sensing(db)
      const answers = await db.transaction(async (tx) => {
        // On one connection this waits for the transaction.
        const outside = smallCounts.any(db)
        return { within: await smallCounts.any(tx), outside }
      })
      assert.equal(answers.within, await answers.outside)
    })

    it('publishes a value written again as before', async () => {
      const rows = (set: number) =>
        Array.from({ length: 40 }, (_, i) => toRow(set, { series: i % 2, quarter: 100 + (i >> 1), v: 2, q: null }))
      const published = () =>
        db.query(
          'select datastream, t, v from observation where datastream = any($1::int4[]) and t >= $2 order by 1, 2',
          [sets[0]!.series, timeAt(100)],
        )
      for (const set of [0, 1]) await perform('import', rows(set))
      const before = await published()
      await perform('import', rows(0))
      assert.deepEqual(await published(), before)
      await perform('delete', rows(0))
      await perform('post', rows(0))
      assert.deepEqual(await published(), before)
      await check()
    })

    it('brings what is stored in line with another k, back to what was measured without one', async () => {
      await db.query(
        `insert into plausibility_flag (datastream, rule, t_from, t_to, detail) values ($1, 'spike', now(), now(), '{"value": 3}')`,
        [sets[0]!.series[0]],
      )
      await setK(8)
      await check(8)
      assert.deepEqual(await db.query('select * from plausibility_flag'), [], 'what was odd before may name values')
      await setK(null)
      const [{ n }] = (await db.query<{ n: number }>('select count(*)::int4 as n from observation_measured')) as [
        { n: number },
      ]
      assert.equal(n, 0)
      await check(1)
      await setK(K)
      await check()
    })

    it('publishes everything in steps of k where series hang together in more ways than one', async () => {
      const [mine, twin] = sets as [(typeof sets)[0], (typeof sets)[0]]
      const hourly = async (dataset: number, like: number) => {
        const [row] = await db.query<{ id: number }>(
          `insert into datastream (dataset, natural_key, name, thing, sensor, observed_property, unit, aggregate, period_s)
           select $1, 'hourly', 'hourly', thing, sensor, observed_property, unit, 'sum', 3600 from datastream where id = $2 returning id`,
          [dataset, like],
        )
        return row!.id
      }
      const ids = [await hourly(mine.dataset, mine.series[0]!), await hourly(twin.dataset, twin.series[0]!)]
      sensing.forget()
      const [{ k }] = (await db.query<{ k: number }>('select k from dataset_protection')) as [{ k: number }]
      assert.equal(k, 0, 'hidden until the others fit it')
      await sensing.smallCounts.idle()
      for (const [i, { series }] of sets.entries()) {
        const quarters = [7, 2, 9, 1].map((v, n) => ({ ...toRow(i, { series: 0, quarter: 400 + n, v, q: null }) }))
        await sensing.append([
          ...quarters,
          { datastream: ids[i]!, t: timeAt(400), tEnd: timeAt(404), v: 19, q: null, x: null },
        ])
        series.push(ids[i]!)
      }
      const shown = await db.query<Row>(ROWS, [mine.series.filter((_, i) => i !== 2)])
      assert.ok(shown.length >= 5)
      for (const { v } of shown) assert.equal((v ?? 0) % K, 0, `${v} is published`)
      await check()
      for (const [i, id] of ids.entries()) {
        await db.query('delete from datastream where id = $1', [id])
        sets[i]!.series.pop()
      }
      await setK(null)
      await setK(K)
      const after = await db.query<Row>(ROWS, [mine.series])
      assert.ok(
        after.some(({ v }) => v !== null && v % K !== 0),
        'by themselves, large values are published as they are',
      )
    })

    it('hides a dataset with series that cannot be protected, and says which', async () => {
      const [{ dataset, series }] = sets as [(typeof sets)[0]]
      const hidden = async () => {
        sensing.forget()
        await sensing.smallCounts.idle()
        const [row] = await db.query<{ k: number }>('select k from dataset_protection')
        const why = await db.query<{ kind: string }>('select * from protection_hindrance($1)', [dataset])
        assert.equal(row!.k === 0, why.length > 0)
        return why[0]?.kind
      }
      assert.equal(await hidden(), undefined)
      await db.query(
        `update datastream set observation_type = 'x/OM_CountObservation', aggregate = 'mean' where id = $1`,
        [series[1]],
      )
      assert.equal(await hidden(), 'count')
      await db.query(`update datastream set observation_type = 'x/OM_Measurement' where id = $1`, [series[1]])
      assert.equal(await hidden(), 'mean')
      await db.query(`update datastream set aggregate = 'sum' where id = $1`, [series[1]])
      assert.equal(await hidden(), undefined)
      await db.query(
        `insert into datastream (dataset, natural_key, name, thing, sensor, kind, unit, data_types)
         select $1, 'multi', 'multi', thing, sensor, 'multi', '[{}]', '["x/OM_CountObservation"]' from datastream where id = $2`,
        [dataset, series[0]],
      )
      assert.equal(await hidden(), 'multi')
      await db.query(`update datastream set data_types = '["x/OM_TruthObservation"]' where kind = 'multi'`)
      assert.equal(await hidden(), undefined)
      await db.query(`delete from datastream where kind = 'multi'`)
      await check()
    })

    it('goes on where it was killed, and does it again when a series changes its part', async () => {
      await db.query('update dataset_protection set k = 0, done = 1 where dataset = $1', [sets[0]!.dataset])
      const restarted = new Sensing(db)
      restarted.smallCounts.look()
      await restarted.smallCounts.idle()
      await check()
      await db.query(`update datastream set role = null where id = $1`, [sets[0]!.series[2]])
      const [{ k }] = (await db.query<{ k: number }>('select k from dataset_protection')) as [{ k: number }]
      assert.equal(k, 0)
      await restarted.smallCounts.stop()
    })
  })
}
