import { Type } from 'typebox'
import type { Dataset } from '../../domains/catalog/index.ts'
import { type Attachment, attachmentsOf, type Feature, findFeatures } from '../../domains/features/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'
import { ageOf, featureById, MOST, type PlaceQuery, provenance, publicId, readPlace } from './place.ts'
import { addAttachments } from './roadworks-attachments.ts'
import { addRoadworksEntry } from './roadworks-entry.ts'
import { asFile, etagOf, period } from './roadworks-own.ts'
import { Place, ProblemAnswer, RoadworksAnswer, RoadworksId } from './schemas.ts'

type When = 'current' | 'planned' | 'past'

const Query = Type.Object({
  ...Place,
  when: Type.Optional(
    Type.Union(
      ['current', 'planned', 'past', 'all'].map((name) => Type.Literal(name)),
      { description: 'default current' },
    ),
  ),
  entered: Type.Optional(Type.Boolean({ description: 'only those entered here, wherever they are' })),
  from: Type.Optional(
    Type.String({ maxLength: 40, description: 'Valid at some time after this instant (with offset); needs `to`' }),
  ),
  to: Type.Optional(
    Type.String({ maxLength: 40, description: 'and before this one, 400 days later at most; no place is needed then' }),
  ),
})
const LONGEST_DAYS = 400

type Asked = PlaceQuery & { when?: When | 'all'; entered?: boolean; from?: string; to?: string }

/** `/api/v1/mobility/roadworks`: works and events on the road; own ones are entered, changed and taken back here. */
export function addRoadworks(api: FastifyInstance, deps: MobilityDeps): void {
  const { db, access, catalog } = deps
  const tags = ['Mobility']
  const concept = 'roadworks'

  api.get<{ Querystring: Asked }>(
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
      const { entered = false, from, to, ...asked } = request.query
      const during = from === undefined && to === undefined ? null : duringOf(from ?? '', to ?? '')
      const { when = during ? 'all' : 'current' } = asked
      const somewhere = asked.near !== undefined || asked.bbox !== undefined || asked.dataset !== undefined
      const place =
        (entered || during !== null) && !somewhere
          ? { visible: access.visible(request.actor), limit: asked.limit ?? MOST }
          : readPlace(deps, request, asked)
      const features = await findFeatures(db, {
        ...place,
        concept,
        ...(entered ? { entered } : {}),
        ...(when === 'all' ? {} : { when }),
        ...(during ? { during } : {}),
      })
      const datasets = new Map(features.map(({ dataset }) => [dataset, catalog.byKey(dataset)!]))
      access.used(request.actor, 'mobility', [...datasets.keys()])
      const now = Date.now()
      const files = await filesOf(features)
      const collection = features.map((one) =>
        asGeoJson(one, datasets.get(one.dataset)!, { now, files: files.get(one.id) ?? [] }),
      )
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

  api.get<{ Params: { id: string } }>(
    '/api/v1/mobility/roadworks/:id',
    {
      schema: {
        tags,
        summary: 'One of the roadworks, as a GeoJSON feature; its ETag guards a change',
        params: RoadworksId,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { dataset, feature } = await featureById(deps, access.visible(request.actor), concept, request.params.id)
      access.used(request.actor, 'mobility', [dataset.key])
      reply.header('cache-control', 'no-cache').header('etag', etagOf(feature)).type('application/geo+json')
      return { ...(await answer(feature, dataset)), ...provenance([dataset]) }
    },
  )

  addRoadworksEntry(api, deps, answer)
  addAttachments(api, deps)

  /** Only what people entered has files. */
  const filesOf = (features: readonly Feature[]) =>
    attachmentsOf(
      db,
      features.filter(({ source }) => source === null).map(({ id }) => id),
    )

  async function answer(feature: Feature, dataset: Dataset) {
    const files = (await filesOf([feature])).get(feature.id) ?? []
    return asGeoJson(feature, dataset, { now: Date.now(), files })
  }
}

/** A span of time that is asked for. Throws Problem 400 `time-invalid`. */
function duringOf(from: string, to: string): { from: string; to: string } {
  // A plus sign in an address is a space.
  const { from: start, to: end } = period(from.replace(' ', '+'), to.replace(' ', '+'))
  if (Date.parse(end!) - Date.parse(start!) > LONGEST_DAYS * 86_400_000)
    throw new Problem(400, 'time-invalid', `"from" and "to" are more than ${LONGEST_DAYS} days apart.`)
  return { from: start!, to: end! }
}

function whenOf({ validFrom, validTo }: Feature, now: number): When {
  if (validFrom !== null && Date.parse(validFrom) > now) return 'planned'
  return validTo !== null && Date.parse(validTo) <= now ? 'past' : 'current'
}

function asGeoJson(feature: Feature, dataset: Dataset, { now, files }: { now: number; files: Attachment[] }) {
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
      entered: feature.source === null,
      changed: feature.changedAt,
      age: ageOf(feature.changedAt, now)!,
      ...(feature.distance === undefined ? {} : { distance: Math.round(feature.distance) }),
      ...(files.length === 0 ? {} : { attachments: files.map((file) => asFile(id, file)) }),
    },
  }
}
