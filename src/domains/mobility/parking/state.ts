import type { Queryable } from '../../../kernel/db/index.ts'
import { CONCEPTS, type Feature } from '../../features/index.ts'

/** What is known of a car park now. Counts in spaces; null where nothing says it. */
export interface ParkingState {
  capacity: number | null
  free: number | null
  occupied: number | null
  state: 'spacesAvailable' | 'almostFull' | 'full' | 'closed' | 'open' | 'unknown'
  /** Of the occupation: whether more or fewer spaces are taken than about half an hour before. */
  trend: 'increasing' | 'stable' | 'decreasing' | null
  /** When the newest of the values was measured, ISO; null where nothing is measured. */
  measured: string | null
}

interface Latest {
  datastream: number
  t: string
  v: number | null
  text: string | null
}

const SERIES = Object.entries(CONCEPTS.get('parking')!.series)
const STATES = new Set(['spacesAvailable', 'almostFull', 'full', 'closed', 'open', 'unknown'])
const TRENDS = new Set(['increasing', 'stable', 'decreasing'])
/** A word about trend or state belongs to a count that is at most this much older or newer. */
const TOGETHER_MS = 15 * 60_000
/** A change below this many spaces, or this share of all, is none. */
const LEAST_CHANGE = 2
const LEAST_SHARE = 0.01

/**
 * The newest values of the car parks, by the id of the feature. `reader` decides whether small counts are shown as
 * measured; values that are suspect are left out.
 */
export async function parkingStates(
  reader: Queryable,
  visible: readonly number[],
  features: readonly Feature[],
): Promise<Map<number, ParkingState>> {
  const things = features.flatMap(({ thing }) => (thing === null ? [] : [thing]))
  const latest = await latestValues(reader, visible, things)
  const counts = features.flatMap(({ thing }) => countOf(latest.get(thing ?? 0) ?? {}) ?? [])
  const before = await valuesBefore(reader, counts)
  const states = new Map<number, ParkingState>()
  for (const feature of features) {
    const values = latest.get(feature.thing ?? 0) ?? {}
    states.set(feature.id, stateOf(feature, values, before))
  }
  return states
}

type Values = Partial<Record<string, Latest>>

/** What tells how full it is: free spaces, or the taken ones of a source that only says those. */
const countOf = ({ free, occupied }: Values): Latest | undefined => free ?? occupied

function stateOf(feature: Feature, values: Values, before: ReadonlyMap<number, number>): ParkingState {
  const { free, occupied, capacity: live } = values
  const known = feature.properties.capacity
  const capacity = live?.v ?? (typeof known === 'number' ? known : null)
  // A source that only says what is taken: the rest is free, as far as the capacity is known.
  const left =
    free?.v ?? (typeof occupied?.v === 'number' && capacity !== null ? Math.max(0, capacity - occupied.v) : null)
  const times = Object.values(values).flatMap((value) => (value ? [value.t] : []))
  const word = values.state?.text ?? null
  return {
    capacity,
    free: left,
    occupied: occupied?.v ?? null,
    state: stateWord(word, left, capacity),
    trend: trendOf(values, capacity, before),
    measured: times.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? null,
  }
}

function stateWord(word: string | null, free: number | null, capacity: number | null): ParkingState['state'] {
  if (word !== null && STATES.has(word) && word !== 'open') return word as ParkingState['state']
  if (free === null) return word === 'open' ? 'open' : 'unknown'
  if (free <= 0) return 'full'
  return capacity !== null && capacity >= 20 && free / capacity < 0.05 ? 'almostFull' : 'spacesAvailable'
}

function trendOf(values: Values, capacity: number | null, before: ReadonlyMap<number, number>): ParkingState['trend'] {
  const { trend } = values
  const count = countOf(values)
  const fresh = trend && (!count || Math.abs(Date.parse(trend.t) - Date.parse(count.t)) <= TOGETHER_MS)
  if (fresh && trend.text !== null && TRENDS.has(trend.text)) return trend.text as ParkingState['trend']
  const earlier = count && before.get(count.datastream)
  if (!count || count.v === null || earlier === undefined) return null
  const change = values.free ? earlier - count.v : count.v - earlier
  if (Math.abs(change) < Math.max(LEAST_CHANGE, LEAST_SHARE * (capacity ?? 0))) return 'stable'
  return change > 0 ? 'increasing' : 'decreasing'
}

async function latestValues(
  reader: Queryable,
  visible: readonly number[],
  things: readonly number[],
): Promise<Map<number, Values>> {
  if (things.length === 0) return new Map()
  const names = new Map(SERIES.map(([key, { property }]) => [property, key]))
  const rows = await reader.query<Latest & { thing: number; property: string }>(
    `select d.thing, p.natural_key as property, d.id as datastream, s.last_t as t, s.last_v as v, s.last_x ->> 'r' as text
     from datastream d join observed_property p on p.id = d.observed_property and p.dataset = any($1::int4[])
       join datastream_state s on s.datastream = d.id
     where d.dataset = any($1::int4[]) and d.thing = any($2::int4[]) and p.natural_key = any($3::text[])
       and s.last_t is not null and s.last_q is null`,
    [visible, things, [...names.keys()]],
  )
  const found = new Map<number, Values>()
  for (const { thing, property, ...value } of rows) {
    const values = found.get(thing) ?? {}
    const key = names.get(property)!
    const other = values[key]
    if (!other || Date.parse(other.t) < Date.parse(value.t)) values[key] = value
    found.set(thing, values)
  }
  return found
}

/** For each count the one before it, 15 to 75 minutes earlier. */
async function valuesBefore(reader: Queryable, counts: readonly Latest[]): Promise<Map<number, number>> {
  if (counts.length === 0) return new Map()
  const rows = await reader.query<{ id: number; v: number }>(
    `select x.id, o.v from unnest($1::int4[], $2::timestamptz[]) as x(id, t) cross join lateral (
       select v from observation o where o.datastream = x.id and o.q is null and o.v is not null
         and o.t >= x.t - interval '75 minutes' and o.t <= x.t - interval '15 minutes'
       order by o.t desc limit 1) o`,
    [counts.map(({ datastream }) => datastream), counts.map(({ t }) => t)],
  )
  return new Map(rows.map(({ id, v }) => [id, v]))
}
