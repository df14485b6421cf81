export type DatasetState = 'draft' | 'review' | 'released' | 'withdrawn'

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
}

/**
 * Is what the dataset holds reckoned rather than measured, as in the example city? Then every page, title and file that
 * shows it says so.
 */
export const isSimulated = (dataset: Pick<Dataset, 'properties'>): boolean => dataset.properties.simulated === true

/** The dataset what a key posts to the general SensorThings service goes to. */
export const INBOX = 'eingang'
/** The dataset anonymous callers write to, and read, with open write on. */
export const OPEN = 'offen'
