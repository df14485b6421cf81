import { type Accepts, type EntityType, SENSING_MODEL, TASKING_MODEL } from './model.ts'

type Schema = Record<string, unknown>

const VALUE: Record<Accepts, Schema> = {
  string: { type: 'string' },
  object: { type: 'object', additionalProperties: true },
  any: {},
  instant: { type: 'string', format: 'date-time' },
  period: { type: 'string', description: 'ISO 8601 instant or interval (start/end)' },
  interval: { type: 'string', description: 'ISO 8601 interval (start/end)' },
  geometry: { description: 'GeoJSON, longitude first; with another encodingType any JSON' },
  units: { type: 'array', items: { type: 'object' } },
  texts: { type: 'array', items: { type: 'string' } },
  dataRecord: { type: 'object', description: 'SWE Common DataRecord: what a Task may ask for' },
  unit: {
    type: 'object',
    properties: {
      name: { type: ['string', 'null'] },
      symbol: { type: ['string', 'null'] },
      definition: { type: ['string', 'null'] },
    },
  },
}

const LINK = { type: 'object', required: ['@iot.id'], properties: { '@iot.id': { type: 'integer' } } }
const ERROR = { $ref: '#/components/schemas/StaError' }

const OPTIONS: [string, Schema, string][] = [
  ['$filter', { type: 'string' }, 'Condition, for example `result gt 10`'],
  ['$orderby', { type: 'string' }, 'Properties, each with asc or desc'],
  ['$select', { type: 'string' }, 'Properties to return'],
  ['$expand', { type: 'string' }, 'Relations to include, each with options of its own in brackets'],
  ['$top', { type: 'integer', minimum: 0, default: 100 }, 'Most entities per page, up to 10,000'],
  ['$skip', { type: 'integer', minimum: 0 }, 'Entities to pass over; @iot.nextLink is faster'],
  ['$count', { type: 'boolean' }, 'Also the number of all entities'],
]

function schemaOf(type: EntityType): Schema {
  const properties: Record<string, Schema> = {
    '@iot.id': { type: 'integer', readOnly: true },
    '@iot.selfLink': { type: 'string', format: 'uri', readOnly: true },
  }
  for (const property of type.properties) {
    properties[property.name] = { ...VALUE[property.accepts], ...(property.readOnly ? { readOnly: true } : {}) }
  }
  for (const navigation of type.navigations) {
    const target = { anyOf: [LINK, { $ref: `#/components/schemas/${navigation.target}` }] }
    properties[navigation.name] = navigation.many ? { type: 'array', items: target } : target
    properties[`${navigation.name}@iot.navigationLink`] = { type: 'string', format: 'uri', readOnly: true }
  }
  return { type: 'object', required: type.properties.filter((p) => p.mandatory).map((p) => p.name), properties }
}

const parameter = ([name, schema, description]: [string, Schema, string]) => ({
  name,
  in: 'query',
  schema,
  description,
})
const json = (schema: Schema) => ({ content: { 'application/json': { schema } } })
const entity = (type: EntityType): Schema => ({ $ref: `#/components/schemas/${type.name}` })
const answers = (status: string, description: string, schema?: Schema) => ({
  [status]: { description, ...(schema ? json(schema) : {}) },
  '4XX': { description: 'What was wrong, and where', ...json(ERROR) },
})

function setSchema(type: EntityType): Schema {
  return {
    type: 'object',
    required: ['value'],
    properties: {
      '@iot.count': { type: 'integer' },
      '@iot.nextLink': { type: 'string' },
      value: { type: 'array', items: entity(type) },
    },
  }
}

function setPath(type: EntityType, tags: string[], parameters: unknown[] = []): Schema {
  return {
    get: {
      tags,
      summary: `${type.set}`,
      parameters: [...parameters, ...OPTIONS.map(parameter)],
      responses: answers('200', `A page of ${type.set}`, setSchema(type)),
    },
    post: {
      tags,
      summary: `Create a ${type.name}`,
      security: [{ key: [] }],
      parameters,
      requestBody: { required: true, ...json(entity(type)) },
      responses: answers('201', 'Created; its address is in Location', entity(type)),
    },
  }
}

/** Paths and schemas of the service for the platform's OpenAPI 3.1 document, derived from the model. */
export function sensorThingsOpenApi({ tasking }: { tasking: boolean }): {
  paths: Record<string, Schema>
  components: { schemas: Record<string, Schema> }
} {
  const model = tasking ? TASKING_MODEL : SENSING_MODEL
  const tags = ['SensorThings']
  const schemas: Record<string, Schema> = {
    StaError: {
      type: 'object',
      required: ['code', 'type', 'message'],
      properties: {
        code: { type: 'integer' },
        type: { const: 'error' },
        message: { type: 'string' },
        position: { type: 'integer' },
      },
    },
  }
  const paths: Record<string, Schema> = {
    '/sta/v1.1': {
      get: {
        tags,
        summary: 'Entity sets and conformance',
        responses: answers('200', 'Root document', { type: 'object' }),
      },
    },
  }
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } }
  for (const type of model.types) {
    schemas[type.name] = schemaOf(type)
    paths[`/sta/v1.1/${type.set}`] = setPath(type, tags)
    const one = [id, ...OPTIONS.filter(([name]) => name === '$select' || name === '$expand').map(parameter)]
    const body = { required: true, ...json(entity(type)) }
    paths[`/sta/v1.1/${type.set}({id})`] = {
      get: { tags, summary: `One ${type.name}`, parameters: one, responses: answers('200', type.name, entity(type)) },
      patch: {
        tags,
        summary: `Change a ${type.name}`,
        security: [{ key: [] }],
        parameters: [id],
        requestBody: body,
        responses: answers('200', type.name, entity(type)),
      },
      put: {
        tags,
        summary: `Replace a ${type.name}`,
        security: [{ key: [] }],
        parameters: [id],
        requestBody: body,
        responses: answers('200', type.name, entity(type)),
      },
      delete: {
        tags,
        summary: `Delete a ${type.name}`,
        security: [{ key: [] }],
        parameters: [id],
        responses: answers('200', 'Deleted'),
      },
    }
    for (const navigation of type.navigations) {
      const target = navigation.to
      paths[`/sta/v1.1/${type.set}({id})/${navigation.name}`] = navigation.many
        ? setPath(target, tags, [id])
        : {
            get: {
              tags,
              summary: `${navigation.name} of a ${type.name}`,
              parameters: one,
              responses: answers('200', target.name, entity(target)),
            },
          }
    }
  }
  paths['/api/v1/sensorthings/model'] = {
    get: {
      tags,
      summary: 'Entity sets with their properties and relations, for forms that build requests',
      responses: { '200': { description: 'The model', ...json({ type: 'object' }) } },
    },
  }
  paths['/sta/v1.1/CreateObservations'] = {
    post: {
      tags,
      summary: 'Create many Observations as a data array',
      security: [{ key: [] }],
      requestBody: {
        required: true,
        ...json({
          type: 'array',
          items: {
            type: 'object',
            required: ['Datastream', 'components', 'dataArray'],
            properties: {
              Datastream: LINK,
              components: { type: 'array', items: { type: 'string' } },
              dataArray: { type: 'array', items: { type: 'array' } },
            },
          },
        }),
      },
      responses: answers('201', 'Per row the address of the new Observation, or "error" and why', {
        type: 'array',
        items: { type: 'string' },
      }),
    },
  }
  return { paths, components: { schemas } }
}
