import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { openingHours } from './convert.ts'
import { discover, fileOf, parseDocument, readFile } from './read.ts'

const DATA = join(import.meta.dirname, '../../../../../shared/data/gbfs')
const missing = existsSync(DATA) ? false : '../shared/data is not there: real GBFS files are not read'

/** What each file of the corpus holds: records that can be used, and faults by field. */
const FAULTS: Record<string, string[]> = {
  'v2.1/system_information.json': ['phone_number'],
  'v2.2/system_information.json': ['phone_number'],
  'v2.3/system_information.json': ['phone_number'],
  'v2.3/free_bike_status_with_error.json': ['is_disabled', 'station_id', 'last_reported'],
  'v2.3/station_information_virtual.json': ['is_charging_station'],
}

describe('GBFS of every version, read in the terms of 3.0', { skip: missing }, () => {
  const ajv = new Ajv({ strict: false, allErrors: true })
  ;(formats as unknown as (ajv: Ajv) => void)(ajv)
  const schemas = new Map<string, ReturnType<Ajv['compile']>>()
  const official = (file: string) => {
    if (!schemas.has(file))
      schemas.set(file, ajv.compile(JSON.parse(readFileSync(join(DATA, 'schemas/v3.0', `${file}.json`), 'utf8'))))
    return schemas.get(file)!
  }
  let read = 0
  for (const version of missing ? [] : readdirSync(join(DATA, 'entur_fixtures')))
    for (const name of readdirSync(join(DATA, 'entur_fixtures', version)))
      it(`${version}/${name}`, () => {
        const document = parseDocument(readFileSync(join(DATA, 'entur_fixtures', version, name), 'utf8'), name)
        const file = fileOf(document.data)
        if (file === null || file === 'gbfs' || file === 'system_hours' || file === 'system_calendar') {
          assert.match(name, /^(gbfs|gbfs_versions|manifest|system_hours|system_calendar)\.json$/)
          return
        }
        // The corpus has a station file without what a station must say; it is told, and nothing of it used.
        const hopeless = /v2\.[12]\/station_information_virtual/.test(`${version}/${name}`)
        const { records, faults, globalRules, lastUpdated, ttl } = readFile(file, document, 'en')
        assert.deepEqual(hopeless ? [] : faults.map(({ column }) => column), FAULTS[`${version}/${name}`] ?? [])
        assert.equal(records.length > 0, !hopeless)
        if (hopeless) return
        const list = {
          station_information: 'stations',
          station_status: 'stations',
          vehicle_status: 'vehicles',
          vehicle_types: 'vehicle_types',
          system_pricing_plans: 'plans',
          system_regions: 'regions',
          system_alerts: 'alerts',
        } as Record<string, string>
        const data =
          file === 'system_information'
            ? { feed_contact_email: 'data@example.org', ...records[0] }
            : file === 'geofencing_zones'
              ? { geofencing_zones: { type: 'FeatureCollection', features: records }, global_rules: globalRules }
              : { [list[file]!]: records }
        const check = official(file)
        assert.ok(check({ last_updated: lastUpdated, ttl, version: '3.0', data }), JSON.stringify(check.errors))
        read++
      })
  it('read more than thirty files so', () => assert.ok(read > 30, String(read)))

  it('finds the feeds of one language before 3.0, and of all since', () => {
    const of = (path: string) => discover(parseDocument(readFileSync(join(DATA, 'entur_fixtures', path), 'utf8'), path))
    assert.equal(of('v2.3/gbfs.json').language, 'en')
    assert.equal(of('v2.3/gbfs.json').feeds[0]!.url, 'https://www.example.com/gbfs/1/en/system_information')
    assert.equal(of('v3.0/gbfs.json').feeds.length, 2)
  })
})

describe('GBFS: hours before 3.0', () => {
  const all = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
  it('without any it is always open', () => assert.equal(openingHours(undefined, undefined), '24/7'))
  it('all days and hours are 24/7', () =>
    assert.equal(
      openingHours(
        [{ user_types: ['member', 'nonmember'], days: all, start_time: '00:00:00', end_time: '23:59:59' }],
        undefined,
      ),
      '24/7',
    ))
  it('what holds for everyone counts', () =>
    assert.equal(
      openingHours(
        [
          { user_types: ['member'], days: ['sat', 'sun'], start_time: '00:00:00', end_time: '23:59:59' },
          { user_types: ['nonmember'], days: ['sat', 'sun'], start_time: '05:00:00', end_time: '22:30:00' },
          { user_types: ['member', 'nonmember'], days: ['mon'], start_time: '06:00:00', end_time: '23:59:59' },
        ],
        undefined,
      ),
      'Sa,Su 05:00-22:30; Mo 06:00-24:00',
    ))
  it('a season goes before', () =>
    assert.equal(openingHours(undefined, [{ start_month: 4, start_day: 1, end_month: 11, end_day: 5 }]), 'Apr 1-Nov 5'))
})

describe('GBFS that is none', () => {
  it('says so', () => {
    assert.throws(() => parseDocument('<html>', 'x.json'), /x\.json is not JSON/)
    assert.throws(() => parseDocument('[]', 'x.json'), /no "data"/)
    assert.throws(() => readFile('station_status', { data: {} }, 'de'), /no list "stations"/)
    assert.throws(() => discover({ data: {} }), /names no feeds/)
  })
  it('a record that is not one is told, the others are used', () => {
    const { records, faults } = readFile(
      'station_status',
      {
        version: '2.3',
        last_updated: 1_700_000_000,
        data: {
          stations: [
            null,
            7,
            { station_id: 'a', num_bikes_available: 1, is_installed: true, is_renting: true, is_returning: true },
            { station_id: 'a', num_bikes_available: 2, is_installed: true, is_renting: true, is_returning: true },
          ],
        },
      },
      'de',
    )
    assert.deepEqual(
      records.map((record) => record.num_vehicles_available),
      [2],
    )
    assert.deepEqual(
      faults.map(({ record }) => record),
      [true, true, true],
    )
  })
})
