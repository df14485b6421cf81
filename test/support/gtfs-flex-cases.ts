/** Cases of GTFS Fares v2 and GTFS-Flex; see gtfs-cases.ts. */
import type { Case } from './gtfs-cases.ts'

const area = (more = '', ring = '[[12.1,49.0],[12.2,49.0],[12.2,49.1],[12.1,49.0]]', id = 'g') =>
  `{"type":"Feature","id":"${id}","properties":{"stop_name":"Gebiet"},"geometry":{"type":"Polygon","coordinates":[${ring}]}${more}}`
const areas = (...features: string[]) => ({
  'locations.geojson': `{"type":"FeatureCollection","features":[${features.join()}]}`,
})
const BESIDE = '[[12.15,49.0],[12.25,49.0],[12.25,49.1],[12.15,49.0]]'
const FLEX_HEADER =
  'trip_id,stop_sequence,stop_id,location_group_id,location_id,arrival_time,departure_time,start_pickup_drop_off_window,end_pickup_drop_off_window,pickup_type,drop_off_type,pickup_booking_rule_id,drop_off_booking_rule_id,shape_dist_traveled'
const FIXED = 't1,1,a,,,08:00:00,08:00:00,,,,,,,\nt1,2,c,,,08:10:00,08:10:00,,,,,,,'
const RIDE = 't2,1,,,g,,,09:00:00,11:00:00,2,1,r,,\nt2,2,,,g,,,09:00:00,11:00:00,1,2,,r,'
/** A ride on demand within one area; rows given instead of its calls. */
const ride = (second = RIDE.split('\n')[1]!, more: Record<string, string> = {}, first = RIDE.split('\n')[0]!) => ({
  ...areas(area()),
  'booking_rules.txt': 'booking_rule_id,booking_type\nr,0\n',
  'stop_times.txt': `${FLEX_HEADER}\n${FIXED}\n${first}\n${second}\n`,
  ...more,
})
const booking = (columns: string, cells: string, type = '1') => ({
  'booking_rules.txt': `booking_rule_id,booking_type,${columns}\nr,${type},${cells}\n`,
})
const frames = (...rows: string[]) => ({
  'timeframes.txt': `timeframe_group_id,start_time,end_time,service_id\n${rows.join('\n')}\n`,
})
const amount = (cells: string) => ({ 'fare_products.txt': `fare_product_id,amount,currency\neinzel,${cells}\n` })
const again = (cells: string, legs = 'g,einzel\nh,zwei') => ({
  'fare_products.txt': 'fare_product_id,amount,currency\neinzel,2.80,EUR\nzwei,3.80,EUR\n',
  'fare_leg_rules.txt': `leg_group_id,fare_product_id\n${legs}\n`,
  'fare_transfer_rules.txt': `from_leg_group_id,to_leg_group_id,transfer_count,duration_limit,duration_limit_type,fare_transfer_type\n${cells},0\n`,
})
const riders = (second: string) => ({
  'rider_categories.txt': `rider_category_id,rider_category_name,is_default_fare_category\ne,Erwachsene,1\nk,Kinder,${second}\n`,
  'fare_products.txt': 'fare_product_id,rider_category_id,amount,currency\neinzel,e,2.80,EUR\neinzel,k,1.40,EUR\n',
})
const media = (second: string) => ({
  'fare_media.txt': `fare_media_id,fare_media_name,fare_media_type\na,Karte,2\n${second}\n`,
})

export const FLEX_CASES: Record<string, Case> = {
  timeframe_only_start_or_end_time_specified: {
    severity: 'ERROR',
    bad: frames('f,08:00:00,,mo'),
    good: frames('f,08:00:00,09:00:00,mo'),
  },
  timeframe_overlap: {
    severity: 'ERROR',
    bad: frames('f,08:00:00,10:00:00,mo', 'f,09:00:00,11:00:00,mo'),
    good: frames('f,08:00:00,10:00:00,mo', 'f,10:00:00,11:00:00,mo'),
  },
  timeframe_start_or_end_time_greater_than_twenty_four_hours: {
    severity: 'ERROR',
    bad: frames('f,08:00:00,24:00:01,mo'),
    good: frames('f,08:00:00,24:00:00,mo'),
  },
  invalid_currency_amount: { severity: 'ERROR', bad: amount('2.8,EUR'), good: amount('2.80,EUR') },
  invalid_currency: { severity: 'ERROR', bad: amount('2.80,XQQ'), good: amount('280,JPY') },
  fare_product_with_multiple_default_rider_categories: { severity: 'ERROR', bad: riders('1'), good: riders('0') },
  duplicate_fare_media: { severity: 'WARNING', bad: media('b,Karte,2'), good: media('b,Handy,2') },
  fare_transfer_rule_missing_transfer_count: { severity: 'ERROR', bad: again('g,g,,,'), good: again('g,g,1,,') },
  fare_transfer_rule_with_forbidden_transfer_count: {
    severity: 'ERROR',
    bad: again('g,h,1,,'),
    good: again('g,h,,,'),
  },
  fare_transfer_rule_invalid_transfer_count: { severity: 'ERROR', bad: again('g,g,-2,,'), good: again('g,g,-1,,') },
  fare_transfer_rule_duration_limit_without_type: {
    severity: 'ERROR',
    bad: again('g,h,,3600,'),
    good: again('g,h,,3600,0'),
  },
  fare_transfer_rule_duration_limit_type_without_duration_limit: {
    severity: 'ERROR',
    bad: again('g,h,,,0'),
    good: again('g,h,,3600,0'),
  },
  duplicate_geography_id: {
    severity: 'ERROR',
    bad: areas(area('', undefined, 'a')),
    good: areas(area('', undefined, 'g')),
  },
  duplicate_geo_json_key: {
    severity: 'ERROR',
    bad: areas(area(), area()),
    good: areas(area(), area('', undefined, 'h')),
  },
  geo_json_unknown_element: { severity: 'INFO', bad: areas(area(',"farbe":"rot"')), good: areas(area()) },
  invalid_geometry: {
    severity: 'ERROR',
    bad: areas(area('', '[[12.1,49.0],[12.2,49.1],[12.2,49.0],[12.1,49.1],[12.1,49.0]]')),
    good: areas(area()),
  },
  malformed_json: { severity: 'ERROR', bad: { 'locations.geojson': '{"type":' }, good: areas(area()) },
  missing_required_element: {
    severity: 'ERROR',
    bad: areas(area().replace('"id":"g",', '')),
    good: areas(area()),
  },
  unsupported_feature_type: {
    severity: 'ERROR',
    bad: areas(area().replace('"Feature"', '"Ding"')),
    good: areas(area()),
  },
  unsupported_geo_json_type: {
    severity: 'ERROR',
    bad: { 'locations.geojson': areas(area())['locations.geojson'].replace('FeatureCollection', 'Sammlung') },
    good: areas(area()),
  },
  unsupported_geometry_type: {
    severity: 'ERROR',
    bad: areas(
      area()
        .replace('"Polygon"', '"Point"')
        .replace(/"coordinates":.*\]\]\]/, '"coordinates":[12.1,49.0]'),
    ),
    good: areas(area()),
  },
  forbidden_geography_id: { severity: 'ERROR', bad: ride('t2,2,b,,g,,,09:00:00,11:00:00,1,2,,r,'), good: ride() },
  forbidden_shape_dist_traveled: {
    severity: 'ERROR',
    bad: ride('t2,2,,,g,,,09:00:00,11:00:00,1,2,,r,5'),
    good: ride(),
  },
  forbidden_arrival_or_departure_time: {
    severity: 'ERROR',
    bad: ride('t2,2,,,g,10:00:00,10:00:00,09:00:00,11:00:00,1,2,,r,'),
    good: ride(),
  },
  missing_pickup_or_drop_off_window: { severity: 'ERROR', bad: ride('t2,2,,,g,,,09:00:00,,1,2,,r,'), good: ride() },
  invalid_pickup_drop_off_window: {
    severity: 'ERROR',
    bad: ride('t2,2,,,g,,,09:00:00,09:00:00,1,2,,r,'),
    good: ride(),
  },
  forbidden_pickup_type: { severity: 'ERROR', bad: ride('t2,2,,,g,,,09:00:00,11:00:00,3,2,,r,'), good: ride() },
  forbidden_drop_off_type: { severity: 'ERROR', bad: ride('t2,2,,,g,,,09:00:00,11:00:00,1,0,,r,'), good: ride() },
  missing_pickup_drop_off_booking_rule_id: {
    severity: 'WARNING',
    bad: ride('t2,2,,,g,,,09:00:00,11:00:00,1,2,,,'),
    good: ride(),
  },
  overlapping_zone_and_pickup_drop_off_window: {
    severity: 'ERROR',
    bad: ride('t2,2,,,h,,,09:00:00,11:00:00,2,1,r,,', areas(area(), area('', BESIDE, 'h'))),
    good: ride('t2,2,,,h,,,12:00:00,13:00:00,2,1,r,,', areas(area(), area('', BESIDE, 'h'))),
  },
  missing_stop_times_record: {
    severity: 'ERROR',
    bad: ride('', {}, 't2,1,,,g,,,09:00:00,11:00:00,2,2,r,r,'),
    good: ride(),
  },
  forbidden_continuous_pickup_drop_off: {
    severity: 'ERROR',
    bad: ride(undefined, {
      'routes.txt': 'route_id,agency_id,route_short_name,route_type,continuous_pickup\n1,rvv,1,3,0\n',
    }),
    good: ride(undefined, {
      'routes.txt': 'route_id,agency_id,route_short_name,route_type,continuous_pickup\n1,rvv,1,3,1\n',
    }),
  },
  forbidden_real_time_booking_field_value: {
    severity: 'ERROR',
    bad: booking('prior_notice_duration_min', '30', '0'),
    good: booking('prior_notice_duration_min', '30'),
  },
  forbidden_same_day_booking_field_value: {
    severity: 'ERROR',
    bad: booking('prior_notice_duration_min,prior_notice_last_day', '30,1'),
    good: booking('prior_notice_duration_min', '30'),
  },
  forbidden_prior_day_booking_field_value: {
    severity: 'ERROR',
    bad: booking('prior_notice_duration_min,prior_notice_last_day,prior_notice_last_time', '30,1,17:00:00', '2'),
    good: booking('prior_notice_last_day,prior_notice_last_time', '1,17:00:00', '2'),
  },
  missing_prior_notice_duration_min: {
    severity: 'ERROR',
    bad: booking('prior_notice_duration_max', '30'),
    good: booking('prior_notice_duration_min', '30'),
  },
  missing_prior_notice_last_day: {
    severity: 'ERROR',
    bad: booking('prior_notice_last_time', '17:00:00', '2'),
    good: booking('prior_notice_last_day,prior_notice_last_time', '1,17:00:00', '2'),
  },
  missing_prior_notice_last_time: {
    severity: 'ERROR',
    bad: booking('prior_notice_last_day', '1', '2'),
    good: booking('prior_notice_last_day,prior_notice_last_time', '1,17:00:00', '2'),
  },
  invalid_prior_notice_duration_min: {
    severity: 'ERROR',
    bad: booking('prior_notice_duration_min,prior_notice_duration_max', '30,20'),
    good: booking('prior_notice_duration_min,prior_notice_duration_max', '30,40'),
  },
  forbidden_prior_notice_start_day: {
    severity: 'ERROR',
    bad: booking(
      'prior_notice_duration_min,prior_notice_duration_max,prior_notice_start_day,prior_notice_start_time',
      '30,40,7,08:00:00',
    ),
    good: booking('prior_notice_duration_min,prior_notice_start_day,prior_notice_start_time', '30,7,08:00:00'),
  },
  forbidden_prior_notice_start_time: {
    severity: 'ERROR',
    bad: booking('prior_notice_duration_min,prior_notice_start_time', '30,08:00:00'),
    good: booking('prior_notice_duration_min,prior_notice_start_day,prior_notice_start_time', '30,7,08:00:00'),
  },
  missing_prior_notice_start_time: {
    severity: 'ERROR',
    bad: booking('prior_notice_duration_min,prior_notice_start_day', '30,7'),
    good: booking('prior_notice_duration_min,prior_notice_start_day,prior_notice_start_time', '30,7,08:00:00'),
  },
  prior_notice_last_day_after_start_day: {
    severity: 'ERROR',
    bad: booking(
      'prior_notice_last_day,prior_notice_last_time,prior_notice_start_day,prior_notice_start_time',
      '8,17:00:00,7,08:00:00',
      '2',
    ),
    good: booking(
      'prior_notice_last_day,prior_notice_last_time,prior_notice_start_day,prior_notice_start_time',
      '1,17:00:00,7,08:00:00',
      '2',
    ),
  },
}
