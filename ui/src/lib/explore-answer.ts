import type { Series } from './api.ts'

export type Row = Record<string, unknown>
export interface Answer {
  value?: Row[]
  '@iot.count'?: number
  '@iot.nextLink'?: string
  [key: string]: unknown
}

/** The entities of an answer: those of a set, or the one that was asked for. */
export const rowsOf = (answer: Answer): Row[] =>
  Array.isArray(answer.value) ? answer.value.filter((one) => one !== null && typeof one === 'object') : [answer]

/** One entity as cells: relations to one entity beside it, of relations to several how many and their names. */
export function cellsOf(row: Row, prefix = ''): [column: string, text: string][] {
  const cells: [string, string][] = []
  for (const [key, value] of Object.entries(row)) {
    if (key === '@iot.selfLink' || /@iot\.(navigationLink|nextLink)$/.test(key)) continue
    const column = `${prefix}${key}`
    if (Array.isArray(value) && value.every((one) => one !== null && typeof one === 'object'))
      cells.push([column, several(value as Row[])])
    else if (isEntity(value)) cells.push(...cellsOf(value, `${column}/`))
    else cells.push([column, cellText(value)])
  }
  return cells
}

const isEntity = (value: unknown): value is Row =>
  value !== null && typeof value === 'object' && ('@iot.id' in value || '@iot.selfLink' in value)

const cellText = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

function several(rows: Row[]): string {
  const names = rows.slice(0, 3).map((one) => cellText(one.name ?? one.result ?? one['@iot.id'] ?? one))
  return `${rows.length}: ${names.join(', ')}${rows.length > 3 ? ' …' : ''}`
}

/** Columns of all rows, in the order they first come up. */
export function tableOf(rows: Row[]): { columns: string[]; lines: string[][] } {
  const cells = rows.map((row) => new Map(cellsOf(row)))
  const columns = [...new Set(cells.flatMap((one) => [...one.keys()]))]
  return { columns, lines: cells.map((one) => columns.map((column) => one.get(column) ?? '')) }
}

/** At most five lines are told apart. */
const MOST = 5

/** The observations of an answer as series: the rows themselves, or what was expanded within them. */
export function seriesOf(rows: Row[]): Series[] {
  const groups: { name: string; unit: unknown; rows: Row[] }[] = []
  const own = rows.filter(isObservation)
  if (own.length > 0) {
    const by = new Map<string, Row[]>()
    for (const row of own) {
      const name = ((row.Datastream as Row | undefined)?.name as string | undefined) ?? ''
      by.set(name, [...(by.get(name) ?? []), row])
    }
    for (const [name, list] of by)
      groups.push({ name, unit: (list[0]!.Datastream as Row | undefined)?.unitOfMeasurement, rows: list })
  }
  const look = (list: Row[], path: string): void => {
    for (const row of list) {
      const name = [path, row.name].filter(Boolean).join(' · ')
      if (Array.isArray(row.Observations))
        groups.push({ name, unit: row.unitOfMeasurement, rows: (row.Observations as Row[]).filter(isObservation) })
      if (Array.isArray(row.Datastreams)) look(row.Datastreams as Row[], name)
    }
  }
  look(rows, '')
  return groups
    .filter((group) => group.rows.length > 0)
    .slice(0, MOST)
    .map((group, i) => toSeries(i + 1, group))
}

const isObservation = (row: Row): boolean => typeof row.phenomenonTime === 'string' && typeof row.result === 'number'

function toSeries(datastream: number, { name, unit, rows }: { name: string; unit: unknown; rows: Row[] }): Series {
  const points = rows
    .map((row) => {
      const [t, tEnd = t] = (row.phenomenonTime as string).split('/') as [string, string?]
      const value = row.result as number
      return { t, tEnd, value, n: 1, min: value, max: value, suspect: row.resultQuality === 'suspect' ? 1 : 0 }
    })
    .sort((a, b) => Date.parse(a.t) - Date.parse(b.t))
  const { name: unitName, symbol } = (unit ?? {}) as { name?: string; symbol?: string }
  return {
    ...{ datastream, name, simulated: false, unit: { name: unitName ?? '', symbol: symbol ?? '' }, aggregate: 'mean' },
    ...{ points, total: null, mean: null, n: points.length, suspect: 0, thinned: false },
  }
}
