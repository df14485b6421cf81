import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../../test/support/database.ts'
import { isoOf, regular, type Town, town } from '../../../test/support/stations.ts'
import { bucketEnd, bucketStarts, type Grid } from './buckets.ts'
import { gap } from './gaps.ts'
import type { NewObservation } from './model.ts'
import { MAX_POINTS, planSeries, series } from './series.ts'
import { seriesPages } from './series-pages.ts'
import { thinnedSeries } from './thinned.ts'

const BERLIN = 'Europe/Berlin'

for (const engine of databases()) {
  describe(`series on the ${engine.name} database`, () => {
    let place: Town
    let released: number
    let counts: number
    let levels: number
    let rows: NewObservation[]

    before(async () => {
      place = await town(await engine.fresh())
      released = await place.dataset('rad', 'released')
      const made = await place.station(released, {
        name: 'Promenade',
        series: [{ key: 'sum' }, { key: 'level', property: 'water_level', aggregate: 'mean' }],
      })
      counts = made.series[0]!
      levels = made.series[1]!
      // Winter to winter over both changes of the clock, with a hole of five hours and some suspect values.
      rows = regular(counts, '2024-03-01T00:00:00Z', '2024-11-10T00:00:00Z', 900, (at, i) =>
        at >= Date.parse('2024-06-05T10:00:00Z') && at < Date.parse('2024-06-05T15:00:00Z') ? null : (i * 7) % 41,
      ).map((row, i) => (i % 97 === 0 ? { ...row, q: 1 } : row))
      const half = rows.length >> 1
      await place.sensing.append(rows.slice(0, half))
      await place.sensing.append(rows.slice(half))
      await place.sensing.append(
        regular(levels, '2024-06-01T00:00:00Z', '2024-06-03T00:00:00Z', 900, (_, i) => 100 + (i % 10)),
      )
    })
    after(() => place.db.close())

    const ask = (query: Partial<Parameters<typeof series>[2]>) =>
      series(place.db, [released], { datastreams: [counts], timeZone: BERLIN, resolution: 'auto', ...query })

    const naive = (grid: Grid, from: string, to: string, zone: string) =>
      bucketStarts(grid, Date.parse(from), Date.parse(to), zone).map((start) => {
        const begin = Math.max(start, Date.parse(from))
        const end = Math.min(bucketEnd(grid, start, zone), Date.parse(to))
        const mine = rows.filter((row) => Date.parse(row.t) >= begin && Date.parse(row.t) < end)
        const values = mine.map((row) => row.v!)
        return {
          t: isoOf(begin),
          tEnd: isoOf(end),
          value: mine.length > 0 ? values.reduce((a, b) => a + b, 0) : null,
          n: mine.length,
          min: mine.length > 0 ? Math.min(...values) : null,
          max: mine.length > 0 ? Math.max(...values) : null,
          suspect: mine.filter((row) => row.q === 1).length,
        }
      })

    it('adds up to what the values themselves give, at every resolution, also off the full hour', async () => {
      const from = '2024-03-20T07:00:00Z'
      const to = '2024-11-05T18:00:00Z'
      for (const zone of [BERLIN, 'Asia/Kolkata', 'America/New_York']) {
        for (const resolution of ['day', 'week', 'month', 'year'] as const) {
          const answer = await ask({ from, to, resolution, timeZone: zone })
          assert.deepEqual(answer.series[0]!.points, naive(resolution, from, to, zone), `${zone} ${resolution}`)
        }
      }
      const hours = await ask({ from: '2024-10-26T00:00:00Z', to: '2024-10-29T00:00:00Z', resolution: 'hour' })
      assert.deepEqual(hours.series[0]!.points, naive('hour', '2024-10-26T00:00:00Z', '2024-10-29T00:00:00Z', BERLIN))
      const kolkata = await ask({
        from: '2024-10-26T00:00:00Z',
        to: '2024-10-27T00:00:00Z',
        resolution: 'hour',
        timeZone: 'Asia/Kolkata',
      })
      assert.deepEqual(
        kolkata.series[0]!.points,
        naive('hour', '2024-10-26T00:00:00Z', '2024-10-27T00:00:00Z', 'Asia/Kolkata'),
      )
    })

    it('gives the days of the change 23 and 25 hours', async () => {
      const spring = await ask({ from: '2024-03-30T23:00:00Z', to: '2024-03-31T22:00:00Z', resolution: 'day' })
      assert.deepEqual([spring.series[0]!.points.length, spring.series[0]!.points[0]!.n], [1, 23 * 4])
      const autumn = await ask({ from: '2024-10-26T22:00:00Z', to: '2024-10-27T23:00:00Z', resolution: 'day' })
      assert.deepEqual([autumn.series[0]!.points.length, autumn.series[0]!.points[0]!.n], [1, 25 * 4])
    })

    it('reports gaps as points without value: each empty bucket, and one for each hole between values', async () => {
      const hours = await ask({ from: '2024-06-05T08:00:00Z', to: '2024-06-05T17:00:00Z', resolution: 'hour' })
      assert.deepEqual(
        hours.series[0]!.points.map((point) => point.value === null),
        [false, false, true, true, true, true, true, false, false],
      )
      const raw = await ask({ from: '2024-06-05T08:00:00Z', to: '2024-06-05T17:00:00Z', resolution: 'raw' })
      const gaps = raw.series[0]!.points.filter((point) => point.value === null)
      assert.deepEqual(
        gaps.map(({ t, tEnd }) => [t, tEnd]),
        [['2024-06-05T10:00:00Z', '2024-06-05T15:00:00Z']],
      )
      assert.equal(raw.series[0]!.points.length, 4 * 4 + 1)
    })

    it('reports no bucket that has not begun', async () => {
      const answer = await ask({
        from: '2024-11-09T00:00:00Z',
        to: '2024-11-12T00:00:00Z',
        resolution: 'hour',
        now: Date.parse('2024-11-10T03:30:00Z'),
      })
      assert.equal(answer.series[0]!.points.at(-1)!.t, '2024-11-10T03:00:00Z')
      assert.equal(answer.series[0]!.points.at(-1)!.value, null)
    })

    it('sums counts and averages everything else', async () => {
      const answer = await ask({
        datastreams: [counts, levels],
        from: '2024-06-01T00:00:00Z',
        to: '2024-06-03T00:00:00Z',
        resolution: 'day',
      })
      const [bikes, water] = answer.series
      assert.equal(
        bikes!.total,
        rows.filter((row) => row.t >= '2024-06-01' && row.t < '2024-06-03').reduce((sum, row) => sum + row.v!, 0),
      )
      assert.equal(water!.total, null)
      assert.ok(Math.abs(water!.mean! - 104.5) < 0.2)
      assert.deepEqual([water!.min, water!.max, water!.n], [100, 109, 192])
    })

    it('cuts the first and last bucket at the range, so the total is that of the range', async () => {
      const answer = await ask({ from: '2024-06-01T10:00:00Z', to: '2024-06-03T10:00:00Z', resolution: 'day' })
      const points = answer.series[0]!.points
      assert.deepEqual([points[0]!.t, points.at(-1)!.tEnd], ['2024-06-01T10:00:00Z', '2024-06-03T10:00:00Z'])
      assert.equal(
        answer.series[0]!.total,
        points.reduce((sum, point) => sum + point.value!, 0),
      )
    })

    it('picks a resolution, and everything there is with from=start', async () => {
      assert.equal((await ask({ from: '2024-06-01T00:00:00Z', to: '2024-06-02T00:00:00Z' })).resolution, 'raw')
      assert.equal((await ask({ from: '2024-06-01T00:00:00Z', to: '2024-06-08T00:00:00Z' })).resolution, 'hour')
      const all = await ask({ from: 'start' })
      assert.equal(all.resolution, 'day')
      assert.equal(all.series[0]!.n, rows.length)
      const week = await ask({})
      assert.deepEqual([week.from, week.to], ['2024-11-03T00:00:00Z', '2024-11-10T00:00:00Z'])
    })

    it('hides what the caller may not see, and says which series it means', async () => {
      const secret = await place.dataset('geheim', 'draft')
      const hidden = (await place.station(secret, { name: 'Geheim', series: [{ key: 'a' }] })).series[0]!
      await place.sensing.append([{ datastream: hidden, t: '2024-06-01T00:00:00Z', tEnd: null, v: 1 }])
      await assert.rejects(ask({ datastreams: [counts, hidden] }), { status: 404, code: 'not-found' })
      await assert.rejects(series(place.db, [], { datastreams: [counts], timeZone: BERLIN, resolution: 'auto' }), {
        status: 404,
      })
      const seen = await series(place.db, [released, secret], {
        datastreams: [hidden],
        timeZone: BERLIN,
        resolution: 'raw',
        from: 'start',
      })
      assert.equal(seen.series[0]!.n, 1)
    })

    it('refuses what cannot be answered and says what to do', async () => {
      await assert.rejects(ask({ from: '2024-06-02T00:00:00Z', to: '2024-06-01T00:00:00Z' }), {
        status: 400,
        code: 'bad-range',
      })
      await assert.rejects(ask({ datastreams: Array.from({ length: 11 }, (_, i) => i + 1) }), {
        status: 400,
        code: 'too-many-series',
      })
      await assert.rejects(
        ask({ from: '2010-01-01T00:00:00Z', to: '2024-01-01T00:00:00Z', resolution: 'hour' }),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'too-many-points')
          assert.match(error.message, new RegExp(`${MAX_POINTS}.*coarser resolution.*format=csv`))
          return true
        },
      )
    })

    it('pages through all values once, in order', async () => {
      for (const resolution of ['raw', 'hour', 'day'] as const) {
        const plan = await planSeries(place.db, [released], {
          datastreams: [counts, levels],
          timeZone: BERLIN,
          resolution,
          from: 'start',
        })
        const seen: { datastream: number; t: string; value: number; n: number }[] = []
        for await (const page of seriesPages(place.db, [released], plan)) {
          for (const point of page.points)
            seen.push({ datastream: page.series.datastream, t: point.t, value: point.value!, n: point.n })
        }
        const bikes = seen.filter((point) => point.datastream === counts)
        assert.equal(
          bikes.reduce((sum, point) => sum + point.n, 0),
          rows.length,
          resolution,
        )
        assert.equal(
          bikes.reduce((sum, point) => sum + point.value, 0),
          rows.reduce((sum, row) => sum + row.v!, 0),
        )
        assert.deepEqual(
          bikes.map((point) => point.t),
          [...new Set(bikes.map((point) => point.t))].sort(),
        )
        assert.equal(seen.length - bikes.length, resolution === 'raw' ? 192 : resolution === 'hour' ? 48 : 3)
      }
    })

    it('thins what a chart has no room for: extremes and gaps stay, sums are those of all values', async () => {
      const range = { from: '2024-03-01T00:00:00Z', to: '2024-11-10T00:00:00Z', resolution: 'raw' as const }
      const whole = (await ask(range)).series[0]!
      const query = { datastreams: [counts], timeZone: BERLIN, ...range }
      const thinned = (await thinnedSeries(place.db, [released], { ...query, points: 400 })).series[0]!
      assert.ok(whole.points.length > 20_000)
      assert.ok(thinned.thinned && thinned.points.length <= 406, `${thinned.points.length} points`)
      for (const key of ['total', 'mean', 'n', 'suspect', 'min', 'max'] as const) assert.equal(thinned[key], whole[key])
      const hole = thinned.points.filter((point) => point.value === null)
      assert.deepEqual(hole, [gap('2024-06-05T10:00:00Z', '2024-06-05T15:00:00Z')])
      assert.ok(thinned.points.some((point) => point.suspect > 0))
      const known = new Set(whole.points.map((point) => JSON.stringify(point)))
      assert.ok(thinned.points.every((point) => known.has(JSON.stringify(point))))

      const short = { ...query, to: '2024-03-02T00:00:00Z', points: 400 }
      const same = (await thinnedSeries(place.db, [released], short)).series[0]!
      assert.deepEqual([same.thinned, same.points], [false, (await ask(short)).series[0]!.points])
      const instants = (await place.station(released, { name: 'Pegel', series: [{ key: 'now', aggregate: 'mean' }] }))
        .series
      await place.sensing.append(
        regular(instants[0]!, '2024-06-01T00:00:00Z', '2024-06-09T00:00:00Z', 900, (at, i) =>
          new Date(at).getUTCDate() === 4 ? null : i,
        ).map((row) => ({ ...row, tEnd: null })),
      )
      const levelsOf = { datastreams: instants, from: '2024-06-01T00:00:00Z', to: '2024-06-09T00:00:00Z' }
      const every = (await ask({ ...range, ...levelsOf })).series[0]!.points
      const some = (await thinnedSeries(place.db, [released], { ...query, ...levelsOf, points: 200 })).series[0]!.points
      const holes = (points: typeof every) => points.filter((point) => point.value === null)
      assert.deepEqual(holes(some), holes(every))
      assert.equal(holes(some).length, 1)
      const hours = await thinnedSeries(place.db, [released], { ...query, resolution: 'hour', points: 400 })
      assert.ok(hours.series[0]!.thinned && hours.series[0]!.points.length <= 406)
    })

    it('finds gaps of irregular series in hours, too, and none where values simply come seldom', async () => {
      const made = await place.station(released, {
        name: 'Frei',
        series: [
          { key: 'often', aggregate: 'mean', periodSeconds: null },
          { key: 'seldom', aggregate: 'mean', periodSeconds: null },
        ],
      })
      const [often, seldom] = made.series as [number, number]
      await place.sensing.append([
        ...regular(often, '2024-06-01T00:00:00Z', '2024-06-05T00:00:00Z', 1800, (at, i) =>
          at >= Date.parse('2024-06-03T06:00:00Z') && at < Date.parse('2024-06-03T12:00:00Z') ? null : i,
        ),
        ...regular(seldom, '2024-06-01T00:00:00Z', '2024-06-05T00:00:00Z', 7200, (_, i) => i),
      ])
      const range = { from: '2024-06-02T00:00:00Z', to: '2024-06-05T00:00:00Z', resolution: 'hour' as const }
      const [a, b] = (await ask({ ...range, datastreams: [often, seldom] })).series
      const gaps = a!.points.filter((point) => point.value === null)
      assert.deepEqual(
        [gaps.length, gaps[0]?.t, gaps.at(-1)?.tEnd],
        [6, '2024-06-03T06:00:00Z', '2024-06-03T12:00:00Z'],
      )
      assert.equal(b!.points.length, 36)
      assert.ok(b!.points.every((point) => point.value !== null))
    })
  })
}
