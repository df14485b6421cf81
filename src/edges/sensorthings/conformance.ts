import type { Context } from './context.ts'

const SPEC = 'http://www.opengis.net/spec/iot_sensing/1.1/req'

/** Requirement classes of OGC 18-088 that test/conformance/sensorthings checks; nothing is claimed that is not tested. */
const CONFORMANCE: readonly string[] = [
  'datamodel',
  'resource-path/resource-path-to-entities',
  'request-data',
  'create-update-delete',
  'data-array/data-array',
  'batch-request/batch-request',
  'multi-datastream',
].map((path) => `${SPEC}/${path}`)

/** Requirement classes of OGC 17-079r1, where Tasking is switched on. */
const TASKING: readonly string[] = ['tasking-capability', 'task', 'actuator', 'create-tasks'].map(
  (path) => `http://www.opengis.net/spec/iot_tasking/1.0/req/${path}`,
)

/** The root document (OGC 18-088 §9.2.1): the entity sets, and what the server conforms to. */
export function rootDocument(context: Context): unknown {
  return {
    value: context.model.types.map(({ set }) => ({ name: set, url: `${context.base}/${set}` })),
    serverSettings: { conformance: context.model.tasking ? [...CONFORMANCE, ...TASKING] : CONFORMANCE },
  }
}
