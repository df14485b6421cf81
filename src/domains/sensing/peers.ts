import type { StoredObservation } from './model.ts'

/** Other processes of this platform, on the same database: what happens here is told to them. */
export interface Peers {
  /** Committed rows. Resolves when more may follow: at once, unless they come faster than they are taken. */
  stored(rows: readonly StoredObservation[]): Promise<void>
  /** Entities changed: none of them may go by what it remembers. */
  forget(): void
  /** Resolves when none of them writes by what it knew before. */
  settled(): Promise<void>
  /** Another one brings stored values in line with a new k. */
  readonly follows: boolean
}

/** One process alone. */
export const ALONE: Peers = {
  stored: async () => {},
  forget: () => {},
  settled: async () => {},
  follows: false,
}
