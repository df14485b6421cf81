/** Timetables from end to end: read, served, packed again, replaced. */
import assert from 'node:assert/strict'
import { createWriteStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { after, before, describe, it } from 'node:test'
import { ZipFile } from 'yazl'
import { currentVersion, noticesOf, versionsOf } from '../../src/domains/mobility/index.ts'
import { checkDefinition } from '../../src/domains/sources/index.ts'
import { addGtfs } from '../../src/edges/mobility/gtfs.ts'
import { addTimetables } from '../../src/edges/mobility/timetables.ts'
import { registerSession } from '../../src/edges/session/index.ts'
import { createHttp, type FastifyInstance } from '../../src/kernel/http/index.ts'
import { createLog } from '../../src/kernel/log.ts'
import { databases } from '../support/database.ts'
import { DATA, type SourcesBench, sourcesOn } from '../support/sources.ts'
import { FEED, type FeedText, gtfsSource } from '../support/transit.ts'
import { zipOf } from '../support/zip.ts'

const HART = join(DATA, 'transit', 'hart.zip')
const CALTRAIN = join(DATA, 'transit', 'caltrain', 'ct.zip')

for (const engine of databases()) {
  describe(`timetables (${engine.name})`, { timeout: 600_000 }, () => {
    let bench: SourcesBench
    let app: FastifyInstance
    let url: string
    const folder = mkdtempSync(join(tmpdir(), 'zahnrad-gtfs-'))
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      app = await createHttp({ log: createLog('silent'), trustProxy: [] })
      registerSession(app, { access: bench.access })
      addTimetables(app, bench as never)
      addGtfs(app, bench as never)
      url = await app.listen({ port: 0 })
    })
    after(async () => {
      await app.close()
      await bench.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const run = (id: string, from: string) => bench.sources.run(gtfsSource(id), { from })
    const served = async (id: string) => (await currentVersion(bench.db, bench.catalog.byId(id)!.key))!
    const errorsOf = async (id: string) =>
      (await noticesOf(bench.db, (await served(id)).version))
        .filter(({ severity }) => severity === 'ERROR')
        .map(({ code, n }) => [code, n])
    let feeds = 0
    /** A folder with these files. */
    const write = (feed: FeedText): string => {
      const place = join(folder, `feed-${feeds++}`)
      mkdirSync(place)
      for (const [name, text] of Object.entries(feed)) writeFileSync(join(place, name), text)
      return place
    }
    const fetched = async (path: string, name: string): Promise<string> => {
      const answer = await fetch(url + path)
      assert.equal(answer.status, 200)
      const file = join(folder, name)
      await pipeline(answer.body as never, createWriteStream(file))
      return file
    }
    const json = async (path: string) => {
      const answer = await fetch(url + path)
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
    }

    for (const [id, path] of [
      ['hart', HART],
      ['caltrain', CALTRAIN],
    ] as const) {
      it(`${id}: our own feed reads as the one it was made of`, { skip: !existsSync(path) }, async () => {
        const first = await run(id, path)
        assert.equal(first.outcome, 'ok', first.error)
        const before = await served(id)
        await bench.catalog.setState(id, 'released')
        const zip = await fetched(`/gtfs/${id}.zip`, `${id}.zip`)
        const second = await run(`${id}-again`, zip)
        assert.equal(second.outcome, 'ok', second.error)
        const again = await served(`${id}-again`)
        const without = ({ 'feed_info.txt': _, 'attributions.txt': __, ...counts }: Record<string, number>) => counts
        assert.deepEqual(without(again.counts), without(before.counts))
        assert.deepEqual(await errorsOf(`${id}-again`), await errorsOf(id))
        const compared = await bench.db.query<{ n: number }>(
          `select count(*) as n from (
             (select a.trip_id, s.stop_id, t.stop_sequence, t.arrival, t.departure, t.dist, t.pickup_type, t.headsign from gtfs_stop_time t
                join gtfs_trip a on a.version = $1 and a.trip = t.trip join gtfs_stop s on s.version = $1 and s.stop = t.stop where t.version = $1
              except select a.trip_id, s.stop_id, t.stop_sequence, t.arrival, t.departure, t.dist, t.pickup_type, t.headsign from gtfs_stop_time t
                join gtfs_trip a on a.version = $2 and a.trip = t.trip join gtfs_stop s on s.version = $2 and s.stop = t.stop where t.version = $2)
             union all
             (select a.shape_id, null, null::int4, null::int4, null::int4, null::float8, null::int2, st_astext(a.geom) from gtfs_shape a where a.version = $1
              except select a.shape_id, null, null::int4, null::int4, null::int4, null::float8, null::int2, st_astext(a.geom) from gtfs_shape a where a.version = $2)
           ) different`,
          [before.version, again.version],
          { timeoutMs: 120_000 },
        )
        assert.equal(compared[0]!.n, 0)
      })
    }

    it('shows nothing of what is not released', async () => {
      await run('entwurf', write(FEED))
      for (const path of [
        '/gtfs/entwurf.zip',
        '/api/v1/mobility/transit/entwurf/report',
        '/api/v1/mobility/transit/entwurf/stops.geojson',
      ])
        assert.equal((await fetch(url + path)).status, 404, path)
      const near = await json('/api/v1/mobility/stops?near=12.1,49.01&radius=20000')
      assert.deepEqual(near.body.features, [])
      await bench.catalog.setState('entwurf', 'released')
      const { body } = await json('/api/v1/mobility/stops?near=12.1,49.01&radius=400')
      const features = body.features as unknown as { properties: { id: string; distance: number; name: string } }[]
      assert.deepEqual(
        features.map(({ properties: { id, name } }) => [id, name]),
        [['entwurf:a', 'Arnulfsplatz']],
      )
      assert.ok(features[0]!.properties.distance < 5)
      assert.equal(body.licence, 'dl-by-de/2.0')
      const lines = await json('/api/v1/mobility/transit/entwurf/routes.geojson')
      assert.equal((lines.body.features as unknown[]).length, 1)
      await bench.catalog.setState('entwurf', 'withdrawn')
    })

    it('lets the old version serve until the new one is complete, and shows what changed', async () => {
      await run('wechsel', write(FEED))
      const first = await served('wechsel')
      const hopeless = await run('wechsel', write({ ...FEED, 'trips.txt': '' }))
      assert.equal(hopeless.outcome, 'failed')
      assert.match(hopeless.error!, /trips\.txt.*empty_file/)
      assert.equal((await served('wechsel')).version, first.version)
      const poor = await run(
        'wechsel',
        write({
          ...FEED,
          'stop_times.txt': FEED['stop_times.txt'].replaceAll(',b,', ',gone,').replaceAll(',c,', ',gone,'),
        }),
      )
      assert.equal(poor.outcome, 'failed')
      assert.match(poor.error!, /goes on serving/)
      assert.equal((await served('wechsel')).version, first.version)
      const next = await run(
        'wechsel',
        write({
          ...FEED,
          'stops.txt': FEED['stops.txt'].replace('Bismarckplatz', 'Neuer Platz').concat('d,Dom,49.0195,12.0977\n'),
        }),
      )
      assert.equal(next.outcome, 'ok', next.error)
      const { diff, version } = await served('wechsel')
      assert.notEqual(version, first.version)
      assert.deepEqual(diff!.tables.stops, {
        added: 1,
        removed: 0,
        changed: 1,
        examples: { added: ['d'], removed: [], changed: ['b'] },
      })
      assert.equal(diff!.tables.trips.changed, 0)
      await bench.catalog.setState('wechsel', 'released')
      const { body } = await json('/api/v1/mobility/transit/wechsel/report')
      assert.equal(body.state, 'current')
      assert.deepEqual(
        (body.versions as { state: string }[]).map(({ state }) => state),
        ['current', 'refused', 'refused', 'old'],
      )
      const refused = await json(
        `/api/v1/mobility/transit/wechsel/report?version=${(body.versions as { version: number }[])[2]!.version}`,
      )
      assert.deepEqual(refused.body.state, 'refused')
      assert.ok((refused.body.notices as { code: string }[]).some(({ code }) => code === 'empty_file'))
      for (let n = 0; n < 3; n++)
        await run(
          'wechsel',
          write({
            ...FEED,
            'feed_info.txt': `feed_publisher_name,feed_publisher_url,feed_lang,feed_version\nRVV,https://www.rvv.de,de,${n}\n`,
          }),
        )
      const dataset = bench.catalog.byId('wechsel')!.key
      const kept = await versionsOf(bench.db, dataset)
      assert.deepEqual(kept.filter(({ state }) => state === 'old').length, 2)
      const tables = await bench.db.query<{ relname: string }>(
        `select relname from pg_class where relname ~ '^gtfs_stop_time_[0-9]+$'`,
      )
      assert.ok(
        !tables.some(({ relname }) => relname === `gtfs_stop_time_${first.version}`),
        'the first version is dropped',
      )
    })

    it('takes times beyond midnight, gaps, disorder, BOM, CRLF and quoted line breaks', async () => {
      const times = [
        'trip_id,stop_sequence,stop_id,arrival_time,departure_time',
        'late,3,c,25:10:00,25:10:00',
        'early,1,a,06:00:00,06:00:00',
        'late,1,a,23:50:00,24:00:00',
        'early,2,b,,',
        'early,3,c,6:10:00,6:10:00',
        'late,2,b,24:30:00,24:30:00',
      ].join('\r\n')
      const report = await run(
        'rand',
        write({
          ...FEED,
          'agency.txt': `\ufeff${FEED['agency.txt'].replaceAll('\n', '\r\n')}`,
          'stops.txt': FEED['stops.txt'].replace('Arnulfsplatz', '"Arnulfs-\r\nplatz, ""West"""'),
          'trips.txt': 'route_id,service_id,trip_id\n1,mo,late\n1,mo,early\n',
          'stop_times.txt': times,
          'frequencies.txt': 'trip_id,start_time,end_time,headway_secs,exact_times\nlate,23:00:00,25:00:00,600,1\n',
        }),
      )
      assert.equal(report.outcome, 'ok', report.error)
      const { version } = await served('rand')
      const rows = await bench.db.query(
        `select t.trip_id as trip, x.stop_sequence as n, x.arrival, x.departure, x.interpolated from gtfs_stop_time x
           join gtfs_trip t on t.version = x.version and t.trip = x.trip where x.version = $1 order by 1, 2`,
        [version],
      )
      assert.deepEqual(rows, [
        { trip: 'early', n: 1, arrival: 21600, departure: 21600, interpolated: false },
        { trip: 'early', n: 2, arrival: 21900, departure: 21900, interpolated: true },
        { trip: 'early', n: 3, arrival: 22200, departure: 22200, interpolated: false },
        { trip: 'late', n: 1, arrival: 85800, departure: 86400, interpolated: false },
        { trip: 'late', n: 2, arrival: 88200, departure: 88200, interpolated: false },
        { trip: 'late', n: 3, arrival: 90600, departure: 90600, interpolated: false },
      ])
      const [stop] = await bench.db.query('select name from gtfs_stop where version = $1 and stop_id = $2', [
        version,
        'a',
      ])
      assert.deepEqual(stop, { name: 'Arnulfs- platz, "West"' })
      const [frequency] = await bench.db.query(
        'select start_time, end_time, headway, exact_times from gtfs_frequency where version = $1',
        [version],
      )
      assert.deepEqual(frequency, { start_time: 82800, end_time: 90000, headway: 600, exact_times: 1 })
      assert.deepEqual(
        (await noticesOf(bench.db, version)).map(({ code }) => code).filter((code) => code === 'new_line_in_value'),
        ['new_line_in_value'],
      )
    })

    it('finds duplicates and backward times in disorder too', async () => {
      const report = await run(
        'durcheinander',
        write({
          ...FEED,
          'stop_times.txt':
            'trip_id,stop_sequence,stop_id,arrival_time,departure_time\nt1,3,c,08:02:00,08:02:00\nt2,1,a,09:00:00,09:00:00\nt1,2,b,08:05:00,08:05:00\nt1,1,a,08:00:00,08:00:00\nt2,2,b,09:05:00,09:05:00\nt1,2,c,08:06:00,08:06:00\n',
        }),
      )
      assert.deepEqual([report.outcome, report.rejected], ['rejections', 1])
      const notices = await noticesOf(bench.db, (await served('durcheinander')).version)
      const found = notices
        .filter(({ severity }) => severity === 'ERROR')
        .map(({ code, n, examples }) => [code, n, examples[0]!.tripId])
      assert.deepEqual(found, [
        ['duplicate_key', 1, 't1'],
        ['stop_time_with_arrival_before_previous_departure_time', 1, 't1'],
      ])
    })

    it('works out days of service: calendar, exceptions, both nights the clocks change', async () => {
      await run(
        'tage',
        write({
          ...FEED,
          'calendar.txt':
            'service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nmo,0,0,0,0,0,0,1,20260322,20260405\n',
          'calendar_dates.txt': 'service_id,date,exception_type\nmo,20260405,2\nmo,20261025,1\nnur,20260329,1\n',
        }),
      )
      const { version, firstDay, lastDay } = await served('tage')
      const days = await bench.db.query<{ id: string; day: string }>(
        'select s.service_id as id, d.day from gtfs_service_day d join gtfs_service s on s.version = d.version and s.service = d.service where d.version = $1 order by 1, 2',
        [version],
      )
      assert.deepEqual(
        days.map(({ id, day }) => `${id} ${day}`),
        ['mo 2026-03-22', 'mo 2026-03-29', 'mo 2026-10-25', 'nur 2026-03-29'],
      )
      assert.deepEqual([firstDay, lastDay], ['2026-03-22', '2026-10-25'])
    })

    it('reads a zip whose files lie in a folder, and refuses traps', async () => {
      const nested = join(folder, 'nested.zip')
      const zip = new ZipFile()
      for (const [name, text] of Object.entries(FEED)) zip.addBuffer(Buffer.from(text), `rvv/${name}`)
      zip.addBuffer(Buffer.from(`note\n${'x'.repeat(5000)}\n`), 'rvv/notes.txt')
      zip.end()
      await pipeline(zip.outputStream as never, createWriteStream(nested))
      const report = await run('ordner', nested)
      assert.equal(report.outcome, 'ok', report.error)
      assert.ok((await errorsOf('ordner')).some(([code]) => code === 'invalid_input_files_in_subfolder'))
      const small = checkDefinition(gtfsSource('falle').yaml.concat('limits:\n  unpacked: 1KB\n'), 'falle')
      const refused = await bench.sources.run(small, { from: nested })
      assert.equal(refused.outcome, 'failed')
      assert.match(refused.error!, /unpacks to more than/)
      assert.equal(await served('falle'), undefined)
      const left = await bench.db.query(`select 1 from gtfs_version where state = 'loading'`)
      assert.deepEqual(left, [])
    })

    it('is recognised as folder, zip and address, and named after its operator', async () => {
      const place = write(FEED)
      const zip = zipOf(FEED)
      writeFileSync(join(folder, 'download.zip'), zip)
      const server = createServer((_request, response) => response.end(zip))
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
      const { port } = server.address() as AddressInfo
      try {
        for (const [path, dataset] of [
          [place, undefined],
          [join(folder, 'download.zip'), 'als-zip'],
          [`http://127.0.0.1:${port}/export?format=gtfs`, 'als-adresse'],
        ] as const) {
          const [text, ...others] = await bench.sources.drafts.recognise([path], folder, dataset)
          assert.deepEqual(others, [])
          const definition = checkDefinition(text!, 'recognised')
          assert.equal(definition.dataset.title, 'RVV')
          const report = await bench.sources.run(definition, { cwd: folder })
          assert.deepEqual([report.dataset, report.outcome], [dataset ?? 'rvv', 'ok'], report.error)
          assert.equal((await served(dataset ?? 'rvv')).counts['stop_times.txt'], 5)
        }
      } finally {
        await new Promise((done) => server.close(done))
      }
    })

    it('forgets what a killed run left, and partitions of a removed dataset', async () => {
      await run('weg', write(FEED))
      const { version } = await served('weg')
      await bench.catalog.remove('weg')
      const tables = async () =>
        (await bench.db.query(`select 1 from pg_class where relname = $1`, [`gtfs_trip_${version}`])).length
      await run('rest', write(FEED))
      assert.equal(await tables(), 0)
    })
  })
}
