/** Every feed on mutated input: items or an error that says what is wrong, soon; never anything else. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeFeed, encodeFeed } from '../../src/domains/mobility/realtime/codec.ts'
import { FileError, type ItemFeed } from '../../src/domains/sources/index.ts'
import { feeds } from '../../src/edges/feeds/index.ts'
import { fuzz, hostileText, hostileValue, mutatedBytes, mutatedText } from '../support/fuzz.ts'

const DATA = join(import.meta.dirname, '../../../shared/data')
const skip = existsSync(DATA) ? false : 'needs the real data at ../shared/data'
const head = (path: string, bytes = 12_000): Buffer =>
  skip ? Buffer.from('') : readFileSync(join(DATA, path)).subarray(0, bytes)

/** What each feed is used to: whole small files, and the beginning of large ones. */
const EXAMPLES: Record<string, Buffer[]> = {
  bnetza: [head('charging/Ladesaeulenregister.csv', 4_000)],
  datex2: [
    head('parking/captures/vrs_neustadt-static.xml'),
    head('parking/captures/vrs_neustadt-realtime.xml'),
    head('roadworks/situation_1487640.xml', 50_000),
    Buffer.from(
      '<d2:payload xmlns:d2="http://datex2.eu/schema/3/d2Payload" xsi:type="sit:SituationPublication"><sit:situation id="a"><sit:overallSeverity>high</sit:overallSeverity><sit:situationRecord xsi:type="sit:MaintenanceWorks" id="b"><sit:validity><com:validityTimeSpecification><com:overallStartTime>2026-11-02T08:00:00Z</com:overallStartTime></com:validityTimeSpecification></sit:validity><sit:generalPublicComment><sit:comment><com:values><com:value lang="de">Rohr</com:value></com:values></sit:comment><sit:commentType _extendedValue="routeRecommendation">_extended</sit:commentType></sit:generalPublicComment><sit:locationReference><loc:gmlMultiPolygon><loc:gmlPolygon><loc:exterior><loc:posList>48 9 48 10 49 10 48 9</loc:posList></loc:exterior></loc:gmlPolygon></loc:gmlMultiPolygon></sit:locationReference></sit:situationRecord><sit:situationRecord xsi:type="sit:ReroutingManagement" id="c"><sit:alternativeRoute><loc:gmlLineString><loc:posList>48 9 49 10</loc:posList></loc:gmlLineString></sit:alternativeRoute></sit:situationRecord></sit:situation></d2:payload>',
    ),
  ],
  gbfs: [
    'v1.0/system_hours',
    'v2.3/station_information',
    'v2.3/station_status',
    'v2.3/free_bike_status',
    'v3.0/vehicle_types',
    'v3.0/geofencing_zones',
    'v2.3/gbfs',
    'v2.2/system_pricing_plans',
  ].map((name) => head(`gbfs/entur_fixtures/${name}.json`, 50_000)),
  ocpi: [
    Buffer.from(
      JSON.stringify({
        status_code: 1000,
        data: [
          {
            country_code: 'DE',
            party_id: 'ABC',
            id: 'a',
            publish: true,
            address: 'Ring 1',
            city: 'Köln',
            country: 'DEU',
            coordinates: { latitude: '50.93', longitude: '6.95' },
            time_zone: 'Europe/Berlin',
            last_updated: '2026-11-02T08:00:00Z',
            evses: [{ uid: '1', status: 'AVAILABLE', connectors: [{ id: '1' }], last_updated: '2026-11-02T08:00:00Z' }],
          },
        ],
      }),
    ),
  ],
  parkapi: [
    Buffer.from(
      '{"last_updated":"2026-11-02T08:00:00","lots":[{"id":"a","name":"A","free":3,"total":9,"coords":{"lat":51,"lng":13},"state":"open"}]}',
    ),
    Buffer.from(
      '{"items":[{"id":1,"name":"A","lat":"51.0","lon":"13.0","capacity":9,"realtime_free_capacity":3,"has_realtime_data":true}]}',
    ),
  ],
}

const isFile = (error: Error) => error instanceof FileError

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}

/** The example with some of its values replaced by hostile ones: it still is JSON, but not what it says. */
const disturbed = (texts: string[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(fc.constantFrom(...texts), fc.array(fc.tuple(fc.nat(), hostileValue), { minLength: 1, maxLength: 4 }))
    .map(([text, changes]) => {
      const document = JSON.parse(text)
      for (const [at, value] of changes) {
        const places: [Record<string, unknown>, string][] = []
        const walk = (node: unknown): void => {
          if (typeof node !== 'object' || node === null) return
          for (const key of Object.keys(node)) {
            places.push([node as Record<string, unknown>, key])
            walk((node as Record<string, unknown>)[key])
          }
        }
        walk(document)
        if (places.length === 0) break
        const [node, key] = places[at % places.length]!
        node[key] = value
      }
      return Buffer.from(JSON.stringify(document) ?? 'null')
    })

const isJson = (text: string): boolean => {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

async function read(feed: ItemFeed, bytes: Uint8Array): Promise<void> {
  const guess = feed.detect({ name: 'x', head: bytes.subarray(0, 65_536) })
  const context = { name: 'x', maxDocumentBytes: 10_000_000 }
  const input = { role: guess?.role ?? 'main', name: 'x', bytes: once(bytes) }
  for await (const item of feed.read([input], { type: feed.id }, context)) assert.ok(typeof item.kind === 'string')
}

describe('fuzz: feeds', { skip }, () => {
  for (const feed of feeds.filter((one): one is ItemFeed => 'read' in one)) {
    it(feed.id, async () => {
      const examples = EXAMPLES[feed.id]
      assert.ok(examples, `give ${feed.id} an example`)
      for (const example of examples)
        await read(feed, example).catch((error: Error) => assert.ok(isFile(error), String(error)))
      const texts = examples.map((example) => example.toString('utf8'))
      const whole = texts.filter(isJson)
      const cases = fc.oneof(
        ...(whole.length > 0 ? [disturbed(whole), disturbed(whole)] : []),
        mutatedBytes(...examples),
        mutatedText(...texts).map((text) => Buffer.from(text)),
        hostileText.map((text) => Buffer.from(text)),
      )
      await fuzz(feed.id, 120, cases, (bytes) => read(feed, bytes), isFile)
      const following = cases.filter((bytes) => bytes.length > 0)
      if (feed.follow) await fuzz(`${feed.id}: follow`, 60, following, (bytes) => void feed.follow!(bytes), isFile)
      if (feed.holds) await fuzz(`${feed.id}: holds`, 60, following, (bytes) => assert.ok(feed.holds!(bytes) >= 0))
    })
  }

  it('GTFS Realtime: a message or a refusal, and what was read is written again', () => {
    const examples = ['ct-trip-updates.pb', 'ct-vehicle-positions.pb', 'example.pb'].map((name) =>
      head(`transit/caltrain/${name}`, 1_000_000),
    )
    return fuzz('gtfs-rt', 150, mutatedBytes(...examples), (bytes) => void encodeFeed(decodeFeed(bytes)), isFile)
  })
})
