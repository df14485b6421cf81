/** What a region has beside its timetable, offered as operators do and read by sources: car parks, vehicles, chargers, works. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { checkDefinition } from '../../src/domains/sources/index.ts'
import type { SourcesBench } from '../support/sources.ts'

const CAR_PARKS = 400
const CHARGERS = 3_000
const ROADWORKS = 500
const STATIONS = 300
const VEHICLES = 2_000

/** Around the middle of the feed of `gtfs-feed.ts`. */
const placeOf = (i: number, n: number) => ({
  lon: 11.1 + ((i * 7919) % n) * (0.25 / n),
  lat: 48.05 + ((i * 104_729) % n) * (0.2 / n),
})
const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

function documents(url: string): Record<string, unknown> {
  const now = new Date().toISOString()
  const seconds = Math.floor(Date.now() / 1000)
  const gbfs = (data: object) => ({ last_updated: seconds, ttl: 60, version: '2.3', data })
  const names = ['system_information', 'station_information', 'station_status', 'free_bike_status']
  return {
    '/parking': {
      last_updated: now.slice(0, 19),
      last_downloaded: now.slice(0, 19),
      lots: many(CAR_PARKS, (i) => {
        const { lon, lat } = placeOf(i, CAR_PARKS)
        return {
          ...{
            id: `p${i}`,
            name: `Parkhaus ${i}`,
            address: `Straße ${i}`,
            coords: { lng: lon, lat },
            lot_type: 'Parkhaus',
          },
          ...{ total: 300, free: i % 300, state: 'open', forecast: false, region: 'Mitte' },
        }
      }),
    },
    '/ocpi': {
      status_code: 1000,
      timestamp: now,
      data: many(CHARGERS, (i) => {
        const { lon, lat } = placeOf(i, CHARGERS)
        const evse = (uid: string, status: string) => ({
          ...{ uid, evse_id: `DE*ABC*E${uid}`, status, last_updated: now },
          connectors: [
            {
              ...{ id: '1', standard: 'IEC_62196_T2', format: 'SOCKET', power_type: 'AC_3_PHASE' },
              ...{ max_voltage: 230, max_amperage: 32, last_updated: now },
            },
          ],
        })
        return {
          ...{ country_code: 'DE', party_id: 'ABC', id: `c${i}`, publish: true, address: `Ring ${i}`, city: 'Stadt' },
          ...{ country: 'DEU', coordinates: { latitude: lat.toFixed(6), longitude: lon.toFixed(6) } },
          ...{ time_zone: 'Europe/Berlin', last_updated: now },
          evses: [evse(`${i}a`, 'AVAILABLE'), evse(`${i}b`, 'CHARGING')],
        }
      }),
    },
    '/works': {
      type: 'FeatureCollection',
      features: many(ROADWORKS, (i) => {
        const { lon, lat } = placeOf(i, ROADWORKS)
        const line = [
          [lon, lat],
          [lon + 0.002, lat + 0.001],
        ]
        return {
          type: 'Feature',
          geometry: { type: 'LineString', coordinates: line },
          properties: { id: `w${i}`, name: `Leitungsbau ${i}`, from: '2026-01-01', to: '2036-12-31' },
        }
      }),
    },
    '/gbfs': gbfs({ en: { feeds: names.map((name) => ({ name, url: `${url}/${name}` })) } }),
    '/system_information': gbfs({ system_id: 'rad', language: 'de', name: 'Rad', timezone: 'Europe/Berlin' }),
    '/station_information': gbfs({
      stations: many(STATIONS, (i) => ({
        ...{ station_id: `s${i}`, name: `Station ${i}`, capacity: 20 },
        ...placeOf(i, STATIONS),
      })),
    }),
    '/station_status': gbfs({
      stations: many(STATIONS, (i) => ({
        ...{ station_id: `s${i}`, num_bikes_available: i % 20, num_docks_available: 20 - (i % 20) },
        ...{ is_installed: true, is_renting: true, is_returning: true, last_reported: seconds },
      })),
    }),
    '/free_bike_status': gbfs({
      bikes: many(VEHICLES, (i) => ({
        ...{ bike_id: `b${i}`, is_reserved: false, is_disabled: false },
        ...placeOf(i, VEHICLES),
      })),
    }),
  }
}

const DEFINITIONS: Record<string, string> = {
  parken: 'from: { http: { url: "URL/parking" } }\nformat: { type: parkapi }',
  laden: 'from: { http: { url: "URL/ocpi" } }\nformat: { type: ocpi }',
  leihrad: 'from: { http: { url: "URL/gbfs" } }\nformat: { type: gbfs }',
  baustellen: `from: { http: { url: "URL/works" } }
format: { type: geojson }
concept: roadworks
thing:
  key: "{id}"
  name: "{name}"
  location: { geometry: "{geometry}" }
  valid: { from: "{from}", to: "{to}", format: "YYYY-MM-DD" }`,
}

/** Reads all of it and releases it. */
export async function fillRegion({ sources, catalog }: SourcesBench): Promise<void> {
  let served: Record<string, unknown> = {}
  const server = createServer((request, response) => {
    const found = served[new URL(request.url!, 'http://x').pathname]
    if (found === undefined) response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(found))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  served = documents(url)
  try {
    for (const [id, text] of Object.entries(DEFINITIONS)) {
      const head = `id: ${id}\ntitle: ${id}\ndataset: { title: ${id}, licence: cc-zero, attribution: Region }\n`
      const report = await sources.run(checkDefinition(head + text.replaceAll('URL', url), id))
      if (report.accepted === 0) throw new Error(`${id}: ${report.error ?? JSON.stringify(report.rejections)}`)
      await catalog.setState(id, 'released')
    }
  } finally {
    server.close()
  }
}
