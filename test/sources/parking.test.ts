/**
 * Every captured parking feed through its ready definition. What should come out is reckoned from the raw files by a
 * few lines of their own: how many places, how many spaces, how many of them free.
 */
import assert from 'node:assert/strict'
import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { OWNER } from '../../src/domains/access/index.ts'
import { findFeatures } from '../../src/domains/features/index.ts'
import { databases } from '../support/database.ts'
import { DATA, ready, type SourcesBench, sourcesOn } from '../support/sources.ts'

const CAPTURES = join(DATA, 'parking/captures')
const skip = existsSync(CAPTURES) ? false : 'needs the real data at ../shared/data'
const raw = (name: string) => readFileSync(join(CAPTURES, name), 'utf8')
// biome-ignore lint/suspicious/noExplicitAny: foreign documents
const json = (name: string): any => JSON.parse(raw(name))
const sum = (values: unknown[]) => values.reduce((all: number, value) => all + Number(value ?? 0), 0)
/** Numbers inside the elements of that name, prefixes left out of account. */
const numbers = (text: string, element: string) =>
  [...text.matchAll(new RegExp(`<(?:\\w+:)?${element}>\\s*(-?[\\d.]+)\\s*<`, 'g'))].map((match) => Number(match[1]))

interface Figures {
  places: number
  capacity: number
  /** Sum of the latest free spaces that can be trusted, and how many say so. */
  free: number
  live: number
  /** Features without a place. */
  unplaced?: number
  rejected?: number
}

function properties(name: string) {
  return json(name).features.map((one: { properties: Record<string, unknown> }) => one.properties)
}

const CASES: Record<string, () => Figures> = {
  'stuttgart-parken': () => {
    const [table, status] = [raw('stuttgart-static.xml'), raw('stuttgart-realtime.xml')]
    const known = new Set([...table.matchAll(/<parkingFacility id="(\d+)"/g)].map(([, id]) => id))
    const states = status.split('<parkingFacilityReference ').slice(1)
    const free = states.flatMap((state) =>
      known.has(/id="(\d+)"/.exec(state)![1]) ? numbers(state, 'totalNumberOfVacantParkingSpaces') : [],
    )
    const lost = states.filter((state) => !known.has(/id="(\d+)"/.exec(state)![1]))
    return {
      places: known.size,
      capacity: sum(numbers(table, 'totalParkingCapacity')),
      free: sum(free),
      live: free.length,
      rejected: sum(lost.map((state) => 1 + 2 * numbers(state, 'totalNumberOfVacantParkingSpaces').length)),
    }
  },
  'friedrichshafen-parken': () => {
    const [table, status] = [raw('friedrichshafen-sensors-static.xml'), raw('friedrichshafen-sensors-realtime.xml')]
    // The extension repeats the figures of the record for a category: only the first count of each state is its own.
    const free = status
      .split('parkingRecordReference ')
      .slice(1)
      .map((one) => numbers(one, 'parkingNumberOfVacantSpaces')[0])
    const spaces = numbers(table, 'parkingNumberOfSpaces')
    return { places: spaces.length, capacity: sum(spaces), free: sum(free), live: free.length }
  },
  'bondorf-parken': () => {
    const free = numbers(raw('vrs_bondorf-realtime.xml'), 'parkingNumberOfVacantSpaces')
    const spaces = numbers(raw('vrs_bondorf-static.xml'), 'totalParkingCapacity')
    return { places: spaces.length, capacity: sum(spaces), free: sum(free), live: free.length }
  },
  'neustadt-parken': () => {
    const free = numbers(raw('vrs_neustadt-realtime.xml'), 'parkingNumberOfVacantSpaces')
    const spaces = numbers(raw('vrs_neustadt-static.xml'), 'totalParkingCapacity')
    return { places: spaces.length, capacity: sum(spaces), free: sum(free), live: free.length }
  },
  'freiburg-parken': () => {
    const rows = properties('freiburg.json')
    const of = (name: string) => rows.map((row: Record<string, unknown>) => row[name])
    return { places: rows.length, capacity: sum(of('obs_max')), free: sum(of('obs_free')), live: rows.length }
  },
  'freiburg-pr': () => {
    const rows = properties('freiburg_p_r_static.json')
    return {
      places: rows.length,
      capacity: sum(rows.map((row: { kapazitaet: number }) => row.kapazitaet)),
      free: 0,
      live: 0,
    }
  },
  'freiburg-pr-belegung': () => {
    // Adds to the dataset of the one before it: the table knows the places, the sensors what is free.
    const table = new Map(
      properties('freiburg_p_r_static.json').map((row: Record<string, unknown>) => [row.name, row.kapazitaet]),
    )
    const rows = properties('freiburg_p_r_sensors.json')
    for (const { park_name: name, obs_max: most } of rows) if (!table.has(name)) table.set(name, most)
    return {
      places: table.size,
      capacity: sum([...table.values()]),
      free: sum(rows.map((row: { obs_free: number }) => row.obs_free)),
      live: rows.length,
    }
  },
  'karlsruhe-parken': () => {
    const rows = properties('karlsruhe.json')
    const good = rows.filter((row: Record<string, unknown>) => row.echtzeit_status === 'OK')
    return {
      places: rows.length,
      capacity: sum(rows.map((row: { gesamte_parkplaetze: number }) => row.gesamte_parkplaetze)),
      free: sum(good.map((row: { freie_parkplaetze: number }) => row.freie_parkplaetze)),
      live: good.length,
    }
  },
  'karlsruhe-behindertenstellplaetze': () => {
    const rows = properties('karlsruhe_disabled_static.geojson')
    return {
      places: rows.length,
      capacity: sum(rows.map((row: { stellplaetze: number }) => row.stellplaetze)),
      free: 0,
      live: 0,
    }
  },
  'karlsruhe-stellplatzsensoren': () => {
    const { body } = json('karlsruhe_disabled_realtime.json')
    const said = body.flatMap((one: { last_readings: { data: { parking_status?: number } }[] }) =>
      one.last_readings[0]?.data.parking_status === undefined ? [] : [one.last_readings[0].data.parking_status],
    )
    return {
      places: body.length,
      capacity: body.length,
      free: said.filter((status: number) => status === 0).length,
      live: said.length,
      unplaced: body.filter((one: { location: unknown }) => one.location === null).length,
    }
  },
  'konstanz-parken': () => {
    const rows = json('konstanz.json').features.map((one: { attributes: Record<string, number> }) => one.attributes)
    const of = (name: string) => rows.map((row: Record<string, number>) => row[name])
    return { places: rows.length, capacity: sum(of('max_cap')), free: sum(of('real_fcap')), live: rows.length }
  },
  'konstanz-radabstellanlagen': () => {
    const rows = properties('konstanz_bike.geojson')
    return {
      places: rows.length,
      capacity: sum(rows.map((row: { Kapazitaet: number }) => row.Kapazitaet)),
      free: 0,
      live: 0,
    }
  },
  'konstanz-behindertenstellplaetze': () => {
    const rows = properties('konstanz_disabled.geojson')
    const counts = rows.map((row: { Informatio: string }) => Number.parseInt(row.Informatio, 10))
    return { places: rows.length, capacity: sum(counts), free: 0, live: 0 }
  },
  'herrenberg-radabstellanlagen': () => {
    const rows = properties('herrenberg_bike.json')
    return {
      places: rows.length,
      capacity: sum(rows.map((row: { Anzahl_Abstellmoeglichkeiten: number }) => row.Anzahl_Abstellmoeglichkeiten)),
      free: 0,
      live: 0,
    }
  },
  'radolfzell-parken': () => {
    const rows = properties('radolfzell.geojson').filter((row: { Stellpl: number | null }) => (row.Stellpl ?? 0) > 0)
    return { places: rows.length, capacity: sum(rows.map((row: { Stellpl: number }) => row.Stellpl)), free: 0, live: 0 }
  },
  'esslingen-parken': () => {
    const rows = properties('esslingen.geojson')
    const empty = json('esslingen.geojson').features.filter(
      (one: { geometry: { coordinates: unknown[] } }) => one.geometry.coordinates.length === 0,
    ).length
    return {
      places: rows.length,
      capacity: sum(rows.map((row: Record<string, number>) => row['Anzahl der Stellplätze'])),
      free: 0,
      live: 0,
      // Some areas were drawn without a corner.
      unplaced: empty,
      rejected: empty,
    }
  },
  'reutlingen-parken': () => {
    const rows = raw('reutlingen.csv').trim().split('\n').slice(1)
    // The number of spaces is the cell before the kind.
    const capacity = rows.map((row) => /,(\d*),[^,]*,"?POINT/.exec(row)?.[1])
    return { places: rows.length, capacity: sum(capacity), free: 0, live: 0 }
  },
  'heidelberg-parken': () => {
    const rows = json('heidelberg.json').map((one: Record<string, { value?: unknown }>) =>
      Object.fromEntries(Object.entries(one).map(([name, of]) => [name, of?.value ?? null])),
    )
    const free = rows
      .filter((row: Record<string, unknown>) => row.status !== 'Stoerung')
      .map((row: Record<string, number>) => row.availableSpotNumber ?? row.totalSpotNumber! - row.occupiedSpotNumber!)
      .filter((count: number) => count >= 0)
    return {
      places: rows.length,
      capacity: sum(rows.map((row: Record<string, number>) => row.staticTotalSpotNumber || row.totalSpotNumber)),
      free: sum(free),
      live: free.length,
      unplaced: rows.filter((row: Record<string, unknown>) => row.lat === undefined).length,
    }
  },
}

for (const engine of databases()) {
  describe(`captured parking feeds (${engine.name})`, { skip }, () => {
    let bench: SourcesBench
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
    })
    after(() => bench.close())

    for (const [name, expected] of Object.entries(CASES)) {
      it(name, async () => {
        const definition = ready(name)
        const report = await bench.sources.run(definition, { cwd: CAPTURES })
        assert.equal(report.outcome === 'failed', false, report.error)
        assert.equal(report.read, report.accepted + report.unchanged + report.corrected + report.rejected)
        const { places, capacity, free, live, unplaced = 0, rejected = 0 } = expected()
        assert.equal(report.rejected, rejected, JSON.stringify(report.rejections))
        const { key } = bench.catalog.byId(definition.dataset.id ?? definition.id)!
        const features = await findFeatures(bench.db, { concept: 'parking', visible: [key] })
        assert.equal(features.length, places, 'places')
        assert.equal(sum(features.map((one) => one.properties.capacity)), capacity, 'spaces')
        assert.equal(features.filter((one) => one.geometry === null).length, unplaced, 'without a place')
        for (const { geometry } of features) {
          const [lon, lat] = JSON.stringify(geometry?.['coordinates' as never] ?? [9, 48])
            .match(/[\d.]+/g)!
            .map(Number)
          assert.ok(lon! > 7 && lon! < 10.5 && lat! > 47 && lat! < 50, `${lon} ${lat} is not in Baden-Württemberg`)
        }
        const [values] = await bench.db.query<{ n: number; free: number }>(
          `select count(*) as n, coalesce(sum(o.v), 0) as free from feature f join datastream d on d.thing = f.thing
             join observed_property p on p.id = d.observed_property join observation o on o.datastream = d.id
           where f.dataset = $1 and p.natural_key = 'parking_free' and o.q is null`,
          [key],
        )
        assert.deepEqual(values, { n: live, free }, 'free spaces')
        const again = await bench.sources.run(definition, { cwd: CAPTURES })
        assert.deepEqual(
          [again.read, again.accepted, again.corrected, again.unchanged],
          [report.read, 0, 0, report.read - report.rejected],
          'a second run changes nothing',
        )
      })
    }

    it('recognises files that belong together, whatever their order', async () => {
      const [text] = await bench.sources.drafts.recognise(
        ['stuttgart-realtime.xml', 'stuttgart-static.xml'],
        CAPTURES,
        'erkannt',
      )
      const definition = bench.sources.check(text!)
      const report = await bench.sources.run(definition, { cwd: '/' })
      const { places, live } = CASES['stuttgart-parken']!()
      assert.deepEqual([report.dataset, report.outcome], ['erkannt', 'ok'], report.error)
      const { key } = bench.catalog.byId('erkannt')!
      const features = await findFeatures(bench.db, { concept: 'parking', visible: [key] })
      assert.equal(features.length, places)
      assert.equal(features.filter(({ thing }) => thing !== null).length, places)
      assert.ok(live > 0)
    })

    it('refuses a web page and states without their car parks, and says why', async () => {
      const refused = (path: string) => bench.sources.drafts.recognise([path], CAPTURES, 'nichts')
      await assert.rejects(refused('ulm.html'), /web page, not a file of values/)
      const [text] = await refused('toll-collect-realtime.xml')
      const report = await bench.sources.run(bench.sources.check(text!), { cwd: '/' })
      assert.equal(report.outcome, 'failed')
      assert.match(report.error!, /nothing of this id was described: the static file is missing/)
      assert.equal(report.accepted, 0)
    })

    it('takes a dropped feed in by form: what it is, what it would bring, and the source', async () => {
      const { drafts } = bench.sources
      const begun = await drafts.fromFile(
        'stuttgart.xml',
        createReadStream(join(CAPTURES, 'stuttgart-static.xml')),
        OWNER,
      )
      const { feed, problem } = begun.detection!
      assert.deepEqual([feed?.type, feed?.role, problem], ['datex2', 'static', null])
      assert.equal(feed!.reason.de, 'Tabelle von Parkplätzen (DATEX II)')
      const { places } = CASES['stuttgart-parken']!()
      const survey = await drafts.survey(begun.id)
      assert.deepEqual([survey.things.length, survey.values, survey.rejected, survey.whole], [places, 0, 0, true])
      await drafts.save(begun.id, OWNER)
      for (let wait = 0; (await drafts.get(begun.id)).outcome === null; wait++) {
        assert.ok(wait < 300, 'the first run does not end')
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      const { outcome, source } = await drafts.get(begun.id)
      assert.equal((outcome as { accepted: number }).accepted, places)
      assert.equal((await bench.sources.get(source!)).definition.format.type, 'datex2')
    })

    it('leaves facts and values alone when a feed fails, and marks what a whole feed no longer names', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'zahnrad-feed-'))
      const table = raw('vrs_neustadt-static.xml')
      const write = (text: string) => writeFileSync(join(folder, 'vrs_neustadt-static.xml'), text)
      writeFileSync(join(folder, 'vrs_neustadt-realtime.xml'), raw('vrs_neustadt-realtime.xml'))
      const definition = { ...ready('neustadt-parken'), id: 'neustadt-kurz', dataset: { title: 'Kurz' } }
      const names = async () => {
        const { key } = bench.catalog.byId('neustadt-kurz')!
        const features = await findFeatures(bench.db, { concept: 'parking', visible: [key], gone: true })
        return features.map((one) => `${one.key}${one.goneAt === null ? '' : ' gone'}`).sort()
      }
      try {
        write(table)
        assert.equal((await bench.sources.run(definition, { cwd: folder })).outcome, 'ok')
        write(table.slice(0, table.length / 2))
        const cut = await bench.sources.run(definition, { cwd: folder })
        assert.match(cut.error ?? '', /cut off|not well-formed/)
        assert.deepEqual(await names(), ['1089', '1091'])
        const second = table.lastIndexOf('<parkingFacility id')
        write(table.slice(0, second) + table.slice(table.lastIndexOf('</parkingFacilityTable>')))
        const less = await bench.sources.run(definition, { cwd: folder })
        assert.equal(less.outcome, 'ok', less.error ?? JSON.stringify(less.rejections))
        assert.deepEqual(await names(), ['1089', '1091 gone'])
      } finally {
        rmSync(folder, { recursive: true })
      }
    })

    it('is not harmed by a feed that hangs, floods or grows a hundredfold', async () => {
      let grown = false
      const small = raw('vrs_bondorf-static.xml')
      const server = createServer((request, response) => {
        if (request.url === '/hangs') return void response.write('<d2LogicalModel>')
        if (request.url === '/floods') {
          const more = () => {
            while (response.write('<x>'.repeat(10_000)));
          }
          response.on('drain', more)
          return more()
        }
        response.end(grown ? small.replace('<exchange>', `<!--${'x'.repeat(small.length * 100)}--><exchange>`) : small)
      })
      await new Promise<void>((resolve) => server.listen(0, resolve))
      const origin = `http://localhost:${(server.address() as AddressInfo).port}`
      const feed = (name: string) =>
        bench.sources.check(
          JSON.stringify({
            id: `feed-${name}`,
            title: name,
            dataset: { title: name },
            from: { http: { url: `${origin}/${name}`, timeout: '2s' } },
            format: { type: 'datex2' },
            limits: { bytes: '100KB' },
          }),
        )
      try {
        const started = Date.now()
        const bad = [bench.sources.run(feed('hangs')), bench.sources.run(feed('floods'))]
        const good = await bench.sources.run(feed('good'))
        assert.equal(good.outcome, 'ok', good.error)
        assert.ok(Date.now() - started < 2000, 'the good feed did not wait for the bad ones')
        const [hangs, floods] = await Promise.all(bad)
        assert.match(hangs!.error!, /did not arrive within 2s/)
        assert.match(floods!.error!, /longer than the 100000 bytes allowed/)
        grown = true
        const big = await bench.sources.run(feed('good'), { full: true })
        assert.match(big.error!, /100000/)
        const { key } = bench.catalog.byId('feed-good')!
        assert.equal((await findFeatures(bench.db, { concept: 'parking', visible: [key] })).length, 1)
      } finally {
        server.closeAllConnections()
        server.close()
      }
    })
  })
}
