/** `15m` → a length in seconds; `1d` → whole local days, which are not always 24 hours. */
export interface Duration {
  /** Nominal length, seconds (a day counts 86,400). */
  seconds: number
  /** Local days where the unit is days, else 0. */
  days: number
}

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 }

/** Reads `30s`, `15m`, `1h`, `7d`. The schema has checked the text. */
export function parseDuration(text: string): Duration {
  const count = Number(text.slice(0, -1))
  const unit = text.slice(-1)
  return { seconds: count * unitSeconds[unit]!, days: unit === 'd' ? count : 0 }
}

const byteUnits: Record<string, number> = { KB: 1e3, MB: 1e6, GB: 1e9 }

/** `200MB` → bytes. The schema has checked the text. */
export function parseBytes(text: string): number {
  return Number(text.slice(0, -2)) * byteUnits[text.slice(-2)]!
}
