import { CONCEPTS } from '../features/index.ts'
import type { Definition } from './definition.ts'
import { parseDuration } from './duration.ts'
import type { Feed } from './feed.ts'
import type { OpenFeed } from './feed-inputs.ts'
import { Mapper } from './mapper.ts'
import { type Entry, FileError, type Format, type Rejection, type StreamRef } from './model.ts'
import { limitsOf } from './origin.ts'
import { type Night, Nights } from './survey-nights.ts'

const SURVEY_MS = 15_000
const FIRST_VALUES = 500
const MOST_STREAMS = 2000
const EXAMPLES = 5
/** Times remembered to find the same one twice; beyond it only neighbours are compared. */
const MOST_TIMES = 1_000_000

export interface SurveyedSeries {
  thing: string
  key: string
  name: string
  property: string
  unit: string
  aggregate: 'sum' | 'mean'
  role: 'total' | 'part' | null
  n: number
  suspect: number
  sum: number
  min: number | null
  max: number | null
  first: string
  last: string
  /** Only of the first series: time and value. */
  values: [string, number | null][]
}

export interface Oddity {
  kind: 'gap' | 'twice' | 'empty' | 'rejected'
  /** What it is about: a series, a column, a reason. */
  what: string
  count: number
  rows: number[]
  /** Gap: the longest, from and to. */
  from?: string
  to?: string
  values?: unknown[]
}

/** What an import would bring, without writing anything. */
export interface Survey {
  rows: number
  whole: boolean
  values: number
  rejected: number
  from: string | null
  to: string | null
  things: { key: string; name: string; geometry: object | null }[]
  series: SurveyedSeries[]
  oddities: Oddity[]
  /** The nights of the clock change the values reach over. */
  nights: Night[]
}

interface Tally extends SurveyedSeries {
  lastMs: number
  missing: number
  gaps: number
  gapRows: number[]
  longest: number
  gapFrom: string
  gapTo: string
  twice: number
  twiceRows: number[]
  times: Set<number>
  nights: ReturnType<Nights['counts']>
}

/** Maps everything, for at most some seconds, row by row so that each finding has its row. */
export async function surveyRows(
  definition: Definition,
  zone: string,
  format: Format,
  entries: (wanted: (path: string) => boolean) => AsyncIterable<Entry>,
): Promise<Survey> {
  const until = performance.now() + SURVEY_MS
  const mapper = new Mapper(definition, zone)
  const period = definition.time.period === undefined ? null : parseDuration(definition.time.period).seconds * 1000
  const tallies = new Map<StreamRef, Tally>()
  const columns = new Map<string, number>()
  const context = { maxDocumentBytes: limitsOf(definition).document }
  const nights = new Nights(definition.timeZone, zone)
  let whole = true
  let remembered = 0
  const take = (row: number) => {
    for (const { observation, stream } of mapper.waiting) {
      let tally = tallies.get(stream)
      if (!tally) {
        if (tallies.size >= MOST_STREAMS) continue
        tally = newTally(stream, nights.counts())
        tallies.set(stream, tally)
      }
      remembered += count(tally, observation, row, period, remembered < MOST_TIMES)
      if (typeof observation.v === 'number') nights.add(tally.nights, tally.lastMs)
    }
    mapper.waiting = []
    mapper.ready = []
    mapper.newStreams = []
    mapper.newFeatures = []
  }
  try {
    for await (const entry of entries((path) => mapper.wants(path))) {
      const mapped = mapper.file(entry.path, undefined, Date.now())
      for await (const batch of format.parse(entry.bytes, definition.format, { ...context, name: entry.path })) {
        for (let at = 0; at < batch.rows.length; at++) {
          await mapped.map({
            header: batch.header,
            preamble: batch.preamble,
            rows: [batch.rows[at]!],
            firstRow: batch.firstRow + at,
            ...(batch.objects ? { objects: [batch.objects[at]] } : {}),
          })
          take(batch.firstRow + at)
        }
        countFilled(columns, batch.header, batch.rows)
        if (performance.now() > until) {
          whole = false
          break
        }
      }
      mapped.end()
      take(0)
      if (!whole) break
    }
  } catch (error) {
    if (!(error instanceof FileError)) throw error
    mapper.rejections.add(error.message, 1, 0, '', null)
    whole = false
  }
  return summary(mapper, [...tallies.values()], columns, whole, nights.result())
}

function newTally(stream: StreamRef, nights: Tally['nights']): Tally {
  return {
    thing: stream.thing.key,
    key: stream.key,
    name: stream.name,
    property: stream.observedProperty.name,
    unit: stream.unit.symbol,
    aggregate: stream.aggregate,
    role: stream.role,
    n: 0,
    suspect: 0,
    sum: 0,
    min: null,
    max: null,
    first: '',
    last: '',
    values: [],
    lastMs: Number.NaN,
    missing: 0,
    gaps: 0,
    gapRows: [],
    longest: 0,
    gapFrom: '',
    gapTo: '',
    twice: 0,
    twiceRows: [],
    times: new Set(),
    nights,
  }
}

/** Counts a value; answers how many times were remembered for it. */
function count(
  tally: Tally,
  { t, v, q }: { t: string; v?: number | null; q?: number | null },
  row: number,
  period: number | null,
  remember: boolean,
): number {
  const ms = Date.parse(t)
  tally.n++
  if (q === 1) tally.suspect++
  if (typeof v === 'number') {
    tally.sum += v
    tally.min = tally.min === null ? v : Math.min(tally.min, v)
    tally.max = tally.max === null ? v : Math.max(tally.max, v)
  }
  if (tally.values.length < FIRST_VALUES) tally.values.push([t, v ?? null])
  const same = ms === tally.lastMs || (remember && tally.times.has(ms))
  if (same) {
    tally.twice++
    if (tally.twiceRows.length < EXAMPLES) tally.twiceRows.push(row)
  }
  const distance = ms - tally.lastMs
  // Days of 23 and 25 hours are whole days.
  if (period !== null && distance > period * 1.1) {
    tally.gaps++
    tally.missing += Math.round(distance / period) - 1
    if (tally.gapRows.length < EXAMPLES) tally.gapRows.push(row)
    if (distance > tally.longest) {
      tally.longest = distance
      tally.gapFrom = tally.last
      tally.gapTo = t
    }
  }
  tally.lastMs = ms
  if (tally.first === '' || t < tally.first) tally.first = t
  if (t > tally.last) tally.last = t
  if (!remember || same) return 0
  tally.times.add(ms)
  return 1
}

function countFilled(
  columns: Map<string, number>,
  header: readonly string[],
  rows: readonly (readonly unknown[])[],
): void {
  header.forEach((name, at) => {
    let filled = columns.get(name) ?? 0
    for (const row of rows) if (row[at] !== '' && row[at] !== undefined && row[at] !== null) filled++
    columns.set(name, filled)
  })
}

function summary(
  mapper: Mapper,
  tallies: Tally[],
  columns: ReadonlyMap<string, number>,
  whole: boolean,
  nights: Night[],
): Survey {
  const oddities: Oddity[] = mapper.rejections.list().map(rejected)
  for (const tally of tallies) {
    const what = `${mapper.things.get(tally.thing)?.name ?? tally.thing}: ${tally.name}`
    if (tally.twice > 0) oddities.push({ kind: 'twice', what, count: tally.twice, rows: tally.twiceRows })
    if (tally.missing > 0)
      oddities.push({
        kind: 'gap',
        what,
        count: tally.missing,
        rows: tally.gapRows,
        from: tally.gapFrom,
        to: tally.gapTo,
      })
  }
  for (const name of mapper.seenColumns) {
    const empty = mapper.rows - (columns.get(name) ?? 0)
    if (empty > 0) oddities.push({ kind: 'empty', what: name, count: empty, rows: [] })
  }
  const [from] = tallies.map(({ first }) => first).sort()
  return {
    rows: mapper.rows,
    whole,
    values: mapper.read,
    rejected: mapper.rejections.total,
    from: from ?? null,
    to:
      tallies
        .map(({ last }) => last)
        .sort()
        .at(-1) ?? null,
    things: [...mapper.things.values()].map(({ key, name, location }) => ({
      key,
      name,
      geometry: location?.geometry ?? null,
    })),
    series: tallies.map(
      (
        {
          lastMs,
          missing,
          gaps,
          gapRows,
          longest,
          gapFrom,
          gapTo,
          twice,
          twiceRows,
          times,
          nights: _,
          values,
          ...series
        },
        at,
      ) => ({
        ...series,
        values: at === 0 ? values : [],
      }),
    ),
    oddities: oddities.slice(0, 200),
    nights,
  }
}

function rejected({ reason, count, examples }: Rejection): Oddity {
  return {
    kind: 'rejected',
    what: reason,
    count,
    rows: examples.map(({ row }) => row),
    values: examples.map(({ value }) => value),
  }
}

/** Reads everything a feed says, for at most some seconds: what it names, how many values, what is no good. */
export async function surveyFeed(definition: Definition, feed: Feed, opened: OpenFeed): Promise<Survey> {
  const survey: Survey = {
    rows: 0,
    whole: true,
    values: 0,
    rejected: 0,
    from: null,
    to: null,
    things: [],
    series: [],
    oddities: [],
    nights: [],
  }
  try {
    if ('apply' in feed) return { ...survey, whole: false }
    const until = performance.now() + SURVEY_MS
    const context = { name: opened.inputs[0]!.name, maxDocumentBytes: limitsOf(definition).document }
    const reasons = new Map<string, Oddity>()
    for await (const item of feed.read(opened.inputs, definition.format, context)) {
      if (item.kind === 'complete') continue
      survey.rows++
      if (item.kind === 'value') {
        survey.values++
        if (survey.from === null || item.time < survey.from) survey.from = item.time
        if (survey.to === null || item.time > survey.to) survey.to = item.time
      } else if (item.kind === 'feature' && CONCEPTS.has(item.concept)) {
        if (survey.things.length < MOST_STREAMS)
          survey.things.push({ key: item.key, name: item.name, geometry: item.geometry })
      } else if (item.kind === 'reject') {
        survey.rejected++
        const oddity = reasons.get(item.reason) ?? { kind: 'rejected', what: item.reason, count: 0, rows: [] }
        oddity.count++
        reasons.set(item.reason, oddity as Oddity)
      }
      if (survey.rows % 1000 === 0 && performance.now() > until) {
        survey.whole = false
        break
      }
    }
    survey.oddities = [...reasons.values()]
    return survey
  } finally {
    await opened.close()
  }
}
