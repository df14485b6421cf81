import { Document, isMap, isSeq, type Pair, type Scalar, YAMLMap } from 'yaml'
import type { DefinitionDocument, SeriesDocument } from './definition.ts'
import type { ColumnMapping, Guess, Mapping, Measure, Words } from './detect-model.ts'
import { PROPERTIES } from './vocabulary.ts'

const column = (name: string) => `{${name}}`

/** The definition a mapping means. The same choices always give the same text. */
export function definitionOf(mapping: Mapping): DefinitionDocument {
  const { columns, time, station } = mapping
  const of = (role: ColumnMapping['role']) => columns.find((one) => one.role === role)?.column
  const timeColumn = of('time')
  const clock = of('clock')
  const key = of('station')
  const name = of('name')
  const properties: NonNullable<DefinitionDocument['properties']> = {}
  const series = seriesOf(mapping, properties)
  const document: Partial<DefinitionDocument> & Record<string, unknown> = {
    id: mapping.id,
    title: mapping.title,
    dataset: compact(mapping.dataset),
    from: mapping.from,
    format: compact(mapping.format) as DefinitionDocument['format'],
    timeZone: mapping.timeZone,
  }
  if (mapping.schedule && Object.values(mapping.schedule).some(Boolean)) document.schedule = compact(mapping.schedule)
  if (mapping.preamble && !key) document.preamble = mapping.preamble
  if (mapping.concept !== undefined) Object.assign(document, { concept: mapping.concept })
  // A list of places alone has no time: what is in it holds until it is read again.
  if (mapping.concept === undefined || series.length > 0)
    document.time =
      timeColumn === undefined
        ? { arrival: true, ...period(time) }
        : clock === undefined
          ? { column: timeColumn, format: time.format, ...period(time) }
          : { value: `${column(timeColumn)} ${column(clock)}`, format: time.format, ...period(time) }
  const location = locationOf(mapping, of)
  const facts = mapping.concept === undefined ? [] : columns.filter((one) => one.role === 'fact' && one.term)
  document.thing = {
    key: key !== undefined ? column(key) : mapping.concept === undefined ? station.key : keyOf(of, station.key),
    ...(name !== undefined
      ? { name: column(name) }
      : key === undefined && mapping.concept === undefined && station.name !== ''
        ? { name: station.name }
        : {}),
    ...(facts.length > 0
      ? { properties: Object.fromEntries(facts.map((one) => [one.term!, column(one.column)])) }
      : {}),
    ...(location ? { location } : {}),
  }
  if (mapping.concept === undefined || series.length > 0) document.series = series
  if (Object.keys(properties).length > 0) document.properties = properties
  return document as DefinitionDocument
}

/** In a list of places each row is a place of its own: known by its name, else by where it is. */
function keyOf(of: (role: ColumnMapping['role']) => string | undefined, otherwise: string): string {
  const [name, point, lat, lon] = [of('name'), of('point'), of('lat'), of('lon')]
  if (name !== undefined) return column(name)
  if (point !== undefined) return column(point)
  return lat === undefined || lon === undefined ? otherwise : `${column(lat)} ${column(lon)}`
}

function period({ period, stamp }: Mapping['time']): { period?: string; stamp?: 'start' | 'end' } {
  return period ? { period, ...(stamp === 'end' ? { stamp } : {}) } : {}
}

function locationOf(
  { station }: Mapping,
  of: (role: ColumnMapping['role']) => string | undefined,
): DefinitionDocument['thing']['location'] {
  const point = of('point')
  const geometry = of('geometry')
  const [lat, lon] = [of('lat'), of('lon')]
  if (point !== undefined) return { point: column(point) }
  if (geometry !== undefined) return { geometry: column(geometry) }
  if (lat !== undefined && lon !== undefined) return { lat: column(lat), lon: column(lon) }
  if (of('station') !== undefined || !station.lat || !station.lon) return undefined
  const note = station.note ? { properties: { attribution: station.note } } : {}
  return { lat: station.lat, lon: station.lon, ...note }
}

function seriesOf(
  { columns, kinds }: Mapping,
  properties: NonNullable<DefinitionDocument['properties']>,
): SeriesDocument[] {
  const statuses = columns.filter(({ role }) => role === 'status')
  const kind = columns.find(({ role }) => role === 'kind')?.column
  return columns.flatMap(({ column: name, role, measure }): SeriesDocument[] => {
    if (role !== 'value') return []
    const status = statuses.find((one) => one.of === name) ?? statuses.find((one) => one.of === undefined)
    const quality = status ? { quality: { column: status.column, good: status.good ?? [] } } : {}
    if (kind !== undefined && kinds) {
      return Object.entries(kinds).map(([value, each]) => ({
        column: name,
        when: { [kind]: value },
        ...measured(each, properties),
        ...quality,
      }))
    }
    return measure ? [{ column: name, ...measured(measure, properties), ...quality }] : []
  })
}

function measured(
  { property, name, key, unit, own, role }: Measure,
  properties: NonNullable<DefinitionDocument['properties']>,
): Pick<SeriesDocument, 'property' | 'name' | 'key' | 'unit' | 'role'> {
  if (own && !PROPERTIES.has(property))
    properties[property] ??= { name: own.name, unit: own.unit, aggregate: own.aggregate }
  return {
    ...(key === undefined ? {} : { key }),
    name,
    property,
    ...(unit ? { unit } : {}),
    ...(role ? { role } : {}),
  }
}

/** Without what is empty: a definition holds what somebody said. */
function compact<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined && item !== '')) as T
}

const ABOUT: Partial<Record<Guess['about'], string>> = {
  format: 'format',
  encoding: 'format',
  header: 'format',
  decimal: 'format',
  time: 'time',
  period: 'time',
  zone: 'timeZone',
  station: 'thing',
  place: 'thing',
  values: 'series',
}

/** The text of a definition, with the reasons of what was recognised as comments, for whoever opens it in two years. */
export function yamlOf(definition: DefinitionDocument, guesses: readonly Guess[], lang: keyof Words): string {
  const document = new Document(definition, { aliasDuplicateObjects: false })
  document.commentBefore = ' yaml-language-server: $schema=schema.json'
  const comments = new Map<string, string[]>()
  for (const { about, value, reason } of guesses) {
    const key = ABOUT[about]
    if (key) comments.set(key, [...(comments.get(key) ?? []), ` ${value[lang]}: ${reason[lang]}`])
  }
  if (isMap(document.contents)) {
    for (const { key, value } of document.contents.items as Pair<Scalar<string>>[]) {
      const lines = comments.get(key.value)
      if (lines) key.commentBefore = lines.join('\n')
      if (key.value === 'series' && isSeq(value))
        for (const item of value.items) if (item instanceof YAMLMap) item.flow = true
    }
  }
  return document.toString({ lineWidth: 0 })
}
