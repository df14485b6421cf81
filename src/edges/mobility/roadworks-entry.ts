import { randomBytes } from 'node:crypto'
import { Type } from 'typebox'
import type { Dataset } from '../../domains/catalog/index.ts'
import {
  CONCEPTS,
  type Feature,
  findFeatures,
  geometryProblem,
  removeFeature,
  restoreFeature,
  upsertFeatures,
} from '../../domains/features/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'
import { featureById, publicId, visibleDataset } from './place.ts'
import { etagOf, ownRoadworks, period } from './roadworks-own.ts'
import { ProblemAnswer, RoadworksBody, RoadworksId, RoadworksPatch } from './schemas.ts'

const concept = 'roadworks'

interface Body {
  dataset: string
  name: string
  geometry: object
  validFrom?: string | null
  validTo?: string | null
  properties?: Record<string, unknown>
}

const Datasets = Type.Object({
  datasets: Type.Array(
    Type.Object({
      id: Type.String(),
      title: Type.String(),
      state: Type.String(),
      roadworks: Type.Integer({ description: 'how many are in it' }),
    }),
  ),
})

/** Entering roadworks, changing them, taking them back and bringing them back; `answer` is one as GeoJSON. */
export function addRoadworksEntry(
  api: FastifyInstance,
  deps: MobilityDeps,
  answer: (feature: Feature, dataset: Dataset) => Promise<object>,
): void {
  const { db, access, catalog } = deps
  const tags = ['Mobility']
  const response = { '4xx': ProblemAnswer }

  api.get(
    '/api/v1/mobility/roadworks/datasets',
    {
      schema: {
        tags,
        summary: 'Datasets you may enter roadworks in',
        response: { 200: Datasets, '4xx': ProblemAnswer },
      },
    },
    async (request) => {
      const visible = access.visible(request.actor)
      const writable = visible.filter((key) => access.can(request.actor, 'create', { dataset: key }))
      const counts = await db.query<{ dataset: number; n: number }>(
        `select dataset, count(*)::int as n from feature
         where dataset = any($1::int4[]) and concept = $2 and gone_at is null group by 1`,
        [writable, concept],
      )
      const countOf = new Map(counts.map(({ dataset, n }) => [dataset, n]))
      const datasets = writable.map((key) => {
        const { id, title, state } = catalog.byKey(key)!
        return { id, title, state, roadworks: countOf.get(key) ?? 0 }
      })
      return { datasets: datasets.sort((a, b) => b.roadworks - a.roadworks || a.title.localeCompare(b.title)) }
    },
  )

  api.post<{ Body: Body }>(
    '/api/v1/mobility/roadworks',
    { schema: { tags, summary: 'Enters roadworks', body: RoadworksBody, response } },
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
        .send(await answer(feature, dataset))
    },
  )

  api.patch<{ Params: { id: string }; Body: Partial<Omit<Body, 'dataset'>> }>(
    '/api/v1/mobility/roadworks/:id',
    {
      schema: {
        tags,
        summary: 'Changes roadworks that were entered here; a property that is null is taken away',
        params: RoadworksId,
        body: RoadworksPatch,
        response,
      },
    },
    async (request, reply) => {
      const { dataset, feature } = await ownRoadworks(deps, request, 'update')
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
      return reply.header('etag', etagOf(changed)).send(await answer(changed, dataset))
    },
  )

  api.delete<{ Params: { id: string } }>(
    '/api/v1/mobility/roadworks/:id',
    { schema: { tags, summary: 'Takes back roadworks that were entered here', params: RoadworksId, response } },
    async (request, reply) => {
      const { dataset, feature } = await ownRoadworks(deps, request, 'delete')
      await removeFeature(db, feature.id)
      await access.audit(request.actor, 'roadworks.delete', `feature:${publicId(dataset, feature)}`, {
        before: stateOf(feature),
      })
      return reply.code(204).send()
    },
  )

  api.post<{ Params: { id: string } }>(
    '/api/v1/mobility/roadworks/:id/restore',
    { schema: { tags, summary: 'Brings back roadworks that were taken back', params: RoadworksId, response } },
    async (request, reply) => {
      const { dataset, feature } = await ownRoadworks(deps, request, 'delete', { gone: true })
      if (!(await restoreFeature(db, feature.id)))
        throw new Problem(409, 'not-removed', 'These roadworks were not taken back.')
      const id = publicId(dataset, feature)
      await access.audit(request.actor, 'roadworks.restore', `feature:${id}`)
      const found = await featureById(deps, access.visible(request.actor), concept, id)
      return reply.header('etag', etagOf(found.feature)).send(await answer(found.feature, dataset))
    },
  )

  async function keep(dataset: Dataset, spec: Parameters<typeof upsertFeatures>[2][number]): Promise<Feature> {
    const problem = geometryProblem(spec.geometry)
    if (problem) throw new Problem(400, 'geometry-invalid', `geometry: ${problem}.`)
    requireTerms(spec.properties)
    await db.transaction((tx) => upsertFeatures(tx, { dataset: dataset.key, source: null, run: null }, [spec]))
    const query = { concept, visible: [dataset.key], dataset: dataset.key, key: spec.key, limit: 1 }
    const [feature] = await findFeatures(db, query)
    return feature!
  }
}

function requireTerms(properties: Record<string, unknown>): void {
  const terms = CONCEPTS.get(concept)!.properties
  for (const [name, value] of Object.entries(properties)) {
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
  const { detourGeometry } = properties
  if (detourGeometry === undefined) return
  const { type } = detourGeometry as { type?: unknown }
  const problem =
    type === 'LineString' || type === 'MultiLineString' ? geometryProblem(detourGeometry) : 'a detour is a line'
  if (problem) throw new Problem(400, 'geometry-invalid', `properties.detourGeometry: ${problem}.`)
}

const stateOf = ({ name, geometry, properties, validFrom, validTo }: Feature) => ({
  name,
  geometry,
  properties,
  validFrom,
  validTo,
})
