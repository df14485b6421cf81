import { type Static, Type } from 'typebox'

/**
 * A place to charge, in the terms of OCPI 2.2.1 (module Locations, §8.3). Registers and OCPI feeds are brought to this
 * form when they are read; `/ocpi/2.2.1/locations` answers in it.
 */
const optional = Type.Optional
const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const Time = Type.String({ format: 'date-time' })
const literals = <const T extends string[]>(values: readonly [...T]) => Type.Enum(values)

/** §8.4.22 */
export const STATUS = [
  'AVAILABLE',
  'BLOCKED',
  'CHARGING',
  'INOPERATIVE',
  'OUTOFORDER',
  'PLANNED',
  'REMOVED',
  'RESERVED',
  'UNKNOWN',
] as const
export type EvseStatus = (typeof STATUS)[number]

export const Connector = Type.Object({
  id: Text(36),
  /** ConnectorType, §8.4.5 */
  standard: Text(40),
  format: literals(['SOCKET', 'CABLE']),
  power_type: literals(['AC_1_PHASE', 'AC_2_PHASE', 'AC_2_PHASE_SPLIT', 'AC_3_PHASE', 'DC']),
  /** V; line to neutral for AC */
  max_voltage: Type.Integer({ minimum: 0, maximum: 10_000 }),
  /** A */
  max_amperage: Type.Integer({ minimum: 0, maximum: 10_000 }),
  /** W */
  max_electric_power: optional(Type.Integer({ minimum: 0, maximum: 10_000_000 })),
  tariff_ids: optional(Type.Array(Text(36))),
  terms_and_conditions: optional(Type.String({ format: 'uri' })),
  last_updated: Time,
})
export type Connector = Static<typeof Connector>

export const Evse = Type.Object({
  uid: Text(36),
  evse_id: optional(Text(48)),
  status: literals(STATUS),
  capabilities: optional(Type.Array(Text(60))),
  connectors: Type.Array(Connector, { minItems: 1 }),
  floor_level: optional(Text(4)),
  coordinates: optional(Type.Object({ latitude: Type.String(), longitude: Type.String() })),
  physical_reference: optional(Text(16)),
  parking_restrictions: optional(Type.Array(Text(40))),
  last_updated: Time,
})
export type Evse = Static<typeof Evse>

export const Location = Type.Object({
  country_code: Type.String({ pattern: '^[A-Za-z]{2}$' }),
  party_id: Type.String({ pattern: '^[A-Za-z0-9]{3}$' }),
  id: Text(36),
  publish: Type.Boolean(),
  name: optional(Text(255)),
  address: Text(45),
  city: Text(45),
  postal_code: optional(Text(10)),
  state: optional(Text(20)),
  country: Type.String({ pattern: '^[A-Z]{3}$' }),
  coordinates: Type.Object({
    latitude: Type.String({ pattern: '^-?[0-9]{1,2}\\.[0-9]{1,17}$' }),
    longitude: Type.String({ pattern: '^-?[0-9]{1,3}\\.[0-9]{1,17}$' }),
  }),
  parking_type: optional(Text(40)),
  evses: optional(Type.Array(Evse, { maxItems: 2000 })),
  operator: optional(Type.Object({ name: Text(100), website: optional(Type.String({ format: 'uri' })) })),
  facilities: optional(Type.Array(Text(40))),
  time_zone: Text(255),
  opening_times: optional(Type.Object({ twentyfourseven: Type.Boolean() })),
  charging_when_closed: optional(Type.Boolean()),
  last_updated: Time,
})
export type Location = Static<typeof Location>

/** How many charge points of a place are in which state: what is kept as history. */
export function countStates(evses: readonly Evse[]): {
  total: number
  free: number
  used: number
  broken: number
  known: boolean
} {
  const of = (...states: EvseStatus[]) => evses.filter(({ status }) => states.includes(status)).length
  const gone = of('REMOVED', 'PLANNED')
  return {
    total: evses.length - gone,
    free: of('AVAILABLE'),
    used: of('CHARGING', 'RESERVED', 'BLOCKED'),
    broken: of('OUTOFORDER', 'INOPERATIVE'),
    known: evses.some(({ status }) => !['UNKNOWN', 'REMOVED', 'PLANNED'].includes(status)),
  }
}

/** An EVSE id as it is compared: `DE*ABC*E123*4` and `DEABCE1234` are one (eMI³ allows the separators to be left out). */
export function evseKey(id: string): string {
  return id.toUpperCase().replace(/[*\s-]/g, '')
}
