/** In the order in which equally good hits stand. */
export const KINDS = ['station', 'place', 'property', 'dataset', 'board', 'page', 'source'] as const
export type Kind = (typeof KINDS)[number]

export interface Hit {
  kind: Kind
  /** Unique within its kind. */
  id: string
  title: string
  /** Ranges of letters of the title that fit what was asked for. */
  marks: [number, number][]
  /** More about it, or where else the words were found; marked likewise. */
  note: string | null
  noteMarks: [number, number][]
  path: string
  /** Of match, 0 to about 1. */
  score: number
  /** Stations that measure it; of kind `property` only. */
  stations?: number
}

export interface HitGroup {
  kind: Kind
  total: number
  hits: Hit[]
}

/** A page that can be found by its name. */
export interface NamedPage {
  path: string
  title: string
  words: string
  staff: boolean
}
