/** The example city on both databases: made, filled, killed, alive over the real broker, and taken away without a trace. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { registerExampleCommands } from '../src/cli/example.ts'
import { readConfig } from '../src/config.ts'
import { ANONYMOUS, OWNER } from '../src/domains/access/index.ts'
import { Example, type ExampleOptions } from '../src/domains/example/index.ts'
import { type Model, modelOf, type Standing, standingOf } from '../src/domains/example/model.ts'
import { type Reading, readings } from '../src/domains/example/rows.ts'
import { type ExampleState, readState, storedSeries } from '../src/domains/example/store.ts'
import { iso, stationOverview } from '../src/domains/sensing/index.ts'
import { Broker, PublishErrors } from '../src/edges/broker/index.ts'
import { registerSensorThings } from '../src/edges/sensorthings/index.ts'
import type { Database } from '../src/kernel/db/index.ts'
import { createHttp } from '../src/kernel/http/index.ts'
import { createLog } from '../src/kernel/log.ts'
import { openPlatform, type Platform } from '../src/platform.ts'
import { databases } from './support/database.ts'

const ROOT = join(import.meta.dirname, '..')
const log = createLog(process.env.LOG_LEVEL ?? 'silent')
const NOW = Date.parse('2026-11-23T11:02:10Z')
const QUARTER = 900_000
/** Days: a few stretches of {@link Example.fill}, which are longer on a server. */
const HISTORY = { embedded: 6, server: 24 }

const exampleOf = (platform: Platform, options: ExampleOptions = {}): Example =>
  new Example(
    { ...platform, log, timeZone: () => 'Europe/Berlin', changed: () => platform.sources.pushed.reload() },
    { historyDays: HISTORY[platform.db.engine], now: () => NOW, ...options },
  )

/** Rows of every table, to see that a removed city leaves none. */
async function tables(db: Database): Promise<Record<string, number>> {
  const names = await db.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'p') and not c.relispartition and n.nspname not in ('pg_catalog', 'information_schema') order by 1`,
  )
  const counts: Record<string, number> = {}
  for (const { name } of names) {
    const [row] = await db.query<{ n: number }>(`select count(*) as n from ${name}`)
    counts[name] = row!.n
  }
  return counts
}

/** Columns by which a row of any table hangs on a dataset, a station or a series, and rows that hang on nothing. */
async function strays(db: Database): Promise<string[]> {
  const owners: Record<string, string> = {
    dataset: 'select key from dataset',
    datastream: 'select id from datastream',
    thing: 'select id from thing',
    station: 'select id from thing',
  }
  const columns = await db.query<{ table: string; column: string }>(
    `select c.table_name as table, c.column_name as column from information_schema.columns c
       join information_schema.tables t using (table_schema, table_name)
      where t.table_type = 'BASE TABLE' and c.table_schema = 'public' and c.data_type in ('integer', 'bigint')
        and c.column_name = any($1::text[])`,
    [Object.keys(owners)],
  )
  assert.ok(columns.length > 25, `${columns.length} columns`)
  const found: string[] = []
  for (const { table, column } of columns) {
    const [row] = await db.query<{ n: number }>(
      `select count(*) as n from "${table}" where "${column}" is not null and "${column}" not in (${owners[column]})`,
    )
    if (row!.n > 0) found.push(`${table}.${column}: ${row!.n}`)
  }
  return found
}

/** What people and rules hang on a running city: marks, limits, rights, terms, a board. Returns the board's id. */
async function hangOn({ db, access, boards, catalog }: Platform): Promise<string> {
  const [series] = await db.query<{ id: number }>('select min(id) as id from datastream')
  const { key } = catalog.require('beispiel-wetter')
  await db.query(
    `insert into plausibility_flag (datastream, rule, t_from, t_to) values ($1, 'range', now() - interval '1 hour', now())`,
    [series!.id],
  )
  await db.query(`insert into plausibility_setting (datastream, settings, changed_by) values ($1, '{}', 'test')`, [
    series!.id,
  ])
  await db.query(`insert into terms (dataset, body, created_by) values ($1, 'Bedingungen', 'test')`, [key])
  await access.keys.create({ name: 'partner', grants: [{ role: 'consumer', dataset: key, space: null }] }, OWNER)
  const board = await boards.create(OWNER, {
    title: 'Wetter',
    description: '',
    visibility: 'published',
    items: [
      { kind: 'chart', width: 2, height: 2, series: [series!.id], range: '7d', resolution: 'hour', compare: false },
    ],
  })
  return board.id
}

/** What must be stored when all is done at `NOW`: the newest days, a value each minute today, and the history. */
function expected(state: ExampleState, { city, world }: Model, ids: Standing['ids']): Map<number, Reading[]> {
  const today = world.localDay(NOW)
  const all = new Map<number, Reading[]>()
  const stretch = { from: state.target, to: NOW, now: NOW, fine: (day: number) => day === today }
  for (const batch of readings(city, world, ids, stretch, 5_000)) {
    for (const reading of batch) {
      const known = all.get(reading.datastream)
      if (known) known.push(reading)
      else all.set(reading.datastream, [reading])
    }
  }
  return all
}

/** Every single stored value is the model's, once. */
async function assertComplete(db: Database): Promise<number> {
  const state = (await readState(db))!
  const model = modelOf(state)
  const { ids } = standingOf(model, await storedSeries(db))
  const wanted = expected(state, model, ids)
  let count = 0
  for (const [series, datastream] of ids) {
    const rows = await db.query<{ t: string; t_end: string | null; v: number }>(
      'select t, t_end, v from observation where datastream = $1 order by t, id',
      [datastream],
    )
    const of = wanted.get(datastream) ?? []
    const name = `${series.station.key}/${series.key}`
    assert.equal(rows.length, of.length, name)
    rows.forEach((row, i) => {
      const { at, value } = of[i]!
      const end = series.interval ? at + QUARTER : null
      assert.ok(
        Date.parse(row.t) === at && row.v === value && (row.t_end === null ? null : Date.parse(row.t_end)) === end,
        `${name} at ${row.t}: ${row.v} instead of ${value}`,
      )
    })
    count += rows.length
  }
  const [sums] = await db.query<{ raw: number; state: number; hours: number }>(
    `select (select count(*) from observation) as raw, (select sum(n) from datastream_state) as state, (select sum(n) from rollup_hour) as hours`,
  )
  assert.deepEqual(sums, { raw: count, state: count, hours: count })
  return count
}

for (const engine of databases()) {
  describe(`the example city on the ${engine.name} database`, () => {
    let place: Awaited<ReturnType<typeof engine.place>>
    let platform: Platform
    const opened = async () => {
      platform = await openPlatform(readConfig({ ...place.env, LOG_LEVEL: 'silent' }), log)
    }
    before(async () => {
      place = await engine.place()
      await opened()
    })
    after(async () => {
      await platform.close()
      await place.remove()
    })

    it('creates everything at once, marked as simulated, all but one dataset public', async () => {
      const { db, catalog, access } = platform
      const example = exampleOf(platform)
      assert.equal(await example.exists(), false)
      assert.equal(await example.progress(), null)
      const began = performance.now()
      await example.create()
      const seconds = (performance.now() - began) / 1000
      console.log(`      created in ${seconds.toFixed(1)} s`)
      // Two seconds where nothing else runs; here other tests may.
      assert.ok(seconds < 30, `${seconds} s`)
      assert.equal(await example.exists(), true)
      const states = catalog.all().map(({ id, state, title, licence, attribution, properties }) => {
        assert.match(title, /\(simuliert\)/)
        assert.equal(licence, 'cc-zero')
        assert.match(attribution ?? '', /Simulierte Daten/)
        assert.equal(properties.simulated, true)
        return `${id} ${state}`
      })
      assert.deepEqual(states.filter((line) => line.endsWith('released')).length, 6)
      assert.ok(states.includes('beispiel-raumklima draft'))
      const things = await db.query<{ name: string; properties: Record<string, unknown> }>(
        'select name, properties from thing',
      )
      assert.equal(things.length, 38)
      for (const table of ['sensor', 'observed_property', 'feature_of_interest', 'location', 'datastream']) {
        const unmarked = await db.query(
          `select id from ${table} where properties->>'simulated' is distinct from 'true'`,
        )
        assert.deepEqual(unmarked, [], `${table} says that it is simulated`)
      }
      for (const { name, properties } of things) {
        assert.match(name, / \(simuliert\)$/)
        assert.equal(properties.simulated, true)
        for (const field of ['operator', 'blindSpots', 'retention']) assert.ok(properties[field], field)
      }
      const [profile] = await db.query<{ value: { name: string } }>(`select value from setting where name = 'city'`)
      assert.equal(profile!.value.name, 'Beispielstadt (simuliert)')
      const overview = await stationOverview(db, access.visible(ANONYMOUS), {
        timeZone: 'Europe/Berlin',
        sources: async () =>
          new Map(
            (await platform.sources.list()).map((source) => [
              source.id,
              {
                id: source.id,
                title: source.title,
                schedule: null,
                manual: false,
                state: source.health.state,
                lastGood: source.lastGood,
                cause: source.health.cause,
                causeText: null,
              },
            ]),
          ),
        dataset: (key) => catalog.byKey(key),
        now: NOW,
      })
      const byState = Object.groupBy(overview.stations, (station) => station.state)
      assert.deepEqual(
        byState.broken?.map((station) => station.name),
        ['Hafenbrücke (simuliert)'],
      )
      assert.deepEqual(
        byState.late?.map((station) => station.name),
        ['Kirchgasse (simuliert)'],
      )
      assert.equal(byState.current?.length, 34, 'the town hall’s rooms are not public')
    })

    it('creating again changes nothing', async () => {
      const before = await tables(platform.db)
      await exampleOf(platform, { now: () => NOW + 3_600_000 }).create()
      assert.deepEqual(await tables(platform.db), before)
    })

    it('fills its history newest first, stops when told to, and goes on elsewhere', async () => {
      const { db } = platform
      const seen: number[] = []
      const stop = new AbortController()
      const off = platform.sensing.stored.on(({ rows }) => {
        seen.push(Date.parse(rows[0]!.t))
        if (seen.length > 90) stop.abort()
      })
      await exampleOf(platform).fill(stop.signal)
      off()
      const half = (await exampleOf(platform).progress())!
      assert.ok(half.share < 1, `${half.share}`)
      assert.ok(seen[0]! > seen.at(-1)!, 'newest first')
      await exampleOf(platform).fill(new AbortController().signal)
      assert.equal((await exampleOf(platform).progress())!.share, 1)
      assert.equal((await exampleOf(platform).progress())!.target, (await exampleOf(platform).progress())!.filledFrom)
      await assertComplete(db)
      const [run] = await db.query<{ accepted: number }>(`select accepted from source_run where source = 'beispiel'`)
      const [stored] = await db.query<{ n: number }>('select count(*) as n from observation')
      assert.ok(run!.accepted <= stored!.n && run!.accepted > 0.9 * stored!.n, 'provenance')
    })

    it('the broken counter has a source that says why, and that a message would heal', async () => {
      const { db, sources } = platform
      const [broken] = await sources.list()
      assert.equal(broken!.id, 'beispiel-hafenbruecke')
      assert.equal(broken!.health.state, 'broken')
      assert.match(broken!.health.cause ?? '', /Batterie/)
      const described = () =>
        db.query(
          `select d.id, d.name, d.unit, d.aggregate, d.period_s, d.sensor, t.name as thing, t.properties, p.name as property, p.definition, p.description
             from datastream d join thing t on t.id = d.thing join observed_property p on p.id = d.observed_property where d.source = $1`,
          [broken!.id],
        )
      const before = await described()
      await sources.pushed.reload()
      const topic = 'beispiel/zaehlstelle/hafenbruecke'
      assert.deepEqual(
        sources.pushed.wanting(topic).map(({ id }) => id),
        [broken!.id],
      )
      const message = JSON.stringify({ start: '2026-11-23T10:45:00Z', count: 17 })
      const figures = await sources.pushed.deliver(broken!.id, topic, Buffer.from(message))
      assert.equal(figures.accepted, 1)
      assert.equal((await sources.list())[0]!.health.state, 'ok')
      assert.deepEqual(await described(), before, 'its words are those of ready definitions')
    })

    it('is taken away without a trace, with what others hung on it; other data stays', async () => {
      const { db, catalog, access, sensing } = platform
      const place = await engine.place()
      const clean = await openPlatform(readConfig({ ...place.env, LOG_LEVEL: 'silent' }), log)
      const untouched = await tables(clean.db)
      await clean.close()
      await place.remove()
      const other = await catalog.ensure({ id: 'eigene', title: 'Eigene Daten' })
      const [thing] = await db.query<{ id: number }>(
        `insert into thing (dataset, name) values ($1, 'Eigenes') returning id`,
        [other.key],
      )
      const [series] = await db.query<{ id: number }>(
        `insert into datastream (dataset, thing, sensor, observed_property, name, unit)
         select $1, t.id, d.sensor, d.observed_property, 'fremd', d.unit
           from thing t join datastream d on d.thing = t.id where t.name like 'Marktplatz%' limit 1 returning id`,
        [other.key],
      )
      await sensing.append([{ datastream: series!.id, t: '2026-11-23T10:00:00Z', tEnd: null, v: 1 }])
      const board = await hangOn(platform)
      assert.deepEqual(await strays(db), [])
      const example = exampleOf(platform)
      await example.remove()
      assert.equal(await example.exists(), false)
      assert.deepEqual(await strays(db), [], 'nothing points at what is gone')
      assert.deepEqual(access.visible(ANONYMOUS), [])
      // A board is its author's: it stays, holds the number of the series and nothing of it.
      const [kept] = await db.query<{ row: string }>('select to_jsonb(b)::text as row from board b where id = $1', [
        board,
      ])
      assert.doesNotMatch(kept!.row, /simuliert|beispiel/i)
      await db.query('delete from board where id = $1', [board])
      await db.query(`delete from api_key where name = 'partner'`)
      assert.deepEqual(
        catalog.all().map(({ id }) => id),
        ['eigene'],
      )
      assert.deepEqual(
        (await db.query<{ id: number }>('select id from thing')).map(({ id }) => id),
        [thing!.id],
      )
      await db.query('delete from dataset where id = $1', ['eigene'])
      await catalog.reload()
      // The log keeps that somebody made a board.
      assert.deepEqual(await tables(db), { ...untouched, audit: untouched.audit! + 1 })
      await example.remove()
    })

    it('leaves a city profile that somebody changed', async () => {
      const { db } = platform
      const example = exampleOf(platform, { historyDays: 0 })
      await example.create()
      await db.query(`update setting set value = value || '{"name": "Musterstadt"}' where name = 'city'`)
      await example.remove()
      const rows = await db.query<{ name: string; city: string }>(`select name, value->>'name' as city from setting`)
      assert.deepEqual(rows, [{ name: 'city', city: 'Musterstadt' }])
      await exampleOf(platform, { historyDays: 0 }).create()
      await exampleOf(platform).remove()
      assert.equal((await db.query(`select 1 from setting where name = 'city'`)).length, 1, 'nor one that was there')
      await db.query('delete from setting')
    })

    it('survives kill -9 at any moment of creating and filling: nothing missing, nothing twice', async () => {
      await platform.close()
      try {
        for (const [round, events] of KILLED_AFTER[engine.name].entries()) {
          const child = worker(place.env, HISTORY[engine.name])
          await written(child, events)
          await sleep(round * 7)
          child.kill('SIGKILL')
          const [, signal] = await once(child, 'exit')
          assert.equal(signal, 'SIGKILL', 'it was still at work')
        }
        const last = worker(place.env, HISTORY[engine.name])
        let output = ''
        last.stdout.resume()
        last.stderr.on('data', (chunk) => {
          output += chunk
        })
        const [code] = (await once(last, 'exit')) as [number]
        assert.equal(code, 0, output)
      } finally {
        await opened()
      }
      assert.equal((await exampleOf(platform).progress())!.share, 1)
      assert.ok((await assertComplete(platform.db)) > 20_000)
    })

    it('is commanded from the terminal', async () => {
      const place = await engine.place()
      const fresh = await openPlatform(readConfig({ ...place.env, LOG_LEVEL: 'silent' }), log)
      const run = async (...argv: string[]) => {
        let out = ''
        const program = new Command().exitOverride().configureOutput({ writeOut: () => {} })
        registerExampleCommands(program, {
          platform: async () => fresh,
          cwd: ROOT,
          stdout: (text) => {
            out += text
          },
          stderr: () => {},
          signal: new AbortController().signal,
          isTTY: false,
          exit: () => {},
        })
        await program.parseAsync(['example', ...argv], { from: 'user' })
        return out
      }
      try {
        assert.match(await run('status'), /zahnrad example create/)
        assert.deepEqual(JSON.parse(await run('remove', '--json')), { removed: false })
        const created = JSON.parse(await run('create', '--json'))
        assert.equal(created.stations, 38)
        assert.equal(created.datastreams, 72)
        assert.equal(created.progress.share, 0)
        assert.match(await run('create'), /already/)
        assert.match(await run('status'), /38 +72 +\d+ .* 0 %/)
        assert.match(await run('remove'), /is gone/)
        assert.deepEqual(JSON.parse(await run('status', '--json')), {
          exists: false,
          stations: 0,
          datastreams: 0,
          observations: 0,
          progress: null,
        })
      } finally {
        await fresh.close()
        await place.remove()
      }
    })

    it('a removal that was killed goes on at the next start', async () => {
      const { db } = platform
      await db.query(`update setting set value = value || '{"removing": true}' where name = 'example'`)
      await db.query('delete from observation where datastream = (select min(id) from datastream)')
      const example = exampleOf(platform)
      await assert.rejects(example.create(), /being removed/)
      await example.begin('mqtt://localhost:1')
      for (let i = 0; i < 600 && (await example.exists()); i++) await sleep(50)
      await example.stop()
      assert.equal(await example.exists(), false)
      assert.equal((await db.query('select 1 from observation')).length, 0)
    })

    it('publishes live values over the broker, through a lost connection, without gap or double', async () => {
      const { db, sensing, access, catalog } = platform
      const app = await createHttp({ log, publicUrl: undefined, trustProxy: [] })
      const port = registerSensorThings(app, { db, access, catalog, sensing, origin: () => 'http://localhost' })
      const start = async (at: number) => {
        const broker = new Broker({
          port: at,
          access,
          catalog,
          sensing,
          topics: port,
          errors: new PublishErrors(),
          log,
        })
        return { broker, at: await broker.start() }
      }
      let running = await start(0)
      // A second is a minute: half an hour passes while the test looks on.
      const began = Date.now()
      const now = () => NOW - 7_200_000 + (Date.now() - began) * 60
      const example = exampleOf(platform, { historyDays: 1, now, interval: 50 })
      await example.create()
      const made = new Map((await storedSeries(db)).map((row) => [row.datastream, row.last ?? iso(now())]))
      await example.begin(`mqtt://localhost:${running.at}`)
      let arrived = 0
      const off = sensing.stored.on(({ rows }) => {
        for (const row of rows) if (row.t > made.get(row.datastream)!) arrived++
      })
      try {
        await sleep(9_000)
        assert.ok(arrived > 100, `${arrived} live values`)
        const keys = await access.keys.list()
        assert.ok(keys.length === 1 && keys[0]!.lastUsedAt !== null, 'the devices use a key of their own')
        await running.broker.stop()
        await sleep(2_500)
        running = await start(running.at)
        const lost = arrived
        await sleep(9_000)
        assert.ok(arrived > lost + 100, `${arrived - lost} values after the connection was lost`)
      } finally {
        off()
        await example.stop()
        await running.broker.stop()
        await app.close()
      }
      assert.deepEqual(await access.keys.list(), [], 'their key ends with them')
      const end = now()
      const state = (await readState(db))!
      const model = modelOf(state)
      const { ids, last } = standingOf(model, await storedSeries(db))
      let counted = 0
      for (const [series, datastream] of ids) {
        const rows = await db.query<{ t: string; v: number }>(
          'select t, v from observation where datastream = $1 and t >= $2 order by t, id',
          [datastream, made.get(datastream)],
        )
        const name = `${series.station.key}/${series.key}`
        const times = rows.map((row) => Date.parse(row.t))
        assert.equal(new Set(times).size, times.length, `${name}: a value twice`)
        rows.forEach((row, i) => {
          assert.equal(row.v, series.value(model.world.moment(times[i]!)), `${name} at ${row.t}`)
          if (i > 0) {
            const step = series.interval || series.station.dataset === 'beispiel-raumklima' ? QUARTER : 60_000
            assert.equal(times[i]! - times[i - 1]!, step, `${name}: a gap before ${row.t}`)
          }
        })
        if (series.interval && rows.length > 0) counted += rows.length - 1
        if (series.property === 'parking_free')
          assert.ok(
            end - last.get(series)! < 10 * 60_000,
            `${name} is ${(end - last.get(series)!) / 60_000} minutes old`,
          )
      }
      assert.ok(counted > 30, `${counted} counts of full quarters of an hour`)
      await access.audit(OWNER, 'test', 'example')
      await example.remove()
      const audit = await db.query<{ actor: string }>('select actor from audit')
      assert.ok(
        audit.every(({ actor }) => actor === 'owner'),
        'the log keeps what people did, only that',
      )
    })
  })
}

/** Events after which a worker is killed: while it creates, between and within stretches of history. */
const KILLED_AFTER = { embedded: [0, 4, 120, 170, 90, 40], server: [0, 4, 60, 70, 50, 20] }

/** Resolves when the worker has opened its database and then committed values of so many series. */
function written(child: ReturnType<typeof worker>, events: number): Promise<void> {
  let lines = -1
  return new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      lines += chunk.toString().split('\n').length - 1
      if (lines >= events) resolve()
    })
    child.once('exit', (code) => reject(new Error(`the worker ended with code ${code} after ${lines} events`)))
  })
}

/** Creates and fills the city in a process of its own, to be killed. */
function worker(env: Record<string, string>, historyDays: number) {
  const program = `
    import { readConfig } from '${ROOT}/src/config.ts'
    import { Example } from '${ROOT}/src/domains/example/index.ts'
    import { createLog } from '${ROOT}/src/kernel/log.ts'
    import { openPlatform } from '${ROOT}/src/platform.ts'
    const log = createLog('error')
    const platform = await openPlatform(readConfig(), log)
    console.log('open')
    platform.sensing.stored.on(() => console.log('stored'))
    const example = new Example({ ...platform, log, timeZone: () => 'Europe/Berlin' }, { historyDays: ${historyDays}, now: () => ${NOW} })
    if (!(await example.exists())) await example.create()
    await example.fill(new AbortController().signal)
    await platform.close()
    process.exit(0)`
  // Not by -e: the flags for that would reach the database's worker thread.
  const file = join(mkdtempSync(join(tmpdir(), 'zahnrad-example-')), 'worker.mjs')
  writeFileSync(file, program)
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
