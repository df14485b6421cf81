/** Rules of MobilityData's validator one by one: a feed that breaks each, and one next to it that does not. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { noticesOf, versionsOf } from '../../src/domains/mobility/index.ts'
import { databases } from '../support/database.ts'
import { type SourcesBench, sourcesOn } from '../support/sources.ts'
import { FEED, type FeedText, gtfsSource } from '../support/transit.ts'

/** Rows added to, or instead of, files of the small feed without a fault. */
interface Case {
  severity: 'ERROR' | 'WARNING' | 'INFO'
  bad: FeedText
  /** Next to it, and right. Left out: the feed as it is. */
  good?: FeedText
}

const times = (...rows: string[]) => `trip_id,stop_sequence,stop_id,arrival_time,departure_time\n${rows.join('\n')}\n`
const call = (trip: string, n: number, stop: string, time: string) => `${trip},${n},${stop},${time},${time}`
const far = (lat: string) =>
  `stop_id,stop_name,stop_lat,stop_lon\na,Anfang,49.0,12.1\nb,Mitte,49.1,12.1\nc,Ende,${lat},12.1\n`
const stops = (...rows: string[]) =>
  `stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,platform_code,stop_url\n${[
    'a,Arnulfsplatz,49.01,12.1,,,,',
    'b,Bismarckplatz,49.02,12.1,,,,',
    'c,Castra Regina,49.03,12.1,,,,',
    ...rows,
  ].join('\n')}\n`
const shape = (...rows: string[]) =>
  `shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence,shape_dist_traveled\n${rows.map((row) => `w,${row}`).join('\n')}\n`
const blocks = (second: string) => ({
  'trips.txt': `route_id,service_id,trip_id,block_id\n1,mo,t1,u1\n1,${second},t2,u1\n`,
})
const days = (second: string) => ({
  'calendar.txt': `${FEED['calendar.txt']}tu,0,1,0,0,0,0,0,20260101,20261231\n`,
  ...blocks(second),
})
const overlap = times(
  call('t1', 1, 'a', '08:00:00'),
  call('t1', 2, 'c', '08:10:00'),
  call('t2', 1, 'c', '08:05:00'),
  call('t2', 2, 'a', '08:20:00'),
)
const handover = times(
  call('t1', 1, 'a', '08:00:00'),
  call('t1', 2, 'c', '08:10:00'),
  call('t2', 1, 'c', '08:10:00'),
  call('t2', 2, 'a', '08:20:00'),
)
const info = (
  cells: string,
  header = 'feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date',
) => ({
  'feed_info.txt': `${header}\n${cells}\n`,
})
const pathway = (row: string) => ({
  'stops.txt': stops(
    's,Bahnhof,49.01,12.1,1,,,',
    'p,Gleis,49.01,12.1,0,s,1,',
    'n,Knoten,49.01,12.1,3,s,,',
    'e,Eingang,49.01,12.1,2,s,,',
    'q,Steig,49.01,12.1,0,s,2,',
    'r,Bereich,49.01,12.1,4,q,,',
  ),
  'pathways.txt': `pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional\n${row}\n`,
})
const route = (columns: string, cells: string) => ({
  'routes.txt': `route_id,agency_id,route_short_name,route_type,${columns}\n1,rvv,1,3,${cells}\n`,
})
const transfer = (lat: string) => ({
  'stops.txt': stops(`d,Dom,${lat},12.1,,,,`),
  'transfers.txt': 'from_stop_id,to_stop_id,transfer_type\na,d,0\n',
})
const translation = (row: string) => ({
  'translations.txt': `table_name,field_name,language,translation,record_id,record_sub_id,field_value\n${row}\n`,
})
const fares = (leg: string) => ({
  'fare_products.txt': 'fare_product_id,amount,currency\neinzel,2.80,EUR\n',
  'areas.txt': 'area_id,area_name\nstadt,Stadt\n',
  'fare_leg_rules.txt': `leg_group_id,from_area_id,fare_product_id\n${leg}\n`,
})

const CASES: Record<string, Case> = {
  fast_travel_between_consecutive_stops: {
    severity: 'WARNING',
    bad: { 'stop_times.txt': times(call('t1', 1, 'a', '08:00:10'), call('t1', 2, 'b', '08:00:20')) },
    good: { 'stop_times.txt': times(call('t1', 1, 'a', '08:00:10'), call('t1', 2, 'b', '08:00:40')) },
  },
  fast_travel_between_far_stops: {
    severity: 'WARNING',
    bad: {
      'stops.txt': far('49.2'),
      'stop_times.txt': times(call('t1', 1, 'a', '08:00:00'), 't1,2,b,,', call('t1', 3, 'c', '08:05:00')),
    },
    good: {
      'stops.txt': far('49.2'),
      'stop_times.txt': times(call('t1', 1, 'a', '08:00:00'), 't1,2,b,,', call('t1', 3, 'c', '08:10:00')),
    },
  },
  stop_too_far_from_shape: {
    severity: 'WARNING',
    bad: { 'stops.txt': FEED['stops.txt'].replace('49.02,12.1', '49.02,12.102') },
    good: { 'stops.txt': FEED['stops.txt'].replace('49.02,12.1', '49.02,12.101') },
  },
  block_trips_with_overlapping_stop_times: {
    severity: 'ERROR',
    bad: { ...blocks('mo'), 'stop_times.txt': overlap },
    good: { ...days('tu'), 'stop_times.txt': overlap },
  },
  equal_shape_distance_diff_coordinates: {
    severity: 'ERROR',
    bad: { 'shapes.txt': shape('49.01,12.1,1,0', '49.02,12.1,2,1', '49.03,12.1,3,1') },
    good: { 'shapes.txt': shape('49.01,12.1,1,0', '49.02,12.1,2,1', '49.03,12.1,3,2') },
  },
  equal_shape_distance_diff_coordinates_distance_below_threshold: {
    severity: 'WARNING',
    bad: { 'shapes.txt': shape('49.01,12.1,1,0', '49.03,12.1,2,2', '49.030005,12.1,3,2') },
  },
  equal_shape_distance_same_coordinates: {
    severity: 'WARNING',
    bad: { 'shapes.txt': shape('49.01,12.1,1,0', '49.03,12.1,2,2', '49.03,12.1,3,2') },
  },
  mixed_case_recommended_field: {
    severity: 'WARNING',
    bad: { 'stops.txt': FEED['stops.txt'].replace('Arnulfsplatz', 'AM ARNULFSPLATZ') },
    good: { 'stops.txt': FEED['stops.txt'].replace('Arnulfsplatz', 'ZOB 1') },
  },
  overlapping_frequency: {
    severity: 'ERROR',
    bad: {
      'frequencies.txt':
        'trip_id,start_time,end_time,headway_secs\nt1,06:00:00,08:00:00,600\nt1,07:59:00,09:00:00,600\n',
    },
    good: {
      'frequencies.txt':
        'trip_id,start_time,end_time,headway_secs\nt1,06:00:00,08:00:00,600\nt1,08:00:00,09:00:00,600\n',
    },
  },
  stop_without_stop_time: { severity: 'WARNING', bad: { 'stops.txt': stops('d,Dom,49.02,12.1,,,,') } },
  unused_shape: {
    severity: 'WARNING',
    bad: { 'shapes.txt': `${FEED['shapes.txt']}x,49.01,12.1,1\nx,49.02,12.1,2\n` },
  },
  unused_trip: { severity: 'WARNING', bad: { 'trips.txt': `${FEED['trips.txt']}1,mo,t3,w\n` } },
  missing_feed_info_date: {
    severity: 'WARNING',
    bad: info('RVV,https://www.rvv.de,de,20260101,'),
    good: info('RVV,https://www.rvv.de,de,20260101,20991231'),
  },
  feed_info_lang_and_agency_lang_mismatch: {
    severity: 'WARNING',
    bad: info('RVV,https://www.rvv.de,fr,,'),
    good: info('RVV,https://www.rvv.de,mul,,'),
  },
  feed_expiration_date7_days: {
    severity: 'WARNING',
    bad: info('RVV,https://www.rvv.de,de,20200101,20200131'),
    good: info('RVV,https://www.rvv.de,de,20200101,20991231'),
  },
  missing_feed_contact_email_and_url: {
    severity: 'WARNING',
    bad: info('RVV,https://www.rvv.de,de,,'),
    good: info(
      'RVV,https://www.rvv.de,de,fahrplan@rvv.example',
      'feed_publisher_name,feed_publisher_url,feed_lang,feed_contact_email',
    ),
  },
  inconsistent_agency_lang: {
    severity: 'WARNING',
    bad: { 'agency.txt': `${FEED['agency.txt']}x,X,https://x.example,Europe/Berlin,en\n` },
    good: { 'agency.txt': `${FEED['agency.txt']}x,X,https://x.example,Europe/Berlin,de\n` },
  },
  expired_calendar: {
    severity: 'WARNING',
    bad: { 'calendar.txt': FEED['calendar.txt'].replaceAll('2026', '2020') },
    good: { 'calendar.txt': FEED['calendar.txt'].replaceAll('2026', '2090') },
  },
  route_color_contrast: {
    severity: 'WARNING',
    bad: route('route_color,route_text_color', 'FFFFFF,FFFF00'),
    good: route('route_color,route_text_color', 'FFFFFF,000000'),
  },
  same_route_and_agency_url: {
    severity: 'WARNING',
    bad: route('route_url', 'https://www.RVV.de'),
    good: route('route_url', 'https://www.rvv.de/1'),
  },
  same_stop_and_agency_url: {
    severity: 'WARNING',
    bad: { 'stops.txt': stops('d,Dom,49.02,12.1,,,,https://www.rvv.de') },
    good: { 'stops.txt': stops('d,Dom,49.02,12.1,,,,https://www.rvv.de/dom') },
  },
  same_stop_and_route_url: {
    severity: 'WARNING',
    bad: {
      'stops.txt': stops('d,Dom,49.02,12.1,,,,https://www.rvv.de/1'),
      ...route('route_url', 'https://www.rvv.de/1'),
    },
    good: {
      'stops.txt': stops('d,Dom,49.02,12.1,,,,https://www.rvv.de/d'),
      ...route('route_url', 'https://www.rvv.de/1'),
    },
  },
  platform_without_parent_station: {
    severity: 'INFO',
    bad: { 'stops.txt': stops('p,Gleis,49.01,12.1,0,,1,') },
    good: { 'stops.txt': stops('s,Bahnhof,49.01,12.1,1,,,', 'p,Gleis,49.01,12.1,0,s,1,') },
  },
  pathway_to_wrong_location_type: { severity: 'ERROR', bad: pathway('w,e,s,1,1'), good: pathway('w,e,p,1,1') },
  pathway_to_platform_with_boarding_areas: { severity: 'ERROR', bad: pathway('w,e,q,1,1'), good: pathway('w,e,r,1,1') },
  pathway_loop: { severity: 'WARNING', bad: pathway('w,e,e,1,1'), good: pathway('w,e,p,1,1') },
  pathway_dangling_generic_node: {
    severity: 'WARNING',
    bad: pathway('w,e,n,1,1'),
    good: pathway('w,e,n,1,1\nv,n,p,1,1'),
  },
  bidirectional_exit_gate: { severity: 'ERROR', bad: pathway('w,p,e,7,1'), good: pathway('w,p,e,7,0') },
  transfer_distance_too_large: { severity: 'WARNING', bad: transfer('49.2'), good: transfer('49.05') },
  transfer_distance_above_2_km: { severity: 'INFO', bad: transfer('49.05'), good: transfer('49.02') },
  transfer_with_invalid_stop_location_type: {
    severity: 'ERROR',
    bad: {
      'stops.txt': stops('s,Bahnhof,49.01,12.1,1,,,', 'e,Eingang,49.01,12.1,2,s,,'),
      'transfers.txt': 'from_stop_id,to_stop_id,transfer_type\na,e,0\n',
    },
    good: {
      'stops.txt': stops('s,Bahnhof,49.01,12.1,1,,,', 'e,Eingang,49.01,12.1,2,s,,'),
      'transfers.txt': 'from_stop_id,to_stop_id,transfer_type\na,s,0\n',
    },
  },
  translation_unknown_table_name: {
    severity: 'WARNING',
    bad: translation('stop,stop_name,en,Square,a,,'),
    good: translation('stops,stop_name,en,Square,a,,'),
  },
  translation_unexpected_value: {
    severity: 'ERROR',
    bad: translation('stops,stop_name,en,Square,a,,Arnulfsplatz'),
    good: translation('stops,stop_name,en,Square,,,Arnulfsplatz'),
  },
  translation_foreign_key_violation: {
    severity: 'ERROR',
    bad: translation('stops,stop_name,en,Square,z,,'),
    good: translation('stops,stop_name,en,Square,a,,'),
  },
  foreign_key_violation: { severity: 'ERROR', bad: fares('g,land,einzel'), good: fares('g,stadt,einzel') },
}

for (const engine of databases()) {
  describe(`rules of a timetable (${engine.name})`, { timeout: 600_000 }, () => {
    let bench: SourcesBench
    const folder = mkdtempSync(join(tmpdir(), 'zahnrad-gtfs-rules-'))
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
    })
    after(async () => {
      await bench.close()
      rmSync(folder, { recursive: true, force: true })
    })
    let feeds = 0
    const noticed = async (changes: FeedText) => {
      const id = `regel-${feeds++}`
      mkdirSync(join(folder, id))
      for (const [name, text] of Object.entries({ ...FEED, ...changes })) writeFileSync(join(folder, id, name), text)
      const report = await bench.sources.run(gtfsSource(id), { from: join(folder, id) })
      assert.notEqual(report.outcome, 'failed', report.error)
      const [version] = await versionsOf(bench.db, bench.catalog.byId(id)!.key)
      return noticesOf(bench.db, version!.version)
    }
    let faultless: string[]
    before(async () => {
      faultless = (await noticed({})).map(({ code }) => code)
    })

    for (const [code, { severity, bad, good }] of Object.entries(CASES))
      it(`${severity} ${code}`, async () => {
        const found = (await noticed(bad)).find((notice) => notice.code === code)
        assert.ok(found, 'the bad feed gives no notice')
        assert.equal(found.severity, severity)
        assert.ok(found.n >= 1 && found.examples.length >= 1)
        const others = good ? (await noticed(good)).map((notice) => notice.code) : faultless
        assert.ok(!others.includes(code), 'the good feed gives the notice, too')
      })

    it('lets trips of a block follow one another, the last call of one being the first of the next', async () => {
      const codes = (await noticed({ ...blocks('mo'), 'stop_times.txt': handover })).map(({ code }) => code)
      assert.ok(!codes.includes('block_trips_with_overlapping_stop_times'))
    })
  })
}
