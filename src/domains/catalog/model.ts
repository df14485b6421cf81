export type DatasetState = 'draft' | 'review' | 'released' | 'withdrawn'
/** Whom a release is for: everybody, or those who were granted it. */
export type Audience = 'public' | 'restricted'

/** A dataset as the catalogue knows it. `key` is internal, `id` the slug in addresses and commands. */
export interface Dataset {
  key: number
  id: string
  title: string
  description: string
  publisher: string | null
  contact: string | null
  homepage: string | null
  /** Licence identifier, for example `dl-by-de/2.0`. */
  licence: string | null
  attribution: string | null
  properties: Record<string, unknown>
  state: DatasetState
  stateSince: string
  createdAt: string
  /** Key of the data space it is in, if any. */
  space: number | null
  audience: Audience
  /** Who made it, as the audit log names people; null where nobody said. */
  createdBy: string | null
  /** Smallest count that may be published; 1 = any. */
  k: number
  /** Its stored values are not in line with k yet: only who may change it reads it. */
  held: boolean
}

/**
 * Is what the dataset holds reckoned rather than measured, as in the example city? Then every page, title and file that
 * shows it says so.
 */
export const isSimulated = (dataset: Pick<Dataset, 'properties'>): boolean => dataset.properties.simulated === true

/** Datasets of a subject or a department; rights on a space hold for what is in it. */
export interface Space {
  key: number
  id: string
  title: string
  description: string
}

/** May everybody, signed in or not, read it? The one place that says so. */
export const isPublic = (dataset: Pick<Dataset, 'state' | 'audience' | 'held'>): boolean =>
  dataset.state === 'released' && dataset.audience === 'public' && !dataset.held

/** The dataset what a key posts to the general SensorThings service goes to. */
export const INBOX = 'eingang'
/** The dataset anonymous callers write to, and read, with open write on. */
export const OPEN = 'offen'
