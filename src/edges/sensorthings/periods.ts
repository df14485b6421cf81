import { type Sql, sql } from '../../kernel/db/index.ts'
import { bad } from './errors.ts'
import type { Period } from './values.ts'

/**
 * Comparison of instants and intervals. An interval is half open: [06:00, 07:00) is before 07:00 and meets [07:00, 08:00).
 * `lt` = ends before the other starts. Every comparison that can keeps a plain condition on `start`, so that the index
 * and the partitions by time are used.
 */

const end = (p: Period): Sql => (p.end === null ? p.start : p.mixed ? sql`coalesce(${p.end}, ${p.start})` : p.end)

/** a ends before b starts. */
export function before(a: Period, b: Period): Sql {
  if (a.end === null) return sql`(${a.start} < ${b.start})`
  if (a.mixed) return sql`(${a.start} < ${b.start} and (${a.end} is null or ${a.end} <= ${b.start}))`
  return sql`(${a.end} <= ${b.start})`
}

export const notAfter = (a: Period, b: Period): Sql =>
  a.end === null && b.end === null
    ? sql`(${a.start} <= ${b.start})`
    : sql`(${a.start} <= ${b.start} and ${end(a)} <= ${end(b)})`

export function same(a: Period, b: Period): Sql {
  if (a.end === null && b.end === null) return sql`(${a.start} = ${b.start})`
  return sql`(${a.start} = ${b.start} and ${end(a)} = ${end(b)})`
}

export function different(a: Period, b: Period): Sql {
  if (a.end === null && b.end === null) return sql`(${a.start} <> ${b.start})`
  return sql`(${a.start} <> ${b.start} or ${end(a)} <> ${end(b)})`
}

export const meets = (a: Period, b: Period): Sql => sql`(${a.start} = ${end(b)} or ${end(a)} = ${b.start})`

export function during(a: Period, b: Period, pos: number): Sql {
  if (b.end === null) throw bad('during: the second argument is an interval', pos)
  // A row of a mixed period that is an instant has no end to lie within.
  const contained = sql`${a.start} >= ${b.start} and ${a.start} < ${b.end}`
  if (a.end === null) return sql`(${contained})`
  return sql`(${contained} and ${end(a)} <= ${b.end})`
}

export const overlaps = (a: Period, b: Period): Sql => sql`(not ${before(a, b)} and not ${before(b, a)})`
export const starts = (a: Period, b: Period): Sql => sql`(${a.start} = ${b.start})`
export const finishes = (a: Period, b: Period): Sql => sql`(${end(a)} = ${end(b)})`
