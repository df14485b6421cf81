import { randomBytes } from 'node:crypto'
import { Type } from 'typebox'
import type { Dataset } from '../../domains/catalog/index.ts'
import {
  CONCEPTS,
  type Feature,
  findFeatures,
  geometryProblem,
  removeFeature,
  upsertFeatures,
} from '../../domains/features/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'
import { ageOf, featureById, type PlaceQuery, provenance, publicId, readPlace, visibleDataset } from './place.ts'
import { Place, ProblemAnswer, RoadworksAnswer, RoadworksBody, RoadworksPatch } from './schemas.ts'

type When = 'current' | 'planned' | 'past'

const Query = Type.Object({
  ...Place,
  when: Type.Optional(
    Type.Union(
      ['current', 'planned', 'past', 'all'].map((name) => Type.Literal(name)),
      { description: 'default current' },
    ),
  ),
})
const Params = Type.Object({ id: Type.String({ maxLength: 400, description: 'dataset:key' }) })

interface Body {
  dataset: string
  name: string
  geometry: object
  validFrom?: string | null
  validTo?: string | null
  properties?: Record<string, unknown>
}

/** `/api/v1/mobility/roadworks`: works and events on the road; own ones are entered, changed and taken back here. */
export function addRoadworks(api: FastifyInstance, deps: MobilityDeps): void {
  const { db, access, catalog } = deps
  const tags = ['Mobility']
  const concept = 'roadworks'

  api.get<{ Querystring: PlaceQuery & { when?: When | 'all' } }>(
    '/api/v1/mobility/roadworks',
    {
      schema: {
        tags,
        summary: 'Roadworks near a place, in a box or of a dataset, as GeoJSON',
        querystring: Query,
        response: { 200: RoadworksAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { when = 'current' } = request.query
      const place = readPlace(deps, request, request.query)
      const features = await findFeatures(db, { ...place, concept, ...(when === 'all' ? {} : { when }) })
      const datasets = new Map(features.map(({ dataset }) => [dataset, catalog.byKey(dataset)!]))
      access.used(request.actor, 'mobility', [...datasets.keys()])
      const now = Date.now()
      const collection = features.map((one) => asGeoJson(one, datasets.get(one.dataset)!, now))
      reply.header('cache-control', 'no-cache').type('application/geo+json')
      const ages = collection.map(({ properties }) => properties.age)
      return {
        type: 'FeatureCollection',
        ...provenance([...datasets.values()]),
        age: ages.length > 0 ? ages.reduce((least, age) => Math.min(least, age)) : null,
        features: collection,
      }
    },
  )

  api.post<{ Body: Body }>(
    '/api/v1/mobility/roadworks',
    { schema: { tags, summary: 'Enters roadworks', body: RoadworksBody, response: { '4xx': ProblemAnswer } } },
    async (request, reply) => {
      const { dataset: id, name, geometry, validFrom = null, validTo = null, properties = {} } = request.body
      const dataset = visibleDataset(catalog, access.visible(request.actor), id)
      access.require(request.actor, 'create', { dataset: dataset.key })
      const spec = { concept, key: `r-${randomBytes(6).toString('hex')}`, name, geometry, properties }
      const feature = await keep(dataset, { ...spec, valid: period(validFrom, validTo) })
      await access.audit(request.actor, 'roadworks.create', `feature:${publicId(dataset, feature)}`, { name })
      return reply
        .code(201)
        .header('etag', etagOf(feature))
        .send(asGeoJson(feature, dataset, Date.now()))
    },
  )

  api.patch<{ Params: { id: string }; Body: Partial<Omit<Body, 'dataset'>> }>(
    '/api/v1/mobility/roadworks/:id',
    {
      schema: {
        tags,
        summary: 'Changes roadworks that were entered here; a property that is null is taken away',
        params: Params,
        body: RoadworksPatch,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { dataset, feature } = await own(request, 'update')
      const { name, geometry, validFrom, validTo, properties } = request.body
      const merged = { ...feature.properties, ...properties }
      const changed = await keep(dataset, {
        concept,
        key: feature.key,
        name: name ?? feature.name,
        geometry: geometry ?? feature.geometry,
        properties: Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null)),
        valid: period(
          validFrom === undefined ? feature.validFrom : validFrom,
          validTo === undefined ? feature.validTo : validTo,
        ),
      })
      await access.audit(request.actor, 'roadworks.update', `feature:${publicId(dataset, feature)}`, {
        before: stateOf(feature),
        after: stateOf(changed),
      })
      return reply.header('etag', etagOf(changed)).send(asGeoJson(changed, dataset, Date.now()))
    },
  )

  api.delete<{ Params: { id: string } }>(
    '/api/v1/mobility/roadworks/:id',
    {
      schema: {
        tags,
        summary: 'Takes back roadworks that were entered here',
        params: Params,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { dataset, feature } = await own(request, 'delete')
      await removeFeature(db, feature.id)
      await access.audit(request.actor, 'roadworks.delete', `feature:${publicId(dataset, feature)}`, {
        before: stateOf(feature),
      })
      return reply.code(204).send()
    },
  )

  /** Roadworks that `actor` may change: entered here, seen in the state the `If-Match` names. */
  async function own(
    request: { actor: Parameters<typeof access.visible>[0]; params: { id: string }; headers: { 'if-match'?: string } },
    action: 'update' | 'delete',
  ) {
    const found = await featureById(deps, access.visible(request.actor), concept, request.params.id)
    access.require(request.actor, action, { dataset: found.dataset.key })
    if (found.feature.source !== null)
      throw new Problem(409, 'fed-by-source', `The source "${found.feature.source}" says this: change it there.`)
    const wanted = request.headers['if-match']
    if (wanted !== undefined && wanted !== '*' && wanted !== etagOf(found.feature))
      throw new Problem(412, 'changed-meanwhile', 'Somebody changed these roadworks meanwhile: read them again.')
    return found
  }

  async function keep(dataset: Dataset, spec: Parameters<typeof upsertFeatures>[2][number]): Promise<Feature> {
    const problem = geometryProblem(spec.geometry)
    if (problem) throw new Problem(400, 'geometry-invalid', `geometry: ${problem}.`)
    const terms = CONCEPTS.get(concept)!.properties
    for (const [name, value] of Object.entries(spec.properties)) {
      const term = terms[name]
      if (!term)
        throw new Problem(
          400,
          'property-unknown',
          `properties.${name}: there is no such term; ${Object.keys(terms).join(', ')} are.`,
        )
      const type = Array.isArray(value) ? 'array' : typeof value
      if (type !== term.type)
        throw new Problem(400, 'property-invalid', `properties.${name} must be ${term.type}, not ${type}.`)
      if (term.values && !term.values.includes(String(value)))
        throw new Problem(400, 'property-invalid', `properties.${name} is one of ${term.values.join(', ')}.`)
    }
    await db.transaction((tx) => upsertFeatures(tx, { dataset: dataset.key, source: null, run: null }, [spec]))
    const [feature] = await findFeatures(db, {
      concept,
      visible: [dataset.key],
      dataset: dataset.key,
      key: spec.key,
      limit: 1,
    })
    return feature!
  }
}

function period(from: string | null, to: string | null): { from: string | null; to: string | null } {
  for (const [name, text] of [
    ['validFrom', from],
    ['validTo', to],
  ] as const)
    if (text !== null && (Number.isNaN(Date.parse(text)) || !/([zZ]|[+-]\d\d:?\d\d)$/.test(text)))
      throw new Problem(
        400,
        'time-invalid',
        `${name} is not a time with its offset, for example 2026-05-04T07:00:00+02:00.`,
      )
  if (from !== null && to !== null && Date.parse(from) >= Date.parse(to))
    throw new Problem(400, 'time-invalid', 'validTo must be later than validFrom.')
  return { from, to }
}

const stateOf = ({ name, geometry, properties, validFrom, validTo }: Feature) => ({
  name,
  geometry,
  properties,
  validFrom,
  validTo,
})
const etagOf = ({ changedAt }: Feature) => `"${changedAt}"`

function whenOf({ validFrom, validTo }: Feature, now: number): When {
  if (validFrom !== null && Date.parse(validFrom) > now) return 'planned'
  return validTo !== null && Date.parse(validTo) <= now ? 'past' : 'current'
}

function asGeoJson(feature: Feature, dataset: Dataset, now: number) {
  const id = publicId(dataset, feature)
  return {
    type: 'Feature',
    id,
    geometry: feature.geometry,
    properties: {
      ...feature.properties,
      id,
      name: feature.name,
      validFrom: feature.validFrom,
      validTo: feature.validTo,
      when: whenOf(feature, now),
      source: dataset.publisher ?? dataset.title,
      dataset: dataset.id,
      changed: feature.changedAt,
      age: ageOf(feature.changedAt, now)!,
      ...(feature.distance === undefined ? {} : { distance: Math.round(feature.distance) }),
    },
  }
}
