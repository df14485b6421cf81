/** What a source does over time: repeated and corrected values, failures, schedules, what is pushed, bounded limits. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { checkDefinition, type Definition } from '../../src/domains/sources/index.ts'
import { Jobs } from '../../src/kernel/jobs/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'

const counter = (origin: string, more = ''): Definition =>
  checkDefinition(
    `title: Zähler
dataset: { title: Zähler, licence: cc-zero }
from: { ${origin} }
format: { type: csv }
timeZone: Europe/Berlin
time: { column: t, period: 1h }
thing: { key: "{k}" }
series: [{ column: v, property: bicycle_count, quality: { column: s, good: [0, ""] } }]
${more}`,
    'zaehler',
  )

for (const engine of databases()) {
  describe(`source runs (${engine.name})`, () => {
    let bench: SourcesBench
    let folder: string
    let path: string
    beforeEach(async () => {
      bench = await sourcesOn(await engine.fresh(), { SOURCE_TOKEN: 'geheim' })
      folder = mkdtempSync(join(tmpdir(), 'zahnrad-runs-'))
      path = join(folder, 'x.csv')
    })
    afterEach(async () => {
      await bench.close()
      rmSync(folder, { recursive: true, force: true })
    })
    const write = (...rows: string[]) => writeFileSync(path, `t,k,v,s\n${rows.join('\n')}\n`)
    const run = (definition = counter('file: { path: x.csv }')) => bench.sources.run(definition, { from: path })
    const stored = () =>
      bench.db.query<{ t: string; v: number; q: number | null }>('select t, v, q from observation order by t')

    it('replaces a changed value, keeps the old one, and settles a file that contradicts itself', async () => {
      write('2025-07-01 10:00,a,1,0', '2025-07-01 11:00,a,2,0')
      assert.equal((await run()).accepted, 2)
      write('2025-07-01 10:00,a,1,0', '2025-07-01 11:00,a,7,0', '2025-07-01 12:00,a,3,4', '2025-07-01 12:00,a,4,0')
      const second = await run()
      assert.deepEqual([second.read, second.accepted, second.unchanged, second.corrected], [4, 1, 1, 2])
      assert.deepEqual(
        (await stored()).map(({ v, q }) => [v, q]),
        [
          [1, null],
          [7, null],
          [4, null],
        ],
      )
      const third = await run()
      assert.deepEqual([third.accepted, third.unchanged, third.corrected], [0, 4, 0])
      const corrections = await bench.db.query<{ old: number; new: number; run: number }>(
        'select old_v as old, new_v as new, run from observation_correction order by id',
      )
      assert.deepEqual(corrections, [
        { old: 2, new: 7, run: second.run },
        { old: 3, new: 4, run: second.run },
      ])
      const [sum] = await bench.db.query<{ sum: number; n: number }>(
        'select sum(sum) as sum, sum(n) as n from rollup_hour',
      )
      assert.deepEqual(sum, { sum: 12, n: 3 })
    })

    it('tells where every value came from', async () => {
      write('2025-07-01 10:00,a,1,0')
      const { run: number } = await run()
      const [origin] = await bench.db.query<{ run: number; yaml: string }>(
        `select r.id as run, d.yaml from observation o join observation_block b on o.id between b.first_id and b.last_id
         join source_run r on r.id = b.run join source_definition d on d.source = r.source and d.version = r.version`,
      )
      assert.equal(origin!.run, number)
      assert.equal(origin!.yaml, counter('file: { path: x.csv }').yaml)
    })

    it('rejects with reasons and counts them against the limit', async () => {
      write('2025-07-01 10:00,a,1,0', '2025-07-01 11:00,a,viele,0', '2025-03-30 02:30,a,5,0', '2025-07-01 13:00,a,,0')
      const report = await run()
      assert.equal(report.outcome, 'rejections')
      assert.deepEqual([report.read, report.accepted, report.rejected], [3, 1, 2])
      assert.deepEqual(
        report.rejections.map(({ reason, examples }) => [reason, examples]),
        [
          ['not a number', [{ row: 3, column: 'v', value: 'viele' }]],
          [
            'a local time that does not exist in Europe/Berlin: the clocks went forward',
            [{ row: 4, column: 't', value: '2025-03-30 02:30' }],
          ],
        ],
      )
      assert.equal((await run(counter('file: { path: x.csv }', 'limits: { rejected: 2 }'))).outcome, 'ok')
      assert.equal((await run(counter('file: { path: x.csv }', 'limits: { rejected: "50%" }'))).outcome, 'rejections')
    })

    it('goes on after a file of a folder that is no good, and fails when the only one is', async () => {
      mkdirSync(join(folder, 'many'))
      writeFileSync(join(folder, 'many', '1.csv'), 't,k,v,s\n2025-07-01 10:00,a,1,0\n')
      writeFileSync(join(folder, 'many', '2.csv'), 'zeit,wert\n2025-07-01 11:00,2\n')
      writeFileSync(join(folder, 'many', '3.csv'), 't,k,v,s\n2025-07-01 12:00,a,3,0\n')
      const several = await bench.sources.run(counter("file: { path: x }, files: 'csv$'"), {
        from: join(folder, 'many'),
      })
      assert.deepEqual([several.accepted, several.rejected, several.outcome], [2, 1, 'rejections'])
      assert.match(several.rejections[0]!.reason, /the file cannot be used: no column of this file belongs to a series/)
      assert.equal(several.rejections[0]!.examples[0]!.file, '2.csv')
      const single = await bench.sources.run(counter('file: { path: x }'), { from: join(folder, 'many', '2.csv') })
      assert.equal(single.outcome, 'failed')
      assert.match(single.error!, /2\.csv: no column/)
      const none = await bench.sources.run(counter("file: { path: x }, files: 'xlsx$'"), { from: join(folder, 'many') })
      assert.match(none.error!, /no file of .* matches from\.files/)
      assert.match(
        (await bench.sources.run(counter('file: { path: x }'), { from: join(folder, 'nicht-da') })).error!,
        /there is no file or folder/,
      )
    })

    it('refuses two runs of one source at a time', async () => {
      write('2025-07-01 10:00,a,1,0')
      const first = run()
      await assert.rejects(run(), /running at this moment/)
      assert.equal((await first).outcome, 'ok')
    })

    it('stops when asked to, keeps what is written, and a further run completes it', async () => {
      const rows = Array.from({ length: 60_000 }, (_, index) => {
        const time = new Date(Date.UTC(2020, 0, 1) + index * 3_600_000).toISOString()
        return `${time},a,${index % 50},0`
      })
      write(...rows)
      const abort = new AbortController()
      const onProgress = () => abort.abort()
      const stopped = await bench.sources.run(counter('file: { path: x.csv }'), {
        from: path,
        signal: abort.signal,
        onProgress,
      })
      assert.equal(stopped.outcome, 'failed')
      assert.match(stopped.error!, /stopped/)
      const whole = await run()
      assert.equal(whole.outcome, 'ok')
      assert.equal(whole.accepted + whole.unchanged, 60_000)
      const [count] = await bench.db.query<{ n: number; times: number }>(
        'select count(*) as n, count(distinct t) as times from observation',
      )
      assert.deepEqual(count, { n: 60_000, times: 60_000 })
    })

    it('marks a run that was killed and takes up again', async () => {
      await bench.db.query(`insert into source_run (source, trigger) values ('zaehler', 'command')`)
      await bench.db.query('insert into source_pending (run, seq, datastream, t, v) values (1, 1, 1, now(), 1)')
      write('2025-07-01 10:00,a,1,0')
      await run()
      const log = await bench.sources.log('zaehler')
      assert.deepEqual(
        log.map(({ outcome }) => outcome),
        ['ok', 'interrupted'],
      )
      assert.deepEqual(await bench.db.query('select * from source_pending'), [])
    })

    it('previews rows beside what becomes of them, and writes nothing', async () => {
      write('2025-07-01 10:00,a,1,4', '2025-07-01 11:00,a,x,0', '2025-07-01 12:00,a,3,0')
      const rows = await bench.sources.preview(counter('file: { path: x.csv }'), 2, { from: path })
      assert.equal(rows.length, 2)
      assert.deepEqual(rows[0]!.cells, { t: '2025-07-01 10:00', k: 'a', v: '1', s: '4' })
      const [value] = rows[0]!.values
      assert.deepEqual(
        [value!.thing, value!.property, value!.time, value!.end, value!.value, value!.quality],
        ['a', 'bicycle_count', '2025-07-01T08:00:00Z', '2025-07-01T09:00:00Z', 1, 'suspect'],
      )
      assert.deepEqual(
        rows[1]!.rejected.map(({ reason, row }) => [reason, row]),
        [['not a number', 3]],
      )
      assert.deepEqual(await bench.db.query('select id from thing'), [])
      assert.deepEqual(await bench.db.query('select id from source_run'), [])
    })

    describe('over http', () => {
      let server: Server
      let url: string
      let body = ''
      let status = 200
      const seen: Record<string, unknown>[] = []
      before(async () => {
        server = createServer((request, response) => {
          seen.push(request.headers)
          const etag = `"${body.length}"`
          if (status !== 200) return void response.writeHead(status).end()
          if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end()
          response.writeHead(200, { etag }).end(body)
        })
        await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
        url = `http://127.0.0.1:${(server.address() as { port: number }).port}/data/x.csv`
      })
      after(() => {
        server.closeAllConnections()
        server.close()
      })
      const definition = (more = 'schedule: { every: 1h }') =>
        counter(`http: { url: "${url}", headers: { X-Token: $SOURCE_TOKEN } }`, more)

      it('asks conditionally, keeps the last good state while it fails, backs off, and recovers', async () => {
        const { sources, db } = bench
        status = 200
        body = 't,k,v,s\n2025-07-01 10:00,a,1,0\n'
        const added = await sources.add(definition(), OWNER)
        assert.deepEqual([added.health.state, added.kind, added.scheduled], ['new', 'http', true])
        assert.equal((await sources.runById('zaehler')).accepted, 1)
        assert.equal(seen.at(-1)!['x-token'], 'geheim')
        assert.equal((await sources.get('zaehler')).health.state, 'ok')
        assert.equal((await sources.runById('zaehler')).outcome, 'unmodified')
        assert.equal((await sources.runById('zaehler', { full: true })).outcome, 'ok')
        status = 500
        const failed = await sources.runById('zaehler')
        assert.equal(failed.outcome, 'failed')
        assert.match(failed.error!, /answered 500/)
        const broken = await sources.get('zaehler')
        assert.deepEqual([broken.health.state, broken.health.cause], ['broken', failed.error])
        assert.ok(broken.lastGood)
        assert.equal((await stored()).length, 1)
        status = 200
        body += '2025-07-01 11:00,a,2,0\n'
        assert.equal((await sources.runById('zaehler')).accepted, 1)
        assert.equal((await sources.get('zaehler')).health.state, 'ok')
        await db.query(`update source set last_good = now() - interval '5 hours'`)
        const late = await sources.get('zaehler')
        assert.equal(late.health.state, 'late')
        assert.match(late.health.cause!, /nothing good since/)
        await sources.add(definition('schedule: { every: 2h }'), OWNER)
        assert.equal((await sources.get('zaehler')).version, 2)
        assert.equal((await sources.runById('zaehler')).outcome, 'ok', 'a new definition reads everything again')
        assert.deepEqual(readdirSync(bench.scratch), [])
        await sources.remove('zaehler', OWNER)
        await assert.rejects(sources.get('zaehler'), /There is no source "zaehler"/)
        assert.equal((await stored()).length, 2)
      })

      it('refuses what is larger than allowed, and variables that are not there', async () => {
        body = `t,k,v,s\n${'2025-07-01 10:00,a,1,0\n'.repeat(100)}`
        status = 200
        assert.match((await bench.sources.run(definition('limits: { bytes: 1KB }'))).error!, /1000 (bytes )?allowed/)
        const unset = counter(`http: { url: "${url}", headers: { X: $SOURCE_OTHER } }`)
        assert.match((await bench.sources.run(unset)).error!, /uses SOURCE_OTHER, but the environment/)
        assert.deepEqual(readdirSync(bench.scratch), [])
      })

      it('runs by its schedule', async () => {
        const { sources, db } = bench
        const jobs = new Jobs(db, createLog('silent'))
        await jobs.start()
        try {
          status = 200
          body = 't,k,v,s\n2025-07-01 10:00,a,1,0\n'
          await sources.start(jobs)
          await sources.add(definition('schedule: { every: 1h }'), OWNER)
          for (let wait = 0; (await sources.log('zaehler'))[0]?.outcome !== 'ok'; wait++) {
            assert.ok(wait < 150, 'it did not run within 15 s')
            await new Promise((resolve) => setTimeout(resolve, 100))
          }
          let info = await sources.get('zaehler')
          for (let wait = 0; Date.parse(info.nextRun!) < Date.now() && wait < 50; wait++) {
            await new Promise((resolve) => setTimeout(resolve, 100))
            info = await sources.get('zaehler')
          }
          const minutes = (Date.parse(info.nextRun!) - Date.now()) / 60_000
          assert.ok(minutes > 58 && minutes <= 60, `next run in ${minutes} minutes`)
          assert.equal((await sources.log('zaehler'))[0]!.trigger, 'schedule')
          assert.equal((await sources.pause('zaehler', true, OWNER)).nextRun, null)
        } finally {
          await jobs.stop()
        }
      })
    })

    it('takes what is pushed, many messages at a time, and answers after the commit', async () => {
      const { sources } = bench
      const definition = counter('mqtt: { topic: "zaehler/+/csv" }').yaml.replace('{k}', '{topic.1}')
      await sources.add(checkDefinition(definition, 'zaehler'), OWNER)
      assert.deepEqual(
        sources.pushed.wanting('zaehler/x/csv').map(({ id }) => id),
        ['zaehler'],
      )
      assert.deepEqual(sources.pushed.wanting('zaehler/x/json'), [])
      const messages = Array.from({ length: 300 }, (_, index) => {
        const time = new Date(Date.UTC(2026, 0, 1) + index * 3_600_000).toISOString()
        return Buffer.from(`t,k,v,s\n${time},x,${index},0\n`)
      })
      await Promise.all(
        messages.map((message, index) => sources.pushed.deliver('zaehler', `zaehler/s${index % 3}/csv`, message)),
      )
      const [count] = await bench.db.query<{ n: number; sum: number }>(
        'select count(*) as n, sum(v) as sum from observation',
      )
      assert.deepEqual(count, { n: 300, sum: (299 * 300) / 2 })
      const things = await bench.db.query<{ key: string }>('select natural_key as key from thing order by 1')
      assert.deepEqual(
        things.map(({ key }) => key),
        ['s0', 's1', 's2'],
      )
      const bad = await sources.pushed.deliver('zaehler', 'zaehler/s0/csv', Buffer.from([0x80, 0x81]))
      assert.deepEqual([bad.read, bad.rejected], [1, 1])
      const [log] = await sources.log('zaehler')
      assert.deepEqual([log!.trigger, log!.read, log!.accepted, log!.rejected], ['push', 301, 300, 1])
      assert.equal((await sources.get('zaehler')).health.state, 'ok')
      await sources.pause('zaehler', true, OWNER)
      assert.deepEqual(sources.pushed.wanting('zaehler/x/csv'), [])
    })
  })
}
