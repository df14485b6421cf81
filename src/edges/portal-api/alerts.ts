import type { FastifyInstance } from '../../kernel/http/index.ts'
import { ProblemAnswer } from './schemas.ts'
import { AlertsAnswer, ChannelAnswer, ChannelBody, ChannelParams, KeyAnswer, TestAnswer } from './schemas-alerts.ts'
import type { StewardDeps } from './steward-deps.ts'

const LISTED = 100

/** `/api/v1/alerts`: who is told what, and every message with what became of it. For who may manage the platform. */
export function addAlerts(api: FastifyInstance, { alerts }: StewardDeps): void {
  const tags = ['Alerts']
  const answers = { 200: ChannelAnswer, '4xx': ProblemAnswer }

  api.get(
    '/api/v1/alerts',
    {
      schema: {
        tags,
        summary: 'Channels and the newest messages',
        response: { 200: AlertsAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return {
        ways: alerts.ways,
        channels: await alerts.channels(request.actor),
        deliveries: await alerts.deliveries(request.actor, LISTED),
      }
    },
  )

  api.post<{ Body: ChannelBody }>(
    '/api/v1/alerts/channels',
    {
      schema: {
        tags,
        summary: 'Add a channel',
        body: ChannelBody,
        response: { 201: ChannelAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => reply.code(201).send(await alerts.keepChannel(request.body, request.actor)),
  )

  api.put<{ Params: ChannelParams; Body: ChannelBody }>(
    '/api/v1/alerts/channels/:id',
    { schema: { tags, summary: 'Change a channel', params: ChannelParams, body: ChannelBody, response: answers } },
    (request) => alerts.keepChannel(request.body, request.actor, Number(request.params.id)),
  )

  api.delete<{ Params: ChannelParams }>(
    '/api/v1/alerts/channels/:id',
    {
      schema: {
        tags,
        summary: 'Remove a channel with its messages',
        params: ChannelParams,
        response: { 204: { type: 'null' }, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      await alerts.removeChannel(Number(request.params.id), request.actor)
      return reply.code(204).send()
    },
  )

  api.post<{ Params: ChannelParams }>(
    '/api/v1/alerts/channels/:id/test',
    {
      schema: {
        tags,
        summary: 'Send a test message now; says why when it does not get through',
        params: ChannelParams,
        response: { 200: TestAnswer, '4xx': ProblemAnswer },
      },
    },
    (request) => alerts.test(Number(request.params.id), request.actor),
  )

  api.get<{ Params: ChannelParams }>(
    '/api/v1/alerts/channels/:id/key',
    {
      schema: {
        tags,
        summary: 'The key a web receiver checks signatures with; asking is noted',
        params: ChannelParams,
        response: { 200: KeyAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return { key: await alerts.keyFor(Number(request.params.id), request.actor) }
    },
  )
}
