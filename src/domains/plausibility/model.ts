/** What can be hard to believe about a value or a stretch of values. */
export type Rule = 'range' | 'stuck' | 'spike' | 'drop'

/** Limits of the rules for one series. null switches a rule off. */
export interface Settings {
  /** Values below or above are out of range. */
  min: number | null
  max: number | null
  /** Hours with exactly the same value, other than zero for counts, after which it is stuck. */
  stuckHours: number | null
  /** A single value this many times the largest around it, and beyond what the last four weeks saw, is a spike. */
  spikeFactor: number | null
  /** Hours with nothing but zero where the same hours of earlier weeks never had that. */
  dropHours: number | null
}

export interface Value {
  /** Milliseconds since 1970. */
  t: number
  /** End of the interval; equals t for an instant. */
  end: number
  v: number
}

/** A stretch found by a rule. Times in milliseconds; `to` is the end of its last value. */
export interface Finding {
  rule: Rule
  from: number
  to: number
  detail: FlagDetail
}

/** What the sentence about a finding needs. */
export interface FlagDetail {
  /** The value, or the farthest one of the stretch. */
  value: number
  n: number
  min?: number
  max?: number
  hours?: number
  /** What is usual there: the largest value around a spike, the sum of the same hours in earlier weeks. */
  usual?: number
}

/** A stored finding. */
export interface Flag {
  id: number
  datastream: number
  rule: Rule
  from: string
  to: string
  detail: FlagDetail
  foundAt: string
  /** Somebody looked and said it is all right. */
  okAt: string | null
  okBy: string | null
}

/** A flag with what its sentence needs. */
export interface ShownFlag extends Flag {
  unit: string
}

/** A flag with what it belongs to, for lists. */
export interface ListedFlag extends ShownFlag {
  name: string
  station: { id: number; name: string }
  dataset: string
  source: string | null
}
