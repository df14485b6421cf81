import { type Apply, readApply } from './apply.ts'
import type { ExpandItem, Expr, NestedOption, OrderItem, Segment, SelectItem } from './ast.ts'
import { bad } from './errors.ts'
import { type Accepts, type EntityType, isId, type Navigation, navigationOf, propertyOf } from './model.ts'
import { parse } from './parse.ts'

const DEFAULT_TOP = 100
const MAX_TOP = 10_000
/** Deepest nesting of $expand. */
const MAX_EXPAND_DEPTH = 12
/** Most rows one answer may reach for along one chain of expands; smaller inner pages with a nextLink keep within it. */
const MAX_FANOUT = 1_000_000

export type ResultFormat = 'default' | 'dataArray' | 'csv' | 'geojson'

/** The query options about one set or entity, checked against the model. */
export interface Query {
  filter: Expr | null
  orderby: OrderItem[]
  /** Names of properties and navigations; null = all. */
  select: Set<string> | null
  /** Of a selected property only these places inside its JSON. */
  places: Map<string, string[][]>
  /** References instead of entities: the way to the set ends in `/$ref`. */
  ref: boolean
  expand: Expand[]
  top: number
  skip: number
  count: boolean
  /** Values of the sort keys of the last row of the page before. */
  after: unknown[] | null
  resultFormat: ResultFormat
  /** Groups instead of entities. */
  apply: Apply | null
  /** The options as written, for nextLinks. */
  raw: Map<string, string>
}

export interface Expand {
  navigation: Navigation
  query: Query
}

const emptyQuery = (): Query => ({
  filter: null,
  orderby: [],
  select: null,
  places: new Map(),
  ref: false,
  expand: [],
  top: DEFAULT_TOP,
  skip: 0,
  count: false,
  after: null,
  resultFormat: 'default',
  apply: null,
  raw: new Map(),
})

/** Options this service will have (see docs/using/sensorthings.md) but does not have yet. */
const LATER = new Set(['search', 'format', 'compute', 'levels'])

/**
 * Splits a raw query string into options. `+` means a space, except where it stands before the hours of a time's offset;
 * an offset whose `+` was already made a space is mended. Names are case-insensitive, with or without `$`.
 */
export function splitOptions(search: string): Map<string, string> {
  const options = new Map<string, string>()
  if (search === '') return options
  for (const pair of search.split('&')) {
    if (pair === '') continue
    const [before, value] = parted(pair)
    const name = before.toLowerCase().replace(/^\$/, '')
    if (options.has(name)) throw bad(`query option "$${name.slice(0, 40)}" is given twice`)
    options.set(name, mendOffsets(value))
  }
  return options
}

/** Name and value of one option, decoded; some clients encode the `=` between them, too. */
function parted(pair: string): [string, string] {
  const equals = pair.indexOf('=')
  if (equals >= 0) return [decode(pair.slice(0, equals)), decode(pair.slice(equals + 1))]
  const whole = decode(pair)
  const inside = whole.indexOf('=')
  if (inside < 0) throw bad(`query option "${whole.slice(0, 40)}" has no value`)
  return [whole.slice(0, inside), whole.slice(inside + 1)]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/(T\d\d(?::|%3A)\d\d[\d:.A%]*)\+(?=\d\d)/gi, '$1%2B').replaceAll('+', ' '))
  } catch {
    throw bad(`"${text.slice(0, 40)}" is not correctly percent-encoded`)
  }
}

const mendOffsets = (value: string) => value.replace(/(T\d\d:\d\d(?::\d\d(?:\.\d+)?)?) (\d\d:?\d\d)(?!\d)/gi, '$1+$2')

/** Reads the options of a request about `type`. Throws 400 for unknown options, names and malformed values. */
export function readQuery(type: EntityType, options: Map<string, string>): Query {
  const query = emptyQuery()
  for (const [name, value] of options) {
    query.raw.set(name, value)
    switch (name) {
      case 'filter':
        query.filter = parse('Filter', '$filter', value)
        break
      case 'orderby':
        query.orderby = parse('OrderBy', '$orderby', value)
        break
      case 'select':
        readSelect(query, type, parse('Select', '$select', value), '$select')
        break
      case 'expand':
        query.expand = readExpand(type, parse('Expand', '$expand', value), 1)
        break
      case 'top':
        query.top = readTop(wholeNumber('$top', value))
        break
      case 'skip':
        query.skip = readSkip(wholeNumber('$skip', value))
        break
      case 'count':
        query.count = readBoolean('$count', value)
        break
      case 'skiptoken':
        query.after = readToken(value)
        break
      case 'apply':
        query.apply = readApply(value)
        break
      case 'resultformat':
        query.resultFormat = readResultFormat(type, value)
        break
      default:
        if (LATER.has(name)) throw bad(`query option "$${name}" is not supported yet`)
        throw bad(`unknown query option "${name.slice(0, 40)}"`)
    }
  }
  if (query.apply) checkApply(query)
  boundFanout(query, query.top)
  return query
}

/** After `$apply` there are groups: what is about entities makes no sense for them. */
function checkApply(query: Query): void {
  for (const name of ['select', 'expand', 'skiptoken']) {
    if (query.raw.has(name)) throw bad(`$${name} does not go with $apply`)
  }
  if (query.resultFormat === 'dataArray' || query.resultFormat === 'geojson')
    throw bad('$resultFormat: groups of $apply come as JSON or CSV', 0)
}

/** Only $select and $expand make sense for one entity. */
export function checkEntityOptions(options: Map<string, string>): void {
  for (const name of options.keys()) {
    if (['filter', 'orderby', 'top', 'skip', 'count', 'skiptoken', 'resultformat', 'apply'].includes(name)) {
      throw bad(`query option "$${name}" is for sets; this address is one entity`)
    }
  }
}

function wholeNumber(option: string, value: string): number {
  if (!/^-?\d{1,15}$/.test(value.trim())) throw bad(`${option}: "${value.slice(0, 40)}" is not a whole number`, 0)
  return Number(value)
}

function readTop(top: number): number {
  if (top < 0) throw bad('$top: must not be negative', 0)
  return Math.min(top, MAX_TOP)
}

function readSkip(skip: number): number {
  if (skip < 0) throw bad('$skip: must not be negative', 0)
  return skip
}

function readBoolean(option: string, value: string): boolean {
  const lower = value.trim().toLowerCase()
  if (lower !== 'true' && lower !== 'false') throw bad(`${option}: true or false is expected`, 0)
  return lower === 'true'
}

function readToken(value: string): unknown[] {
  try {
    const token: unknown = JSON.parse(Buffer.from(value, 'base64url').toString('utf8'))
    if (Array.isArray(token) && token.every((v) => v === null || (typeof v === 'string' && !v.includes('\0'))))
      return token
  } catch {}
  throw bad('$skiptoken: not a token of this service; follow @iot.nextLink as it was given', 0)
}

const FORMATS: Record<string, ResultFormat> = {
  default: 'default',
  dataarray: 'dataArray',
  csv: 'csv',
  geojson: 'geojson',
}

function readResultFormat(type: EntityType, value: string): ResultFormat {
  const name = value.toLowerCase()
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name]! : null
  if (format === null) throw bad(`$resultFormat: "${value.slice(0, 40)}" is none of dataArray, CSV, GeoJSON`, 0)
  if (format === 'dataArray' && type.name !== 'Observation')
    throw bad('$resultFormat: dataArray is for Observations', 0)
  return format
}

/** What has nothing inside its values. */
const PLAIN: ReadonlySet<Accepts> = new Set(['string', 'instant', 'period', 'interval'])

function readSelect(query: Query, type: EntityType, items: SelectItem[], option: string): void {
  const names = new Set<string>()
  const whole = new Set<string>()
  query.places.clear()
  for (const { path, pos } of items) {
    const [{ name }, ...inside] = path as [Segment, ...Segment[]]
    const property = propertyOf(type, name)
    if (inside.length > 0) {
      if (navigationOf(type, name))
        throw bad(`${option}: what is selected of ${name} stands in $expand=${name}($select=…)`, pos)
      if (!property || PLAIN.has(property.accepts)) throw bad(`${option}: ${type.name} has no "${pathText(path)}"`, pos)
      names.add(name)
      query.places.set(name, [...(query.places.get(name) ?? []), inside.map((segment) => segment.name)])
    } else if (name === '*') {
      for (const each of type.properties) whole.add(each.name)
      names.add('id')
    } else if (isId(name)) names.add('id')
    else if (name === '@iot.selfLink' || name === 'selfLink') names.add('selfLink')
    else if (property) whole.add(name)
    else if (navigationOf(type, name)) names.add(name)
    else throw bad(`${option}: ${type.name} has no property "${name}"`, pos)
  }
  for (const name of whole) {
    names.add(name)
    query.places.delete(name)
  }
  query.select = names
}

const pathText = (path: readonly Segment[]): string => path.map(({ name }) => name).join('/')

/** Makes a query one for references. */
export function askReferences(query: Query): void {
  query.select = new Set(['selfLink'])
  query.ref = true
}

function readExpand(type: EntityType, items: ExpandItem[], depth: number): Expand[] {
  if (depth > MAX_EXPAND_DEPTH) throw bad(`$expand: more than ${MAX_EXPAND_DEPTH} levels`, items[0]?.path[0]?.pos)
  const expands: Expand[] = []
  for (const { path, ref, options } of items) {
    let level = expands
    let from = type
    let query: Query | undefined
    path.forEach((segment, i) => {
      const navigation = navigationOf(from, segment.name)
      if (!navigation) throw bad(`$expand: ${from.name} has no relation "${segment.name}"`, segment.pos)
      if (depth + i > MAX_EXPAND_DEPTH) throw bad(`$expand: more than ${MAX_EXPAND_DEPTH} levels`, segment.pos)
      let expand = level.find((e) => e.navigation === navigation)
      if (!expand) {
        expand = { navigation, query: emptyQuery() }
        level.push(expand)
      }
      query = expand.query
      level = query.expand
      from = navigation.to
    })
    const many = navigationOfPath(
      type,
      path.map((s) => s.name),
    ).many
    readNested(query!, from, options, depth + path.length, many)
    if (ref === null) continue
    if (query!.raw.has('select') || query!.expand.length > 0)
      throw bad('$expand: references have nothing to select or expand', ref)
    askReferences(query!)
  }
  return expands
}

function navigationOfPath(type: EntityType, names: string[]): Navigation {
  let from = type
  let navigation: Navigation | undefined
  for (const name of names) {
    navigation = navigationOf(from, name)!
    from = navigation.to
  }
  return navigation!
}

function readNested(query: Query, type: EntityType, options: NestedOption[], depth: number, many: boolean): void {
  const seen = new Set<string>()
  for (const { name, value, raw, pos } of options) {
    if (seen.has(name)) throw bad(`$expand: "$${name}" is given twice`, pos)
    seen.add(name)
    query.raw.set(name, raw)
    if (!many && name !== 'select' && name !== 'expand')
      throw bad(`$expand: "$${name}" is for relations to several entities`, pos)
    switch (name) {
      case 'filter':
        query.filter = value as Expr
        break
      case 'orderby':
        query.orderby = value as OrderItem[]
        break
      case 'select':
        readSelect(query, type, value as SelectItem[], '$expand')
        break
      case 'expand':
        query.expand = mergeExpands(query.expand, readExpand(type, value as ExpandItem[], depth))
        break
      case 'top':
        query.top = positioned(pos, () => readTop(value as number))
        break
      case 'skip':
        query.skip = positioned(pos, () => readSkip(value as number))
        break
      case 'count':
        query.count = value as boolean
        break
    }
  }
}

function positioned<T>(pos: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw bad((error as Error).message, pos)
  }
}

function mergeExpands(a: Expand[], b: Expand[]): Expand[] {
  return [...a.filter((x) => !b.some((y) => y.navigation === x.navigation)), ...b]
}

/** Cuts the pages of nested sets so that the product along every chain stays bounded. */
function boundFanout(query: Query, rows: number): void {
  for (const expand of query.expand) {
    if (!expand.navigation.many) {
      boundFanout(expand.query, rows)
      continue
    }
    const allowed = Math.max(1, Math.floor(MAX_FANOUT / Math.max(1, rows)))
    expand.query.top = Math.min(expand.query.top, allowed)
    boundFanout(expand.query, rows * Math.max(1, expand.query.top))
  }
}
