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

/** The classes of OGC 18-088 §14 and OGC 17-079r1, claimed where clients can reach a broker. */
const TASKING_MQTT: readonly string[] = ['create-tasks-via-mqtt', 'receive-updates-via-mqtt'].map(
  (path) => `http://www.opengis.net/spec/iot_tasking/1.0/req/${path}`,
)
const MQTT: readonly string[] = [
  `${SPEC}/create-observations-via-mqtt/observations-creation`,
  `${SPEC}/receive-updates-via-mqtt/receive-updates`,
]

/** The root document (OGC 18-088 §9.2.1): the entity sets, what the server conforms to, its version, and where its broker is. */
export function rootDocument(context: Context): unknown {
  const endpoints = context.mqttEndpoints?.(context.base) ?? []
  const reachable = context.model.tasking ? [...MQTT, ...TASKING_MQTT] : MQTT
  const mqtt = endpoints.length > 0 ? reachable : []
  return {
    value: context.model.types.map(({ set }) => ({ name: set, url: `${context.base}/${set}` })),
    serverSettings: {
      ...(context.version && { version: context.version }),
      conformance: [...CONFORMANCE, ...(context.model.tasking ? TASKING : []), ...mqtt],
      ...Object.fromEntries(mqtt.map((uri) => [uri, { endpoints }])),
    },
  }
}
