import type { Dataset, DatasetState } from '../catalog/index.ts'

/** What whoever prepares a release answers; null = not answered yet. */
export interface Sheet {
  /** What the data is collected and published for. */
  purpose: string | null
  legalBasis: string | null
  /** Does it refer to persons? */
  personal: boolean | null
  /** How, if it does. */
  personalWhat: string | null
  /** Days values are kept; 0 = without limit. */
  retentionDays: number | null
  /** Smallest count that may be published; 1 = any. */
  k: number | null
}

export interface Step {
  at: string
  /** As the audit log names people. */
  actor: string
  from: DatasetState
  to: DatasetState
  reason: string | null
}

/** A series whose small counts cannot be protected (see migration 0041): with k its dataset is public for nobody. */
export interface Unprotected {
  kind: 'multi' | 'count' | 'mean'
  datastream: number
  name: string
}

/** A dataset on its way to release. */
export interface Review {
  dataset: Dataset
  sheet: Sheet
  /** Fields of the sheet, or `licence`, that still need an answer. */
  missing: string[]
  steps: Step[]
  /** Series worked through, and all of them, while stored values are brought in line with another k; null = they are. */
  protecting: { done: number; total: number } | null
  /** The first series that k cannot protect; null = none, or no k. */
  unprotected: Unprotected | null
}

export const EMPTY: Sheet = {
  purpose: null,
  legalBasis: null,
  personal: null,
  personalWhat: null,
  retentionDays: null,
  k: null,
}
