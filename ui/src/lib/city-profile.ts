import type { Bounds } from './camera.ts'
import type { Legal } from './legal.ts'

/** The profile as staff edit it; `/api/v1/city/profile`. */
export interface Profile {
  name: string
  key: string | null
  timeZone: string
  bounds: Bounds | null
  languages: ('de' | 'en')[]
  contact: string | null
  legal: Legal
}

export interface ProfileAnswer {
  profile: Profile
  file: string | null
  example: boolean
  extent: Bounds
}

/** Codes of what is wrong, by field: the server's own, so that a page says both in the same words. */
export function mistakesIn(profile: Profile): Record<string, string> {
  const found: Record<string, string> = {}
  if (profile.name.trim() === '') found.name = 'name-empty'
  const key = profile.key ?? ''
  if (key !== '') {
    const land = Number(key.slice(0, 2))
    if (!/^\d+$/.test(key)) found.key = 'key-digits'
    else if (![2, 5, 8, 9, 12].includes(key.length)) found.key = 'key-length'
    else if (land < 1 || land > 16) found.key = 'key-land'
  }
  if (profile.languages.length === 0) found.languages = 'languages'
  if (profile.bounds) {
    const [w, s, e, n] = profile.bounds
    const inRange = [w, e].every((x) => Math.abs(x) <= 180) && [s, n].every((y) => Math.abs(y) <= 90)
    if (!profile.bounds.every(Number.isFinite) || !inRange) found.bounds = 'bounds-range'
    else if (w >= e || s >= n) found.bounds = 'bounds-order'
  }
  return found
}
