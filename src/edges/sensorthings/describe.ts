import type { Accepts, EntityType, Model, Property } from './model.ts'

/** What a value is compared with: decides which conditions a form offers. */
export type Kind = 'text' | 'number' | 'time' | 'place' | 'json' | 'any'

const KIND: Record<Accepts, Kind> = {
  string: 'text',
  object: 'json',
  unit: 'json',
  units: 'json',
  texts: 'json',
  dataRecord: 'json',
  any: 'any',
  instant: 'time',
  period: 'time',
  interval: 'time',
  geometry: 'place',
}

export interface Described {
  tasking: boolean
  sets: {
    name: string
    type: string
    properties: { name: string; kind: Kind; mandatory: boolean; readOnly: boolean }[]
    relations: { name: string; set: string; many: boolean }[]
  }[]
}

/** The model of a service as data, for forms that build requests (`/explore`) and programs that look before they ask. */
export function describeModel({ types, tasking }: Model): Described {
  return { tasking, sets: types.map(setOf) }
}

const setOf = ({ name, set, properties, navigations }: EntityType): Described['sets'][number] => ({
  name: set,
  type: name,
  properties: [{ name: '@iot.id', kind: 'number', mandatory: false, readOnly: true }, ...properties.map(propertyOf)],
  relations: navigations.map((navigation) => ({
    name: navigation.name,
    set: navigation.to.set,
    many: navigation.many,
  })),
})

const propertyOf = ({ name, accepts, mandatory = false, readOnly = false }: Property) => ({
  name,
  kind: KIND[accepts],
  mandatory,
  readOnly,
})
