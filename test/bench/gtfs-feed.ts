/** Feeds of any size, made as they are written: nothing of them is held. */
import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ZipFile } from 'yazl'

export interface FeedSize {
  stops: number
  trips: number
  stopsPerTrip: number
  routes: number
}

/** A region by its number of stop times: 5,000 stops for a million of them, 40 calls a trip. */
export function sizeOf(stopTimes: number): FeedSize {
  const trips = Math.ceil(stopTimes / 40)
  return { stops: Math.max(200, Math.ceil(stopTimes / 200)), trips, stopsPerTrip: 40, routes: 200 }
}

const two = (n: number) => String(n).padStart(2, '0')
const clock = (s: number) => `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`
const LINES = 4_000

/**
 * Writes the zip: every line has its stops along a way of its own, trips from 4:00 to past 26:00, each tenth at weekends
 * only; ten platforms form the station `hub` that every 25th trip passes.
 */
export async function writeFeed(path: string, size: FeedSize): Promise<void> {
  const zip = new ZipFile()
  const { stops, trips, stopsPerTrip, routes } = size
  const put = (name: string, header: string, lines: Iterable<string>) =>
    zip.addReadStream(Readable.from(inParts(header, lines), { objectMode: false }), name, { compressionLevel: 1 })
  put('agency.txt', 'agency_id,agency_name,agency_url,agency_timezone,agency_lang', [
    'v,Verbund,https://example.org,Europe/Berlin,de',
  ])
  put(
    'feed_info.txt',
    'feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version,feed_contact_url',
    ['Verbund,https://example.org,de,20260101,20271231,1,https://example.org'],
  )
  put('calendar.txt', 'service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date', [
    'week,1,1,1,1,1,0,0,20260101,20271231',
    'end,0,0,0,0,0,1,1,20260101,20271231',
  ])
  put(
    'routes.txt',
    'route_id,agency_id,route_short_name,route_long_name,route_type',
    count(routes, (i) => `L${i},v,${i},Linie ${i} der Region,3`),
  )
  put(
    'stops.txt',
    'stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station,platform_code',
    count(stops, (i) => {
      const [lon, lat] = placeOf(i, size)
      if (i === 0) return `hub,Hauptbahnhof,${lat},${lon},1,,`
      if (i <= 10) return `de:09:${i},Hauptbahnhof,${lat},${lon},0,hub,${i}`
      return `de:09:${i},Halt ${i},${lat},${lon},0,,`
    }),
  )
  put(
    'trips.txt',
    'route_id,service_id,trip_id,trip_headsign,direction_id,shape_id',
    count(
      trips,
      (i) => `L${i % routes},${i % 10 === 0 ? 'end' : 'week'},${tripId(i)},Ziel ${i % routes},${i % 2},w${i % routes}`,
    ),
  )
  put(
    'shapes.txt',
    'shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence',
    (function* () {
      for (let route = 0; route < routes; route++)
        for (let k = 0; k < stopsPerTrip; k++) {
          const [lon, lat] = placeOf(stopOf(route, k, size), size)
          yield `w${route},${lat},${lon},${2 * k}`
          yield `w${route},${(lat + 0.0005).toFixed(5)},${(lon + 0.0005).toFixed(5)},${2 * k + 1}`
        }
    })(),
  )
  put(
    'stop_times.txt',
    'trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type',
    (function* () {
      for (let i = 0; i < trips; i++) {
        const id = tripId(i)
        const start = 14_400 + Math.floor((i * 79_200) / trips)
        for (let k = 0; k < stopsPerTrip; k++) {
          const stop = i % 25 === 0 && k === 20 ? 1 + (Math.floor(i / 25) % 10) : stopOf(i % routes, k, size)
          yield `${id},${clock(start + k * 90)},${clock(start + k * 90 + 20)},de:09:${stop},${k},0,0`
        }
      }
    })(),
  )
  zip.end()
  await pipeline(zip.outputStream as never, createWriteStream(path))
}

const tripId = (i: number): string => `${1000 + (i % 977)}.T0.${i}-Jahresfahrplan`

/** The stops of a line lie one after the other. */
const stopOf = (route: number, k: number, { stops }: FeedSize): number => 11 + ((route * 37 + k) % (stops - 11))

function placeOf(stop: number, { stops }: FeedSize): [lon: number, lat: number] {
  const row = Math.floor(Math.sqrt(stops))
  const x = Math.floor(stop / row) % 2 === 0 ? stop % row : row - 1 - (stop % row)
  return [Number((11 + x * 0.006).toFixed(5)), Number((48 + Math.floor(stop / row) * 0.004).toFixed(5))]
}

function* count(n: number, line: (i: number) => string): Iterable<string> {
  for (let i = 0; i < n; i++) yield line(i)
}

function* inParts(header: string, lines: Iterable<string>): Iterable<Buffer> {
  let part = [header]
  for (const line of lines) {
    part.push(line)
    if (part.length < LINES) continue
    yield Buffer.from(`${part.join('\n')}\n`)
    part = []
  }
  yield Buffer.from(part.length > 0 ? `${part.join('\n')}\n` : '')
}
