import type { Dataset } from '../../domains/catalog/index.ts'
import { licenceOf } from '../../domains/catalog/index.ts'

type Cell = string | number | null

interface Reply {
  header(name: string, value: string): Reply
  type(name: string): Reply
}

/**
 * A small table as CSV (RFC 4180, UTF-8), offered under a file name. A file outlives its headers: who is to be named, and
 * the licence, stand in the column `source` of every line. Text that a spreadsheet would run gets an apostrophe.
 */
export function csvOf(
  reply: Reply,
  dataset: Dataset,
  name: string,
  columns: readonly string[],
  rows: Iterable<readonly Cell[]>,
): string {
  const { attribution, publisher, title, licence } = dataset
  const source = quoted([attribution ?? publisher ?? title, licence].filter(Boolean).join(', '))
  const url = licenceOf(licence)?.url
  if (url) reply.header('link', `<${url}>; rel="license"`)
  const file = name.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 120)
  reply.header('content-disposition', `attachment; filename="${file}.csv"`).type('text/csv; charset=utf-8')
  const lines = [[...columns, 'source'].join(',')]
  for (const row of rows) lines.push([...row.map(written), source].join(','))
  return `${lines.join('\r\n')}\r\n`
}

/** Rows of several datasets as CSV; licence and source stand in columns of their own, where rows have them. */
export const csvTable = (columns: readonly string[], rows: Iterable<readonly Cell[]>): string =>
  [columns, ...rows].map((row) => `${row.map(written).join(',')}\r\n`).join('')

const written = (cell: Cell): string => (cell === null ? '' : typeof cell === 'number' ? String(cell) : quoted(cell))

function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
