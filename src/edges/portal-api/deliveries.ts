import type { Actor } from '../../domains/access/index.ts'
import { type Delivery, deliveriesOf, plainRejection, pushExample, type Whose } from '../../domains/sources/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { quoted } from './csv.ts'
import { ProblemAnswer } from './schemas.ts'
import { DeliveriesAnswer, DeliveriesQuery, DeliverySources, OneDelivery, ReceiptParams } from './schemas-deliveries.ts'
import type { StewardDeps } from './steward-deps.ts'

const CSV_MOST = 100_000
const COLUMNS = [
  'receipt',
  'firstAt',
  'lastAt',
  'source',
  'way',
  'by',
  'messages',
  'bytes',
  'read',
  'accepted',
] as const
const MORE = ['unchanged', 'corrected', 'rejected', 'reasons'] as const

/**
 * `/api/v1/deliveries`: proof of what was pushed. Whoever sends sees what their account or key sent; who manages a dataset
 * what came for it; who manages the platform everything.
 */
export function addDeliveries(api: FastifyInstance, { db, access, catalog, sources }: StewardDeps): void {
  const tags = ['Deliveries']

  /** Whose deliveries `actor` sees. Throws Problem 401 for nobody in particular. */
  function whose(actor: Actor): Whose {
    if (access.can(actor, 'manage', 'platform')) return 'all'
    if (actor.account === undefined && actor.key === undefined)
      throw new Problem(401, 'key-required', 'Sign in, or ask with the key that delivers.')
    const datasets = access.visible(actor).filter((dataset) => access.can(actor, 'manage', { dataset }))
    // A key sees what it sent itself; a person what all keys of the account sent.
    return actor.kind === 'key'
      ? { account: null, key: actor.key ?? null, datasets }
      : { account: actor.account ?? null, key: null, datasets }
  }

  const shown = ({ actor, dataset, source, ...one }: Delivery) => ({
    ...one,
    by: actor,
    source: { id: source, title: sources.pushed.all().find(({ id }) => id === source)?.definition.title ?? source },
    dataset: catalog.byKey(dataset)?.id ?? null,
    rejections: one.rejections.map((rejection) => ({ ...rejection, ...plainRejection(rejection.reason) })),
  })

  api.get<{ Querystring: DeliveriesQuery }>(
    '/api/v1/deliveries',
    {
      schema: {
        tags,
        summary: 'What was delivered by webhook and MQTT, newest first, and what became of it',
        querystring: DeliveriesQuery,
        response: { 200: DeliveriesAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      const { limit = 50, ...rest } = request.query
      const deliveries = await deliveriesOf(db, whose(request.actor), { ...rest, limit })
      return { now: new Date().toISOString(), deliveries: deliveries.map(shown) }
    },
  )

  api.get<{ Querystring: DeliveriesQuery }>(
    '/api/v1/deliveries.csv',
    {
      schema: {
        tags,
        summary: 'The same as CSV: proof of delivery to be kept',
        querystring: DeliveriesQuery,
        produces: ['text/csv'],
        response: { 200: { type: 'string' }, '4xx': ProblemAnswer },
      } as object,
    },
    async (request, reply) => {
      const { source, before } = request.query
      const rows = await deliveriesOf(db, whose(request.actor), {
        ...(source === undefined ? {} : { source }),
        ...(before === undefined ? {} : { before }),
        limit: CSV_MOST,
      })
      const lines = rows.map((row) => {
        const reasons = row.rejections.map(({ reason, count }) => `${count} × ${plainRejection(reason).text}`)
        const values: Record<string, string | number> = {
          ...row,
          topic: '',
          rejections: '',
          by: row.actor,
          reasons: reasons.join(' '),
        }
        return [...COLUMNS, ...MORE].map((name) => quoted(String(values[name]))).join(',')
      })
      return reply
        .type('text/csv; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('content-disposition', 'attachment; filename="lieferungen.csv"')
        .serializer(String)
        .send(`${[[...COLUMNS, ...MORE].join(','), ...lines].join('\r\n')}\r\n`)
    },
  )

  api.get(
    '/api/v1/deliveries/sources',
    {
      schema: {
        tags,
        summary: 'Sources you may deliver to, with an example of a message',
        response: { 200: DeliverySources, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      whose(request.actor)
      reply.header('cache-control', 'no-store')
      const open = sources.pushed.all().filter(({ dataset }) => access.can(request.actor, 'create', { dataset }))
      return {
        sources: open.map(({ id, dataset, definition }) => ({
          id,
          title: definition.title,
          dataset: catalog.byKey(dataset)?.id ?? '',
          way: definition.from.mqtt ? ('mqtt' as const) : ('webhook' as const),
          format: definition.format.type,
          topic: definition.from.mqtt?.topic ?? null,
          url: definition.from.webhook ? `${request.origin}/api/v1/webhooks/${id}` : null,
          example: pushExample(definition),
        })),
      }
    },
  )

  api.get<{ Params: ReceiptParams }>(
    '/api/v1/deliveries/:receipt',
    {
      schema: {
        tags,
        summary: 'One delivery by its receipt',
        params: ReceiptParams,
        response: { 200: OneDelivery, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const [one] = await deliveriesOf(db, whose(request.actor), { receipt: request.params.receipt, limit: 1 })
      if (!one)
        throw new Problem(404, 'delivery-unknown', 'There is no delivery with this receipt, or it is not yours.')
      reply.header('cache-control', 'no-store')
      return shown(one)
    },
  )
}
