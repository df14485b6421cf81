/** PostgreSQL's type numbers whose text form both engines turn into the same JavaScript values. */
export const OID = { int8: 20, numeric: 1700, timestamptz: 1184, timestamp: 1114, date: 1082 } as const

/**
 * `2026-08-20 12:15:00.5+00` → `2026-08-20T12:15:00.5Z`. Sessions run in UTC, so the offset is always +00.
 * Years beyond 9999 and BC dates are not part of ISO 8601's basic range and never get in.
 */
export function isoFromPostgres(text: string): string {
  if (text === 'infinity' || text === '-infinity') return text
  return `${text.slice(0, 10)}T${text.slice(11, text.length - 3)}Z`
}

export const parsers: Record<number, (text: string) => unknown> = {
  [OID.int8]: Number,
  [OID.numeric]: Number,
  [OID.timestamptz]: isoFromPostgres,
  [OID.timestamp]: (text) => text,
  [OID.date]: (text) => text,
}

/** Every session of either engine starts with these. */
export const SESSION_SETTINGS: Record<string, string> = {
  TimeZone: 'UTC',
  DateStyle: 'ISO',
  IntervalStyle: 'iso_8601',
  extra_float_digits: '1',
  // Compiling a query costs more than any of ours takes: the station list took a second with it, 20 ms without.
  jit: 'off',
}

/** Milliseconds a query may take unless its caller says otherwise. */
export const DEFAULT_TIMEOUT_MS = 15_000
