import type { Context } from './context.ts'
import { TYPES } from './model.ts'

const SPEC = 'http://www.opengis.net/spec/iot_sensing/1.1/req'

/** Requirement classes of OGC 18-088 that test/conformance/sensorthings checks; nothing is claimed that is not tested. */
export const CONFORMANCE: readonly string[] = [
  ...[
    'datamodel/thing',
    'datamodel/location',
    'datamodel/historical-location',
    'datamodel/datastream',
    'datamodel/sensor',
    'datamodel/observed-property',
    'datamodel/observation',
    'datamodel/feature-of-interest',
    'datamodel/entity-control-information',
    'resource-path/resource-path-to-entities',
    'request-data',
    'create-update-delete',
    'data-array',
  ].map((path) => `${SPEC}/${path}`),
]

/** The root document (OGC 18-088 §9.2.1): the entity sets, and what the server conforms to. */
export function rootDocument(context: Context): unknown {
  return {
    value: TYPES.map(({ set }) => ({ name: set, url: `${context.base}/${set}` })),
    serverSettings: { conformance: CONFORMANCE },
  }
}
