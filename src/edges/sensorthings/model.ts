import { type Sql, sql } from '../../kernel/db/index.ts'
import {
  at,
  description,
  encodingType,
  geometry,
  linked,
  name,
  properties,
  text,
  toMany,
  toOne,
} from './model-parts.ts'
import { TASKING_CAPABILITIES, TASKING_TYPES } from './model-tasking.ts'
import type { Column, EntitySpec, EntityType, Navigation, Property, Row } from './model-types.ts'
import { showInstant } from './times.ts'
import { json, type Value } from './values.ts'

export type { Accepts, EntityType, Navigation, Property, Row } from './model-types.ts'

/**
 * The entity types of OGC 18-088 §8.2 as data. Parser, SQL, formatter, validation, root document and OpenAPI derive from
 * these declarations; a new type is a new entry.
 */

const THING: EntitySpec = {
  name: 'Thing',
  set: 'Things',
  table: 'thing',
  owned: true,
  properties: [name, description, properties],
  navigations: [
    linked('Locations', 'Location', 'thing_location', 'thing', 'location', 'Things'),
    toMany('HistoricalLocations', 'HistoricalLocation', 'thing', 'Thing'),
    toMany('Datastreams', 'Datastream', 'thing', 'Thing'),
    toMany('MultiDatastreams', 'MultiDatastream', 'thing', 'Thing'),
  ],
}

const LOCATION: EntitySpec = {
  name: 'Location',
  set: 'Locations',
  table: 'location',
  owned: true,
  properties: [name, description, encodingType, geometry('location'), properties],
  navigations: [
    linked('Things', 'Thing', 'thing_location', 'location', 'thing', 'Locations'),
    linked(
      'HistoricalLocations',
      'HistoricalLocation',
      'historical_location_location',
      'location',
      'historical_location',
      'Locations',
    ),
  ],
}

const HISTORICAL_LOCATION: EntitySpec = {
  name: 'HistoricalLocation',
  set: 'HistoricalLocations',
  table: 'historical_location',
  owned: true,
  owners: ['Thing'],
  properties: [
    {
      name: 'time',
      accepts: 'instant',
      mandatory: true,
      column: 'time',
      columns: ['time'],
      format: (row) => showInstant(row.time),
      value: (alias) => ({ kind: 'time', start: at(alias, 'time'), end: null, notNull: true }),
    },
  ],
  navigations: [
    toOne('Thing', 'Thing', 'thing', 'HistoricalLocations'),
    linked(
      'Locations',
      'Location',
      'historical_location_location',
      'historical_location',
      'location',
      'HistoricalLocations',
      { mandatory: true },
    ),
  ],
}

/** What the server keeps about a Datastream's observations, in one look-up for four properties. */
const STATE: Column = {
  name: 'state',
  sql: (alias) =>
    sql`(select json_build_array(s.t_min, s.t_max, s.rt_min, s.rt_max) from datastream_state s where s.datastream = ${at(alias, 'id')} and s.n > 0)`,
}
const fromState = (alias: string, column: string): Sql =>
  sql`(select s.${sql.ref(column)} from datastream_state s where s.datastream = ${at(alias, 'id')} and s.n > 0)`

function extent(nameOf: string, from: number, start: string, end: string): Property {
  return {
    name: nameOf,
    accepts: 'interval',
    readOnly: true,
    columns: [STATE],
    format: (row) => {
      const state = row.state as (string | null)[] | null
      if (!state?.[from]) return null
      return `${showInstant(state[from])}/${showInstant(state[from + 1])}`
    },
    value: (alias) => ({ kind: 'time', start: fromState(alias, start), end: fromState(alias, end) }),
  }
}

/** Where its observations were made: kept for own features, otherwise the hull of the default ones; null while it has none. */
const observedArea = (alias: string): Sql =>
  sql`(select st_convexhull(st_collect(a.geom)) from (
    select f.geom from datastream_foi df join feature_of_interest f on f.id = df.foi where df.datastream = ${at(alias, 'id')}
    union all select ${at(alias, 'observed_area')}) a
    where exists (select 1 from datastream_state s where s.datastream = ${at(alias, 'id')} and s.n > 0))`

/** Made by the server of where its observations were made. */
const AREA: Property = {
  name: 'observedArea',
  accepts: 'geometry',
  readOnly: true,
  columns: [{ name: 'area', sql: (alias) => sql`st_asgeojson(${observedArea(alias)})::json` }],
  format: (row) => row.area,
  value: (alias) => ({ kind: 'geometry', sql: observedArea(alias) }),
}

const DATASTREAM: EntitySpec = {
  name: 'Datastream',
  set: 'Datastreams',
  table: 'datastream',
  kind: 'single',
  owned: true,
  owners: ['Thing'],
  properties: [
    name,
    description,
    text('observationType', { column: 'observation_type', mandatory: true }),
    {
      name: 'unitOfMeasurement',
      accepts: 'unit',
      mandatory: true,
      column: 'unit',
      columns: ['unit'],
      format: (row) => row.unit,
      value: (alias) => json(at(alias, 'unit')),
    },
    AREA,
    extent('phenomenonTime', 0, 't_min', 't_max'),
    extent('resultTime', 2, 'rt_min', 'rt_max'),
    properties,
  ],
  navigations: [
    toOne('Thing', 'Thing', 'thing', 'Datastreams'),
    toOne('Sensor', 'Sensor', 'sensor', 'Datastreams'),
    toOne('ObservedProperty', 'ObservedProperty', 'observed_property', 'Datastreams'),
    toMany('Observations', 'Observation', 'datastream', 'Datastream'),
  ],
}

/** A Datastream whose results are arrays, one value for each ObservedProperty (OGC 18-088 §13). */
const MULTI_DATASTREAM: EntitySpec = {
  name: 'MultiDatastream',
  set: 'MultiDatastreams',
  table: 'datastream',
  kind: 'multi',
  owned: true,
  owners: ['Thing'],
  properties: [
    name,
    description,
    { ...text('observationType', { column: 'observation_type' }), column: undefined, readOnly: true },
    {
      name: 'multiObservationDataTypes',
      accepts: 'texts',
      mandatory: true,
      column: 'data_types',
      columns: ['data_types'],
      format: (row) => row.data_types,
      value: (alias) => json(at(alias, 'data_types')),
    },
    {
      name: 'unitOfMeasurements',
      accepts: 'units',
      mandatory: true,
      column: 'unit',
      columns: ['unit'],
      format: (row) => row.unit,
      value: (alias) => json(at(alias, 'unit')),
    },
    AREA,
    extent('phenomenonTime', 0, 't_min', 't_max'),
    extent('resultTime', 2, 'rt_min', 'rt_max'),
    properties,
  ],
  navigations: [
    toOne('Thing', 'Thing', 'thing', 'MultiDatastreams'),
    toOne('Sensor', 'Sensor', 'sensor', 'MultiDatastreams'),
    linked(
      'ObservedProperties',
      'ObservedProperty',
      'multi_datastream_property',
      'datastream',
      'observed_property',
      'MultiDatastreams',
      { mandatory: true, rank: 'position' },
    ),
    toMany('Observations', 'Observation', 'datastream', 'MultiDatastream'),
  ],
}

const SENSOR: EntitySpec = {
  name: 'Sensor',
  set: 'Sensors',
  table: 'sensor',
  owned: true,
  properties: [
    name,
    description,
    encodingType,
    {
      name: 'metadata',
      accepts: 'any',
      mandatory: true,
      column: 'metadata',
      columns: ['metadata'],
      format: (row) => row.metadata,
      value: (alias) => json(at(alias, 'metadata')),
    },
    properties,
  ],
  navigations: [
    toMany('Datastreams', 'Datastream', 'sensor', 'Sensor'),
    toMany('MultiDatastreams', 'MultiDatastream', 'sensor', 'Sensor'),
  ],
}

const OBSERVED_PROPERTY: EntitySpec = {
  name: 'ObservedProperty',
  set: 'ObservedProperties',
  table: 'observed_property',
  owned: true,
  properties: [name, text('definition', { mandatory: true }), description, properties],
  navigations: [
    toMany('Datastreams', 'Datastream', 'observed_property', 'ObservedProperty'),
    linked(
      'MultiDatastreams',
      'MultiDatastream',
      'multi_datastream_property',
      'observed_property',
      'datastream',
      'ObservedProperties',
      { repeats: true },
    ),
  ],
}

interface Extra {
  r?: unknown
  p?: unknown
  rt?: string
  vt?: [string, string]
  dq?: unknown
  /** The Observation is of a MultiDatastream. */
  m?: 1
}
const extra = (row: Row): Extra => (row.x as Extra | null) ?? {}
const inExtra = (alias: string, key: string): Sql => sql`${at(alias, 'x')}->${sql.lit(key)}`

/** A result: a number in its own column, everything else as JSON (migrations/0004). */
const resultValue = (alias: string): Value => {
  const other = json(sql`(${inExtra(alias, 'r')})`)
  const v = at(alias, 'v')
  return {
    ...other,
    number: v,
    raw: sql`coalesce(to_jsonb(${v}), ${inExtra(alias, 'r')})`,
    missing: sql`(${v} is null and ${other.missing})`,
  }
}

const OBSERVATION: EntitySpec = {
  name: 'Observation',
  set: 'Observations',
  table: 'observation',
  owned: false,
  owners: ['Datastream', 'MultiDatastream'],
  properties: [
    {
      name: 'phenomenonTime',
      accepts: 'period',
      showNull: true,
      columns: ['t', 't_end'],
      format: (row) => (row.t_end == null ? showInstant(row.t) : `${showInstant(row.t)}/${showInstant(row.t_end)}`),
      value: (alias) => ({
        kind: 'time',
        start: at(alias, 't'),
        end: at(alias, 't_end'),
        mixed: true,
        notNull: true,
        column: 't',
      }),
    },
    {
      name: 'result',
      accepts: 'any',
      mandatory: true,
      showNull: true,
      columns: ['v', 'x'],
      format: (row) => row.v ?? extra(row).r ?? null,
      value: resultValue,
    },
    {
      name: 'resultTime',
      accepts: 'instant',
      showNull: true,
      columns: ['x'],
      format: (row) => showInstant(extra(row).rt),
      value: (alias) => ({ kind: 'time', start: sql`(${at(alias, 'x')}->>'rt')::timestamptz`, end: null }),
    },
    {
      name: 'resultQuality',
      accepts: 'any',
      columns: ['x', 'q'],
      format: (row) => extra(row).dq ?? (row.q === 1 ? 'suspect' : null),
      value: (alias) =>
        json(sql`(coalesce(${inExtra(alias, 'dq')}, case when ${at(alias, 'q')} = 1 then '"suspect"'::jsonb end))`),
    },
    {
      name: 'validTime',
      accepts: 'interval',
      columns: ['x'],
      format: (row) => {
        const valid = extra(row).vt
        return valid ? `${showInstant(valid[0])}/${showInstant(valid[1])}` : null
      },
      value: (alias) => ({
        kind: 'time',
        start: sql`(${at(alias, 'x')}#>>'{vt,0}')::timestamptz`,
        end: sql`(${at(alias, 'x')}#>>'{vt,1}')::timestamptz`,
      }),
    },
    {
      name: 'parameters',
      accepts: 'object',
      columns: ['x'],
      format: (row) => extra(row).p,
      value: (alias) => json(sql`(${inExtra(alias, 'p')})`),
    },
  ],
  navigations: [
    {
      ...toOne('Datastream', 'Datastream', 'datastream', 'Observations'),
      mandatory: false,
      shown: (row) => extra(row).m !== 1,
    },
    {
      ...toOne('MultiDatastream', 'MultiDatastream', 'datastream', 'Observations'),
      mandatory: false,
      shown: (row) => extra(row).m === 1,
    },
    {
      name: 'FeatureOfInterest',
      target: 'FeatureOfInterest',
      many: false,
      inverse: 'Observations',
      via: { kind: 'feature' },
    },
  ],
}

const FEATURE_OF_INTEREST: EntitySpec = {
  name: 'FeatureOfInterest',
  set: 'FeaturesOfInterest',
  table: 'feature_of_interest',
  owned: true,
  properties: [name, description, encodingType, geometry('feature'), properties],
  navigations: [
    {
      name: 'Observations',
      target: 'Observation',
      many: true,
      inverse: 'FeatureOfInterest',
      via: { kind: 'featureObservations' },
    },
  ],
}

/** The types of the Sensing part, in the order the root document names their sets. */
const SENSING: readonly EntitySpec[] = [
  DATASTREAM,
  FEATURE_OF_INTEREST,
  HISTORICAL_LOCATION,
  LOCATION,
  MULTI_DATASTREAM,
  OBSERVATION,
  OBSERVED_PROPERTY,
  SENSOR,
  THING,
]

/** The entity types one service knows, tied to each other: a navigation's `to` leads within them. */
export interface Model {
  /** In the order the root document names the sets. */
  types: readonly EntityType[]
  /** Whether it has the Tasking part (OGC 17-079r1). */
  tasking: boolean
  named(type: string): EntityType
  ofSet(set: string): EntityType | undefined
}

function makeModel(tasking: boolean): Model {
  const declared = tasking ? [...SENSING, ...TASKING_TYPES] : SENSING
  const byName = new Map<string, EntityType>()
  const named = (type: string) => byName.get(type)!
  for (const type of declared) {
    const navigations = type === THING && tasking ? [...type.navigations, TASKING_CAPABILITIES] : type.navigations
    byName.set(type.name, {
      ...type,
      // Not enumerable: who prints a type does not print the whole model.
      navigations: navigations.map(
        (navigation) =>
          Object.defineProperty({ ...navigation }, 'to', { get: () => named(navigation.target) }) as Navigation,
      ),
    })
  }
  const types = [...byName.values()]
  const bySet = new Map(types.map((type) => [type.set, type]))
  return { types, tasking, named, ofSet: (set) => bySet.get(set) }
}

/** The Sensing part alone. */
export const SENSING_MODEL = makeModel(false)
/** With Tasking beside it, for a service that has it switched on. */
export const TASKING_MODEL = makeModel(true)

export const navigationOf = (type: EntityType, nav: string): Navigation | undefined =>
  type.navigations.find((n) => n.name === nav)
export const propertyOf = (type: EntityType, property: string): Property | undefined =>
  type.properties.find((p) => p.name === property)
export const isId = (property: string): boolean => property === 'id' || property === '@iot.id'
