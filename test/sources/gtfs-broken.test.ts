/**
 * Every entry of `transit/broken` and the notice it gives. Codes, severities and numbers are those of MobilityData's
 * validator 7.1 on the same feeds, except where a line says why not, and where it leaves rules out because a table has an
 * error.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { currentVersion, noticesOf, versionsOf } from '../../src/domains/mobility/index.ts'
import { databases } from '../support/database.ts'
import { DATA, type SourcesBench, sourcesOn } from '../support/sources.ts'
import { gtfsSource } from '../support/transit.ts'

const BROKEN = join(DATA, 'transit', 'broken')

/** Notices beyond those of nearly all these feeds (`COMMON`), and whether the feed serves. */
const EXPECTED: Record<string, { codes: string[]; serves: boolean; why?: string }> = {
  'au-sydney-entrances': {
    codes: ['missing_calendar_and_calendar_date_files', 'missing_required_file', 'unknown_column'],
    serves: false,
  },
  bad_date_format: { codes: ['invalid_date'], serves: true },
  'bad_eol.zip': { codes: [], serves: true },
  bad_utf8: { codes: ['invalid_character', 'unknown_column'], serves: true },
  contains_null: { codes: ['invalid_row_length'], serves: true },
  duplicate_schedule_id: { codes: ['duplicate_key'], serves: true },
  duplicate_stop: {
    codes: ['invalid_row_length'],
    serves: true,
    why: 'two stops of one name and place, but of different ids',
  },
  duplicate_stop_sequence: {
    codes: ['duplicate_key', 'stop_without_stop_time'],
    serves: true,
    why: 'the second stop of the same sequence is left out',
  },
  empty_file: { codes: ['empty_file', 'invalid_row_length'], serves: false },
  extra_row_cells: { codes: ['invalid_row_length'], serves: true },
  filter_unusual_trips: { codes: [], serves: true },
  flatten_feed: {
    codes: [
      'fast_travel_between_consecutive_stops',
      'fast_travel_between_far_stops',
      'missing_bike_allowance',
      'mixed_case_recommended_field',
      'point_near_origin',
      'stop_too_far_from_shape',
      'stop_without_stop_time',
      'unusable_trip',
      'unused_trip',
    ],
    serves: true,
  },
  good_feed: { codes: [], serves: true },
  'good_feed.zip': { codes: [], serves: true },
  googletransit: { codes: ['missing_feed_contact_email_and_url', 'unknown_column'], serves: true },
  invalid_agency_ids: { codes: ['missing_required_field'], serves: true },
  invalid_route_agency: { codes: ['foreign_key_violation'], serves: true },
  missing_agency: { codes: ['invalid_row_length', 'missing_required_file'], serves: false },
  missing_calendar: {
    codes: ['missing_calendar_and_calendar_date_files'],
    serves: false,
    why: 'not again for every trip',
  },
  missing_column: { codes: ['invalid_row_length', 'missing_required_column'], serves: false },
  missing_departure_time: {
    codes: ['stop_time_with_only_arrival_or_departure_time', 'stop_without_stop_time'],
    serves: true,
  },
  missing_endpoint_times: { codes: ['missing_trip_edge'], serves: true },
  missing_routes: { codes: ['missing_required_file'], serves: false },
  missing_row_cells: { codes: ['invalid_row_length', 'same_route_and_agency_url'], serves: true },
  missing_stop_times: { codes: ['missing_required_file'], serves: false },
  missing_stops: {
    codes: ['invalid_row_length', 'missing_required_file'],
    serves: false,
    why: 'not again for every stop time',
  },
  missing_trips: { codes: ['missing_required_file'], serves: false },
  missing_weekday_column: { codes: ['invalid_row_length', 'missing_required_column'], serves: false },
  negative_stop_sequence: { codes: ['number_out_of_range'], serves: true },
  'one_line.kml': { codes: [], serves: false, why: 'no GTFS at all' },
  'one_stop.kml': { codes: [], serves: false, why: 'no GTFS at all' },
  only_calendar_dates: { codes: [], serves: true },
  repeated_route_name: { codes: ['duplicate_route_name'], serves: true },
  same_short_long_name: { codes: ['route_long_name_contains_short_name'], serves: true },
  undefined_stop: { codes: ['foreign_key_violation'], serves: true },
  unknown_file: { codes: ['unknown_file'], serves: true },
  'unknown_format.zip': { codes: [], serves: false, why: 'no zip: MobilityData reports i_o_error' },
  unrecognized_columns: { codes: ['unknown_column'], serves: true },
  unused_stop: { codes: ['stop_without_stop_time'], serves: true },
  upgrade_translations: {
    codes: [
      'missing_calendar_and_calendar_date_files',
      'missing_feed_contact_email_and_url',
      'missing_required_column',
      'missing_required_file',
      'mixed_case_recommended_field',
      'unknown_column',
    ],
    serves: false,
    why: 'two parts of feeds, the older one with translations of another make',
  },
  utf16: { codes: ['missing_required_column', 'unknown_column'], serves: false },
  utf8bom: { codes: [], serves: true },
}

/** The feeds are old, small, and name no feed_info.txt. */
const COMMON = new Set([
  'expired_calendar',
  'missing_recommended_file',
  'missing_recommended_field',
  'trip_coverage_not_active_for_next7_days',
])

for (const engine of databases()) {
  describe(`broken feeds (${engine.name})`, { skip: !existsSync(BROKEN) && 'no ../shared/data' }, () => {
    let bench: SourcesBench
    before(async () => {
      bench = await sourcesOn(await engine.fresh())
    })
    after(() => bench.close())
    it('has an expectation for every entry', () => {
      assert.deepEqual(readdirSync(BROKEN).sort(), Object.keys(EXPECTED).sort())
    })

    for (const [entry, { codes, serves }] of Object.entries(EXPECTED)) {
      it(`${entry}: ${codes.join(', ') || 'nothing'}`, async () => {
        const definition = gtfsSource(entry.replaceAll(/[._]/g, '-').toLowerCase())
        const report = await bench.sources.run(definition, { from: join(BROKEN, entry) })
        const { key } = bench.catalog.byId(definition.id)!
        const [version] = await versionsOf(bench.db, key)
        const notices = version ? await noticesOf(bench.db, version.version) : []
        const found = notices.map(({ code }) => code).filter((code) => !COMMON.has(code))
        assert.deepEqual(found.sort(), codes, report.error)
        assert.ok(notices.every(({ n, examples }) => n > 0 && examples.length > 0))
        const current = await currentVersion(bench.db, key)
        assert.equal(current !== undefined, serves, report.error)
        if (!serves) {
          assert.equal(report.outcome, 'failed')
          assert.ok(report.error!.length > 20)
          return
        }
        assert.equal(report.read, report.accepted + report.rejected)
        const sum = report.rejections.reduce((n, { count }) => n + count, 0)
        assert.equal(sum, report.rejected)
        const again = await bench.sources.run(definition, { from: join(BROKEN, entry) })
        assert.deepEqual([again.outcome, again.accepted, again.unchanged], ['ok', 0, report.accepted])
      })
    }
  })
}
