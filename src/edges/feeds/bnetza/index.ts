import { createHash } from 'node:crypto'
import type { Connector, Evse, Location } from '../../../domains/mobility/index.ts'
import {
  type FeedInput,
  type FeedItem,
  FileError,
  type FormatOptions,
  type ItemFeed,
  type ParseContext,
} from '../../../domains/sources/index.ts'
import { csv } from '../csv/index.ts'
import { connector, plugs } from './plugs.ts'

/** Columns under the names the register gave them over the years. */
const COLUMNS = {
  operator: /^Betreiber$/i,
  street: /^Stra(ß|ss)e$/i,
  number: /^Hausnummer$/i,
  addition: /^Adresszusatz$/i,
  postcode: /^Postleitzahl$/i,
  city: /^Ort$/i,
  lat: /^Breitengrad$/i,
  lon: /^Längengrad$/i,
  since: /^Inbetriebnahmedatum$/i,
  points: /^Anzahl (der )?Ladepunkte$/i,
  id: /^Ladeeinrichtungs-ID$/i,
  status: /^Status$/i,
} as const
type Column = keyof typeof COLUMNS
const NEEDED: Column[] = ['operator', 'street', 'postcode', 'city', 'lat', 'lon']

/** The charge points of one device: `Steckertypen1`, `P1 [kW]` (or `Nennleistung Stecker1`), `EVSE-ID1`. */
const POINT = {
  plugs: /^Steckertypen ?(\d+)$/i,
  power: /^(?:P|Nennleistung Stecker) ?(\d+)/i,
  evse: /^EVSE-ID ?(\d+)$/i,
}

interface Plan {
  at: Partial<Record<Column, number>>
  points: { plugs?: number; power?: number; evse?: number }[]
}

/** Where everything stands in this year's file. */
function planOf(header: readonly string[]): Plan {
  const at: Plan['at'] = {}
  for (const [column, pattern] of Object.entries(COLUMNS) as [Column, RegExp][]) {
    const index = header.findIndex((name) => pattern.test(name.trim()))
    if (index >= 0) at[column] = index
  }
  const missing = NEEDED.filter((column) => at[column] === undefined)
  if (missing.length > 0)
    throw new FileError(
      `this is not the Ladesäulenregister: no column for ${missing.join(', ')} (there are ${header.slice(0, 12).join(', ')} …)`,
    )
  const points: Plan['points'] = []
  header.forEach((name, index) => {
    for (const [what, pattern] of Object.entries(POINT) as [keyof typeof POINT, RegExp][]) {
      const number = Number(pattern.exec(name.trim())?.[1] ?? 0)
      if (number < 1 || number > 20) continue
      points[number - 1] = { ...points[number - 1], [what]: index }
    }
  })
  return { at, points: points.filter(Boolean) }
}

/** "50,937417" */
function decimal(text: string): number {
  const number = Number(text.trim().replace(',', '.'))
  return text.trim() === '' ? Number.NaN : number
}

/** "22.07.21" or "22.07.2021" as 2021-07-22; null for anything else. */
function date(text: string): string | null {
  const match = /^(\d{1,2})\.(\d{1,2})\.(\d{2}|\d{4})$/.exec(text.trim())
  if (!match) return null
  const year = match[3]!.length === 2 ? `20${match[3]}` : match[3]!
  const iso = `${year}-${match[2]!.padStart(2, '0')}-${match[1]!.padStart(2, '0')}`
  return Number.isNaN(Date.parse(iso)) ? null : iso
}

interface Place {
  location: Location & { evses: Evse[] }
  lon: number
  lat: number
  devices: number
  /** Lines of the file that say exactly the same as another one. */
  alike: { rows: number[]; line: string }[]
  lines: Map<string, number>
}

/**
 * The register of public chargers of the Bundesnetzagentur (Ladesäulenregister, CSV). A line is a device with up to six
 * charge points; devices of one operator at one address are one place. The register has no states: who needs them adds
 * the operator's OCPI feed. Lines that are alike stay, as devices of their own, and are told for a person to decide.
 */
export const bnetza: ItemFeed = {
  id: 'bnetza',
  detect({ name, head }) {
    const text = new TextDecoder('utf-8').decode(head).slice(0, 20_000)
    return /Betreiber;.*(Anzahl (der )?Ladepunkte|Ladeeinrich)/i.test(text)
      ? { role: 'register', confidence: 0.99, reason: `${name} has the columns of the Ladesäulenregister` }
      : null
  },
  async *read(inputs: FeedInput[], options: FormatOptions, context: ParseContext): AsyncIterable<FeedItem> {
    const places = new Map<string, Place>()
    for (const input of inputs) {
      const format = {
        ...options,
        type: 'csv',
        separator: options.separator ?? ';',
        headerLine: '^\\uFEFF?"?Betreiber',
      }
      let plan: Plan | undefined
      let header: readonly string[] | undefined
      for await (const batch of csv.parse(input.bytes, format, { ...context, name: input.name })) {
        if (batch.header !== header) {
          header = batch.header
          plan = planOf(header)
        }
        for (const [index, cells] of batch.rows.entries())
          yield* device(
            places,
            plan!,
            cells.map((cell) => String(cell ?? '')),
            batch.firstRow + index,
          )
      }
    }
    for (const { location, lon, lat, devices, alike } of places.values())
      yield {
        kind: 'feature',
        concept: 'charging',
        key: location.id,
        name: location.name ?? location.address,
        geometry: { type: 'Point', coordinates: [lon, lat] },
        properties: {
          ...location,
          points: location.evses.length,
          devices,
          ...(alike.length > 0 ? { alike: alike.map(({ rows }) => rows) } : {}),
        },
      }
    yield { kind: 'complete', concept: 'charging' }
  },
}

function* device(places: Map<string, Place>, plan: Plan, cells: string[], row: number): Iterable<FeedItem> {
  const get = (column: Column) => (plan.at[column] === undefined ? '' : (cells[plan.at[column]] ?? '').trim())
  if (cells.every((cell) => cell.trim() === '')) return
  const [lat, lon] = [decimal(get('lat')), decimal(get('lon'))]
  if (!(Math.abs(lat) <= 90) || !(Math.abs(lon) <= 180)) {
    yield {
      kind: 'reject',
      reason: 'no place',
      row,
      column: 'Breitengrad, Längengrad',
      value: `${get('lat')} ${get('lon')}`,
    }
    return
  }
  const address = [get('street'), get('number')].filter(Boolean).join(' ')
  if (address === '' || get('city') === '') {
    yield { kind: 'reject', reason: 'no address', row, column: 'Straße, Ort', value: `${address} ${get('city')}` }
    return
  }
  const since = date(get('since'))
  const updated = `${since ?? '2015-01-01'}T00:00:00.000Z`
  const place = placeOf(places, {
    operator: get('operator'),
    address,
    postcode: get('postcode'),
    city: get('city'),
    lat,
    lon,
  })
  place.devices++
  if (updated > place.location.last_updated) place.location.last_updated = updated
  const line = cells.join(';')
  const first = place.lines.get(line)
  if (first === undefined) place.lines.set(line, row)
  else {
    const known = place.alike.find((one) => one.line === line)
    if (known) known.rows.push(row)
    else place.alike.push({ line, rows: [first, row] })
  }
  for (const columns of plan.points) {
    const cell = columns.plugs === undefined ? '' : (cells[columns.plugs] ?? '').trim()
    if (cell === '') continue
    const power = columns.power === undefined ? Number.NaN : decimal((cells[columns.power] ?? '').replace(/kW/i, ''))
    const connectors: Connector[] = []
    for (const plug of plugs(cell)) {
      if (plug === null)
        yield { kind: 'reject', reason: 'a kind of plug that is not known', row, column: 'Steckertypen', value: cell }
      else connectors.push(connector(plug, String(connectors.length + 1), Number.isNaN(power) ? 0 : power, updated))
    }
    if (connectors.length === 0) continue
    const evse = columns.evse === undefined ? '' : (cells[columns.evse] ?? '').trim()
    place.location.evses.push({
      uid: `${place.location.id}-${place.location.evses.length + 1}`,
      ...(evse === '' ? {} : { evse_id: evse.slice(0, 48) }),
      status: 'UNKNOWN',
      connectors,
      last_updated: updated,
    })
  }
}

function placeOf(
  places: Map<string, Place>,
  at: { operator: string; address: string; postcode: string; city: string; lat: number; lon: number },
): Place {
  const name = [at.operator, at.address, at.postcode].map((part) => part.toLowerCase()).join('|')
  // Two devices of one operator at one address, but far apart, are two places (a long road, a car park with two sides).
  const key = `${name}|${at.lat.toFixed(3)}|${at.lon.toFixed(3)}`
  let place = places.get(key)
  if (!place) {
    const id = `bnetza-${createHash('sha256').update(key).digest('hex').slice(0, 16)}`
    place = {
      location: {
        country_code: 'DE',
        party_id: 'BNA',
        id,
        publish: true,
        name: `${at.address}, ${at.city}`.slice(0, 255),
        address: at.address.slice(0, 45),
        city: at.city.slice(0, 45),
        ...(at.postcode === '' ? {} : { postal_code: at.postcode.slice(0, 10) }),
        country: 'DEU',
        coordinates: { latitude: degrees(at.lat), longitude: degrees(at.lon) },
        evses: [],
        ...(at.operator === '' ? {} : { operator: { name: at.operator.slice(0, 100) } }),
        time_zone: 'Europe/Berlin',
        last_updated: '',
      },
      lon: at.lon,
      lat: at.lat,
      devices: 0,
      alike: [],
      lines: new Map(),
    }
    places.set(key, place)
  }
  return place
}

/** As OCPI writes degrees: with a point and at least one digit after it. */
const degrees = (value: number): string => value.toFixed(6)
