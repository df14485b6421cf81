/**
 * Notices by the codes and severities of MobilityData's canonical validator (https://gtfs-validator.mobilitydata.org/
 * rules.html): an operator knows them from there, and the two reports can be laid side by side.
 */

export type Severity = 'ERROR' | 'WARNING' | 'INFO'

const ERRORS = [
  'bidirectional_exit_gate',
  'block_trips_with_overlapping_stop_times',
  'csv_parsing_failed',
  'decreasing_or_equal_stop_time_distance',
  'decreasing_shape_distance',
  'duplicate_key',
  'duplicated_column',
  'empty_column_name',
  'empty_file',
  'equal_shape_distance_diff_coordinates',
  'foreign_key_violation',
  'inconsistent_agency_timezone',
  'invalid_character',
  'invalid_color',
  'invalid_currency',
  'invalid_date',
  'invalid_email',
  'invalid_float',
  'invalid_input_files_in_subfolder',
  'invalid_integer',
  'invalid_language_code',
  'invalid_phone_number',
  'invalid_row_length',
  'invalid_time',
  'invalid_timezone',
  'invalid_url',
  'location_with_unexpected_stop_time',
  'location_without_parent_station',
  'missing_calendar_and_calendar_date_files',
  'missing_required_column',
  'missing_required_field',
  'missing_required_file',
  'missing_stop_name',
  'missing_trip_edge',
  'new_line_in_value',
  'number_out_of_range',
  'overlapping_frequency',
  'pathway_to_platform_with_boarding_areas',
  'pathway_to_wrong_location_type',
  'point_near_origin',
  'point_near_pole',
  'route_both_short_and_long_name_missing',
  'start_and_end_range_equal',
  'start_and_end_range_out_of_order',
  'station_with_parent_station',
  'stop_time_with_arrival_before_previous_departure_time',
  'stop_time_with_only_arrival_or_departure_time',
  'stop_without_location',
  'transfer_with_invalid_stop_location_type',
  'translation_foreign_key_violation',
  'translation_unexpected_value',
  'wrong_parent_location_type',
] as const

const WARNINGS = [
  'attribution_without_role',
  'duplicate_route_name',
  'empty_row',
  'equal_shape_distance_diff_coordinates_distance_below_threshold',
  'equal_shape_distance_same_coordinates',
  'expired_calendar',
  'fast_travel_between_consecutive_stops',
  'fast_travel_between_far_stops',
  'feed_expiration_date7_days',
  'feed_expiration_date30_days',
  'feed_info_lang_and_agency_lang_mismatch',
  'inconsistent_agency_lang',
  'leading_or_trailing_whitespaces',
  'missing_feed_contact_email_and_url',
  'missing_feed_info_date',
  'missing_recommended_field',
  'missing_recommended_file',
  'mixed_case_recommended_field',
  'more_than_one_entity',
  'non_ascii_or_non_printable_char',
  'pathway_dangling_generic_node',
  'pathway_loop',
  'route_color_contrast',
  'route_long_name_contains_short_name',
  'route_short_name_too_long',
  'same_name_and_description_for_route',
  'same_name_and_description_for_stop',
  'same_route_and_agency_url',
  'same_stop_and_agency_url',
  'same_stop_and_route_url',
  'single_shape_point',
  'stop_too_far_from_shape',
  'stop_without_stop_time',
  'transfer_distance_too_large',
  'translation_unknown_table_name',
  'trip_coverage_not_active_for_next7_days',
  'unexpected_enum_value',
  'unusable_trip',
  'unused_shape',
  'unused_trip',
] as const

const INFOS = [
  'platform_without_parent_station',
  'transfer_distance_above_2_km',
  'unknown_column',
  'unknown_file',
  'unused_parent_station',
] as const

export type NoticeCode = (typeof ERRORS)[number] | (typeof WARNINGS)[number] | (typeof INFOS)[number]

const SEVERITY = new Map<string, Severity>([
  ...ERRORS.map((code) => [code, 'ERROR'] as const),
  ...WARNINGS.map((code) => [code, 'WARNING'] as const),
  ...INFOS.map((code) => [code, 'INFO'] as const),
])

/** What a notice says: MobilityData's names where it has one (`filename`, `csvRowNumber`, `fieldName`, `fieldValue`). */
export type NoticeFacts = Record<string, string | number | null>

export interface NoticeGroup {
  code: string
  severity: Severity
  n: number
  examples: NoticeFacts[]
}

const EXAMPLES = 50
const VALUE_CHARACTERS = 200

/** Counts notices by code and keeps the first examples of each; bounded whatever arrives. */
export class Notices {
  readonly #groups = new Map<NoticeCode, NoticeGroup>()

  add(code: NoticeCode, facts: NoticeFacts): void {
    const group = this.#group(code)
    group.n++
    if (group.examples.length < EXAMPLES) group.examples.push(shortened(facts))
  }

  /** Adds what another tally counted. */
  merge(other: Notices): void {
    for (const { code, n, examples } of other.list()) this.addMany(code as NoticeCode, n, examples)
  }

  /** Adds what the database counted. */
  addMany(code: NoticeCode, n: number, examples: readonly NoticeFacts[]): void {
    if (n === 0) return
    const group = this.#group(code)
    group.n += n
    group.examples.push(...examples.slice(0, EXAMPLES - group.examples.length).map(shortened))
  }

  #group(code: NoticeCode): NoticeGroup {
    let group = this.#groups.get(code)
    if (!group) {
      group = { code, severity: SEVERITY.get(code)!, n: 0, examples: [] }
      this.#groups.set(code, group)
    }
    return group
  }

  has(code: NoticeCode): boolean {
    return this.#groups.has(code)
  }

  /** Errors first, then warnings, then what is only said. */
  list(): NoticeGroup[] {
    const rank = { ERROR: 0, WARNING: 1, INFO: 2 }
    return [...this.#groups.values()].sort((a, b) => rank[a.severity] - rank[b.severity] || (a.code < b.code ? -1 : 1))
  }
}

function shortened(facts: NoticeFacts): NoticeFacts {
  const result: NoticeFacts = {}
  for (const [name, value] of Object.entries(facts)) {
    result[name] =
      typeof value === 'string'
        ? (value.length > VALUE_CHARACTERS ? `${value.slice(0, VALUE_CHARACTERS)}…` : value).replaceAll('\0', '\ufffd')
        : value
  }
  return result
}
