/** What both engines promise alike. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { databases, MIGRATIONS } from '../../../test/support/database.ts'
import { CopyRows, type Database, migrate, migrationState, QueryTimeout, SqlError, sql } from './index.ts'

const ENDLESS =
  'select count(*) from generate_series(1, 100000) a cross join generate_series(1, 1000000) b where a * b = -1'

for (const engine of databases()) {
  describe(`database (${engine.name})`, () => {
    let db: Database
    before(async () => {
      db = await engine.fresh()
    })
    after(() => db.close())

    it('answers with the same JavaScript values', async () => {
      const [row] = await db.query(
        `select '2026-10-25 02:30:00.25+01'::timestamptz as t, '2026-01-01Z'::timestamptz as day, 9007199254740991::int8 as big, 1.5::numeric as num,
                '{"a": [1, null]}'::jsonb as doc, array[1, 2]::int4[] as list, null::text as nothing, true as yes, 0.1::float8 as f`,
      )
      assert.deepEqual(row, {
        t: '2026-10-25T01:30:00.25Z',
        day: '2026-01-01T00:00:00Z',
        big: 9007199254740991,
        num: 1.5,
        doc: { a: [1, null] },
        list: [1, 2],
        nothing: null,
        yes: true,
        f: 0.1,
      })
    })

    it('takes arrays with nulls, and JSON as text', async () => {
      const rows = await db.query(
        'select * from unnest($1::int4[], $2::timestamptz[], $3::jsonb[], $4::float8[]) as g (a, b, c, d)',
        [
          [1, null],
          ['2026-01-01T00:00:00Z', null],
          ['{"k": "ü, \\"x\\""}', null],
          [0.5, null],
        ],
      )
      assert.deepEqual(rows, [
        { a: 1, b: '2026-01-01T00:00:00Z', c: { k: 'ü, "x"' }, d: 0.5 },
        { a: null, b: null, c: null, d: null },
      ])
    })

    it('composes fragments', async () => {
      const part = sql`${2}::int4 + ${3}::int4`
      assert.deepEqual(await db.run(sql`select ${part} as five`), [{ five: 5 }])
    })

    it('rolls back what throws and reports PostgreSQL error codes', async () => {
      await db.query('create table probe (id int4 primary key)')
      await assert.rejects(
        db.transaction(async (tx) => {
          await tx.query('insert into probe values (1)')
          await tx.query('insert into probe values (1)')
        }),
        (error: SqlError) => error instanceof SqlError && error.code === '23505',
      )
      assert.deepEqual(await db.query('select * from probe'), [])
    })

    it('treats a failing geometry function as an error, not as an empty answer', async () => {
      const bow = 'POLYGON((0 0, 1 1, 0 1, 1 0, 0 0))'
      const query = `select st_asText(st_intersection(st_geomfromtext('${bow}'), st_geomfromtext('POLYGON((0 0, 2 1, 0 1, 1 0, 0 0))'))) as g`
      const outcome = await db.query(query).then(
        (rows) => rows.length,
        (error) => error,
      )
      assert.ok(outcome === 1 || outcome instanceof SqlError, `got ${outcome}`)
    })

    it('stops a hostile query in bounded time, loses nothing committed, and goes on', async () => {
      await db.query('create table kept as select 42 as n')
      const started = Date.now()
      await assert.rejects(db.query(ENDLESS, [], { timeoutMs: 1_500 }), QueryTimeout)
      assert.ok(Date.now() - started < 8_000)
      assert.deepEqual(await db.query('select n from kept'), [{ n: 42 }])
      assert.equal(db.stats().restarts, engine.name === 'embedded' ? 1 : 0)
    })

    it('undoes an open transaction when its query is stopped', async () => {
      await db.query('create table half (n int4)')
      await assert.rejects(
        db.transaction(
          async (tx) => {
            await tx.query('insert into half values (1)')
            await tx.query(ENDLESS)
          },
          { timeoutMs: 1_500 },
        ),
        QueryTimeout,
      )
      assert.deepEqual(await db.query('select * from half'), [])
    })

    it('refuses what the planner finds too costly before it runs, where it cannot cancel', async () => {
      if (engine.name !== 'embedded') return
      const before = db.stats().restarts
      await assert.rejects(db.query(ENDLESS, [], { maxCost: 1e7 }), QueryTimeout)
      assert.equal(db.stats().restarts, before)
    })

    it('copies rows in binary form, every type as it was', async () => {
      await db.query(
        `create table copied (i int4, s int2, f float8, b boolean, t text, j jsonb, d date, g geometry(Point, 4326), a text[])`,
      )
      async function* parts() {
        const rows = new CopyRows()
        for (let n = 0; n < 30_000; n++) {
          rows.row(9)
          rows.int4(n)
          rows.int2(n % 2 ? null : -3)
          rows.float8(0.1)
          rows.boolean(true)
          rows.text(n === 7 ? 'ü\0"\n\\ 🚋' : null)
          rows.jsonb({ k: ['ü', null] })
          rows.date('1999-12-31')
          rows.point(n === 7 ? 12.1 : null, 49.01)
          rows.texts(n === 7 ? ['', 'a,"b"'] : [])
          if (rows.full) yield rows.take()
        }
        yield rows.take()
      }
      await db.copy('copied', ['i', 's', 'f', 'b', 't', 'j', 'd', 'g', 'a'], parts())
      assert.deepEqual(
        await db.query('select count(*) as n, sum(i) as sum, count(t) as t, count(g) as g from copied'),
        [{ n: 30_000, sum: (30_000 * 29_999) / 2, t: 1, g: 1 }],
      )
      assert.deepEqual(
        await db.query('select i, s, f, b, t, j, d, st_astext(g) as g, a from copied where i in (7, 8) order by i'),
        [
          {
            i: 7,
            s: null,
            f: 0.1,
            b: true,
            t: 'ü"\n\\ 🚋',
            j: { k: ['ü', null] },
            d: '1999-12-31',
            g: 'POINT(12.1 49.01)',
            a: ['', 'a,"b"'],
          },
          { i: 8, s: -3, f: 0.1, b: true, t: null, j: { k: ['ü', null] }, d: '1999-12-31', g: null, a: [] },
        ],
      )
    })

    it('copies nothing more when the rows end in an error, and goes on', async () => {
      await db.query('create table never (i int4)')
      async function* parts() {
        const rows = new CopyRows()
        rows.row(1)
        rows.int4(1)
        yield rows.take()
        throw new Error('the file ends here')
      }
      await assert.rejects(db.copy('never', ['i'], parts()), /the file ends here/)
      await assert.rejects(db.copy('nowhere', ['i'], parts()), /nowhere|the file ends here/)
      assert.deepEqual(await db.query('select 1 as one'), [{ one: 1 }])
    })

    it('has all migrations, and applying them again does nothing', async () => {
      assert.ok((await migrationState(db, MIGRATIONS)).every((m) => m.applied))
      assert.deepEqual(await migrate(db, MIGRATIONS), [])
    })

    it('serves queries that arrive together', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) => db.query<{ i: number }>('select $1::int4 as i', [i])),
      )
      assert.deepEqual(
        answers.map(([row]) => row!.i),
        Array.from({ length: 50 }, (_, i) => i),
      )
    })
  })
}
