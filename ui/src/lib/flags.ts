import type { Span } from './view.ts'

/** A stretch of a series that is hard to believe, with its reason in words. */
export interface ShownFlag extends Span {
  id: number
  datastream: number
  text: string
}
