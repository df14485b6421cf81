/** Seeded noise: the same seed and number always give the same value, on every machine and after every restart. */

function mix(value: number): number {
  let h = value
  h ^= h >>> 16
  h = Math.imul(h, 0x7feb352d)
  h ^= h >>> 15
  h = Math.imul(h, 0x846ca68b)
  h ^= h >>> 16
  return h >>> 0
}

/** A seed from a name (FNV-1a, 32 bit). */
export function seedOf(name: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** Evenly distributed in (0, 1). `n` is a whole number. */
export function uniform(seed: number, n: number): number {
  return (mix(mix(n) ^ seed) + 0.5) / 4294967296
}

/** Normally distributed, mean 0, standard deviation 1 (Box–Muller). */
export function normal(seed: number, n: number): number {
  const radius = Math.sqrt(-2 * Math.log(uniform(seed, n)))
  return radius * Math.cos(2 * Math.PI * uniform(seed ^ 0x5bd1e995, n))
}

/** Smooth noise in −1…1 that turns about once per unit of `x`. */
export function smooth(seed: number, x: number): number {
  const n = Math.floor(x)
  const f = x - n
  const ease = f * f * f * (f * (f * 6 - 15) + 10)
  const a = uniform(seed, n)
  return 2 * (a + (uniform(seed, n + 1) - a) * ease) - 1
}

/** A count with the given expectation: Poisson by inversion where it is small, its normal limit above. */
export function poisson(expected: number, seed: number, n: number): number {
  if (expected <= 0) return 0
  if (expected > 30) return Math.max(0, Math.round(expected + Math.sqrt(expected) * normal(seed, n)))
  const target = uniform(seed, n)
  let probability = Math.exp(-expected)
  let reached = probability
  let count = 0
  while (reached < target && count < 100) {
    count++
    probability *= expected / count
    reached += probability
  }
  return count
}
