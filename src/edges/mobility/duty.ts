import { Type } from 'typebox'
import type { Actor } from '../../domains/access/index.ts'
import { isPublic, licenceOf } from '../../domains/catalog/index.ts'
import { ACCESS_POINT, DUTIES } from '../../domains/mobility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { csvTable } from './csv.ts'
import type { MobilityDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { type Supplied, suppliedDatasets, WINDOW_DAYS } from './service.ts'

const orNull = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const Share = orNull(Type.Number({ description: '0 to 1' }))
const Seconds = orNull(Type.Number({ description: 'seconds' }))

export const LevelAnswer = {
  uptime: Share,
  deliveries: Type.Integer(),
  failed: Type.Integer(),
  latency: Seconds,
  latency90: Seconds,
  completeness: Share,
  since: orNull(Type.String()),
  newest: orNull(Type.String()),
}

const Words = Type.Object({ de: Type.String(), en: Type.String() })
const DutyAnswer = Type.Object({
  days: Type.Integer({ description: 'Reliability is of so many days' }),
  accessPoint: Type.Object({ name: Type.String(), url: Type.String() }),
  duties: Type.Array(
    Type.Object({
      dataset: Type.Object({ id: Type.String(), title: Type.String() }),
      concept: Type.String(),
      features: Type.Integer(),
      asked: Type.Object({
        law: Type.Object({ name: Type.String(), url: Type.String() }),
        static: Words,
        dynamic: Words,
        formats: Type.String(),
        from: Type.String({ description: 'Day, ISO 8601' }),
      }),
      offered: Type.Array(Type.Object({ format: Type.String(), what: Type.String(), url: Type.String() })),
      licence: orNull(Type.String()),
      publicSince: orNull(Type.String({ description: 'Since when it is released; null = it is not' })),
      missing: Type.Array(
        Type.Enum(['release', 'licence', 'dynamic', 'format'], {
          description:
            'release: not public · licence: none stated · dynamic: no changing values · format: offered in others than the law names',
        }),
      ),
      level: Type.Object(LevelAnswer),
    }),
  ),
})

/** Addresses of a dataset by concept; `what` is static, dynamic or both. */
const OFFERS: Record<string, (id: string) => [format: string, what: string, path: string][]> = {
  parking: (id) => [
    ['DATEX II', 'static', `/datex2/parking/${id}/table.xml`],
    ['DATEX II', 'dynamic', `/datex2/parking/${id}/status.xml`],
    ['GeoJSON', 'both', `/api/v1/mobility/parking?dataset=${id}`],
  ],
  roadworks: (id) => [
    ['DATEX II', 'both', `/datex2/roadworks/${id}.xml`],
    ['GeoJSON', 'both', `/api/v1/mobility/roadworks?dataset=${id}`],
  ],
  sharing: (id) => [['GBFS 3.0', 'both', `/gbfs/${id}/gbfs.json`]],
  charging: () => [['OCPI 2.2.1', 'both', '/ocpi/2.2.1/locations']],
  transit: (id) => [
    ['GTFS', 'static', `/gtfs/${id}.zip`],
    ['GTFS Realtime', 'dynamic', `/gtfs-rt/${id}/trip-updates.pb`],
  ],
}

/** `/api/v1/mobility/duty`: per dataset what EU law asks, what is offered, since when and how reliably. For who manages it. */
export function addDuty(api: FastifyInstance, deps: MobilityDeps): void {
  const tags = ['Mobility']

  api.get(
    '/api/v1/mobility/duty',
    {
      schema: {
        tags,
        summary: 'What the duty to publish (EU 2024/490, AFIR) asks of each dataset, and what is offered',
        response: { 200: DutyAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      requireStaff(deps, request.actor)
      reply.header('cache-control', 'no-store')
      const supplied = await suppliedDatasets(deps, request.actor)
      const duties = supplied.flatMap((one) => dutiesOf(one, request.origin))
      return { days: WINDOW_DAYS, accessPoint: ACCESS_POINT, duties }
    },
  )

  api.get(
    '/api/v1/mobility/duty.csv',
    {
      schema: { tags, summary: 'The same as CSV: a line for each address', response: { '4xx': ProblemAnswer } },
    },
    async (request, reply) => {
      requireStaff(deps, request.actor)
      const supplied = await suppliedDatasets(deps, request.actor)
      const rows = supplied.flatMap((one) =>
        dutiesOf(one, request.origin).flatMap(
          ({ dataset, concept, asked, offered, licence, publicSince, missing, level }) =>
            offered.map(({ format, what, url }) => [
              ...[dataset.id, dataset.title, concept, asked.law.name, asked.formats, asked.from],
              ...[format, what, url, licence, publicSince, missing.join(' ')],
              ...[level.uptime, level.latency, level.completeness, level.since, level.newest],
            ]),
        ),
      )
      const header = [
        ...['dataset', 'title', 'concept', 'law', 'formats_asked', 'from', 'format', 'what', 'url', 'licence'],
        ...['public_since', 'missing', 'uptime_30d', 'latency_s', 'completeness_30d', 'first_value', 'newest_value'],
      ]
      return reply
        .type('text/csv; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('content-disposition', 'attachment; filename="meldepflicht.csv"')
        .serializer(String)
        .send(csvTable(header, rows))
    },
  )
}

/** 403 for whoever manages nothing at all. */
export function requireStaff({ access }: MobilityDeps, actor: Actor): void {
  if (access.can(actor, 'manage', 'platform')) return
  const some = access.visible(actor).some((dataset) => access.can(actor, 'manage', { dataset }))
  if (!some) throw new Problem(403, 'forbidden', 'This is for who manages a dataset.')
}

function dutiesOf({ dataset, concepts, level }: Supplied, origin: string) {
  return concepts.flatMap(({ concept, features, live }) => {
    const duty = DUTIES.find((one) => one.concept === concept)
    if (!duty) return []
    const offered = (OFFERS[concept]?.(dataset.id) ?? [])
      // There is no publication of states without any, and no real time without a source of it.
      .filter(([, what]) => live || what !== 'dynamic')
      .map(([format, what, path]) => ({ format, what, url: origin + path }))
    const released = isPublic(dataset)
    const dynamic = live || concept === 'roadworks'
    const missing = [
      ...(released ? [] : ['release' as const]),
      ...(dataset.licence === null ? ['licence' as const] : []),
      ...(dynamic ? [] : ['dynamic' as const]),
      ...(offered.some(({ format }) => duty.met.includes(format)) ? [] : ['format' as const]),
    ]
    const { law, static: fixed, dynamic: changing, formats, from } = duty
    const { dataset: _, ...measured } = level
    return [
      {
        dataset: { id: dataset.id, title: dataset.title },
        concept,
        features,
        asked: { law, static: fixed, dynamic: changing, formats, from },
        offered,
        licence: licenceOf(dataset.licence)?.name ?? dataset.licence,
        publicSince: released ? dataset.stateSince : null,
        missing,
        level: measured,
      },
    ]
  })
}
