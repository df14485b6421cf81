import { type Static, Type } from 'typebox'
import { CONCEPTS } from '../features/index.ts'
import { FEED_TYPES } from './feed.ts'

/**
 * The source definition as a schema: the one place that says what a `sources/*.yaml` may hold. The check of a
 * definition, the editors' JSON Schema (`sources/schema.json`) and the TypeScript type derive from it.
 */
const closed = { additionalProperties: false } as const

const Text = (description: string) => Type.String({ description, minLength: 1, maxLength: 4000 })
const Template = (description: string) =>
  Type.String({ description: `${description} May hold {placeholders}.`, minLength: 1, maxLength: 4000 })
const Duration = (description: string) =>
  Type.String({ description, pattern: '^[1-9][0-9]{0,5}(s|m|h|d)$', examples: ['15m', '1h', '1d'] })
const Properties = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description })
const OneOrMore = (description: string) => {
  const scalar = Type.Union([Type.String(), Type.Number(), Type.Boolean()])
  return Type.Union([scalar, Type.Array(scalar, { minItems: 1 })], { description })
}

const Dataset = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
        description: 'Slug of the dataset; the id of the source when absent.',
      }),
    ),
    title: Text('What people read as its name.'),
    description: Type.Optional(Text('What the data is, how it came to be, what to know before using it.')),
    publisher: Type.Optional(Text('Who answers for the data.')),
    licence: Type.Optional(Text('Licence identifier, for example dl-by-de/2.0, cc-by/4.0, cc-zero.')),
    attribution: Type.Optional(Text('The words a user of the data has to show.')),
    homepage: Type.Optional(Text('Address of the page the data comes from.')),
    contact: Type.Optional(Text('Mail address or page for questions.')),
    properties: Type.Optional(Properties('Anything else worth keeping with the dataset.')),
  },
  { ...closed, description: 'The dataset everything of this source belongs to. It starts as a draft.' },
)

const Http = Type.Object(
  {
    url: Type.String({ pattern: '^https?://', description: 'Address that is fetched.' }),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Request headers. $SOURCE_… takes the value of an environment variable of the platform.',
      }),
    ),
    timeout: Type.Optional(Duration('The whole fetch may take this long (default 10m).')),
  },
  { ...closed, description: 'Fetched by GET; conditional where the server sends an ETag or Last-Modified.' },
)
const File = Type.Object(
  { path: Text('File, folder or archive (gzip, xz, zip, tar), relative to the folder the command runs in.') },
  { ...closed, description: 'Read from the disk of the machine; only its operator can run such a source.' },
)
const Mqtt = Type.Object(
  {
    topic: Text('Topic filter, + and # allowed. The topic is known as {topic}, its levels as {topic.0}, {topic.1} …'),
    broker: Type.Optional(
      Type.String({ pattern: '^(mqtts?|wss?)://', description: 'Address of another broker; the own one when absent.' }),
    ),
    username: Type.Optional(Text('User at the other broker.')),
    password: Type.Optional(Text('Password at the other broker; write $SOURCE_… to take it from the environment.')),
  },
  { ...closed, description: 'Each message is a small file.' },
)
const Webhook = Type.Object(
  {
    secret: Type.Optional(
      Text(
        'Accepted in the header X-Webhook-Secret instead of a key; write $SOURCE_… to take it from the environment.',
      ),
    ),
  },
  { ...closed, description: 'Others post to /api/v1/webhooks/{id}; each body is a small file.' },
)

const From = Type.Object(
  {
    http: Type.Optional(Http),
    file: Type.Optional(File),
    mqtt: Type.Optional(Mqtt),
    webhook: Type.Optional(Webhook),
    files: Type.Optional(
      Type.String({
        description:
          'Regular expression for the paths inside a folder or archive; others are left out. Named groups (?<site>…) become placeholders.',
      }),
    ),
  },
  { ...closed, description: 'Where the data comes from: exactly one of http, file, mqtt, webhook.' },
)

const FormatSection = Type.Object(
  {
    type: Type.Union(
      ['csv', 'json', 'geojson', 'xlsx', ...FEED_TYPES].map((name) => Type.Literal(name)),
      {
        description:
          'How the bytes are read: csv, json, geojson, xlsx by the mapping of this definition; the others are feeds that say themselves what everything means.',
      },
    ),
    separator: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 4,
        description: 'csv: between the cells (default ","; write "\\t" for a tab).',
      }),
    ),
    quote: Type.Optional(
      Type.String({ maxLength: 1, description: "csv: around cells (default '\"'; empty for none)." }),
    ),
    comment: Type.Optional(
      Type.String({ minLength: 1, maxLength: 4, description: 'csv: lines that begin so are left out.' }),
    ),
    encoding: Type.Optional(
      Type.Union(
        ['utf-8', 'iso-8859-1', 'iso-8859-15', 'windows-1252', 'utf-16le', 'utf-16be'].map((name) =>
          Type.Literal(name),
        ),
        { description: 'Text encoding (default utf-8; a byte order mark is noticed).' },
      ),
    ),
    skip: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description: 'csv, xlsx: lines above the header; `preamble` can read them.',
      }),
    ),
    headerLine: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description:
          'csv: regular expression for the header line, where the number of lines above it varies (at most 1000).',
      }),
    ),
    header: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'csv, xlsx: names of the columns where the file has no header line.',
      }),
    ),
    sheet: Type.Optional(
      Type.Union([Type.String(), Type.Integer({ minimum: 1 })], {
        description: 'xlsx: name or number of the sheet (default 1).',
      }),
    ),
    rows: Type.Optional(
      Type.String({
        description:
          'json: where the rows are, a path (data.items, streamed) or a JSONata expression (document held in memory).',
      }),
    ),
    lines: Type.Optional(Type.Boolean({ description: 'json: one object a line (NDJSON).' })),
    crs: Type.Optional(
      Type.String({
        pattern: '^EPSG:[0-9]{4,6}$',
        description: 'datex2: reference system of the coordinates where they are not degrees (EPSG:4326).',
        examples: ['EPSG:25832'],
      }),
    ),
    decimal: Type.Optional(
      Type.Union([Type.Literal('.'), Type.Literal(',')], {
        description: 'Decimal sign of numbers written as text (default ".").',
      }),
    ),
    empty: Type.Optional(
      Type.Array(Type.String(), { description: 'Texts that mean "no value" beside the empty cell.' }),
    ),
    validity: Type.Optional(
      Duration(
        'gtfs-rt: shown as live for this long after the time the feed gives (default: three times `every`, else 30m).',
      ),
    ),
  },
  { ...closed, description: 'How a file becomes rows.' },
)

const Schedule = Type.Object(
  {
    every: Type.Optional(Duration('Distance between two runs.')),
    cron: Type.Optional(
      Type.String({ description: 'Or a cron line, in the time zone of the definition.', examples: ['15 3 * * *'] }),
    ),
    expect: Type.Optional(Duration('webhook, mqtt: without a message for this long the source is late.')),
  },
  { ...closed, description: 'When it runs by itself. Without it a source is manual and never late.' },
)

const Companion = Type.Object(
  {
    role: Text('What it is to the feed: static, status, trip-updates … Of a part: its name.'),
    http: Type.Optional(Http),
    file: Type.Optional(File),
    format: Type.Optional(
      Type.Object(
        {
          type: Type.Union(
            FEED_TYPES.map((name) => Type.Literal(name)),
            { description: 'The feed it is of (default: that of the source; beside a timetable gtfs-rt).' },
          ),
          crs: Type.Optional(FormatSection.properties.crs),
          validity: Type.Optional(FormatSection.properties.validity),
        },
        { ...closed, description: 'Makes it a part that is read by itself, as another feed.' },
      ),
    ),
    schedule: Type.Optional(
      Type.Object(
        { every: Schedule.properties.every, cron: Schedule.properties.cron },
        { ...closed, description: 'Makes it a part that is read by itself: how often.' },
      ),
    ),
  },
  { ...closed, description: 'A further file that belongs to the feed, or a part of the source that runs by itself.' },
)

const Time = Type.Object(
  {
    column: Type.Optional(Text('Column with the time.')),
    value: Type.Optional(Template('The time put together from several columns, "{datum} {uhrzeit}".')),
    arrival: Type.Optional(Type.Literal(true, { description: 'The moment the row arrives (webhook, mqtt).' })),
    format: Type.Optional(
      Type.String({
        description:
          'iso (default), epoch (seconds), epoch-ms, or letters: YYYY YY MM M DD D HH H mm m ss s SSS; other characters stand for themselves.',
        examples: ['YYYY-MM-DD HH:mm', 'D.M.YY H:mm', 'YYYY.MM.DD'],
      }),
    ),
    period: Type.Optional(
      Duration('A value covers this long: a count of 15 minutes is the interval from its time on. 1d is a local day.'),
    ),
    stamp: Type.Optional(
      Type.Union([Type.Literal('start'), Type.Literal('end')], {
        description: 'Whether the time is the start (default) or the end of the period.',
      }),
    ),
  },
  { ...closed, description: 'When the values of a row were measured.' },
)

const Location = Type.Object(
  {
    lat: Type.Optional(Template('Latitude, degrees (EPSG:4326).')),
    lon: Type.Optional(Template('Longitude, degrees (EPSG:4326).')),
    point: Type.Optional(Template('Both in one text, "latitude, longitude".')),
    geometry: Type.Optional(
      Template('Column with the geometry: GeoJSON (the format geojson calls it "geometry") or well-known text.'),
    ),
    name: Type.Optional(Template('Name of the place.')),
    description: Type.Optional(Template('How one finds it.')),
    crs: Type.Optional(
      Type.String({
        pattern: '^EPSG:[0-9]{4,6}$',
        description: 'Reference system of the coordinates where they are not degrees (EPSG:4326).',
        examples: ['EPSG:25832', 'EPSG:31468'],
      }),
    ),
    properties: Type.Optional(Properties('For example approximate: true, and where the coordinates come from.')),
  },
  { ...closed, description: 'Where the thing stands: lat and lon, or point, or geometry.' },
)

const Thing = Type.Object(
  {
    key: Template('What the source calls it; a second run finds it by this again.'),
    name: Type.Optional(Template('What people read (default: the key).')),
    description: Type.Optional(Template('A sentence about it.')),
    properties: Type.Optional(Properties('Kept with the thing; texts may hold {placeholders}.')),
    location: Type.Optional(Location),
    valid: Type.Optional(
      Type.Object(
        {
          from: Type.Optional(Template('Since when it holds.')),
          to: Type.Optional(Template('Until when; a date without a time of day means to its end.')),
          format: Type.Optional(Type.String({ description: 'As of time.format (default iso).' })),
        },
        { ...closed, description: 'With a concept: when the feature holds (roadworks).' },
      ),
    ),
  },
  { ...closed, description: 'What measures: a counting station, a weather station, a tree.' },
)

const Unit = Type.Object(
  {
    name: Text('Name of the unit.'),
    symbol: Type.String({ maxLength: 20, description: 'Symbol, may be empty.' }),
    definition: Text('Definition, UCUM preferred: ucum:Cel.'),
  },
  closed,
)

const Quality = Type.Object(
  {
    column: Type.Optional(Template('Status column beside the value.')),
    good: Type.Optional(OneOrMore('Status of values one can trust.')),
    suspect: Type.Optional(OneOrMore('Status of values that are kept, shown as such and left out of "usual".')),
    missing: Type.Optional(OneOrMore('Status that says there is no value, whatever the cell holds.')),
    otherwise: Type.Optional(
      Type.Union([Type.Literal('good'), Type.Literal('suspect'), Type.Literal('missing')], {
        description: 'Every other status (default suspect).',
      }),
    ),
    range: Type.Optional(
      Type.Tuple([Type.Union([Type.Number(), Type.Null()]), Type.Union([Type.Number(), Type.Null()])], {
        description: 'Values outside [least, greatest] are suspect; null leaves a side open.',
      }),
    ),
  },
  { ...closed, description: 'How far a value can be trusted.' },
)

const ObservedProperty = Type.Object(
  {
    name: Text('What is measured.'),
    definition: Type.Optional(Text('Address or URN that defines it.')),
    description: Type.Optional(Text('More about it.')),
    unit: Type.Optional(Unit),
    aggregate: Type.Optional(Type.Union([Type.Literal('sum'), Type.Literal('mean')])),
  },
  closed,
)

const Conditions = Type.Record(Type.String(), OneOrMore('Accepted values.'), {
  description: 'Only rows whose columns hold one of these values.',
})

const Series = Type.Object(
  {
    column: Type.Optional(Text('Column with the value.')),
    columns: Type.Optional(
      Type.String({
        description:
          'Regular expression for column names: one series for each that matches. Named groups become placeholders; {placeholders} of the file may stand in it. A column belongs to the first entry that takes it.',
      }),
    ),
    key: Type.Optional(
      Template('What the source calls the series of the thing (default: the first named group, else the column).'),
    ),
    name: Type.Optional(Template('What people read (default: the observed property and the key).')),
    description: Type.Optional(Template('A sentence about it.')),
    property: Template(
      'Key of the observed property: a built-in one (bicycle_count, air_temperature …) or one of `properties`.',
    ),
    unit: Type.Optional(Unit),
    aggregate: Type.Optional(
      Type.Union([Type.Literal('sum'), Type.Literal('mean')], {
        description: 'How values of a longer time combine: counts are summed, other values averaged.',
      }),
    ),
    role: Type.Optional(
      Type.Union([Type.Literal('total'), Type.Literal('part')], {
        description: 'total: the sum of other series of the thing; never added to them.',
      }),
    ),
    type: Type.Optional(
      Type.Union([Type.Literal('number'), Type.Literal('text'), Type.Literal('boolean'), Type.Literal('auto')], {
        description: 'What the result is (default number); auto: whatever the first value of the series is.',
      }),
    ),
    values: Type.Optional(
      Type.Record(Type.String(), Type.Number(), { description: 'Numbers for texts: {occupied: 1, free: 0}.' }),
    ),
    factor: Type.Optional(Type.Number({ description: 'The number is multiplied by this.' })),
    when: Type.Optional(Conditions),
    quality: Type.Optional(Quality),
    properties: Type.Optional(Properties('Kept with the datastream; texts may hold {placeholders}.')),
  },
  { ...closed, description: 'One datastream for each thing: `column` for one, `columns` for a pattern.' },
)

const Lookup = Type.Object(
  {
    by: Template('What is looked up.'),
    entries: Type.Record(Type.String(), Type.Record(Type.String(), Type.Unknown()), {
      description: 'key: {field: value, …}',
    }),
  },
  { ...closed, description: 'A small table; {name.field} gives a field of the entry found.' },
)

const Limits = Type.Object(
  {
    rejected: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]+([.][0-9]+)?%$' })], {
        description:
          'More rejected values than this (a number, or a share "1%") make the run end with "rejections" (default 1%).',
      }),
    ),
    bytes: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]*(KB|MB|GB)$', description: 'Largest file that is fetched (default 1GB).' }),
    ),
    unpacked: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]*(KB|MB|GB)$', description: 'Bytes after unpacking (default 8GB).' }),
    ),
    document: Type.Optional(
      Type.String({
        pattern: '^[1-9][0-9]*(KB|MB)$',
        description: 'Largest document held in memory: xlsx, json with an expression (default 64MB).',
      }),
    ),
    entries: Type.Optional(
      Type.Integer({ minimum: 1, description: 'Files in an archive or folder (default 100000).' }),
    ),
  },
  { ...closed, description: 'Bounds of a run.' },
)

export const DefinitionSchema = Type.Object(
  {
    id: Type.Optional(
      Type.String({
        pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
        description: 'Slug of the source; the name of the file when absent.',
      }),
    ),
    title: Text('What people read as its name.'),
    description: Type.Optional(Text('For whoever runs the platform.')),
    dataset: Dataset,
    from: From,
    format: FormatSection,
    timeZone: Type.Optional(
      Type.String({
        description: 'Zone of times without one: Europe/Berlin (default: the city), UTC, or a fixed offset +01:00.',
      }),
    ),
    ambiguous: Type.Optional(
      Type.Union([Type.Literal('earlier'), Type.Literal('later')], {
        description: 'Which of two an hour given once means in the night the clocks go back (default earlier).',
      }),
    ),
    schedule: Type.Optional(Schedule),
    limits: Type.Optional(Limits),
    preamble: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 4000 }), {
        description:
          'Values from the lines above the header: name: regular expression with one group, tried on each line.',
      }),
    ),
    compute: Type.Optional(
      Type.Record(Type.String(), Type.String({ minLength: 1, maxLength: 4000 }), {
        description:
          'Further columns by JSONata expressions over the row. They cost: 100,000 a second, plain columns ten times that.',
      }),
    ),
    where: Type.Optional(Conditions),
    lookups: Type.Optional(
      Type.Record(Type.String(), Lookup, { description: 'Small tables: stations with name and place.' }),
    ),
    sensor: Type.Optional(
      Type.Object(
        {
          name: Text('Kind of device or procedure.'),
          description: Type.Optional(Text('How it measures.')),
          metadata: Type.Optional(Text('Address of a data sheet.')),
        },
        { ...closed, description: 'What measures, technically.' },
      ),
    ),
    properties: Type.Optional(
      Type.Record(Type.String(), ObservedProperty, { description: 'Observed properties beside the built-in ones.' }),
    ),
    with: Type.Optional(
      Type.Array(Companion, {
        minItems: 1,
        maxItems: 10,
        description:
          'Feeds: the other files that belong to the one in `from`; those with a format or schedule of their own are parts that run by themselves, and so are the live feeds of a timetable.',
      }),
    ),
    concept: Type.Optional(
      Type.Union(
        [...CONCEPTS.keys()].map((id) => Type.Literal(id)),
        {
          description: 'Each thing is also such a feature of the city; its properties are in the terms of the concept.',
        },
      ),
    ),
    sum: Type.Optional(
      Type.Object(
        {
          area: Template('The car park a bay belongs to; it is known by this.'),
          name: Type.Optional(Template('What people read of the car park (default: the area).')),
          occupancy: Type.Optional(
            Text('Observed property that says whether a bay is taken: 0 free, else taken (default occupancy).'),
          ),
          silent: Type.Optional(
            Duration(
              'A bay that said nothing for so long, seen from the newest of its car park, is not counted (default 1d).',
            ),
          ),
        },
        {
          ...closed,
          description: 'Each thing is a single bay: they are summed up to car parks with free and taken spaces.',
        },
      ),
    ),
    time: Type.Optional(Time),
    thing: Type.Optional(Thing),
    series: Type.Optional(Type.Array(Series, { minItems: 1, maxItems: 500, description: 'What is measured.' })),
  },
  {
    ...closed,
    title: 'Zahnrad source definition',
    description: 'Connects data without code. See docs/using/sources.md.',
  },
)

type Sections = 'time' | 'thing' | 'series'
type Written = Static<typeof DefinitionSchema>

/** A definition with every section; those a feed or a concept leaves out are empty. */
export type DefinitionDocument = Omit<Written, Sections> & { [name in Sections]-?: NonNullable<Written[name]> }
export type SeriesDocument = DefinitionDocument['series'][number]

/** A checked definition: with its id, and the text it was read from. */
export interface Definition extends DefinitionDocument {
  id: string
  yaml: string
  /** Set in what `partsOf` makes of it: the part that it describes alone. */
  part?: string
}

/** Fills the sections that were left out. */
export function withEverySection(written: Written): DefinitionDocument {
  const { time = {}, thing = { key: '' }, series = [] } = written
  return { ...written, time, thing, series }
}

export type { Written as WrittenDefinition }
