import { Type } from 'typebox'
import {
  chargerPairs,
  decidePair,
  NEAR_METRES,
  type PairDecision,
  type PairSide,
  pairOf,
} from '../../domains/mobility/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'

const MOST = 500
const PATH = '/api/v1/mobility/chargers/duplicates'
const Query = Type.Object(
  { decided: Type.Optional(Type.Boolean({ default: false, description: 'those that are decided' })) },
  { additionalProperties: false },
)
const Params = Type.Object({ a: Type.Integer({ minimum: 1 }), b: Type.Integer({ minimum: 1 }) })
const Body = Type.Object(
  { decision: Type.Union([Type.Literal('same'), Type.Literal('different'), Type.Null()]) },
  { additionalProperties: false },
)

/** Records of chargers that may be the same place: shown, decided, taken back. For who may change both datasets. */
export function addChargerDuplicates(api: FastifyInstance, deps: MobilityDeps): void {
  const { db, access, catalog } = deps
  const tags = ['Mobility']
  const response = { '4xx': ProblemAnswer }

  function writable(request: FastifyRequest): number[] {
    const keys = access.visible(request.actor).filter((dataset) => access.can(request.actor, 'update', { dataset }))
    if (keys.length === 0) throw new Problem(403, 'forbidden', 'This is for who may change a dataset.')
    return keys
  }
  const side = ({ dataset, key, ...one }: PairSide) => {
    const { id, title } = catalog.byKey(dataset)!
    return { ...one, key: `${id}:${key}`, dataset: { id, title } }
  }

  api.get<{ Querystring: { decided?: boolean } }>(
    PATH,
    {
      schema: {
        tags,
        summary: `Chargers of different sources within ${NEAR_METRES} m and without an EVSE id in common`,
        querystring: Query,
        response,
      },
    },
    async (request, reply) => {
      const datasets = writable(request)
      const { decided = false } = request.query
      const pairs = await chargerPairs(db, datasets, { decided, limit: MOST })
      reply.header('cache-control', 'no-store')
      return { metres: NEAR_METRES, pairs: pairs.map(({ a, b, ...pair }) => ({ a: side(a), b: side(b), ...pair })) }
    },
  )

  api.put<{ Params: { a: number; b: number }; Body: { decision: PairDecision | null } }>(
    `${PATH}/:a/:b`,
    {
      schema: {
        tags,
        summary: 'Decides whether two records are the same place; null takes the decision back',
        params: Params,
        body: Body,
        response,
      },
    },
    async (request, reply) => {
      const found = await pairOf(db, writable(request), [request.params.a, request.params.b])
      if (!found) throw new Problem(404, 'pair-unknown', 'There is no such pair of chargers.')
      const [a, b] = found as [(typeof found)[number], (typeof found)[number]]
      const { decision } = request.body
      const before = await decidePair(db, [a.id, b.id], decision, request.actor.name)
      const name = ({ dataset, key }: typeof a) => `${catalog.byKey(dataset)!.id}:${key}`
      const detail = { other: name(b), before, after: decision }
      await access.audit(request.actor, 'charging.pair', `feature:${name(a)}`, detail)
      return reply.code(204).send()
    },
  )
}
