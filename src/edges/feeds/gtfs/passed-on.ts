import { type FileSpec, file } from './file-spec.ts'

const passedOn = (files: readonly (readonly [name: string, key: string, fields: string])[]): FileSpec[] =>
  files.map(([name, key, fields]) => file(name, 'optional', key, fields, true))

/** Files of GTFS Fares v2: they are looked at, and passed on as they came. */
export const FARES = passedOn([
  ['networks.txt', 'network_id', 'network_id id!\nnetwork_name text Aa'],
  ['route_networks.txt', 'route_id', 'network_id id!\nroute_id id!'],
  ['areas.txt', 'area_id', 'area_id id!\narea_name text'],
  ['stop_areas.txt', 'area_id stop_id', 'area_id id!\nstop_id id!'],
  [
    'timeframes.txt',
    'timeframe_group_id start_time end_time service_id',
    'timeframe_group_id id\nstart_time time\nend_time time\nservice_id id!',
  ],
  [
    'rider_categories.txt',
    'rider_category_id',
    'rider_category_id id!\nrider_category_name text!\nis_default_fare_category enum^ 0-1\neligibility_url url',
  ],
  ['fare_media.txt', 'fare_media_id', 'fare_media_id id!\nfare_media_name text\nfare_media_type enum! 0-4'],
  [
    'fare_products.txt',
    'fare_product_id rider_category_id fare_media_id',
    `fare_product_id id!
     fare_product_name text
     rider_category_id id
     fare_media_id id
     amount amount!
     currency currency!`,
  ],
  [
    'fare_leg_rules.txt',
    'network_id from_area_id to_area_id from_timeframe_group_id to_timeframe_group_id fare_product_id',
    `leg_group_id id
     network_id id
     from_area_id id
     to_area_id id
     from_timeframe_group_id id
     to_timeframe_group_id id
     fare_product_id id!
     rule_priority natural`,
  ],
  [
    'fare_leg_join_rules.txt',
    'from_network_id to_network_id from_stop_id to_stop_id',
    'from_network_id id!\nto_network_id id!\nfrom_stop_id id\nto_stop_id id',
  ],
  [
    'fare_transfer_rules.txt',
    'from_leg_group_id to_leg_group_id fare_product_id transfer_count duration_limit',
    `from_leg_group_id id
     to_leg_group_id id
     transfer_count integer
     duration_limit positive
     duration_limit_type enum 0-3
     fare_transfer_type enum! 0-2
     fare_product_id id`,
  ],
])

/** Files of GTFS-Flex, likewise. What stop times refer to of them is read before. */
export const FLEX = passedOn([
  ['location_groups.txt', 'location_group_id', 'location_group_id id!\nlocation_group_name text Aa'],
  ['location_group_stops.txt', 'location_group_id stop_id', 'location_group_id id!\nstop_id id!'],
  [
    'booking_rules.txt',
    'booking_rule_id',
    `booking_rule_id id!
     booking_type enum! 0-2
     prior_notice_duration_min integer
     prior_notice_duration_max integer
     prior_notice_last_day integer
     prior_notice_last_time time
     prior_notice_start_day integer
     prior_notice_start_time time
     prior_notice_service_id id
     message text Aa
     pickup_message text Aa
     drop_off_message text Aa
     phone_number phone
     info_url url
     booking_url url`,
  ],
])
