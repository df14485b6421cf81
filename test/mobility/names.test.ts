/** Places by letters of their names: what is found, by which index, and what happens where there can be none. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { placesNamed } from '../../src/domains/mobility/index.ts'
import type { Database, Queryable } from '../../src/kernel/db/index.ts'
import { databases, MIGRATIONS } from '../support/database.ts'

const NAMES = readFileSync(join(MIGRATIONS, '0064_names.sql'), 'utf8')
const ROLLBACK = new Error('only looked')

for (const engine of databases()) {
  describe(`places by name (${engine.name})`, () => {
    let db: Database
    let dataset: number

    before(async () => {
      db = await engine.fresh()
      const [row] = await db.query<{ key: number }>(
        `insert into dataset (id, title, state) values ('a', 'a', 'released') returning key`,
      )
      dataset = row!.key
      await db.query(
        `insert into feature (dataset, concept, natural_key, name, geom)
         select $1, 'charging', 'k' || i, 'Säule ' || md5(i::text), st_setsrid(st_makepoint(12, 49), 4326)
           from generate_series(1, 20000) i`,
        [dataset],
      )
      for (const name of ['Rosenplatz Hafen', 'Am Rosenplatz', 'Parkhaus 100%', 'Parkhaus 1000', 'Ubahnhof'])
        await db.query(
          `insert into feature (dataset, concept, natural_key, name, geom)
           values ($1, 'parking', $2, $2, st_setsrid(st_makepoint(12, 49), 4326))`,
          [dataset, name],
        )
      await db.query('analyze feature')
    })
    after(async () => {
      await db?.close()
    })

    const named = async (query: string, of: Queryable = db) =>
      (await placesNamed(of, [dataset], query, 12)).map(({ name }) => name)
    const holds = async () => {
      assert.deepEqual(await named('senpl'), ['Am Rosenplatz', 'Rosenplatz Hafen'])
      assert.deepEqual(await named('HAFEN rosen'), ['Rosenplatz Hafen'])
      assert.deepEqual(await named('100%'), ['Parkhaus 100%'])
      assert.deepEqual(await named('am'), ['Am Rosenplatz'])
      assert.deepEqual(await named('ha'), ['Rosenplatz Hafen'])
      assert.deepEqual(await named('gibtsnicht'), [])
    }
    const found = async (of: Queryable) => {
      const [row] = await of.query<{ found: boolean }>(`select to_regclass('feature_name') is not null as found`)
      return row!.found
    }

    it('finds every word anywhere in a name, one of two letters where a word begins', holds)

    it('looks for them in an index of letters', async () => {
      const plan = await db.query<{ 'QUERY PLAN': string }>(
        `explain select 1 from feature f where f.dataset = any($1::int4[]) and f.concept in ('parking', 'sharing', 'charging')
            and f.gone_at is null and f.geom is not null and lower(f.name) like $2`,
        [[dataset], '%rosenplatz%'],
      )
      assert.match(plan.map((row) => row['QUERY PLAN']).join('\n'), /Index Scan on feature_name/)
    })

    it('reads the names one by one where there is no index', async () => {
      await assert.rejects(
        db.transaction(async (tx) => {
          await tx.query('drop extension pg_trgm cascade')
          assert.equal(await found(tx), false)
          assert.deepEqual(await named('senpl', tx), ['Am Rosenplatz', 'Rosenplatz Hafen'])
          throw ROLLBACK
        }),
        ROLLBACK,
      )
    })

    if (engine.name === 'server')
      for (const may of [true, false])
        it(`a plain user ${may ? 'makes it in a database of their own' : 'who may not make it goes on without'}`, async () => {
          await assert.rejects(
            db.transaction(async (tx) => {
              await tx.query('drop extension pg_trgm cascade')
              await tx.query(`create role zahnrad_plain nosuperuser;
                grant usage, create on schema public to zahnrad_plain;
                alter table feature owner to zahnrad_plain; alter table gtfs_stop owner to zahnrad_plain`)
              const [{ name }] = (await tx.query<{ name: string }>('select current_database() as name')) as [
                { name: string },
              ]
              if (may) await tx.query(`grant create on database ${name} to zahnrad_plain`)
              await tx.query('set local role zahnrad_plain')
              await tx.query(NAMES)
              assert.equal(await found(tx), may)
              throw ROLLBACK
            }),
            ROLLBACK,
          )
        })
  })
}
