import { compilePattern } from '../../kernel/pattern.ts'
import type { Definition, SeriesDocument } from './definition.ts'
import { type Cell, FileError } from './model.ts'
import { hint } from './suggest.ts'
import { cellText, compileTemplate, type Names, type Reader } from './template.ts'

/** 0 good, 1 suspect, 2 missing. */
export type QualityClass = 0 | 1 | 2

/** One series a header gives: which column, and everything about it that does not change from row to row. */
export interface PlannedSeries {
  document: SeriesDocument
  column: number
  columnName: string
  key: Reader
  name: Reader | undefined
  description: Reader | undefined
  property: Reader
  fill: (text: string) => Reader
  status: number
  statuses: ReadonlyMap<string, QualityClass>
  otherwise: QualityClass
  least: number
  greatest: number
  when: ((row: readonly Cell[]) => boolean) | undefined
  kind: 'number' | 'text' | 'boolean' | 'auto'
  values: ReadonlyMap<string, number> | undefined
  factor: number
}

/** How the rows under one header are read. */
export interface Plan {
  width: number
  time: Reader | undefined
  /** Column of the time when it is a single one; −1 otherwise. */
  timeColumn: number
  timeName: string
  thingKey: Reader
  read: (text: string) => Reader
  /** The car park a bay belongs to, and its name. */
  area: { key: Reader; name: Reader | undefined } | undefined
  /** The raw value when a text is exactly one placeholder of a lookup, else undefined. */
  typed: (text: string, row: readonly Cell[]) => unknown
  where: ((row: readonly Cell[]) => boolean) | undefined
  series: PlannedSeries[]
}

/** Lookups by name: field → looked-up text → value, as text and as it stands in the definition. */
export interface LookupTable {
  by: string
  fields: ReadonlyMap<string, ReadonlyMap<string, string>>
  raw: ReadonlyMap<string, ReadonlyMap<string, unknown>>
}

export function compileLookups(definition: Definition): Map<string, LookupTable> {
  const tables = new Map<string, LookupTable>()
  for (const [name, { by, entries }] of Object.entries(definition.lookups ?? {})) {
    const fields = new Map<string, Map<string, string>>()
    const raw = new Map<string, Map<string, unknown>>()
    for (const [key, entry] of Object.entries(entries)) {
      for (const [field, value] of Object.entries(entry)) {
        if (!fields.has(field)) fields.set(field, new Map())
        if (!raw.has(field)) raw.set(field, new Map())
        fields.get(field)!.set(key, typeof value === 'object' ? JSON.stringify(value) : String(value))
        raw.get(field)!.set(key, value)
      }
    }
    tables.set(name, { by, fields, raw })
  }
  return tables
}

/** Compiles a header. Throws {@link FileError} when the file cannot be what the definition describes. */
export function compilePlan(
  definition: Definition,
  header: readonly string[],
  constants: ReadonlyMap<string, string>,
  lookups: ReadonlyMap<string, LookupTable>,
): Plan {
  const lenient = definition.format.type === 'json' || definition.format.type === 'geojson'
  const columns = new Map<string, number>()
  header.forEach((name, index) => {
    if (!columns.has(name)) columns.set(name, index)
  })
  const base: Names = {
    constant: (name) => constants.get(name),
    column: (name) => columns.get(name) ?? -1,
    lookup: (name, own) => lookupOf(name, lookups, own),
    unknown: (name) => {
      if (lenient) return
      const known = [...constants.keys(), ...header, ...lookups.keys()]
      throw new FileError(`{${name}} is neither a column nor a placeholder of this file${hint(name, known)}`)
    },
  }
  const read = (text: string) => compileTemplate(text, base)
  const series = planSeries(definition, header, columns, base, constants)
  if (series.length === 0 && definition.series.length > 0 && !lenient) {
    const names = header.slice(0, 12).join(', ')
    throw new FileError(
      `no column of this file belongs to a series of the definition; the header is: ${names}${header.length > 12 ? ' …' : ''}`,
    )
  }
  const { time } = definition
  const timeColumn = time.column === undefined ? -1 : (columns.get(time.column) ?? -1)
  if (time.column !== undefined && timeColumn < 0 && !lenient) {
    throw new FileError(`the time column "${time.column}" is not in the header${hint(time.column, header)}`)
  }
  return {
    width: header.length,
    time: time.value === undefined ? undefined : read(time.value),
    timeColumn,
    timeName: time.column ?? time.value ?? 'time',
    thingKey: read(definition.thing.key),
    read,
    area: definition.sum && {
      key: read(definition.sum.area),
      name: definition.sum.name === undefined ? undefined : read(definition.sum.name),
    },
    typed: (text, row) => typedValue(text, row, lookups, base),
    where: conditions(definition.where, columns),
    series,
  }
}

function lookupOf(name: string, lookups: ReadonlyMap<string, LookupTable>, names: Names): ReturnType<Names['lookup']> {
  const dot = name.indexOf('.')
  const table = dot > 0 ? lookups.get(name.slice(0, dot)) : undefined
  if (!table) return undefined
  return { by: compileTemplate(table.by, names), fields: table.fields.get(name.slice(dot + 1)) ?? new Map() }
}

function typedValue(
  text: string,
  row: readonly Cell[],
  lookups: ReadonlyMap<string, LookupTable>,
  names: Names,
): unknown {
  const match = /^\{([^{}|.]+)\.([^{}|]+)\}$/.exec(text)
  const table = match && lookups.get(match[1]!)
  if (!table) return undefined
  const by = compileTemplate(table.by, names)
  return table.raw.get(match[2]!)?.get('constant' in by ? by.constant : by.read(row))
}

function planSeries(
  definition: Definition,
  header: readonly string[],
  columns: ReadonlyMap<string, number>,
  base: Names,
  constants: ReadonlyMap<string, string>,
): PlannedSeries[] {
  const planned: PlannedSeries[] = []
  const taken = new Set<number>()
  for (const document of definition.series) {
    if (document.column !== undefined) {
      const column = columns.get(document.column)
      if (column === undefined) continue
      taken.add(column)
      planned.push(planOne(document, column, document.column, document.column, base, columns))
      continue
    }
    const pattern = compilePattern(fillPattern(document.columns!, constants, base))
    header.forEach((name, column) => {
      if (taken.has(column)) return
      const found = pattern.groups(name)
      if (!found) return
      taken.add(column)
      const groups = new Map(found)
      groups.set('column', name)
      const names: Names = {
        ...base,
        constant: (wanted) => groups.get(wanted) ?? base.constant(wanted),
      }
      const [firstGroup] = found.values()
      planned.push(planOne(document, column, name, firstGroup || name, names, columns))
    })
  }
  return planned
}

/** Placeholders of the file inside a pattern stand for themselves, not for a pattern. */
function fillPattern(pattern: string, constants: ReadonlyMap<string, string>, names: Names): string {
  return pattern.replaceAll(/(?<!\\[pPuk])\{([A-Za-z][^{}]*)\}/g, (_, name: string) => {
    const value = constants.get(name)
    if (value === undefined) {
      names.unknown(name)
      return '[^\\s\\S]'
    }
    return value.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
  })
}

const qualityClasses = { good: 0, suspect: 1, missing: 2 } as const

function planOne(
  document: SeriesDocument,
  column: number,
  columnName: string,
  defaultKey: string,
  names: Names,
  columns: ReadonlyMap<string, number>,
): PlannedSeries {
  const read = (text: string) => compileTemplate(text, names)
  const { quality } = document
  const statuses = new Map<string, QualityClass>()
  for (const kind of ['good', 'suspect', 'missing'] as const) {
    for (const status of listOf(quality?.[kind])) statuses.set(String(status), qualityClasses[kind])
  }
  let status = -1
  if (quality?.column !== undefined) {
    const reader = read(quality.column)
    // A template names the column ("{channel}-status"); a plain text is the name itself.
    status = 'constant' in reader ? (columns.get(reader.constant) ?? -1) : -1
  }
  return {
    document,
    column,
    columnName,
    key: document.key === undefined ? { constant: defaultKey } : read(document.key),
    name: document.name === undefined ? undefined : read(document.name),
    description: document.description === undefined ? undefined : read(document.description),
    property: read(document.property),
    fill: read,
    status,
    statuses,
    otherwise: qualityClasses[quality?.otherwise ?? 'suspect'],
    least: quality?.range?.[0] ?? Number.NEGATIVE_INFINITY,
    greatest: quality?.range?.[1] ?? Number.POSITIVE_INFINITY,
    when: conditions(document.when, columns),
    kind: document.type ?? 'number',
    values: document.values && new Map(Object.entries(document.values)),
    factor: document.factor ?? 1,
  }
}

function listOf(value: unknown): unknown[] {
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

function conditions(
  document: Record<string, unknown> | undefined,
  columns: ReadonlyMap<string, number>,
): ((row: readonly Cell[]) => boolean) | undefined {
  if (!document) return undefined
  const checks = Object.entries(document).map(([name, accepted]) => ({
    column: columns.get(name) ?? -1,
    accepted: new Set(listOf(accepted).map(String)),
  }))
  return (row) => checks.every(({ column, accepted }) => accepted.has(cellText(row[column])))
}
