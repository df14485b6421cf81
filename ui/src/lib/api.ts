/** Shapes of the platform's own API as these pages use them; `/api/v1/openapi.json` is the reference. */
export interface City {
  name: string
  key: string | null
  timeZone: string
  bounds: [number, number, number, number]
  languages: string[]
  contact: string | null
  map: { kind: 'style' | 'archive' | 'plain'; attribution: string | null }
  openWrite: boolean
  version: string
  sourceCode: string
  actor: {
    kind: 'anonymous' | 'key' | 'user' | 'staff' | 'owner'
    name: string
    /** Sees the administration. */
    staff: boolean
    /** Administers people and rights. */
    admin: boolean
  }
  /** Address of the city's logo. */
  logo: string | null
  /** The example city, while there is one. */
  example: ExampleStatus | null
}

/** How far the example city is; `share` of its history is there, or (removing) of its values is gone. */
export interface ExampleStatus {
  state: 'creating' | 'filling' | 'complete' | 'removing'
  share: number
  filledFrom: string
  target: string
  secondsLeft: number | null
}

export type StationState = 'current' | 'late' | 'broken' | 'empty' | 'archive'
export type Aggregate = 'sum' | 'mean'
export type Resolution = 'raw' | 'hour' | 'day' | 'week' | 'month' | 'year'

export interface Unit {
  name: string
  symbol: string
  definition?: string
}

interface Usual {
  value: number
  /** Ratio: 0.08 = 8 % more. */
  change: number
  basis: { weekday: number; days: number; until: string; stations?: number }
}

export interface Group {
  key: string
  name: string
  aggregate: Aggregate
  unit: Unit
  stations: number
  day: string | null
  isToday: boolean
  /** Counts: sum of the day. Else the mean of the stations' newest values, with its range. */
  total: number | null
  min: number | null
  max: number | null
  usual: Usual | null
  newest: string | null
  worst: StationState
}

interface Headline {
  group: string
  /** The total, or the parts that were added up; `datastream` is the first of them. */
  datastreams: number[]
  datastream: number
  name: string
  unit: Unit
  aggregate: Aggregate
  value: number | null
  time: string | null
  timeEnd: string | null
  day: string | null
  dayTotal: number | null
  usual: Usual | null
}

export interface StationSummary {
  id: number
  name: string
  dataset: string
  datasetTitle: string
  /** Not measured: an example. */
  simulated: boolean
  /** Everybody may see it, not only the administration. */
  released: boolean
  lon: number | null
  lat: number | null
  approximate: boolean
  group: string | null
  groups: string[]
  state: StationState
  newest: string | null
  headline: Headline | null
  spark: [string, number | null][]
}

export interface Stations {
  now: string
  timeZone: string
  groups: Group[]
  stations: StationSummary[]
}

interface Latest {
  t: string
  tEnd: string | null
  value: number | null
  quality: number | null
}

interface SeriesLinks {
  sensorthings: string
  observations: string
  csv: string
  mqttTopic: string
}

export interface Channel {
  id: number
  name: string
  description: string
  group: string
  observedProperty: { key: string | null; name: string; definition: string }
  unit: Unit
  aggregate: Aggregate
  periodSeconds: number | null
  role: 'total' | 'part' | null
  n: number
  since: string | null
  newest: string | null
  latest: Latest | null
  suspectShare: number | null
  completeness: number | null
  links: SeriesLinks
}

export interface Station {
  id: number
  name: string
  description: string
  dataset: {
    id: string
    title: string
    licence: string | null
    licenceName: string | null
    licenceUrl: string | null
    attribution: string | null
    publisher: string | null
    contact: string | null
    homepage: string | null
    /** How long values are kept: a text, or one by language. */
    retention: unknown
    /** After so many days values are deleted; 0 = without end, null = not stated. */
    retentionDays: number | null
    /** Counts below are published as 0 or this; 1 = as they are. */
    k: number
    state: string
    simulated: boolean
  }
  location: { lon: number; lat: number; approximate: boolean; name: string | null } | null
  properties: Record<string, unknown>
  since: string | null
  newest: string | null
  state: StationState
  source: {
    id: string
    title: string | null
    schedule: string | null
    manual: boolean
    lastGood: string | null
    state: string
    cause: string | null
    causeText: { de: string; en: string } | null
  } | null
  headline: Headline | null
  datastreams: Channel[]
  links: { sensorthings: string; page: string; place: string | null; csv: string | null }
}

export interface Point {
  t: string
  tEnd: string
  value: number | null
  n: number
  min: number | null
  max: number | null
  /** How many of the values are suspect. */
  suspect: number
}

export interface Series {
  datastream: number
  name: string
  simulated: boolean
  unit: Unit
  aggregate: Aggregate
  points: Point[]
  /** Sum of the range; null where adding up makes no sense, then `mean` tells. */
  total: number | null
  mean: number | null
  n: number
  suspect: number
  /** More values than asked for: only extremes, gaps and suspect ones are among the points. */
  thinned: boolean
}

export interface SeriesAnswer {
  from: string
  to: string
  resolution: Resolution
  timeZone: string
  series: Series[]
}

/** `refused`: the request was understood and is not possible; `message` says what, where and why. */
export type FailureKind = 'offline' | 'network' | 'timeout' | 'notFound' | 'refused' | 'server'

/** What went wrong, in a form a page can explain. */
export class Failure extends Error {
  readonly kind: FailureKind
  readonly requestId: string | null
  /** The stable code and further fields of the problem the server answered with (RFC 9457). */
  readonly problem: Record<string, unknown>
  constructor(
    kind: FailureKind,
    message: string,
    requestId: string | null = null,
    problem: Record<string, unknown> = {},
  ) {
    super(message)
    this.kind = kind
    this.requestId = requestId
    this.problem = problem
  }
}

const TIME_LIMIT = 20_000

/** So long after the page came its first answers count as of now. */
const FRESH_MS = 30_000

/**
 * An answer the server sent along with the page (`src/edges/web/document.ts`), the first time it is asked for. Not when
 * the page itself came out of the browser's cache, as it does on the way back: then it is as old as that visit.
 */
function sentAlong<T>(path: string): T | undefined {
  const element = document.querySelector(`script[data-answer="${CSS.escape(path)}"]`)
  if (!element) return undefined
  element.remove()
  const [visit] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[]
  if (performance.now() > FRESH_MS || (visit?.type === 'back_forward' && visit.transferSize === 0)) return undefined
  return JSON.parse(element.textContent) as T
}

/** GET JSON from our own origin. Throws `Failure`; an abort by the caller throws the caller's `AbortError`. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return sentAlong<T>(path) ?? call<T>('GET', path, { signal })
}

export interface SendOptions {
  /** Milliseconds; default 20 s. Uploads and runs need more. */
  limit?: number
  signal?: AbortSignal
  /** Version (ETag) the change began with: the server refuses it when somebody else was faster. */
  ifMatch?: number | string
  /** Goes through even while the page is being left. */
  keepalive?: boolean
}

/** Changes something by JSON, or by the bytes of a file. Answers the JSON that comes back, undefined when none does. */
export function send<T>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  options: SendOptions = {},
): Promise<T> {
  return call<T>(method, path, { ...options, body })
}

async function call<T>(method: string, path: string, options: SendOptions & { body?: unknown }): Promise<T> {
  const { signal, body } = options
  const limit = AbortSignal.timeout(options.limit ?? TIME_LIMIT)
  const headers: Record<string, string> = { accept: 'application/json' }
  if (options.ifMatch !== undefined) headers['if-match'] = `"${options.ifMatch}"`
  let content: BodyInit | undefined
  if (body instanceof Blob) content = body
  else if (body !== undefined) {
    content = JSON.stringify(body)
    headers['content-type'] = 'application/json'
  }
  if (content instanceof Blob) headers['content-type'] = 'application/octet-stream'
  let answer: Response
  try {
    answer = await fetch(path, {
      method,
      headers,
      body: content,
      keepalive: options.keepalive ?? false,
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    })
  } catch (error) {
    if (signal?.aborted) throw error
    if (limit.aborted) throw new Failure('timeout', `no answer within the time limit: ${path}`)
    throw new Failure(navigator.onLine ? 'network' : 'offline', `cannot reach the server: ${path}`)
  }
  const requestId = answer.headers.get('x-request-id')
  if (!answer.ok) {
    const problem = (await answer.json().catch(() => null)) as Record<string, unknown> | null
    const detail = String(problem?.detail ?? problem?.title ?? `HTTP ${answer.status}`)
    const kind = answer.status === 404 ? 'notFound' : answer.status < 500 ? 'refused' : 'server'
    throw new Failure(kind, detail, requestId, problem ?? {})
  }
  if (answer.status === 204) return undefined as T
  try {
    return (await answer.json()) as T
  } catch (error) {
    if (signal?.aborted) throw error
    throw new Failure('server', `the answer is not JSON: ${path}`, requestId)
  }
}

export interface SeriesQuery {
  datastreams: number[]
  from: number
  to: number
  resolution: Resolution | 'auto'
  /** As many as there is room for: longer series come thinned. */
  points?: number
}

/** Address of the values a chart shows; the CSV button and the developer box link to exactly this. */
export function seriesPath(query: SeriesQuery, format: 'json' | 'csv' = 'json'): string {
  const from = new Date(query.from).toISOString().replace('.000Z', 'Z')
  const to = new Date(query.to).toISOString().replace('.000Z', 'Z')
  const room = query.points && format === 'json' ? `&points=${query.points}` : ''
  const tail = format === 'csv' ? '&format=csv' : room
  return `/api/v1/series?datastream=${query.datastreams.join(',')}&from=${from}&to=${to}&resolution=${query.resolution}${tail}`
}
