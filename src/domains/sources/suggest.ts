import { distance } from 'fastest-levenshtein'

/** The nearest of `names`, when it is near enough to be meant. */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let least = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of names) {
    const steps = distance(name.toLowerCase(), candidate.toLowerCase())
    if (steps < least) {
      least = steps
      best = candidate
    }
  }
  return best
}

/** ` (did you mean "unit"?)`, or the list of names where it is short, or nothing. */
export function hint(name: string, names: readonly string[]): string {
  const near = nearest(name, names)
  if (near !== undefined) return ` (did you mean "${near}"?)`
  return names.length > 0 && names.length <= 16 ? ` (there are: ${names.join(', ')})` : ''
}
