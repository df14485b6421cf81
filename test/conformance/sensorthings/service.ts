/** The SensorThings service over real HTTP on a fresh database, with a key, for conformance tests. */
import type { AddressInfo } from 'node:net'
import { Access, OWNER } from '../../../src/domains/access/index.ts'
import { Catalog } from '../../../src/domains/catalog/index.ts'
import { Sensing } from '../../../src/domains/sensing/index.ts'
import { registerSensorThings, type SensorThings } from '../../../src/edges/sensorthings/index.ts'
import { registerSession } from '../../../src/edges/session/index.ts'
import type { Database } from '../../../src/kernel/db/index.ts'
import { createHttp } from '../../../src/kernel/http/index.ts'
import { createLog } from '../../../src/kernel/log.ts'
import { databases, type TestEngine } from '../../support/database.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
export type Body = any

interface Reply {
  status: number
  body: Body
  text: string
  headers: Headers
}

export interface TestService {
  url: string
  /** Address of the root the suite runs on. */
  root: string
  key: string
  db: Database
  access: Access
  catalog: Catalog
  sensing: Sensing
  service: SensorThings
  /** Of the broker, once one was started. */
  mqttPort: number | undefined
  /** A request below the root (or to a whole address), with the key unless `key: null`. */
  call(method: string, path: string, body?: unknown, options?: { key?: string | null; type?: string }): Promise<Reply>
  get(path: string, options?: { key?: string | null }): Promise<Body>
  /** POST that must answer 201; returns the id. */
  make(path: string, body: unknown): Promise<number>
  close(): Promise<void>
}

/** Where a suite runs: a database, and perhaps the root of a dataset there instead of the general one. */
export interface Place {
  name: string
  engine: TestEngine
  /** Slug of the dataset whose root it is. */
  dataset?: string
}

/** The general root on each database, and on one of them the root of a dataset, which has the same abilities. */
export function places(): Place[] {
  const engines = databases()
  const own = engines.at(-1)!
  return [
    ...engines.map((engine) => ({ name: engine.name, engine })),
    { name: `${own.name}, root of a dataset`, engine: own, dataset: 'probe' },
  ]
}

/** Why a test is not run at the root of a dataset, where it is about several of them: that root shows one, to few. */
export const acrossDatasets = (place: Place): string | false => (place.dataset ? 'about several datasets' : false)

export async function startService(
  where: TestEngine | Place,
  options: { openWrite?: boolean; tasking?: boolean; trustProxy?: string[]; publicUrl?: string } = {},
): Promise<TestService> {
  const { engine, dataset }: Pick<Place, 'engine' | 'dataset'> = 'engine' in where ? where : { engine: where }
  const db = await engine.fresh()
  const catalog = await Catalog.load(db)
  const access = new Access({ db, catalog, openWrite: options.openWrite ?? false })
  if (options.openWrite) await access.inbox({ kind: 'anonymous', name: 'anonymous' })
  const sensing = new Sensing(db)
  const app = await createHttp({
    log: createLog('error'),
    trustProxy: options.trustProxy ?? [],
    publicUrl: options.publicUrl,
  })
  registerSession(app, { access })
  const mqttEndpoints = (base: string) =>
    started.mqttPort ? [`mqtt://${new URL(base).hostname}:${started.mqttPort}`] : []
  const service = registerSensorThings(app, {
    db,
    access,
    catalog,
    sensing,
    origin: () => 'http://city.example',
    tasking: options.tasking,
    mqttEndpoints,
    version: '1.2.3',
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  if (dataset) await catalog.ensure({ id: dataset, title: 'Probe' })
  const root = dataset ? `${url}/d/${dataset}/sta/v1.1` : `${url}/sta/v1.1`
  const key = await access.createKey('test', OWNER)

  const call: TestService['call'] = async (method, path, body, { key: own = key, type = 'application/json' } = {}) => {
    const headers: Record<string, string> = {}
    if (own !== null) headers.authorization = `Bearer ${own}`
    if (body !== undefined) headers['content-type'] = type
    const response = await fetch(path.startsWith('http') ? path : `${root}/${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.text()
    let parsed: Body
    try {
      parsed = text === '' ? undefined : JSON.parse(text)
    } catch {
      parsed = undefined
    }
    return { status: response.status, body: parsed, text, headers: response.headers }
  }

  const started: TestService = {
    url,
    root,
    key,
    db,
    access,
    catalog,
    sensing,
    service,
    mqttPort: undefined,
    call,
    async get(path, own) {
      const { status, body, text } = await call('GET', path, undefined, own)
      if (status !== 200) throw new Error(`GET ${path} answered ${status}: ${text}`)
      return body
    },
    async make(path, body) {
      const reply = await call('POST', path, body)
      if (reply.status !== 201) throw new Error(`POST ${path} answered ${reply.status}: ${reply.text}`)
      return reply.body['@iot.id']
    },
    async close() {
      await app.close()
      await sensing.drain()
      await db.close()
    },
  }
  return started
}

/** Query options, percent-encoded. */
export const q = (options: Record<string, string | number | boolean>): string =>
  Object.entries(options)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

export const UNIT = { name: 'degree Celsius', symbol: '°C', definition: 'http://qudt.org/vocab/unit/DEG_C' }
const MEASUREMENT = 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement'

const point = (lon: number, lat: number) => ({ type: 'Point', coordinates: [lon, lat] })

export const location = (name: string, lon: number, lat: number, more: object = {}) => ({
  name,
  description: `Location ${name}`,
  encodingType: 'application/geo+json',
  location: point(lon, lat),
  ...more,
})

export const sensor = (name: string) => ({
  name,
  description: '-',
  encodingType: 'application/pdf',
  metadata: 'http://example.org/sensor.pdf',
})
export const observedProperty = (name: string) => ({ name, description: '-', definition: `http://example.org/${name}` })

export const datastream = (name: string, more: object = {}) => ({
  name,
  description: `Datastream ${name}`,
  observationType: MEASUREMENT,
  unitOfMeasurement: UNIT,
  Sensor: sensor(`Sensor of ${name}`),
  ObservedProperty: observedProperty(`Property of ${name}`),
  ...more,
})

export const thing = (name: string, more: object = {}) => ({ name, description: `Thing ${name}`, ...more })
/** A Thing that stands somewhere: what is observed there has a FeatureOfInterest. */
export const station = (name: string, more: object = {}) => thing(name, { Locations: [location(name, 8, 51)], ...more })
