import { fresh, type Query, type View } from '../lib/explore.ts'

export interface Example {
  key: 'example.places' | 'example.latest' | 'example.values' | 'example.area' | 'example.above' | 'example.groups'
  query: Query
  as?: View
  /** Written by hand: what the form cannot say. */
  request?: string
}

const newest = (top: number): Query => ({ ...fresh('Observations'), order: 'phenomenonTime', desc: true, top })

/** Requests to begin with, from simple to what the form has no words for. */
export function examplesOf(bounds: readonly number[]): Example[] {
  return [
    {
      key: 'example.places',
      query: { ...fresh('Things'), expand: [{ relation: 'Locations', query: fresh('Locations') }] },
      as: 'map',
    },
    {
      key: 'example.latest',
      query: {
        ...fresh('Datastreams'),
        select: ['name', 'unitOfMeasurement'],
        expand: [{ relation: 'Observations', query: { ...newest(1), select: ['phenomenonTime', 'result'] } }],
        order: 'name',
      },
    },
    {
      key: 'example.values',
      query: {
        ...newest(100),
        expand: [{ relation: 'Datastream', query: { ...fresh('Datastreams'), select: ['name', 'unitOfMeasurement'] } }],
      },
      as: 'chart',
    },
    {
      key: 'example.area',
      query: {
        ...fresh('Things'),
        filters: [{ path: 'Locations/location', op: 'within', value: bounds.join(',') }],
        count: true,
      },
      as: 'map',
    },
    {
      key: 'example.above',
      query: {
        ...newest(20),
        filters: [{ path: 'result', op: 'gt', value: '100' }],
        expand: [{ relation: 'Datastream', query: { ...fresh('Datastreams'), select: ['name'] } }],
      },
    },
    {
      key: 'example.groups',
      query: fresh('Observations'),
      request:
        "Observations?$filter=phenomenonTime ge now() sub duration'P1D'&$apply=groupby((Datastream/name),aggregate(result with max as highest,$count as n))&$top=20",
    },
  ]
}
