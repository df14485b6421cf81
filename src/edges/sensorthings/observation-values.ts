import type { NewObservation, ObservationExtra, Quality } from '../../domains/sensing/index.ts'
import type { Json } from './body.ts'
import { bad } from './errors.ts'
import { nowIso, type Period, parsePeriod, readInstant } from './times.ts'

export type ObservationValues = Pick<NewObservation, 't' | 'tEnd' | 'v' | 'q' | 'x'>

/** Checked values of an Observation's properties (OGC 18-088 Table 12) as the store keeps them. */
export interface RawObservation {
  result?: unknown
  phenomenonTime?: unknown
  resultTime?: unknown
  validTime?: unknown
  resultQuality?: unknown
  parameters?: unknown
}

/** The names of {@link RawObservation}: what an Observation may have besides its relations. */
export const OBSERVATION_PROPERTIES: ReadonlySet<string> = new Set([
  'result',
  'phenomenonTime',
  'resultTime',
  'validTime',
  'resultQuality',
  'parameters',
])

/** What programs write for a missing number when JSON refuses it: it would be kept as a text nobody can chart. */
const NOT_A_NUMBER = /^[+-]?(nan|inf|infinity)$/i

/**
 * What the store needs of an Observation as it was sent. A missing phenomenonTime is now, a missing resultTime none.
 * Throws 400 naming the property. The one reader for single posts, data arrays, deep inserts and MQTT. With `components`
 * it is one of a MultiDatastream: its result is an array of so many values.
 */
export function observationValues(
  raw: RawObservation,
  where = '',
  components: number | null = null,
): ObservationValues {
  if (raw.result === undefined) throw bad(`${where}result is missing (mandatory for Observation)`)
  const period: Period =
    raw.phenomenonTime === undefined || raw.phenomenonTime === null
      ? { start: nowIso(), end: null }
      : parsePeriod(raw.phenomenonTime, `${where}phenomenonTime`)
  let x: ObservationExtra | null = null
  let v: number | null = null
  if (typeof raw.result === 'number') {
    if (!Number.isFinite(raw.result)) throw bad(`${where}result: not a finite number`)
    v = raw.result
  } else if (typeof raw.result === 'string' && NOT_A_NUMBER.test(raw.result)) {
    throw bad(`${where}result: ${raw.result} is not a number JSON knows; leave the observation out, or send null`)
  } else if (raw.result !== null) x = { r: raw.result }
  if (components !== null) {
    if (!Array.isArray(raw.result) || raw.result.length !== components)
      throw bad(`${where}result: an array of ${components} values is expected, one for each ObservedProperty`)
    x = { ...x, m: 1 }
  }
  let q: Quality = null
  if (raw.parameters !== undefined && raw.parameters !== null) {
    if (typeof raw.parameters !== 'object' || Array.isArray(raw.parameters))
      throw bad(`${where}parameters: a JSON object is expected`)
    x = { ...x, p: raw.parameters as Json }
  }
  if (raw.resultTime !== undefined && raw.resultTime !== null)
    x = { ...x, rt: readInstant(raw.resultTime, `${where}resultTime`) }
  if (raw.validTime !== undefined && raw.validTime !== null) {
    const valid = parsePeriod(raw.validTime, `${where}validTime`)
    x = { ...x, vt: [valid.start, valid.end ?? valid.start] }
  }
  if (raw.resultQuality === 'suspect') q = 1
  else if (raw.resultQuality !== undefined && raw.resultQuality !== null) x = { ...x, dq: raw.resultQuality }
  return { t: period.start, tEnd: period.end, v, q, x }
}
