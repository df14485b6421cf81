/** How reliably a dataset was supplied; shares 0 to 1, times in seconds, null where nothing measures it. */
export interface ServiceLevel {
  uptime: number | null
  deliveries: number
  failed: number
  latency: number | null
  latency90: number | null
  completeness: number | null
  since: string | null
  newest: string | null
}

/** A duration in the unit that tells most. */
export function durationOf(seconds: number): { n: number; unit: 'seconds' | 'minutes' | 'hours' } {
  if (seconds < 90) return { n: Math.round(seconds), unit: 'seconds' }
  if (seconds < 5_400) return { n: Math.round(seconds / 60), unit: 'minutes' }
  return { n: Math.round(seconds / 3_600), unit: 'hours' }
}
