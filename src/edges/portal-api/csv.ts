import { Readable } from 'node:stream'
import { type Catalog, licenceOf } from '../../domains/catalog/index.ts'
import { type Plan, seriesPages } from '../../domains/sensing/index.ts'
import type { Queryable } from '../../kernel/db/index.ts'

export const CSV_COLUMNS = [
  'time_start',
  'time_end',
  'datastream',
  'station',
  'name',
  'value',
  'unit',
  'n',
  'suspect',
  'source',
] as const

/**
 * The planned series as CSV (RFC 4180, UTF-8), streamed: one line a value or bucket, none for gaps. A file outlives its
 * headers, so who must be named and the licence stand in the column `source` of every line.
 */
export function csvOf(db: Queryable, visible: readonly number[], plan: Plan, catalog: Catalog): Readable {
  return Readable.from(lines(db, visible, plan, catalog), { objectMode: false })
}

async function* lines(db: Queryable, visible: readonly number[], plan: Plan, catalog: Catalog): AsyncGenerator<string> {
  yield `${CSV_COLUMNS.join(',')}\r\n`
  for await (const { series, points } of seriesPages(db, visible, plan)) {
    const head = `${series.datastream},${quoted(series.thing.name)},${quoted(series.name)}`
    const unit = quoted(series.unit.symbol || series.unit.name)
    const source = quoted(sourceOf(catalog, series.dataset))
    let page = ''
    for (const point of points) {
      page += `${point.t},${point.tEnd},${head},${point.value},${unit},${point.n},${point.suspect},${source}\r\n`
    }
    yield page
  }
}

/** Who is to be named, and the licence: `Stadt Münster, dl-by-de/2.0`. */
export function sourceOf(catalog: Catalog, dataset: number): string {
  const about = catalog.byKey(dataset)
  if (!about) return ''
  return [about.attribution ?? about.publisher ?? about.title, about.licence].filter(Boolean).join(', ')
}

/** Value of the `Link` header that names the licences of what is sent (RFC 4946). */
export function licenceLinks(catalog: Catalog, datasets: readonly number[]): string {
  const urls = new Set(datasets.map((key) => licenceOf(catalog.byKey(key)?.licence ?? null)?.url).filter(Boolean))
  return [...urls].map((url) => `<${url}>; rel="license"`).join(', ')
}

/**
 * Spreadsheets run what begins with = + - @ as a formula (OWASP CSV injection); names come from outside, so such text
 * gets an apostrophe in front. Numbers are written by us and stay as they are.
 */
export function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/**
 * `Promenade_2026-08-14_2026-08-20_hour.csv`, safe in a header and on every file system. Simulated values say so:
 * `Marktplatz-simuliert_…`.
 */
export function csvName(plan: Plan, { from, to }: { from: string; to: string }, simulated: boolean): string {
  const stations = new Set(plan.heads.map((head) => head.thing.name))
  const name = stations.size === 1 ? [...stations][0]! : 'messreihen'
  const plain = name
    .replaceAll('ß', 'ss')
    .replace(
      /[äöüÄÖÜ]/g,
      (letter) => `${({ ä: 'ae', ö: 'oe', ü: 'ue', Ä: 'Ae', Ö: 'Oe', Ü: 'Ue' } as Record<string, string>)[letter]}`,
    )
    .replace(/[^A-Za-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60)
  const mark = simulated && !plain.endsWith('simuliert') ? '-simuliert' : ''
  return `${plain || 'messreihe'}${mark}_${from}_${to}_${plan.resolution}.csv`
}
