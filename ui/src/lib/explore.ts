/** Requests to SensorThings as a form makes them (`/explore`): from the form to the address, and to programs. */

/** Shape of `/api/v1/sensorthings/model`. */
export interface Model {
  tasking: boolean
  sets: EntitySet[]
}
export type Kind = 'text' | 'number' | 'time' | 'place' | 'json' | 'any'
export interface EntitySet {
  name: string
  type: string
  properties: { name: string; kind: Kind; mandatory: boolean; readOnly: boolean }[]
  relations: { name: string; set: string; many: boolean }[]
}

/** A condition: a place's value is `west,south,east,north`; a path into JSON goes on behind the property (`properties/a`). */
export interface Filter {
  path: string
  op: string
  value: string
}

/** What is asked of one set, or of a relation that is expanded. */
export interface Query {
  set: string
  select: string[]
  filters: Filter[]
  expand: { relation: string; query: Query }[]
  order: string
  desc: boolean
  /** null = as many as the service gives by itself. */
  top: number | null
  count: boolean
}

export const fresh = (set: string): Query => ({
  set,
  select: [],
  filters: [],
  expand: [],
  order: '',
  desc: false,
  top: null,
  count: false,
})

export const VIEWS = ['table', 'json', 'map', 'chart'] as const
export type View = (typeof VIEWS)[number]

/** Which comparisons a kind of value has; the first is the one a form begins with. */
export const OPERATORS: Record<Kind, readonly string[]> = {
  text: ['contains', 'eq', 'ne', 'startswith', 'endswith'],
  number: ['eq', 'ne', 'gt', 'ge', 'lt', 'le'],
  time: ['ge', 'lt', 'gt', 'le'],
  place: ['within'],
  json: ['eq', 'ne', 'gt', 'lt', 'contains'],
  any: ['gt', 'lt', 'ge', 'le', 'eq', 'ne', 'contains'],
}

export const setOf = (model: Model, name: string): EntitySet | undefined => model.sets.find((set) => set.name === name)

/** Kind of what a path of a condition leads to, over relations; null when it leads nowhere. */
export function kindOf(model: Model, set: string, path: string): Kind | null {
  let at = setOf(model, set)
  const parts = path.split('/')
  for (const [i, part] of parts.entries()) {
    const property = at?.properties.find(({ name }) => name === part)
    if (property)
      return i === parts.length - 1 || property.kind === 'json' || property.kind === 'any' ? property.kind : null
    const relation = at?.relations.find(({ name }) => name === part)
    if (!relation) return null
    at = setOf(model, relation.set)
  }
  return null
}

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const isNumber = (text: string): boolean => /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text.trim())

function condition(model: Model, set: string, { path, op, value }: Filter): string | null {
  if (value.trim() === '') return null
  const kind = kindOf(model, set, path) ?? 'any'
  // `id` is short for `@iot.id` and easier to read.
  const name = path.replace(/@iot\.id$/, 'id')
  if (kind === 'place') {
    const [w, s, e, n] = value.split(',').map(Number)
    if (![w, s, e, n].every(Number.isFinite)) return null
    return `st_within(${name},geography'POLYGON((${w} ${s},${e} ${s},${e} ${n},${w} ${n},${w} ${s}))')`
  }
  if (['contains', 'startswith', 'endswith'].includes(op)) return `${op}(${name},${quoted(value)})`
  if (kind === 'time' || kind === 'number') return `${name} ${op} ${value.trim()}`
  if (kind === 'text') return `${name} ${op} ${quoted(value)}`
  return `${name} ${op} ${isNumber(value) || ['true', 'false', 'null'].includes(value) ? value.trim() : quoted(value)}`
}

/** The options of a query as `[name, value]`, in the order they are explained. */
function optionsOf(model: Model, query: Query): [name: string, value: string][] {
  const options: [string, string][] = []
  const conditions = query.filters.map((one) => condition(model, query.set, one)).filter((one) => one !== null)
  if (conditions.length > 0) options.push(['$filter', conditions.join(' and ')])
  if (query.select.length > 0) {
    const also = query.expand.map(({ relation }) => relation).filter((name) => !query.select.includes(name))
    options.push(['$select', [...query.select, ...also].join(',')])
  }
  if (query.expand.length > 0)
    options.push(['$expand', query.expand.map((one) => expansion(model, query.set, one)).join(',')])
  if (query.order) options.push(['$orderby', query.desc ? `${query.order} desc` : query.order])
  if (query.top !== null) options.push(['$top', String(query.top)])
  if (query.count) options.push(['$count', 'true'])
  return options
}

function expansion(model: Model, set: string, { relation, query }: { relation: string; query: Query }): string {
  const many = setOf(model, set)?.relations.find(({ name }) => name === relation)?.many ?? true
  const inner = optionsOf(model, many ? query : { ...fresh(query.set), select: query.select, expand: query.expand })
  return inner.length === 0 ? relation : `${relation}(${inner.map(([name, value]) => `${name}=${value}`).join(';')})`
}

/** The request below the service root, readable: what would end a value is encoded, nothing else. */
export function requestOf(model: Model, query: Query): string {
  const options = optionsOf(model, query).map(
    ([name, value]) => `${name}=${value.replace(/[%&#+]/g, encodeURIComponent)}`,
  )
  return options.length === 0 ? query.set : `${query.set}?${options.join('&')}`
}

export const rootOf = (dataset: string | null): string => (dataset ? `/d/${dataset}/sta/v1.1` : '/sta/v1.1')

/** The address of a readable request, encoded. */
export const addressOf = (origin: string, dataset: string | null, request: string): string =>
  new URL(`${origin}${rootOf(dataset)}/${request.trim()}`).href.replaceAll("'", '%27')

/** The request with a further option. */
export const withOption = (request: string, option: string): string =>
  `${request}${request.includes('?') ? '&' : '?'}${option}`

/** Where an error of the service stands in the readable request: index of the character, or null. */
export function placeOfError(request: string, message: string, position: number | undefined): number | null {
  if (position === undefined) return null
  const question = request.indexOf('?')
  const named = /^\$(\w+)/.exec(message)?.[1]
  if (!named) return position < (question < 0 ? request.length : question) ? position : null
  const start = new RegExp(`[?&]\\$?${named}=`, 'i').exec(request)
  if (!start) return null
  // The position counts decoded characters of the value.
  let at = start.index + start[0].length
  for (let seen = 0; seen < position && at < request.length; seen++)
    at += /^%[0-9a-f]{2}/i.test(request.slice(at)) ? 3 : 1
  return Math.min(at, request.length - 1)
}

type State = { dataset?: string | null; as?: View; request?: string | null }

/** Address of the page that shows this query, or a request written by hand. */
export function exploreLink(query: Query, { dataset = null, as, request = null }: State = {}): string {
  const params = new URLSearchParams()
  if (dataset) params.set('dataset', dataset)
  params.set('form', JSON.stringify(packed(query)))
  if (request) params.set('request', request)
  if (as && as !== 'table') params.set('as', as)
  return `/explore?${params}`
}

/** Without what is as it is by itself: addresses stay short. */
function packed(query: Query): object {
  const { set, select, filters, expand, order, desc, top, count } = query
  return {
    set,
    ...(select.length > 0 && { select }),
    ...(filters.length > 0 && { filters }),
    ...(expand.length > 0 && { expand: expand.map((one) => ({ relation: one.relation, query: packed(one.query) })) }),
    ...(order && { order }),
    ...(desc && { desc }),
    ...(top !== null && { top }),
    ...(count && { count }),
  }
}

/** What an address says; what it says wrongly is left out. Null when there is nothing of a form in it. */
export function readForm(model: Model, text: string | null): Query | null {
  if (!text) return null
  try {
    return unpacked(model, JSON.parse(text), 0)
  } catch {
    return null
  }
}

function unpacked(model: Model, value: unknown, depth: number): Query | null {
  const given = (value ?? {}) as Partial<Query>
  const set = setOf(model, String(given.set))
  if (!set || depth > 8) return null
  const list = <T>(items: unknown): T[] => (Array.isArray(items) ? (items as T[]) : [])
  const expand: Query['expand'] = []
  for (const one of list<Query['expand'][number]>(given.expand)) {
    const relation = set.relations.find(({ name }) => name === one?.relation)
    const query = relation && unpacked(model, { ...one.query, set: relation.set }, depth + 1)
    if (relation && query) expand.push({ relation: relation.name, query })
  }
  const names = set.properties.map(({ name }) => name)
  return {
    set: set.name,
    select: list<string>(given.select).filter((name) => names.includes(name)),
    filters: list<Filter>(given.filters)
      .filter((one) => typeof one?.path === 'string' && kindOf(model, set.name, one.path) !== null)
      .map((one) => ({ path: one.path, op: String(one.op), value: String(one.value) })),
    expand,
    order: typeof given.order === 'string' ? given.order : '',
    desc: given.desc === true,
    top: Number.isInteger(given.top) && given.top! >= 0 ? given.top! : null,
    count: given.count === true,
  }
}

/** Programs that ask the same. */
export function programsOf(url: string, map: string): Record<'curl' | 'python' | 'javascript' | 'qgis', string> {
  const text = JSON.stringify(url)
  return {
    curl: `curl '${url}'`,
    python: `import json, urllib.request

url = ${text}
while url:
    with urllib.request.urlopen(url) as answer:
        page = json.load(answer)
    for entity in page["value"]:
        print(entity)
    url = page.get("@iot.nextLink")`,
    javascript: `let url = ${text}
while (url) {
  const page = await (await fetch(url)).json()
  for (const entity of page.value) console.log(entity)
  url = page['@iot.nextLink']
}`,
    qgis: map,
  }
}
