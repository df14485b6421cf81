import { type FileSpec, file } from './file-spec.ts'
import { FARES, FLEX } from './passed-on.ts'

/**
 * GTFS Schedule as data: which files there are, their columns, types and what they refer to (GTFS Schedule Reference,
 * "Dataset Files" and "Field Definitions"). What the reader checks, notices name and the cleaned feed writes, derives
 * from here.
 */

export const FILES: ReadonlyMap<string, FileSpec> = new Map(
  [
    file(
      'agency.txt',
      'required',
      'agency_id',
      `agency_id id
       agency_name text! Aa
       agency_url url!
       agency_timezone timezone!
       agency_lang language
       agency_phone phone
       agency_fare_url url
       agency_email email
       cemv_support enum 0-2`,
    ),
    file(
      'feed_info.txt',
      'recommended',
      '',
      `feed_publisher_name text!
       feed_publisher_url url!
       feed_lang language!
       default_lang language
       feed_start_date date+
       feed_end_date date+
       feed_version text+
       feed_contact_email email
       feed_contact_url url`,
    ),
    file('levels.txt', 'optional', 'level_id', `level_id id!\nlevel_index float!\nlevel_name text Aa`),
    file(
      'stops.txt',
      'required',
      'stop_id',
      `stop_id id!
       stop_code text
       stop_name text Aa
       tts_stop_name text
       stop_desc text
       stop_lat latitude
       stop_lon longitude
       zone_id id
       stop_url url
       location_type enum 0-4
       parent_station id >stops.txt.stop_id
       stop_timezone timezone
       wheelchair_boarding enum 0-2
       level_id id >levels.txt.level_id
       platform_code text
       stop_access enum 0-1`,
    ),
    file(
      'routes.txt',
      'required',
      'route_id',
      `route_id id!
       agency_id id >agency.txt.agency_id
       route_short_name text Aa
       route_long_name text Aa
       route_desc text Aa
       route_type enum! 0-12
       route_url url
       route_color color
       route_text_color color
       route_sort_order natural
       continuous_pickup enum 0-3
       continuous_drop_off enum 0-3
       network_id id
       cemv_support enum 0-2`,
    ),
    file(
      'calendar.txt',
      'optional',
      'service_id',
      `service_id id!
       monday enum! 0-1
       tuesday enum! 0-1
       wednesday enum! 0-1
       thursday enum! 0-1
       friday enum! 0-1
       saturday enum! 0-1
       sunday enum! 0-1
       start_date date!
       end_date date!`,
    ),
    file('calendar_dates.txt', 'optional', 'service_id date', `service_id id!\ndate date!\nexception_type enum! 1-2`),
    file(
      'shapes.txt',
      'optional',
      'shape_id shape_pt_sequence',
      `shape_id id!
       shape_pt_lat latitude!
       shape_pt_lon longitude!
       shape_pt_sequence natural!
       shape_dist_traveled distance`,
    ),
    file(
      'trips.txt',
      'required',
      'trip_id',
      `route_id id! >routes.txt.route_id
       service_id id! >calendar.txt.service_id
       trip_id id!
       trip_headsign text Aa
       trip_short_name text Aa
       direction_id enum 0-1
       block_id id
       shape_id id >shapes.txt.shape_id
       wheelchair_accessible enum 0-2
       bikes_allowed enum 0-2
       cars_allowed enum 0-2
       safe_duration_factor distance
       safe_duration_offset float`,
    ),
    ...FLEX,
    file(
      'stop_times.txt',
      'required',
      'trip_id stop_sequence',
      `trip_id id! >trips.txt.trip_id
       arrival_time time
       departure_time time
       stop_id id >stops.txt.stop_id
       location_group_id id
       location_id id
       stop_sequence natural!
       stop_headsign text
       start_pickup_drop_off_window time
       end_pickup_drop_off_window time
       pickup_type enum 0-3
       drop_off_type enum 0-3
       continuous_pickup enum 0-3
       continuous_drop_off enum 0-3
       shape_dist_traveled distance
       timepoint enum 0-1
       pickup_booking_rule_id id
       drop_off_booking_rule_id id`,
    ),
    file(
      'frequencies.txt',
      'optional',
      'trip_id start_time',
      `trip_id id! >trips.txt.trip_id
       start_time time!
       end_time time!
       headway_secs positive!
       exact_times enum 0-1`,
    ),
    file(
      'transfers.txt',
      'optional',
      'from_stop_id to_stop_id from_trip_id to_trip_id from_route_id to_route_id',
      `from_stop_id id >stops.txt.stop_id
       to_stop_id id >stops.txt.stop_id
       from_route_id id >routes.txt.route_id
       to_route_id id >routes.txt.route_id
       from_trip_id id >trips.txt.trip_id
       to_trip_id id >trips.txt.trip_id
       transfer_type enum^ 0-5
       min_transfer_time natural`,
    ),
    file(
      'pathways.txt',
      'optional',
      'pathway_id',
      `pathway_id id!
       from_stop_id id! >stops.txt.stop_id
       to_stop_id id! >stops.txt.stop_id
       pathway_mode enum! 1-7
       is_bidirectional enum! 0-1
       length distance
       traversal_time positive
       stair_count other
       max_slope float
       min_width above
       signposted_as text Aa
       reversed_signposted_as text Aa`,
    ),
    file(
      'translations.txt',
      'optional',
      'table_name field_name language record_id record_sub_id field_value',
      `table_name text!
       field_name text!
       language language!
       translation text!
       record_id id
       record_sub_id id
       field_value text`,
    ),
    file(
      'attributions.txt',
      'optional',
      'attribution_id',
      `attribution_id id
       agency_id id >agency.txt.agency_id
       route_id id >routes.txt.route_id
       trip_id id >trips.txt.trip_id
       organization_name text!
       is_producer enum 0-1
       is_operator enum 0-1
       is_authority enum 0-1
       attribution_url url
       attribution_email email
       attribution_phone phone`,
    ),
    file(
      'fare_attributes.txt',
      'optional',
      'fare_id',
      `fare_id id!
       price distance!
       currency_type currency!
       payment_method enum! 0-1
       transfers enum 0-2
       agency_id id >agency.txt.agency_id
       transfer_duration natural`,
    ),
    file(
      'fare_rules.txt',
      'optional',
      'fare_id route_id origin_id destination_id contains_id',
      `fare_id id! >fare_attributes.txt.fare_id
       route_id id >routes.txt.route_id
       origin_id id
       destination_id id
       contains_id id`,
    ),
    ...FARES,
  ].map((spec) => [spec.name, spec]),
)

/** The only file of the standard that is no table. */
export const LOCATIONS = 'locations.geojson'

/** The order files are read in: what is referred to comes before what refers. */
export const ORDER: readonly string[] = [...FILES.keys()]
