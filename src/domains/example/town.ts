import { CITY, type DatasetId, SIMULATED } from './datasets.ts'
import {
  airTemperature,
  type Gauge,
  precipitation,
  relativeHumidity,
  roomHumidity,
  roomTemperature,
  type Site,
  waterLevel,
  windSpeed,
} from './nature.ts'
import { type CarPark, freeSpaces } from './parking.ts'
import type { PropertyKey } from './properties.ts'
import { type Counted, Counter, inward } from './traffic.ts'
import { DAY, HOUR, MINUTE, type Moment, QUARTER, type World } from './world.ts'

/** One series of one station. */
export interface Series {
  station: Station
  /** Within the station. */
  key: string
  name: string
  property: PropertyKey
  role: 'total' | 'part' | null
  /** Whether values cover the quarter of an hour that begins at their time; else they hold for that instant. */
  interval: boolean
  /** The value at a moment that begins a quarter (interval) or a minute; null = the device says nothing. */
  value(moment: Moment): number | null
}

export interface Station {
  dataset: DatasetId
  key: string
  name: string
  description: string
  lon: number
  lat: number
  /** What else is to be said of the Thing. */
  properties: Record<string, unknown>
  /** Milliseconds by which its values come late. */
  delay: number
  /** Silent from then on (milliseconds since 1970): its source is broken. */
  brokenFrom: number
  /** Id of a source of its own; null = posts by itself. */
  source: string | null
  series: Series[]
}

/** The counter whose source is broken. */
export const BROKEN = { station: 'hafenbruecke', source: 'beispiel-hafenbruecke', days: 9 } as const
/** The counter whose values come three hours late. */
export const LATE = { station: 'kirchgasse', delay: 3 * HOUR } as const

type Place = [key: string, name: string, lon: number, lat: number]
type CounterSpec = Omit<Counted, 'key' | 'mode'> & { at: Place; ways?: [into: string, out: string] }

const BICYCLES: CounterSpec[] = [
  {
    at: ['promenade', 'Promenade Nord', 10.4498, 51.1672],
    character: 'commuting',
    perDay: 4200,
    ways: ['Richtung Bahnhof', 'Richtung Stadtpark'],
  },
  {
    at: ['bahnhofsallee', 'Bahnhofsallee', 10.4412, 51.1668],
    character: 'commuting',
    perDay: 3600,
    ways: ['stadteinwärts', 'stadtauswärts'],
  },
  {
    at: ['hochschulweg', 'Hochschulweg', 10.4322, 51.1604],
    character: 'university',
    perDay: 5200,
    ways: ['stadteinwärts', 'stadtauswärts'],
  },
  { at: ['uferweg', 'Uferweg', 10.4618, 51.1651], character: 'leisure', perDay: 1500 },
  {
    at: ['alte-bruecke', 'Alte Brücke', 10.4577, 51.1598],
    character: 'commuting',
    perDay: 3900,
    ways: ['stadteinwärts', 'stadtauswärts'],
  },
  { at: ['gewerbepark', 'Gewerbepark Ost', 10.4743, 51.1537], character: 'shifts', perDay: 820 },
  { at: [BROKEN.station, 'Hafenbrücke', 10.4655, 51.1556], character: 'commuting', perDay: 1500 },
  { at: ['schillerstrasse', 'Schillerstraße', 10.4489, 51.1524], character: 'commuting', perDay: 1300 },
]

const PEDESTRIANS: CounterSpec[] = [
  { at: ['marktplatz', 'Marktplatz', 10.4501, 51.1601], character: 'shopping', perDay: 9400, markets: 1 },
  {
    at: ['lange-strasse', 'Lange Straße', 10.4476, 51.1607],
    character: 'shopping',
    perDay: 15500,
    markets: 0.35,
    ways: ['Richtung Markt', 'Richtung Bahnhof'],
  },
  { at: ['bahnhofsvorplatz', 'Bahnhofsvorplatz', 10.4388, 51.1681], character: 'station', perDay: 12800 },
  { at: ['campus', 'Campus', 10.4287, 51.1588], character: 'university', perDay: 7400 },
  { at: ['uferpromenade', 'Uferpromenade', 10.4601, 51.1627], character: 'leisure', perDay: 2300 },
  { at: [LATE.station, 'Kirchgasse', 10.4521, 51.1586], character: 'shopping', perDay: 3900, markets: 0.2 },
  { at: ['ringgalerie', 'Ringgalerie', 10.4449, 51.1633], character: 'shopping', perDay: 8200 },
]

const CARS: CounterSpec[] = [
  {
    at: ['nordring', 'Nordring', 10.4536, 51.1698],
    character: 'arterial',
    perDay: 17800,
    ways: ['Richtung Westen', 'Richtung Osten'],
  },
  { at: ['hochschulallee', 'Hochschulallee', 10.4345, 51.1629], character: 'arterial', perDay: 8900 },
  { at: ['suedring', 'Südring', 10.4507, 51.1519], character: 'arterial', perDay: 14200 },
  { at: ['industriestrasse', 'Industriestraße', 10.4769, 51.1512], character: 'shifts', perDay: 6400 },
  {
    at: ['uferstrasse', 'Uferstraße', 10.4589, 51.1561],
    character: 'arterial',
    perDay: 11300,
    ways: ['stadteinwärts', 'stadtauswärts'],
  },
]

const CAR_PARKS: (Omit<CarPark, 'key'> & { at: Place })[] = [
  { at: ['marktgarage', 'Marktgarage', 10.4512, 51.1606], use: 'shopping', capacity: 180, demand: 1.28 },
  {
    at: ['parkhaus-ringgalerie', 'Parkhaus Ringgalerie', 10.4441, 51.164],
    use: 'shopping',
    capacity: 360,
    demand: 0.98,
  },
  {
    at: ['parkplatz-altstadt', 'Parkplatz Altstadt Süd', 10.4502, 51.1557],
    use: 'shopping',
    capacity: 140,
    demand: 1.05,
  },
  { at: ['parkhaus-bahnhof', 'Parkhaus Bahnhof', 10.4376, 51.1673], use: 'commuting', capacity: 420, demand: 1 },
  { at: ['park-and-ride', 'P+R Nord', 10.4468, 51.1766], use: 'commuting', capacity: 210, demand: 0.82 },
  {
    at: ['parkplatz-hochschule', 'Parkplatz Hochschule', 10.4275, 51.1601],
    use: 'university',
    capacity: 300,
    demand: 1.06,
  },
  { at: ['parkhaus-stadthalle', 'Parkhaus Stadthalle', 10.4559, 51.1639], use: 'evening', capacity: 240, demand: 0.95 },
  { at: ['parkhaus-klinikum', 'Parkhaus Klinikum', 10.4411, 51.1507], use: 'hospital', capacity: 250, demand: 1.02 },
]

const SITES: (Omit<Site, 'key'> & { at: Place })[] = [
  {
    at: ['wetter-rathaus', 'Wetterstation Rathausdach', 10.4497, 51.1604],
    warmer: 0.6,
    nights: 1.3,
    wind: 0.9,
    later: 6,
  },
  { at: ['wetter-bahnhof', 'Wetterstation Bahnhof', 10.4391, 51.1677], warmer: 0.5, nights: 1, wind: 0.75, later: 3 },
  {
    at: ['wetter-hochschule', 'Wetterstation Hochschule', 10.4281, 51.1595],
    warmer: 0.1,
    nights: 0.4,
    wind: 0.85,
    later: 1,
  },
  {
    at: ['wetter-uferpark', 'Wetterstation Uferpark', 10.4625, 51.1661],
    warmer: -0.3,
    nights: 0.1,
    wind: 1.05,
    later: 9,
  },
  {
    at: ['wetter-gewerbepark', 'Wetterstation Gewerbepark', 10.4751, 51.1529],
    warmer: 0.4,
    nights: 0.7,
    wind: 1,
    later: 12,
  },
  {
    at: ['wetter-waldrand', 'Wetterstation Waldrand', 10.4215, 51.1448],
    warmer: -0.9,
    nights: -0.3,
    wind: 0.7,
    later: 0,
  },
]

const GAUGES: (Omit<Gauge, 'key'> & { at: Place; water: string })[] = [
  {
    at: ['pegel-alte-bruecke', 'Pegel Alte Brücke', 10.4579, 51.1595],
    water: 'Beispielach',
    base: 165,
    winter: 18,
    delay: 18,
    gain: 110,
  },
  {
    at: ['pegel-muehlbach', 'Pegel Mühlbach', 10.4353, 51.1543],
    water: 'Mühlbach',
    base: 62,
    winter: 6,
    delay: 4,
    gain: 24,
  },
]

const ROOMS: Place[] = [
  ['raum-ratssaal', 'Ratssaal', 10.4499, 51.1603],
  ['raum-buergerbuero', 'Bürgerbüro', 10.4496, 51.1602],
]

/** The example city's stations: 20 counters, 8 car parks, 6 weather stations, 2 gauges, 2 rooms. */
export class Town {
  readonly stations: Station[] = []
  readonly series: Series[] = []

  /** @param created when the city was made, milliseconds since 1970: one counter broke nine days before */
  constructor(world: World, created: number) {
    const brokenFrom = Math.floor((created - BROKEN.days * DAY) / QUARTER) * QUARTER
    for (const spec of BICYCLES) this.#counter(spec, 'bicycle', brokenFrom)
    for (const spec of PEDESTRIANS) this.#counter(spec, 'pedestrian', brokenFrom)
    for (const spec of CARS) this.#counter(spec, 'car', brokenFrom)
    for (const park of CAR_PARKS) {
      const about = `${park.capacity} Stellplätze; hier steht, wie viele frei sind.`
      const station = this.#station('beispiel-parken', park.at, about, { capacity: park.capacity })
      const spec = { ...park, key: station.key }
      this.#add(station, 'free', 'Freie Stellplätze', 'parking_free', (moment) => freeSpaces(spec, moment))
    }
    for (const place of SITES) {
      const station = this.#station('beispiel-wetter', place.at, 'Lufttemperatur, Luftfeuchte, Niederschlag und Wind.')
      const site = { ...place, key: station.key }
      this.#add(station, 'temperature', 'Lufttemperatur', 'air_temperature', (moment) => airTemperature(site, moment))
      this.#add(station, 'humidity', 'Luftfeuchte', 'relative_humidity', (moment) => relativeHumidity(site, moment))
      this.#add(station, 'rain', 'Niederschlag', 'precipitation', (moment) => precipitation(site, moment), true)
      this.#add(station, 'wind', 'Windgeschwindigkeit', 'wind_speed', (moment) => windSpeed(site, moment))
    }
    for (const place of GAUGES) {
      const station = this.#station('beispiel-pegel', place.at, `Wasserstand: ${place.water}.`, { water: place.water })
      const gauge = { ...place, key: station.key }
      this.#add(station, 'level', 'Wasserstand', 'water_level', (moment) => waterLevel(gauge, world, moment))
    }
    for (const place of ROOMS) {
      const station = this.#station('beispiel-raumklima', place, `Raumklima im Rathaus: ${place[1]}.`)
      const { key } = station
      this.#add(station, 'temperature', 'Raumtemperatur', 'temperature', (moment) => roomTemperature(key, moment))
      this.#add(station, 'humidity', 'Luftfeuchte', 'relative_humidity', (moment) => roomHumidity(key, moment))
    }
  }

  #station(dataset: DatasetId, [key, name, lon, lat]: Place, description: string, properties = {}): Station {
    const station: Station = {
      dataset,
      key,
      name: `${name} ${SIMULATED}`,
      description: `${description} Simuliert: ${CITY} gibt es nicht.`,
      lon,
      lat,
      properties,
      delay: 0,
      brokenFrom: Number.POSITIVE_INFINITY,
      source: null,
      series: [],
    }
    this.stations.push(station)
    return station
  }

  #add(
    station: Station,
    key: string,
    name: string,
    property: PropertyKey,
    value: Series['value'],
    interval = false,
    role: Series['role'] = null,
  ): void {
    const series = { station, key, name, property, role, interval, value }
    station.series.push(series)
    this.series.push(series)
  }

  #counter(spec: CounterSpec, mode: Counted['mode'], brokenFrom: number): void {
    const { dataset, property, name } = MODES[mode]
    const station = this.#station(dataset, spec.at, `Dauerzählstelle für ${MODES[mode].of}.`)
    if (station.key === LATE.station) station.delay = LATE.delay
    if (station.key === BROKEN.station) {
      station.brokenFrom = brokenFrom
      station.source = BROKEN.source
    }
    const one = (key: string, perDay: number) => new Counter({ ...spec, key, mode, perDay })
    if (!spec.ways) {
      const counter = one(station.key, spec.perDay)
      this.#add(station, 'count', name, property, (moment) => counter.count(moment), true)
      return
    }
    // The two ways add up to the total in every single quarter of an hour.
    const both = one(station.key, spec.perDay)
    const split = (moment: Moment): [number, number] => {
      const all = both.count(moment)
      const into = Math.round(all * inward(moment))
      return [into, all - into]
    }
    this.#add(station, 'total', `${name} gesamt`, property, (moment) => both.count(moment), true, 'total')
    this.#add(station, 'in', spec.ways[0], property, (moment) => split(moment)[0], true, 'part')
    this.#add(station, 'out', spec.ways[1], property, (moment) => split(moment)[1], true, 'part')
  }
}

const MODES = {
  bicycle: { dataset: 'beispiel-radverkehr', property: 'bicycle_count', name: 'Fahrräder', of: 'Fahrräder' },
  pedestrian: {
    dataset: 'beispiel-fussverkehr',
    property: 'pedestrian_count',
    name: 'Personen',
    of: 'Menschen zu Fuß',
  },
  car: { dataset: 'beispiel-kfz-verkehr', property: 'car_count', name: 'Kraftfahrzeuge', of: 'Kraftfahrzeuge' },
} as const

/** How far apart live values are, milliseconds: counts, rain and rooms each quarter of an hour, all else each minute. */
export const liveStep = ({ interval, station }: Series): number =>
  interval || station.dataset === 'beispiel-raumklima' ? QUARTER : MINUTE
