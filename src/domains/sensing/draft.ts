import { DAY } from './buckets.ts'
import type { Headline } from './station-model.ts'
import type { StationRow } from './station-rows.ts'

/** A headline on its way: its series, and when the newest of their values began and ended (milliseconds). */
export interface Draft {
  headline: Headline
  rows: StationRow[]
  start: number | null
  end: number | null
  /** Hour (milliseconds) → sum and number of values in it; the 48 hours up to the newest value. */
  hours: Map<number, { sum: number; n: number }>
  /** Today's and the usual amount without suspect values, for adding up over stations. */
  comparable: { today: number; usual: number; days: number } | null
}

/** ISO weekday of a local day: 1 Monday to 7 Sunday. */
export const weekdayOf = (day: string): number => ((Date.parse(`${day}T00:00:00Z`) / DAY + 3) % 7) + 1
