/**
 * The ready definitions against real files. What should come out is reckoned here from the raw files by a few lines of
 * their own, without any of the program's parsers.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { databases } from '../support/database.ts'
import { DATA, ready, type SourcesBench, sourcesOn, storedSeries } from '../support/sources.ts'

const skip = existsSync(DATA) ? false : 'needs the real data at ../shared/data'
const lines = (path: string) =>
  readFileSync(path, 'utf8')
    .replace('\ufeff', '')
    .split(/\r?\n/)
    .filter((line) => line !== '')

/** Number, sum and suspect ones of each series, as reckoned by hand. */
class Expected {
  readonly series = new Map<string, { n: number; sum: number; suspect: number; values: Map<string, number> }>()
  /** Values as they stand in the files, repetitions too. */
  read = 0
  add(key: string, time: string, value: number, suspect = false): void {
    let entry = this.series.get(key)
    if (!entry) {
      entry = { n: 0, sum: 0, suspect: 0, values: new Map() }
      this.series.set(key, entry)
    }
    this.read++
    const before = entry.values.get(time)
    if (before === undefined) entry.n++
    else entry.sum -= before
    entry.values.set(time, value)
    entry.sum += value
    if (suspect) entry.suspect++
  }
}

async function compare(bench: SourcesBench, dataset: string, expected: Expected): Promise<void> {
  const stored = await storedSeries(bench.db, dataset)
  assert.deepEqual([...stored.keys()].sort(), [...expected.series.keys()].sort())
  for (const [key, { n, sum, suspect }] of expected.series) {
    const found = stored.get(key)!
    assert.equal(found.n, n, `${key}: number of values`)
    assert.ok(Math.abs(found.sum - sum) <= Math.abs(sum) * 1e-9 + 1e-6, `${key}: sum ${found.sum}, not ${sum}`)
    assert.equal(found.suspect, suspect, `${key}: suspect values`)
  }
}

for (const engine of databases()) {
  describe(`ready definitions (${engine.name})`, { skip }, () => {
    let bench: SourcesBench
    let months: string
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
      months = mkdtempSync(join(tmpdir(), 'zahnrad-months-'))
      const wanted = ['*/2025-03.csv', '*/2025-10.csv', '*/2026-07.csv', 'muenster/300037926/*']
      execFileSync('tar', [
        '-xJf',
        join(DATA, 'counts/muenster_radverkehr_all_sites.tar.xz'),
        '-C',
        months,
        '--wildcards',
        ...wanted,
      ])
    })
    after(async () => {
      await bench.close()
      rmSync(months, { recursive: true, force: true })
    })
    const run = async (name: string, from: string, expected: Expected) => {
      const report = await bench.sources.run(ready(name), { from })
      assert.equal(report.outcome, 'ok', report.error)
      assert.equal(report.read, expected.read)
      assert.equal(report.read, report.accepted + report.unchanged + report.corrected + report.rejected)
      await compare(bench, name, expected)
      return report
    }

    it('muenster-rad: all sites in months with both clock changes, and all months of the site with cars', async () => {
      const expected = new Expected()
      const carChannels = new Set<string>()
      const root = join(months, 'muenster')
      for (const site of readdirSync(root)) {
        for (const file of readdirSync(join(root, site))) {
          const [head, ...rows] = lines(join(root, site, file))
          // Commas inside quotes only stand in the header, behind the channel's number.
          const channels = [...head!.matchAll(/(?:^|,)"?(\d{9}) \(/g)].map((match) => match[1]!)
          for (const [, channel] of head!.matchAll(/(\d{9}) \([^,]*(?:PKW|Car )/g))
            carChannels.add(`${site}/${channel}`)
          for (const row of rows) {
            const cells = row.split(',')
            channels.forEach((channel, index) => {
              const value = cells[1 + index]!
              const status = cells[1 + channels.length + index]!
              if (value !== '') expected.add(`${site}/${channel}`, cells[0]!, Number(value), status !== '0')
            })
          }
        }
      }
      assert.equal(new Set([...expected.series.keys()].map((key) => key.split('/')[0])).size, 23)
      const report = await run('muenster-rad', months, expected)
      assert.deepEqual([report.accepted, report.rejected, report.corrected], [expected.read, 0, 0])
      const stored = await storedSeries(bench.db, 'muenster-rad')
      const bohlweg = [...stored.values()].filter(({ thing }) => thing === '300037926')
      assert.deepEqual(
        bohlweg.filter(({ role }) => role === 'total').map(({ series }) => series),
        ['300037926'],
      )
      const cars = bohlweg.filter(({ property }) => property === 'car_count')
      const withValues = [...carChannels].filter((key) => expected.series.has(key))
      assert.ok(withValues.length > 0)
      assert.deepEqual(cars.map(({ thing, series }) => `${thing}/${series}`).sort(), withValues.sort())
      assert.ok(cars.every(({ role }) => role === null))
      // The night the clocks went forward has no third hour; the one they went back has it once: the earlier.
      const nights = await bench.db.query<{ t: string }>(
        `select o.t from observation o join datastream s on s.id = o.datastream
         where s.natural_key = '100031297/100031297'
           and (o.t between '2025-03-30T00:00Z' and '2025-03-30T01:45Z' or o.t between '2025-10-26T00:00Z' and '2025-10-26T02:00Z') order by o.t`,
      )
      const times = nights.map(({ t }) => t.slice(5, 16))
      assert.deepEqual(
        times.slice(0, 8),
        ['00', '01'].flatMap((hour) => ['00', '15', '30', '45'].map((minute) => `03-30T${hour}:${minute}`)),
      )
      assert.deepEqual(times.slice(8), ['10-26T00:00', '10-26T00:15', '10-26T00:30', '10-26T00:45', '10-26T02:00'])
      const [promenade] = await bench.db.query<{ name: string; ends: boolean; approximate: boolean }>(
        `select t.name, bool_and(o.t_end = o.t + interval '15 minutes') as ends, (l.properties->>'approximate')::boolean as approximate
         from thing t join datastream s on s.thing = t.id join observation o on o.datastream = s.id
           join thing_location tl on tl.thing = t.id join location l on l.id = tl.location
         where t.natural_key = '100031297' group by 1, 3`,
      )
      assert.deepEqual(promenade, { name: 'Promenade (nördl. Salzstraße)', ends: true, approximate: true })
    })

    it('muenster-rad: a second run changes nothing', async () => {
      const counts = () => bench.db.query(`select count(*) as n, sum(v) as v, max(id) as id from observation`)
      const before = await counts()
      const report = await bench.sources.run(ready('muenster-rad'), { from: months })
      assert.deepEqual([report.accepted, report.corrected, report.rejected], [0, 0, 0])
      assert.equal(report.unchanged, report.read)
      assert.deepEqual(await counts(), before)
    })

    it('wuerzburg-passanten: offsets on both days, decimal comma, texts', async () => {
      const expected = new Expected()
      const file = join(DATA, 'counts/wuerzburg/passanten_wuerzburg.csv')
      const [, ...rows] = lines(file)
      const keys: Record<number, string> = {
        2: 'temperatur',
        3: 'gesamt',
        6: 'ltr',
        7: 'rtl',
        8: 'erwachsene',
        9: 'kinder',
        10: 'erwachsene-ltr',
        11: 'erwachsene-rtl',
        12: 'kinder-ltr',
        13: 'kinder-rtl',
      }
      for (const row of rows) {
        const cells = row.split(';')
        for (const [index, key] of Object.entries(keys)) {
          const cell = cells[Number(index)]!
          if (cell !== '') expected.add(`${cells[4]}/${key}`, cells[0]!, Number(cell.replace(',', '.')))
        }
        if (cells[1] !== '') expected.add(`${cells[4]}/wetter`, cells[0]!, 0)
      }
      await run('wuerzburg-passanten', file, expected)
      const rain = rows.filter((row) => row.split(';')[1] === 'rain').length
      const [stored] = await bench.db.query<{ n: number }>(
        `select count(*) as n from observation where x->>'r' = 'rain'`,
      )
      assert.equal(stored!.n, rain)
    })

    it('muenchen-rad: whole local days, empty totals, and a day that stands twice', async () => {
      const expected = new Expected()
      const file = join(DATA, 'counts/muenchen/rad_tage.csv')
      for (const row of lines(file).slice(1)) {
        const cells = row.split(',')
        for (const [index, key] of [
          [4, 'richtung_1'],
          [5, 'richtung_2'],
          [6, 'gesamt'],
        ] as const) {
          if (cells[index] !== '') expected.add(`${cells[3]}/${key}`, cells[0]!, Number(cells[index]))
        }
      }
      const report = await run('muenchen-rad', file, expected)
      assert.deepEqual([report.accepted, report.corrected], [expected.read - 3, 3])
      const days = await bench.db.query<{ hours: number; n: number }>(
        `select extract(epoch from o.t_end - o.t)::int4 / 3600 as hours, count(*) as n from observation o join datastream s on s.id = o.datastream
         where s.natural_key = 'Arnulf/gesamt' group by 1 order by 1`,
      )
      assert.deepEqual(
        days.map(({ hours, n }) => [hours, n]),
        [
          [23, 8],
          [24, 2906],
          [25, 8],
        ],
      )
      const again = await bench.sources.run(ready('muenchen-rad'), { from: file })
      assert.deepEqual([again.accepted, again.corrected, again.unchanged], [0, 0, again.read])
    })

    it('isar: two folders of overlapping files, decimal comma, MEZ all year', async () => {
      const expected = new Expected()
      const root = join(DATA, 'sensors/isar_muenchen')
      for (const [folder, key] of [
        ['fluesse-wasserstand', 'level'],
        ['fluesse-wassertemperatur', 'temperature'],
      ] as const) {
        for (const file of readdirSync(join(root, folder)).sort()) {
          for (const row of lines(join(root, folder, file))) {
            const [time, value] = row.replaceAll('"', '').split(';')
            if (/^\d{4}-/.test(time!) && value !== '')
              expected.add(`16005701/${key}`, time!, Number(value!.replace(',', '.')))
          }
        }
      }
      await run('isar', root, expected)
      const summer = await bench.db.query<{ v: number }>(
        `select o.v from observation o join datastream s on s.id = o.datastream where s.natural_key = '16005701/level' and o.t = '2025-07-01T11:00Z'`,
      )
      assert.equal(summer[0]!.v, expected.series.get('16005701/level')!.values.get('2025-07-01 12:00'))
    })

    it('bochum-baum: a folder for each tree, day.month.year, the end of the range suspect', async () => {
      const expected = new Expected()
      const root = join(DATA, 'sensors/bochum/treesense')
      for (const serial of readdirSync(root).filter((name) => /^[0-9A-F]{16}$/.test(name))) {
        const [file] = readdirSync(join(root, serial))
        for (const row of lines(join(root, serial, file!)).slice(1)) {
          const [time, ...values] = row.split(';')
          for (const [index, key] of ['resistance', 'temperature', 'resis_temp_comp', 'moisture_content'].entries()) {
            expected.add(
              `${serial}/${key}`,
              time!,
              Number(values[index]),
              key === 'resistance' && Number(values[index]) > 999.999,
            )
          }
        }
      }
      await run('bochum-baum', root, expected)
    })

    it('bochum-wetter: headers that differ, gaps, times with offset', async () => {
      const expected = new Expected()
      const root = join(DATA, 'sensors/bochum/ecowitt_gw2001')
      const taken = new Set(ready('bochum-wetter').series.map(({ column }) => column))
      const ranges: Record<string, [number, number]> = {
        outdoor_humidity: [0, 100],
        solar_and_uvi_solar: [0, 1500],
        wind_wind_direction: [0, 360],
      }
      for (const mac of readdirSync(root).filter((name) => /^[0-9A-F]{12}$/.test(name))) {
        for (const file of readdirSync(join(root, mac, 'yearly'))) {
          const [head, ...rows] = lines(join(root, mac, 'yearly', file))
          const columns = head!.split(',')
          for (const row of rows) {
            const cells = row.split(',')
            columns.forEach((column, index) => {
              if (!taken.has(column) || cells[index] === '') return
              const value = Number(cells[index])
              const [least, greatest] = ranges[column] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
              expected.add(`${mac}/${column}`, cells[0]!, value, value < least || value > greatest)
            })
          }
        }
      }
      await run('bochum-wetter', root, expected)
    })

    const uplinks = (network: RegExp) =>
      readdirSync(join(DATA, 'sensors/lorawan'), { recursive: true, encoding: 'utf8' })
        .filter((path) => network.test(path) && path.endsWith('.json'))
        .map((path) => readFileSync(join(DATA, 'sensors/lorawan', path)))

    it('lorawan-ttn: real uplinks as they are posted', async () => {
      const { sources, db } = bench
      await sources.add(ready('lorawan-ttn'), { kind: 'owner', name: 'owner' })
      await sources.pushed.reload()
      const expected = new Map<string, number>()
      for (const body of uplinks(/ThingsStack/)) {
        const figures = await sources.pushed.post('lorawan-ttn', body)
        assert.equal(figures.rejected, 0, JSON.stringify(figures.rejections))
        const message = JSON.parse(body.toString())
        const metadata: { rssi: number; snr?: number }[] = message.uplink_message.rx_metadata
        const key = `${message.end_device_ids.dev_eui} ${Date.parse(message.received_at)}`
        expected.set(`${key} rssi`, Math.max(...metadata.map(({ rssi }) => rssi)))
        if (metadata.some(({ snr }) => snr !== undefined))
          expected.set(`${key} snr`, Math.max(...metadata.map(({ snr }) => snr ?? -999)))
      }
      assert.ok(expected.size >= 6)
      const stored = await db.query<{ thing: string; series: string; t: string; v: number }>(
        `select t.natural_key as thing, split_part(s.natural_key, '/', 2) as series, o.t, o.v from observation o join datastream s on s.id = o.datastream
         join thing t on t.id = s.thing where s.source = 'lorawan-ttn'`,
      )
      assert.deepEqual(
        new Map(stored.map(({ thing, series, t, v }) => [`${thing} ${Date.parse(t)} ${series}`, v])),
        expected,
      )
    })

    it('lorawan-ttn: what a payload formatter decoded becomes series', async () => {
      const { sources, db } = bench
      const message = JSON.parse(uplinks(/VS121.ThingsStackCommunity/)[0]!.toString())
      message.received_at = '2026-01-02T03:04:05.678Z'
      message.uplink_message.decoded_payload = {
        people: 7,
        temperature: 21.5,
        door: 'open',
        alarm: false,
        deep: { x: -1 },
      }
      const figures = await sources.pushed.post('lorawan-ttn', Buffer.from(JSON.stringify(message)))
      assert.equal(figures.accepted, 7)
      const stored = await db.query<{ series: string; unit: string; v: number | null; r: unknown }>(
        `select split_part(s.natural_key, '/', 2) as series, s.unit->>'symbol' as unit, o.v, o.x->'r' as r
         from observation o join datastream s on s.id = o.datastream where s.source = 'lorawan-ttn' and o.t = '2026-01-02T03:04:05.678Z' order by 1`,
      )
      assert.deepEqual(
        stored
          .filter(({ series }) => series !== 'rssi' && series !== 'snr')
          .map(({ series, unit, v, r }) => [series, unit, v ?? r]),
        [
          ['alarm', '', false],
          ['deep.x', '', -1],
          ['door', '', 'open'],
          ['people', '', 7],
          ['temperature', '°C', 21.5],
        ],
      )
    })

    it('lorawan-chirpstack: real uplinks of versions 3 and 4', async () => {
      const { sources, db } = bench
      await sources.add(ready('lorawan-chirpstack'), { kind: 'owner', name: 'owner' })
      const devices = new Set<string>()
      let latest = 0
      for (const body of uplinks(/ChirpStack/)) {
        const message = JSON.parse(body.toString())
        const figures = await sources.pushed.post('lorawan-chirpstack', body)
        assert.equal(figures.rejected, 0, JSON.stringify(figures.rejections))
        assert.ok(figures.read >= 2)
        devices.add((message.deviceInfo?.devEui ?? Buffer.from(message.devEUI, 'base64').toString('hex')).toUpperCase())
        if (message.objectJSON) latest = JSON.parse(message.objectJSON).temperatureSensor ?? latest
      }
      const things = await db.query<{ key: string }>(
        `select distinct t.natural_key as key from thing t join datastream s on s.thing = t.id where s.source = 'lorawan-chirpstack'`,
      )
      assert.deepEqual(new Set(things.map(({ key }) => key)), devices)
      const [decoded] = await db.query<{ v: number }>(
        `select o.v from observation o join datastream s on s.id = o.datastream where s.natural_key like '%/temperatureSensor'`,
      )
      assert.equal(decoded!.v, latest)
      const join_ = await sources.pushed.post(
        'lorawan-chirpstack',
        Buffer.from('{"time":"2026-01-01T00:00:00Z","deviceInfo":{"devEui":"01"},"devAddr":"1"}'),
      )
      assert.equal(join_.read, 0)
    })
  })
}
