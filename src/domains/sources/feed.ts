import type { Database } from '../../kernel/db/index.ts'
import type { FormatOptions, ParseContext, RunFigures, UnpackLimits } from './model.ts'

/** What a feed says, item after item; the engine of sources applies it. */
export type FeedItem =
  | {
      kind: 'feature'
      concept: string
      /** What the feed calls it. */
      key: string
      name: string
      /** GeoJSON geometry, EPSG:4326. */
      geometry: object | null
      /** In the terms of the concept (`domains/features/concepts.ts`). */
      properties: Record<string, unknown>
      /** ISO 8601. */
      valid?: { from: string | null; to: string | null }
    }
  | {
      kind: 'value'
      concept: string
      /** Of the feature. */
      key: string
      /** Of the concept: `free`, `state` … */
      series: string
      /** ISO 8601 with an offset or Z. */
      time: string
      value: number | string | boolean
    }
  /** Every feature was named: those of the source that were not are gone. */
  | { kind: 'complete'; concept: string }
  /** A part without history, in place of the one before; `merge`: only the fields it has. */
  | { kind: 'document'; concept: string; name: string; body: object; merge?: boolean }
  | { kind: 'reject'; reason: string; row?: number; column?: string; value?: unknown }

/** One of the files that belong together. */
export interface FeedInput {
  /** What the definition's `with` calls it, what the feed recognised, or `main`. */
  role: string
  name: string
  bytes: AsyncIterable<Uint8Array>
}

export interface FeedSample {
  name: string
  /** The first 64 KB, unpacked. */
  head: Uint8Array
}

export interface FeedGuess {
  role: string
  /** 0–1. */
  confidence: number
  /** In English, for the definition's comments. */
  reason: string
  /** In German, for pages; English where it is absent. */
  reasonDe?: string
}

interface FeedBase {
  /** `format.type` in the definition. */
  readonly id: string
  /** Is this file mine, and which role has it? Null: not mine. Throws FileError for one that is, but of no use alone. */
  detect(sample: FeedSample): FeedGuess | null
  /** Is a file of this role only what changes, so that it may be read without the unchanged others? */
  isLive?(role: string): boolean
  /** Is a file of this role of a kind that may not be kept as it came? */
  isPrivate?(role: string): boolean
}

/** A feed that says items. */
export interface ItemFeed extends FeedBase {
  /**
   * Reads the inputs that belong together, static ones first. Throws FileError when the bytes are hopeless: what was
   * good stays.
   */
  read(inputs: FeedInput[], options: FormatOptions, context: ParseContext): AsyncIterable<FeedItem>
  /** The further addresses a fetched file names. Without it the file is all there is. */
  follow?(main: Uint8Array): { role: string; url: string }[]
  /** Seconds a followed file is good for, by its own word: it is not fetched again before. */
  holds?(file: Uint8Array): number
  /** Long answers come in pages: the next one is the Link header's (RFC 8288, rel="next"). */
  readonly pages?: boolean
}

/** Where an applying feed writes to. */
export interface ApplyContext extends ParseContext {
  db: Database
  /** Address or path as people know it. */
  origin: string
  /** What may come out of an archive. */
  limits: UnpackLimits
  source: string
  /** The part of the source that runs; null for its main one. */
  part: string | null
  /** Key of the dataset. */
  dataset: number
  run: number
  /** Seconds between two runs of a source that is fetched by itself; null for one run by hand. */
  every: number | null
  /** The city's time zone. */
  timeZone: string
  /** The time of what the feed says now, by its own word, ISO 8601. */
  dated(time: string): void
  /** `share` 0–1 of the work, rows so far. */
  progress(done: { rows: number; share?: number }): void
}

/** A file on disk, or one read as it comes. */
export interface ApplyInput extends FeedInput {
  path: string
}

/** A feed that stores what it reads by itself (GTFS: versioned tables by COPY). Inputs are not unpacked. */
export interface ApplyingFeed extends FeedBase {
  /** What the feed calls itself (its operator), for a dataset made of it; null where it does not say. */
  nameOf?(inputs: readonly { path: string; name: string }[]): Promise<string | null>
  apply(inputs: ApplyInput[], options: FormatOptions, context: ApplyContext): Promise<RunFigures>
  /** The address says nothing changed. Throws FileError where it should have: a live feed that stands still. */
  unchanged?(context: ApplyContext): Promise<void>
}

export type Feed = ItemFeed | ApplyingFeed

/** The `format.type`s of feeds: they say themselves where the values stand, so no time, thing or series is given. */
export const FEED_TYPES = ['bnetza', 'datex2', 'gbfs', 'gtfs', 'gtfs-rt', 'ocpi', 'parkapi'] as const

export const isFeedType = (type: string): boolean => (FEED_TYPES as readonly string[]).includes(type)
