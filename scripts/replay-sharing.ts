/**
 * Plays a recorded day of a sharing system again, as a GBFS 2.3 feed: `npm run replay -- FILE.csv[.gz]`
 *   --serve PORT       offers the feed at http://127.0.0.1:PORT/gbfs.json as it was at the time played
 *   --to URL           posts every change to a webhook instead (…/api/v1/webhooks/SOURCE), --key its key
 *   --speed N          so many seconds of the day in one (default 600: a day in 144 s)
 *   --zone ZONE        time zone of the stamps (default Europe/Berlin)
 * The file has a line a change: minute, id, latitude, longitude, name, bike_count … A list of the vehicles at a station is
 * not read: who watches ids over a day sees trips, and trips are people's.
 */
import { createReadStream } from 'node:fs'
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { createGunzip } from 'node:zlib'
import { parse } from 'csv-parse'

export interface StationState {
  /** POSIX seconds. */
  at: number
  id: string
  name: string
  lat: number
  lon: number
  bikes: number
}

/** The changes of a day in the order they happened. Columns of vehicle ids are dropped while reading. */
export async function readDay(path: string, zone: string): Promise<StationState[]> {
  const states: StationState[] = []
  const file = createReadStream(path)
  const text = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  const wanted = new Set(['minute', 'id', 'latitude', 'longitude', 'name', 'bike_count'])
  const rows = text.pipe(
    parse({ bom: true, columns: (header: string[]) => header.map((column) => (wanted.has(column) ? column : false)) }),
  ) as AsyncIterable<Record<string, string>>
  for await (const row of rows) {
    states.push({
      at: secondsAt(row.minute!, zone),
      id: row.id!,
      name: row.name!,
      lat: Number(row.latitude),
      lon: Number(row.longitude),
      bikes: Number(row.bike_count),
    })
  }
  return states.sort((a, b) => a.at - b.at)
}

/** A stamp without zone, as seconds. */
function secondsAt(stamp: string, zone: string): number {
  const guess = Date.parse(`${stamp}Z`)
  const shown = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' }).format(
    guess,
  )
  return (guess - (Date.parse(`${shown.replace(' ', 'T')}Z`) - guess)) / 1000
}

const FEED = { version: '2.3', ttl: 1 }

/** The files of the system as they stood at a time: its stations, and what each held when it last changed. */
export function filesAt(states: Iterable<StationState>, at: number, base: string): Record<string, object> {
  const latest = new Map<string, StationState>()
  for (const state of states) if (state.at <= at) latest.set(state.id, state)
  const stations = [...latest.values()]
  const file = (data: object) => ({ last_updated: Math.floor(at), ...FEED, data })
  return {
    gbfs: file({
      de: {
        feeds: ['system_information', 'station_information', 'station_status'].map((name) => ({
          name,
          url: `${base}/${name}.json`,
        })),
      },
    }),
    system_information: file({
      system_id: 'replay',
      language: 'de',
      name: 'Aufgezeichneter Tag',
      timezone: 'Europe/Berlin',
    }),
    station_information: file({
      stations: stations.map(({ id, name, lat, lon }) => ({ station_id: id, name, lat, lon })),
    }),
    station_status: file({ stations: stations.map(statusOf) }),
  }
}

const statusOf = ({ id, bikes, at }: StationState) => ({
  station_id: id,
  num_bikes_available: bikes,
  is_installed: true,
  is_renting: true,
  is_returning: true,
  last_reported: at,
})

/** Posts the day to a webhook: first the stations, then each minute's changes when their time comes. */
export async function push(
  states: readonly StationState[],
  {
    to,
    headers,
    speed,
    onSent,
  }: { to: string; headers?: Record<string, string>; speed: number; onSent?: (changes: number) => void },
): Promise<number> {
  const post = async (body: object) => {
    const answer = await fetch(to, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${to} answers ${answer.status}: ${(await answer.text()).slice(0, 500)}`)
  }
  const first = states[0]
  if (!first) throw new Error('the file has no changes')
  await post(filesAt(states, Number.POSITIVE_INFINITY, to).station_information!)
  const begun = Date.now()
  let sent = 0
  for (let from = 0; from < states.length; ) {
    const { at } = states[from]!
    const until = states.findIndex((state, index) => index > from && state.at !== at)
    const changes = states.slice(from, until < 0 ? undefined : until)
    const due = begun + ((at - first.at) * 1000) / speed
    if (due > Date.now()) await new Promise((resolve) => setTimeout(resolve, due - Date.now()))
    await post({ last_updated: at, ...FEED, data: { stations: changes.map(statusOf) } })
    sent += changes.length
    onSent?.(sent)
    from += changes.length
  }
  return sent
}

/** Offers the day as a feed; the time played runs from the day's first change on. */
export function serve(states: readonly StationState[], port: number, speed: number) {
  const first = states[0]
  if (!first) throw new Error('the file has no changes')
  const begun = Date.now()
  const server = createServer((request, response) => {
    const at = first.at + ((Date.now() - begun) / 1000) * speed
    const name = /^\/(\w+)\.json$/.exec(request.url ?? '')?.[1] ?? ''
    const file = filesAt(states, at, `http://${request.headers.host}`)[name]
    response.writeHead(file ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(file ?? {}))
  })
  return server.listen(port, '127.0.0.1')
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      serve: { type: 'string' },
      to: { type: 'string' },
      key: { type: 'string' },
      speed: { type: 'string', default: '600' },
      zone: { type: 'string', default: 'Europe/Berlin' },
    },
  })
  const [file] = positionals
  const speed = Number(values.speed)
  if (!file || !(speed > 0) || (values.serve === undefined) === (values.to === undefined)) {
    console.error('usage: npm run replay -- FILE.csv[.gz] (--serve PORT | --to URL [--key KEY]) [--speed 600]')
    process.exit(2)
  }
  const states = await readDay(file, values.zone)
  if (values.to !== undefined) {
    const headers: Record<string, string> = values.key ? { authorization: `Bearer ${values.key}` } : {}
    const sent = await push(states, {
      to: values.to,
      headers,
      speed,
      onSent: (n) => process.stderr.write(`\r${n} of ${states.length} changes`),
    })
    console.error(`\n${sent} changes sent`)
  } else {
    serve(states, Number(values.serve), speed)
    console.error(
      `http://127.0.0.1:${values.serve}/gbfs.json plays ${states.length} changes at ${speed} times the speed`,
    )
  }
}
