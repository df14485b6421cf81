/** SensorThings query strings by their grammar (OGC 18-088 §9.3.3), with something foreign in a place or two. */
import fc from 'fast-check'
import { hostileText, mutatedText } from './fuzz.ts'

const SETS = [
  'Things',
  'Locations',
  'HistoricalLocations',
  'Datastreams',
  'MultiDatastreams',
  'Sensors',
  'ObservedProperties',
  'Observations',
  'FeaturesOfInterest',
  'Actuators',
  'TaskingCapabilities',
  'Tasks',
]
const NAVIGATIONS = [
  ...SETS,
  'Thing',
  'Datastream',
  'MultiDatastream',
  'Sensor',
  'ObservedProperty',
  'FeatureOfInterest',
]
const PROPERTIES = [
  'id',
  'name',
  'description',
  'properties',
  'properties/a',
  'properties/a/b[0]',
  'phenomenonTime',
  'resultTime',
  'validTime',
  'result',
  'result/a',
  'result[0]',
  'resultQuality',
  'parameters',
  'location',
  'feature',
  'time',
  'observedArea',
  'unitOfMeasurement',
  'unitOfMeasurement/name',
  'observationType',
  'encodingType',
  'metadata',
  'definition',
  'creationTime',
  'taskingParameters/level',
  '@iot.id',
  '@iot.selfLink',
]
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`

export const wkt = fc.letrec<Record<'geometry' | 'point' | 'line' | 'ring', string>>((tie) => ({
  point: fc
    .tuple(
      fc.oneof(fc.double({ min: -181, max: 181 }), fc.constantFrom(0, 1e-300, 1e300, -90, 7.6)),
      fc.double({ min: -91, max: 91 }),
    )
    .map(([x, y]) => `${x} ${y}`),
  line: fc.array(tie('point'), { minLength: 1, maxLength: 5 }).map((points) => `(${points.join(',')})`),
  ring: fc
    .array(tie('point'), { minLength: 1, maxLength: 5 })
    .map((points) => `(${[...points, points[0]].join(', ')})`),
  geometry: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    tie('point').map((point) => `POINT(${point})`),
    tie('line').map((line) => `LINESTRING ${line}`),
    fc.array(tie('ring'), { minLength: 1, maxLength: 3 }).map((rings) => `POLYGON (${rings.join(',')})`),
    fc.array(tie('point'), { minLength: 1, maxLength: 3 }).map((points) => `MULTIPOINT (${points.join(',')})`),
    fc.array(tie('line'), { minLength: 1, maxLength: 3 }).map((lines) => `MULTILINESTRING (${lines.join(',')})`),
    fc.array(tie('ring'), { minLength: 1, maxLength: 3 }).map((rings) => `MULTIPOLYGON ((${rings.join(',')}))`),
    fc.array(tie('geometry'), { minLength: 1, maxLength: 2 }).map((all) => `GEOMETRYCOLLECTION(${all.join(',')})`),
    tie('geometry').map((geometry) => `SRID=4326;${geometry}`),
  ),
})).geometry

export const instant = fc.oneof(
  fc
    .date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') })
    .map((d) => d.toISOString()),
  mutatedText(
    '2026-11-01T00:00:00Z',
    '2026-03-29T02:30:00+01:00',
    '2026-11-01T00:00:00.123456Z',
    '2026-11-01',
    '2026-11-01T24:00Z',
  ),
)
export const duration = fc.oneof(
  fc.constantFrom('P1D', 'PT1H', 'PT15M', 'P1M', 'P1Y', 'P1W'),
  mutatedText('P1Y2M3DT4H5M6.7S', 'P1W'),
)
export const period = fc.oneof(
  instant,
  fc.tuple(fc.oneof(instant, duration), fc.oneof(instant, duration)).map((ends) => ends.join('/')),
)

const FUNCTIONS = [
  ...[
    'substringof',
    'contains',
    'startswith',
    'endswith',
    'length',
    'indexof',
    'substring',
    'tolower',
    'toupper',
    'trim',
    'concat',
  ],
  ...[
    'year',
    'month',
    'day',
    'hour',
    'minute',
    'second',
    'fractionalseconds',
    'date',
    'time',
    'totaloffsetminutes',
    'now',
    'mindatetime',
    'maxdatetime',
  ],
  ...[
    'before',
    'after',
    'meets',
    'during',
    'overlaps',
    'starts',
    'finishes',
    'round',
    'floor',
    'ceiling',
    'geo.distance',
    'geo.length',
    'geo.intersects',
  ],
  ...[
    'st_equals',
    'st_disjoint',
    'st_touches',
    'st_within',
    'st_overlaps',
    'st_crosses',
    'st_intersects',
    'st_contains',
    'st_relate',
    'unknown',
    'bucket',
    'constructor',
  ],
]

const navigation = fc.constantFrom(...NAVIGATIONS)
const property = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...PROPERTIES) },
  { weight: 1, arbitrary: hostileText },
)
const path = fc
  .tuple(fc.array(navigation, { maxLength: 2 }), property)
  .map(([steps, last]) => [...steps, last].join('/'))
const literal = fc.oneof(
  fc.integer().map(String),
  fc.double().map(String),
  fc.constantFrom('null', 'true', 'false', '2026-11-01', '12:30:00', "duration'P1D'"),
  hostileText.map(quoted),
  period,
  wkt.map((text) => `geography${quoted(text)}`),
)

export const expression = fc.letrec<{ any: string; value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    path,
    literal,
    fc
      .tuple(fc.constantFrom(...FUNCTIONS), fc.array(tie('value'), { maxLength: 3 }))
      .map(([name, args]) => `${name}(${args.join(',')})`),
    fc
      .tuple(tie('value'), fc.constantFrom('add', 'sub', 'mul', 'div', 'mod'), tie('value'))
      .map((parts) => parts.join(' ')),
    tie('value').map((inner) => `(${inner})`),
    tie('value').map((inner) => `-${inner}`),
  ),
  any: fc.oneof(
    { depthSize: 'small', maxDepth: 4 },
    fc
      .tuple(tie('value'), fc.constantFrom('eq', 'ne', 'gt', 'ge', 'lt', 'le'), tie('value'))
      .map((parts) => parts.join(' ')),
    tie('value'),
    fc.tuple(tie('any'), fc.constantFrom('and', 'or'), tie('any')).map((parts) => parts.join(' ')),
    tie('any').map((inner) => `not (${inner})`),
    fc
      .tuple(path, fc.array(literal, { minLength: 1, maxLength: 3 }))
      .map(([one, list]) => `${one} in (${list.join(',')})`),
    fc
      .tuple(navigation, fc.constantFrom('any', 'all'), tie('any'))
      .map(([nav, which, body]) => `${nav}/${which}(x: ${body})`),
  ),
})).any

/** The words and signs of the grammar in any order, with and without space between them. */
const TOKENS = [
  ...['(', ')', '((', '))', '[', ']', ',', ';', ':', '/', '//', "'", "''", '-', '--', '+', '*', '$', '=', '.', '@'],
  ...['eq', 'ne', 'gt', 'in', 'and', 'or', 'not', 'not not', 'add', 'mod', 'any(', 'all(', 'x:', 'x/', 'asc', 'desc'],
  ...['null', 'true', '1', '-1', '1e5', '0x', "'a'", "duration'", "geography'", 'POINT(1 2)', 'PT1H', '2026-01-01'],
  ...['T10:00:00Z', '$filter=', '$select=', '$expand=', '$top=', '$ref', '$count', '\u00e4', '\t'],
]
const soup = fc
  .array(
    fc.tuple(
      fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...TOKENS) },
        { weight: 2, arbitrary: fc.constantFrom(...FUNCTIONS) },
        { weight: 2, arbitrary: fc.constantFrom(...NAVIGATIONS, ...PROPERTIES) },
        { weight: 1, arbitrary: period },
      ),
      fc.constantFrom(' ', ' ', ' ', ''),
      // Much of the same is where a parser that tries everything twice takes forever.
      fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 2, max: 400 }) }),
    ),
    { minLength: 1, maxLength: 30 },
  )
  .map((tokens) => tokens.map(([token, space, times]) => (token + space).repeat(times)).join(''))

const orderby = fc
  .array(fc.tuple(fc.oneof(path, expression), fc.constantFrom('', ' asc', ' desc')), { minLength: 1, maxLength: 3 })
  .map((items) => items.map((item) => item.join('')).join(','))
const select = fc
  .array(fc.oneof({ weight: 4, arbitrary: property }, { weight: 1, arbitrary: path }), { minLength: 1, maxLength: 4 })
  .map((names) => names.join(','))
const number = fc.oneof(fc.nat(20).map(String), fc.constantFrom('-1', '10001', '99999999999', '1.5', '', 'x'))

const expand: fc.Arbitrary<string> = fc.letrec<{ item: string; options: string }>((tie) => ({
  item: fc.oneof(
    { depthSize: 'small', maxDepth: 3 },
    fc.array(navigation, { minLength: 1, maxLength: 3 }).map((steps) => steps.join('/')),
    navigation.map((nav) => `${nav}/$ref`),
    fc
      .tuple(navigation, fc.constantFrom('', '/$ref'), tie('options'))
      .map(([nav, ref, options]) => `${nav}${ref}(${options})`),
  ),
  options: fc
    .array(
      fc.oneof(
        expression.map((text) => `$filter=${text}`),
        orderby.map((text) => `$orderby=${text}`),
        select.map((text) => `$select=${text}`),
        tie('item').map((text) => `$expand=${text}`),
        number.map((text) => `$top=${text}`),
        number.map((text) => `$skip=${text}`),
        fc.constantFrom('$count=true', '$count=x', '$apply=x'),
      ),
      { minLength: 1, maxLength: 3 },
    )
    .map((options) => options.join(';')),
})).item

const METHODS = ['sum', 'min', 'max', 'average', 'countdistinct', 'p05', 'p50', 'p99', 'p100', 'median']
export const apply = fc
  .tuple(
    fc.option(expression, { nil: null }),
    fc.option(
      fc.tuple(
        fc.oneof(duration, hostileText),
        fc.oneof(fc.constantFrom('Europe/Berlin', 'UTC', 'Asia/Kathmandu'), hostileText),
      ),
      { nil: null },
    ),
    fc.array(fc.oneof(path, fc.constant('day')), { maxLength: 3 }),
    fc.array(fc.oneof(fc.tuple(path, fc.constantFrom(...METHODS)), fc.tuple(expression, fc.constantFrom(...METHODS))), {
      maxLength: 3,
    }),
    fc.boolean(),
  )
  .map(([filter, bucket, paths, aggregates, count]) => {
    const items = [
      ...aggregates.map(([one, method], i) => `${one} with ${method} as a${i}`),
      ...(count ? ['$count as n'] : []),
    ]
    const aggregate = items.length > 0 ? `aggregate(${items.join(',')})` : ''
    const keys = [...paths, ...(bucket ? ['day'] : [])]
    const last = keys.length > 0 ? `groupby((${keys.join(',')})${aggregate ? `,${aggregate}` : ''})` : aggregate
    return [
      filter && `filter(${filter})`,
      bucket && `compute(bucket(phenomenonTime,duration'${bucket[0]}',${quoted(bucket[1])}) as day)`,
      last,
    ]
      .filter(Boolean)
      .join('/')
  })

/** Options whose values are soups, or sound with a soup in the middle. */
export const soups = fc
  .tuple(fc.constantFrom('$filter', '$orderby', '$select', '$expand'), soup, fc.option(expression, { nil: null }))
  .map(([name, text, sound]) => ({ [name]: sound === null ? text : `${sound} ${text}` }))

/** Options with their values, not yet percent-encoded. */
export const options = fc.record(
  {
    $filter: fc.oneof(
      expression,
      expression.chain((text) => mutatedText(text)),
    ),
    $orderby: orderby,
    $select: select,
    $expand: fc.array(expand, { minLength: 1, maxLength: 2 }).map((items) => items.join(',')),
    $top: number,
    $skip: number,
    $count: fc.constantFrom('true', 'false', 'x'),
    $resultFormat: fc.constantFrom('dataArray', 'CSV', 'GeoJSON', 'x'),
    $skiptoken: hostileText,
  },
  { requiredKeys: [] },
)

const id = fc.oneof(fc.nat(30).map(String), fc.constantFrom('-1', '99999999999999999999', "'x'", '', '1)('))
/** Paths below the service root. */
export const resource = fc
  .tuple(
    fc.array(
      fc.tuple(navigation, fc.option(id, { nil: null })).map(([nav, one]) => (one === null ? nav : `${nav}(${one})`)),
      { minLength: 1, maxLength: 4 },
    ),
    fc.option(fc.oneof(property, fc.constantFrom('$ref', '$count', '$value', 'name/$value', '$batch')), { nil: null }),
  )
  .map(([steps, last]) => [...steps, ...(last === null ? [] : [last])].join('/'))

/** Addresses that mean something: a set, perhaps of one entity, so that what follows reaches the database. */
export const sensible = fc.oneof(
  fc.constantFrom(...SETS),
  fc.tuple(fc.constantFrom(...SETS), fc.integer({ min: 1, max: 3 })).map(([set, one]) => `${set}(${one})`),
  fc
    .tuple(
      fc.constantFrom('Things', 'Datastreams'),
      fc.integer({ min: 1, max: 2 }),
      fc.constantFrom('Datastreams', 'Observations', 'Locations'),
    )
    .map(([set, one, nav]) => `${set}(${one})/${nav}`),
)

/** As a client sends it. Lone surrogates have no encoding: they are sent as what is left of them. */
export const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())
