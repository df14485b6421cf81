import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../../test/support/database.ts'
import { isoOf, regular, type Town, town } from '../../../test/support/stations.ts'
import type { SourceHealth } from './station-model.ts'
import { station, stationOverview } from './stations.ts'
import { median } from './usual.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const ZONE = 'Europe/Berlin'
/** Thursday 14:15 in Berlin. */
const NOW = '2026-08-20T12:15:00Z'
const now = Date.parse(NOW)

const health = (id: string, rest: Partial<SourceHealth> = {}): SourceHealth => ({
  id,
  title: id,
  schedule: 'every 15m',
  manual: false,
  state: 'ok',
  lastGood: NOW,
  cause: null,
  causeText: null,
  ...rest,
})
const SOURCES = new Map(
  [
    health('live'),
    health('archive', { manual: true, schedule: null }),
    health('failing', { state: 'broken', cause: 'HTTP 500' }),
  ].map((source) => [source.id, source]),
)

for (const engine of databases()) {
  describe(`stations on the ${engine.name} database`, () => {
    let place: Town
    let dataset: number
    const ids = new Map<string, { thing: number; series: number[] }>()

    const overview = (visible = [dataset], at = now) =>
      stationOverview(place.db, visible, {
        timeZone: ZONE,
        now: at,
        sources: async () => SOURCES,
        dataset: (key) => place.catalog.byKey(key),
      })
    const add = async (
      name: string,
      source: string | null,
      from: string,
      to: string,
      value: (at: number, i: number) => number | null,
    ) => {
      const made = await place.station(dataset, {
        name,
        at: [7.6, 51.9],
        series: [{ key: 'sum', role: 'total', source }],
      })
      ids.set(name, made)
      const rows = regular(made.series[0]!, from, to, 900, value)
      if (rows.length > 0) await place.sensing.append(rows)
      return rows
    }

    before(async () => {
      place = await town(await engine.fresh())
      dataset = await place.dataset('rad', 'released')
      const begin = isoOf(now - 60 * DAY)
      await add('Aktuell', 'live', begin, NOW, (at) => (new Date(at + 2 * HOUR).getUTCDay() === 4 ? 10 : 1))
      await add('Verspätet', 'live', begin, isoOf(now - 2 * HOUR), () => 1)
      await add('Gestört', 'failing', begin, isoOf(now - 3 * DAY), () => 1)
      await add('Archiv', 'archive', isoOf(now - 400 * DAY), isoOf(now - 390 * DAY), () => 5)
      await add('Leer', 'live', NOW, NOW, () => 1)
      await add('Gesendet', null, isoOf(now - 10 * HOUR), NOW, () => 2)
    })
    after(() => place.db.close())

    it('says how fresh each is, and an archive is never late', async () => {
      const { stations } = await overview()
      assert.deepEqual(Object.fromEntries(stations.map((one) => [one.name, one.state])), {
        Aktuell: 'current',
        Archiv: 'archive',
        Gesendet: 'current',
        Gestört: 'broken',
        Leer: 'empty',
        Verspätet: 'late',
      })
      const later = await overview([dataset], now + 2 * DAY)
      const states = new Map(later.stations.map((one) => [one.name, one.state]))
      assert.deepEqual(
        ['Aktuell', 'Archiv', 'Gesendet'].map((name) => states.get(name)),
        ['late', 'archive', 'late'],
      )
      assert.equal(later.groups[0]!.isToday, false)
    })

    it('sums the newest day over the stations that measured on it', async () => {
      const { groups, stations } = await overview()
      const group = groups[0]!
      const quarters = 14.25 * 4
      assert.deepEqual(
        [group.key, group.day, group.isToday, group.newest, group.worst, group.stations],
        ['bicycle_count', '2026-08-20', true, NOW, 'broken', 6],
      )
      assert.equal(group.total, quarters * 10 + (quarters - 8) + 40 * 2)
      const archive = stations.find((one) => one.name === 'Archiv')!
      assert.equal(archive.headline!.day, '2025-07-26')
      assert.equal(archive.newest, isoOf(now - 390 * DAY))
    })

    it('compares with the same weekday up to the same time of day', async () => {
      const { groups, stations } = await overview()
      const headline = stations.find((one) => one.name === 'Aktuell')!.headline!
      assert.deepEqual(headline.usual, { value: 570, change: 0, basis: { weekday: 4, days: 8, until: '14:15' } })
      // The one that is late is compared up to its own newest value; the one that only began has nothing to compare with.
      assert.equal(stations.find((one) => one.name === 'Gesendet')!.headline!.usual, null)
      assert.deepEqual(groups[0]!.usual, {
        value: 570 + 49,
        change: 0,
        basis: { weekday: 4, days: 8, until: '14:15', stations: 2 },
      })
    })

    it('leaves suspect values and incomplete days out of what is usual', async () => {
      const made = await place.station(dataset, { name: 'Zweifel', series: [{ key: 'sum' }] })
      const weeks = [1, 2, 3, 4, 5, 6, 7, 8]
      for (const week of [0, ...weeks]) {
        const rows = regular(
          made.series[0]!,
          isoOf(now - 7 * DAY * week - 14.25 * HOUR),
          isoOf(now - 7 * DAY * week),
          900,
          (_, i) => (week === 3 && i > 20 ? null : week * 10),
        )
        // In the first week the values are suspect: kept, but not usual.
        await place.sensing.append(rows.map((row) => (week === 1 ? { ...row, v: 100_000, q: 1 as const } : row)))
      }
      const { stations } = await overview()
      const usual = stations.find((one) => one.name === 'Zweifel')!.headline!.usual!
      const expected = median([2, 4, 5, 6, 7, 8].map((week) => week * 10 * 57))
      assert.deepEqual([usual.value, usual.basis.days], [expected, 6])
      const found = await station(place.db, [dataset], made.thing, {
        timeZone: ZONE,
        now,
        sources: async () => SOURCES,
        dataset: () => undefined,
      })
      const share = found!.datastreams[0]!.suspectShare!
      assert.ok(Math.abs(share - 57 / (8 * 57 + 21)) < 1e-9, String(share))
      assert.ok(found!.datastreams[0]!.completeness! < 0.1)
    })

    it('compares days of the change of the clock by local time', async () => {
      // Sunday 25 October 2026 has 25 hours. Each hour counts 1, so up to 12:15 it is one hour more than other Sundays.
      const made = await place.station(dataset, { name: 'Umstellung', series: [{ key: 'sum' }] })
      const end = '2026-10-25T11:15:00Z'
      await place.sensing.append(regular(made.series[0]!, '2026-08-25T00:00:00Z', end, 900, () => 0.25))
      const { stations } = await overview([dataset], Date.parse(end))
      const headline = stations.find((one) => one.name === 'Umstellung')!.headline!
      assert.deepEqual([headline.dayTotal, headline.usual!.value, headline.usual!.basis.until], [13.25, 12.25, '12:15'])
    })

    it('keeps 48 hours for the sparkline, with gaps', async () => {
      const made = await place.station(dataset, { name: 'Lücke', series: [{ key: 'sum' }] })
      await place.sensing.append(
        regular(made.series[0]!, isoOf(now - 47.25 * HOUR), NOW, 900, (at) =>
          at > now - 10 * HOUR && at < now - 5 * HOUR ? null : 1,
        ),
      )
      const { spark } = (await overview()).stations.find((one) => one.name === 'Lücke')!
      assert.equal(spark.length, 48)
      assert.equal(spark.at(-1)![0], '2026-08-20T12:00:00Z')
      assert.equal(spark.filter(([, value]) => value === null).length, 4)
    })

    it('shows nothing of datasets the caller may not see', async () => {
      assert.deepEqual((await overview([])).stations, [])
      assert.equal(
        await station(place.db, [], ids.get('Aktuell')!.thing, {
          timeZone: ZONE,
          now,
          sources: async () => SOURCES,
          dataset: () => undefined,
        }),
        null,
      )
    })
  })
}
