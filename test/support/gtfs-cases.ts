/** For each rule over a timetable a feed that breaks it, and one next to it that does not. */
import { FLEX_CASES } from './gtfs-flex-cases.ts'
import { FEED, type FeedText } from './transit.ts'

/** Rows added to, or instead of, files of the small feed without a fault. */
export interface Case {
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
export const blocks = (second: string) => ({
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
export const handover = times(
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

const timed = (...rows: string[]) =>
  `trip_id,stop_sequence,stop_id,arrival_time,departure_time,timepoint\n${rows.join('\n')}\n`
/** Three stops along a shape that counts to 2: where the second and third lie, how far the trip says they are. */
const along = (second: string, third: string, dist: string, middle = '1') => ({
  'stops.txt': `stop_id,stop_name,stop_lat,stop_lon\na,Anfang,49.01,12.1\nb,Mitte,${second},12.1\nc,Ende,${third},12.1\n`,
  'shapes.txt': shape('49.01,12.1,1,0', '49.02,12.1,2,1', '49.03,12.1,3,2'),
  'stop_times.txt': `trip_id,stop_sequence,stop_id,arrival_time,departure_time,shape_dist_traveled\nt1,1,a,08:00:00,08:00:00,0\nt1,2,b,08:05:00,08:05:00,${middle}\nt1,3,c,08:10:00,08:10:00,${dist}\n`,
})
const levelStops =
  'stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,level_id\na,Arnulfsplatz,49.01,12.1,,,\nb,Bismarckplatz,49.02,12.1,,,\nc,Castra Regina,49.03,12.1,,,\n'
const zoned = (rows: string) => ({
  'stops.txt': `stop_id,stop_name,stop_lat,stop_lon,zone_id\n${rows}\n`,
  'fare_attributes.txt': 'fare_id,price,currency_type,payment_method,transfers,agency_id\neinzel,2.80,EUR,0,0,rvv\n',
  'fare_rules.txt': 'fare_id,route_id,origin_id\neinzel,1,x\n',
})
const seated = (row: string) => ({
  'routes.txt': `${FEED['routes.txt']}2,rvv,2,Westheim,3\n`,
  'stops.txt': stops('d,Dom,49.02,12.1,,,,'),
  'transfers.txt': `from_stop_id,to_stop_id,from_trip_id,to_trip_id,from_route_id,to_route_id,transfer_type\n${row}\n`,
})

export const CASES: Record<string, Case> = {
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
      'RVV,https://www.rvv.de,de,fahrplan@rvv.de',
      'feed_publisher_name,feed_publisher_url,feed_lang,feed_contact_email',
    ),
  },
  inconsistent_agency_lang: {
    severity: 'WARNING',
    bad: { 'agency.txt': `${FEED['agency.txt']}x,X,https://www.x.de,Europe/Berlin,en\n` },
    good: { 'agency.txt': `${FEED['agency.txt']}x,X,https://www.x.de,Europe/Berlin,de\n` },
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
  missing_bike_allowance: {
    severity: 'WARNING',
    bad: { 'routes.txt': FEED['routes.txt'].replace('Prüfening,3', 'Prüfening,4') },
    good: {
      'routes.txt': FEED['routes.txt'].replace('Prüfening,3', 'Prüfening,4'),
      'trips.txt': 'route_id,service_id,trip_id,bikes_allowed\n1,mo,t1,1\n1,mo,t2,2\n',
    },
  },
  missing_level_id: {
    severity: 'ERROR',
    bad: pathway('w,e,p,5,1'),
    good: {
      'levels.txt': 'level_id,level_index\nl,0\n',
      'stops.txt': `${levelStops}s,Bahnhof,49.01,12.1,1,,\np,Gleis,49.01,12.1,0,s,l\ne,Eingang,49.01,12.1,2,s,l\n`,
      'pathways.txt': 'pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional\nw,e,p,5,1\n',
    },
  },
  pathway_unreachable_location: {
    severity: 'ERROR',
    bad: pathway('w,e,p,1,1\nv,e,r,1,0\nu,e,n,1,1\nx,p,n,1,1'),
    good: pathway('w,e,p,1,1\nv,e,r,1,1\nu,e,n,1,1\nx,p,n,1,1'),
  },
  trip_distance_exceeds_shape_distance: {
    severity: 'ERROR',
    bad: along('49.02', '49.0303', '3'),
    good: along('49.02', '49.0303', '2'),
  },
  trip_distance_exceeds_shape_distance_below_threshold: {
    severity: 'WARNING',
    bad: along('49.02', '49.03005', '3'),
    good: along('49.02', '49.03005', '2'),
  },
  stop_too_far_from_shape_using_user_distance: {
    severity: 'WARNING',
    bad: along('49.02', '49.03', '2', '0.5'),
    good: along('49.02', '49.03', '2', '1'),
  },
  missing_timepoint_value: {
    severity: 'WARNING',
    bad: { 'stop_times.txt': timed('t1,1,a,08:00:00,08:00:00,', 't1,2,c,08:10:00,08:10:00,1') },
    good: { 'stop_times.txt': timed('t1,1,a,08:00:00,08:00:00,0', 't1,2,c,08:10:00,08:10:00,1') },
  },
  stop_time_timepoint_without_times: {
    severity: 'ERROR',
    bad: { 'stop_times.txt': timed('t1,1,a,08:00:00,08:00:00,1', 't1,2,b,,,1', 't1,3,c,08:10:00,08:10:00,1') },
    good: { 'stop_times.txt': timed('t1,1,a,08:00:00,08:00:00,1', 't1,2,b,,,0', 't1,3,c,08:10:00,08:10:00,1') },
  },
  start_and_end_range_out_of_order: {
    severity: 'ERROR',
    bad: {
      'stop_times.txt': times('t1,1,a,08:00:00,08:00:00', 't1,2,b,08:06:00,08:05:00', 't1,3,c,08:10:00,08:10:00'),
    },
    good: {
      'stop_times.txt': times('t1,1,a,08:00:00,08:00:00', 't1,2,b,08:05:00,08:06:00', 't1,3,c,08:10:00,08:10:00'),
    },
  },
  stop_without_zone_id: {
    severity: 'INFO',
    bad: zoned('a,Arnulfsplatz,49.01,12.1,x\nb,Bismarckplatz,49.02,12.1,\nc,Castra Regina,49.03,12.1,x'),
    good: zoned('a,Arnulfsplatz,49.01,12.1,x\nb,Bismarckplatz,49.02,12.1,x\nc,Castra Regina,49.03,12.1,x'),
  },
  non_ascii_or_non_printable_char: {
    severity: 'WARNING',
    bad: {
      'trips.txt': FEED['trips.txt'].replace('t1', 'tä'),
      'stop_times.txt': FEED['stop_times.txt'].replaceAll('t1', 'tä'),
    },
  },
  point_near_pole: {
    severity: 'ERROR',
    bad: { 'shapes.txt': shape('49.01,12.1,1,', '89.9,12.1,2,', '49.03,12.1,3,') },
  },
  transfer_with_invalid_trip_and_route: {
    severity: 'ERROR',
    bad: seated('c,a,t1,t2,2,,4'),
    good: seated('c,a,t1,t2,1,,4'),
  },
  transfer_with_invalid_trip_and_stop: {
    severity: 'ERROR',
    bad: seated('d,a,t1,t2,,,4'),
    good: seated('c,a,t1,t2,,,4'),
  },
  transfer_with_suspicious_mid_trip_in_seat: {
    severity: 'WARNING',
    bad: seated('b,a,t1,t2,,,4'),
    good: seated('c,a,t1,t2,,,4'),
  },
  route_networks_specified_in_more_than_one_file: {
    severity: 'ERROR',
    bad: { ...route('network_id', 'n'), 'networks.txt': 'network_id,network_name\nn,Netz\n' },
    good: { 'networks.txt': 'network_id,network_name\nn,Netz\n', 'route_networks.txt': 'network_id,route_id\nn,1\n' },
  },
  leading_or_trailing_whitespaces: {
    severity: 'WARNING',
    bad: { 'stops.txt': FEED['stops.txt'].replace('Arnulfsplatz', '"Arnulfsplatz "') },
    good: { 'stops.txt': FEED['stops.txt'].replace('Arnulfsplatz', 'Arnulfsplatz ') },
  },
  unused_station: {
    severity: 'INFO',
    bad: { 'stops.txt': stops('s,Bahnhof,49.01,12.1,1,,,') },
    good: { 'stops.txt': stops('s,Bahnhof,49.01,12.1,1,,,', 'p,Gleis,49.01,12.1,0,s,1,') },
  },
  location_with_unexpected_stop_time: {
    severity: 'ERROR',
    bad: { 'stops.txt': stops().replace('b,Bismarckplatz,49.02,12.1,', 'b,Bismarckplatz,49.02,12.1,1') },
    good: { 'stops.txt': stops() },
  },
  empty_row: {
    severity: 'WARNING',
    bad: { 'stops.txt': `${FEED['stops.txt']}   \n` },
    good: { 'stops.txt': `${FEED['stops.txt']}\n` },
  },
  missing_required_field: {
    severity: 'ERROR',
    bad: { 'stops.txt': `${FEED['stops.txt']},,,\n` },
  },
  unusable_trip: { severity: 'WARNING', bad: { 'trips.txt': `${FEED['trips.txt']}1,mo,t3,w\n` } },
  missing_required_file: {
    severity: 'ERROR',
    bad: translation('stops,stop_name,en,Square,a,,'),
    good: {
      ...translation('stops,stop_name,en,Square,a,,'),
      ...info('RVV,https://www.rvv.de,de,20260101,20991231'),
    },
  },
  ...FLEX_CASES,
}
