/** Is a year of the example city believable? Figures are taken from the same functions that make history and live values. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { dayStart, localDay } from '../sensing/index.ts'
import { modelOf } from './model.ts'
import { type Reading, readings } from './rows.ts'
import type { Series } from './town.ts'
import { liveStep } from './town.ts'
import { DAY, HOUR, QUARTER } from './world.ts'

const ZONE = 'Europe/Berlin'
const CREATED = Date.parse('2026-11-23T11:02:00Z')
const { city, world } = modelOf({ timeZone: ZONE, created: CREATED })

const find = (station: string, key?: string): Series => {
  const found = city.series.find((one) => one.station.key === station && (key === undefined || one.key === key))
  assert.ok(found, `${station}/${key}`)
  return found
}
const value = (series: Series, at: number): number => series.value(world.moment(at))!
/** Sum of a series over local hours of a local day. */
const sum = (series: Series, day: string, from = 0, to = 24): number => {
  const start = dayStart(day, ZONE)
  let total = 0
  for (let at = start; at < dayStart(day, ZONE, 1); at += QUARTER) {
    const { hour } = world.moment(at)
    if (hour >= from && hour < to) total += value(series, at)
  }
  return total
}
const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length
/** Every `weekday` (ISO) between two days. */
const days = (from: string, to: string, weekday: number): string[] => {
  const found: string[] = []
  for (let at = Date.parse(`${from}T12:00Z`); at <= Date.parse(`${to}T12:00Z`); at += DAY)
    if (((at / DAY - 0.5 + 3) % 7) + 1 === weekday) found.push(localDay(at, ZONE))
  return found
}
const average = (series: Series, list: readonly string[], from?: number, to?: number): number =>
  mean(list.map((day) => sum(series, day, from, to)))

const MAY = ['2026-05-02', '2026-06-30'] as const

describe('the rhythm of the example city', () => {
  it('has the stations that were promised', () => {
    const of = (dataset: string) => city.stations.filter((one) => one.dataset === dataset).length
    assert.equal(of('beispiel-radverkehr') + of('beispiel-fussverkehr') + of('beispiel-kfz-verkehr'), 20)
    assert.equal(of('beispiel-parken'), 8)
    assert.equal(of('beispiel-wetter'), 6)
    assert.equal(of('beispiel-pegel'), 2)
    assert.equal(city.stations.filter((one) => one.brokenFrom < CREATED).length, 1)
    assert.equal(city.stations.filter((one) => one.delay > 0).length, 1)
    assert.ok(city.stations.every((one) => one.name.endsWith('(simuliert)')))
    assert.equal(new Set(city.stations.map((one) => one.key)).size, city.stations.length)
  })

  it('commutes on working days and rests on Sundays', () => {
    const bikes = find('promenade', 'total')
    const tuesday = average(bikes, days(...MAY, 2))
    assert.ok(tuesday > 2000 && tuesday < 7000, `${tuesday} bicycles on a Tuesday`)
    assert.ok(average(bikes, days(...MAY, 7)) < 0.6 * tuesday)
    assert.ok(average(bikes, days(...MAY, 2), 2, 4) * 15 < average(bikes, days(...MAY, 2), 7, 9), 'night and rush hour')
  })

  it('goes shopping on Saturdays and to the river on Sundays', () => {
    const street = find('lange-strasse', 'total')
    assert.ok(average(street, days(...MAY, 6)) > 1.2 * average(street, days(...MAY, 2)))
    assert.ok(average(street, days(...MAY, 7)) < 0.5 * average(street, days(...MAY, 2)))
    const river = find('uferweg')
    assert.ok(average(river, days(...MAY, 7)) > 1.3 * average(river, days(...MAY, 2)))
  })

  it('drives home early on Fridays', () => {
    const road = find('suedring')
    const [friday, thursday] = [days('2026-09-01', '2026-10-02', 5), days('2026-09-01', '2026-10-02', 4)]
    assert.ok(average(road, friday, 14, 16) > 1.15 * average(road, thursday, 14, 16))
    assert.ok(average(road, friday, 17, 18) < average(road, thursday, 17, 18))
  })

  it('lives a holiday like a Sunday', () => {
    const bikes = find('bahnhofsallee', 'total')
    const ascension = sum(bikes, '2026-05-14', 6, 9)
    assert.ok(ascension < 0.3 * average(bikes, ['2026-05-07', '2026-05-21'], 6, 9))
    assert.ok(
      sum(find('lange-strasse', 'total'), '2026-12-25', 10, 18) <
        0.4 * sum(find('lange-strasse', 'total'), '2026-12-18', 10, 18),
    )
  })

  it('rides less in rain and cold', () => {
    const bikes = find('promenade', 'total')
    const wet: number[] = []
    const dry: number[] = []
    for (let day = dayStart('2026-03-01', ZONE); day < dayStart('2026-11-01', ZONE); day += DAY) {
      for (let at = day; at < day + DAY; at += QUARTER) {
        const { hour, info, sky } = world.moment(at)
        if (info.kind !== 'workday' || !info.school || hour < 7 || hour >= 18) continue
        if (sky.rain > 0.8) wet.push(value(bikes, at))
        else if (sky.rain === 0) dry.push(value(bikes, at))
      }
    }
    assert.ok(wet.length > 50, `${wet.length} wet quarters of an hour`)
    assert.ok(mean(wet) < 0.75 * mean(dry), `${mean(wet)} wet, ${mean(dry)} dry`)
    const winter = average(bikes, days('2026-01-08', '2026-02-07', 2))
    assert.ok(winter < 0.75 * average(bikes, days(...MAY, 2)), 'winter')
    assert.ok(winter > 0.25 * average(bikes, days(...MAY, 2)), 'but not nobody')
  })

  it('has markets, a Christmas market and quiet summer holidays', () => {
    const market = find('marktplatz')
    const noMarket = [...days('2026-09-01', '2026-09-30', 2), ...days('2026-09-01', '2026-09-30', 4)]
    assert.ok(average(market, days('2026-09-01', '2026-09-30', 3), 8, 12) > 1.3 * average(market, noMarket, 8, 12))
    const before = average(market, days('2025-11-10', '2025-11-20', 4), 17, 20)
    assert.ok(average(market, days('2025-11-27', '2025-12-18', 4), 17, 20) > 1.5 * before)
    const road = find('nordring', 'total')
    assert.ok(
      average(road, days('2026-07-13', '2026-08-07', 2), 7, 9) <
        0.9 * average(road, days('2026-06-01', '2026-06-26', 2), 7, 9),
    )
  })

  it('adds up: both ways are the total in every quarter of an hour', () => {
    const [total, into, out] = ['total', 'in', 'out'].map((key) => find('nordring', key))
    let morning = 0
    for (let at = dayStart('2026-06-16', ZONE); at < dayStart('2026-06-17', ZONE); at += QUARTER) {
      assert.equal(value(into!, at) + value(out!, at), value(total!, at))
      if (world.moment(at).hour >= 7 && world.moment(at).hour < 9) morning += value(into!, at) - value(out!, at)
    }
    assert.ok(morning > 0, 'in the morning more go into town')
  })

  it('fills and empties its car parks', () => {
    let full = 0
    for (const station of city.stations.filter((one) => one.dataset === 'beispiel-parken')) {
      const capacity = station.properties.capacity as number
      const seen = new Set<number>()
      for (let at = dayStart('2026-06-01', ZONE); at < dayStart('2026-07-01', ZONE); at += QUARTER) {
        const free = value(station.series[0]!, at)
        assert.ok(Number.isInteger(free) && free >= 0 && free <= capacity, `${station.key}: ${free} of ${capacity}`)
        seen.add(free)
        if (station.key === 'marktgarage' && free === 0) full++
      }
      assert.ok(Math.max(...seen) > 0.75 * capacity, `${station.key} is never empty`)
      assert.ok(Math.min(...seen) < 0.45 * capacity, `${station.key} is never used`)
    }
    assert.ok(full > 60 && full < 1200, `the Marktgarage was full for ${full} quarters of an hour in a month`)
  })

  it('has weather of central Europe', () => {
    const temperature = find('wetter-hochschule', 'temperature')
    const rain = find('wetter-hochschule', 'rain')
    const of = (series: Series, from: string, to: string) => {
      const all: number[] = []
      for (let at = dayStart(from, ZONE); at < dayStart(to, ZONE); at += QUARTER) all.push(value(series, at))
      return all
    }
    const [january, july] = [of(temperature, '2026-01-01', '2026-02-01'), of(temperature, '2026-07-01', '2026-08-01')]
    assert.ok(mean(january) > -5 && mean(january) < 5, `January ${mean(january)} °C`)
    assert.ok(mean(july) > 15 && mean(july) < 23, `July ${mean(july)} °C`)
    assert.ok(Math.max(...july) < 40 && Math.min(...january) > -22)
    const year = of(rain, '2025-11-23', '2026-11-23')
    const total = year.reduce((a, b) => a + b, 0)
    assert.ok(total > 350 && total < 1100, `${total} mm in a year`)
    assert.ok(mean(year.map((mm) => (mm > 0 ? 1 : 0))) < 0.2, 'it is dry most of the time')
  })

  it('lets water follow the rain, the river later than the brook', () => {
    const lag = (series: Series): number => {
      const levels: number[] = []
      const rains: number[] = []
      for (let at = dayStart('2026-05-01', ZONE); at < dayStart('2026-09-01', ZONE); at += HOUR) {
        levels.push(value(series, at))
        rains.push(world.rain.at(Math.floor(at / HOUR)))
      }
      let best = 0
      let strongest = Number.NEGATIVE_INFINITY
      const level = mean(levels)
      const shower = mean(rains)
      for (let shift = 0; shift <= 48; shift++) {
        let together = 0
        for (let i = shift; i < levels.length; i++) together += (levels[i]! - level) * (rains[i - shift]! - shower)
        if (together / (levels.length - shift) > strongest) {
          strongest = together / (levels.length - shift)
          best = shift
        }
      }
      assert.ok(strongest > 0)
      return best
    }
    const brook = lag(find('pegel-muehlbach'))
    const river = lag(find('pegel-alte-bruecke'))
    assert.ok(brook >= 1 && brook <= 10, `brook ${brook} h`)
    assert.ok(river > brook && river <= 40, `river ${river} h`)
  })

  it('has 92 quarters of an hour on the spring day and 100 on the autumn day', () => {
    const ids = new Map(city.series.map((series, i) => [series, i + 1]))
    const on = (day: string): Reading[] => {
      const [from, to] = [dayStart(day, ZONE), dayStart(day, ZONE, 1)]
      return [...readings(city, world, ids, { from, to, now: CREATED, fine: () => false }, 1_000_000)].flat()
    }
    for (const [day, quarters] of [
      ['2026-03-29', 92],
      ['2026-10-25', 100],
      ['2026-06-16', 96],
    ] as const) {
      const rows = on(day)
      assert.equal(rows.length, quarters * city.series.length, day)
      assert.equal(new Set(rows.map(({ datastream, at }) => `${datastream} ${at}`)).size, rows.length)
    }
    // The repeated hour of the autumn day is counted twice, with different counts.
    const night = on('2026-10-25').filter(
      ({ series, at }) => series === find('suedring') && world.moment(at).hour === 2,
    )
    assert.equal(night.length, 2)
    assert.equal(night[1]!.at - night[0]!.at, HOUR)
  })

  it('gives the same value for the same time, whoever asks in whatever order', () => {
    const again = modelOf({ timeZone: ZONE, created: CREATED })
    const times = Array.from({ length: 60 }, (_, i) => CREATED - (CREATED % QUARTER) - i * 41 * QUARTER)
    const first = city.series.map((series) => times.map((at) => series.value(world.moment(at))))
    const backwards = [...times].reverse()
    again.city.series.forEach((series, i) => {
      const values = backwards.map((at) => series.value(again.world.moment(at))).reverse()
      assert.deepEqual(values, first[i], `${series.station.key}/${series.key}`)
    })
    const other = modelOf({ timeZone: ZONE, created: CREATED + DAY })
    const one = other.city.series[0]!
    assert.deepEqual(
      times.map((at) => one.value(other.world.moment(at))),
      first[0],
      'nor does it matter when it began',
    )
  })

  it('never says what a device cannot know yet', () => {
    const ids = new Map(city.series.map((series, i) => [series, i + 1]))
    const stretch = { from: dayStart('2026-11-23', ZONE), to: CREATED, now: CREATED, fine: () => true }
    const newest = new Map<Series, number>()
    for (const batch of readings(city, world, ids, stretch, 5_000))
      for (const { series, at } of batch) newest.set(series, at)
    for (const [series, at] of newest) {
      const end = at + (series.interval ? QUARTER : 0)
      const age = CREATED - series.station.delay - end
      assert.ok(age >= 0 && age < liveStep(series), `${series.station.key}/${series.key}: ${age} ms`)
    }
    assert.ok(!newest.has(find('hafenbruecke')), 'the broken counter is silent')
    assert.equal(newest.size, city.series.length - 1)
  })
})
