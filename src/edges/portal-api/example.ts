import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { ExampleAnswer } from './schemas-city.ts'

const PATH = '/api/v1/example'

/** `/api/v1/example`: how far the example city is, for everyone; staff make it and take it away. */
export function addExample(api: FastifyInstance, { access, example, log }: PortalDeps): void {
  api.get(
    PATH,
    {
      schema: {
        tags: ['Portal'],
        summary: 'The example city: how far its history, or its removal, is',
        response: { 200: ExampleAnswer, '4xx': ProblemAnswer },
      },
    },
    async (_request, reply) => {
      const status = await example.status()
      if (!status) throw new Problem(404, 'example-unknown', 'There is no example city here.')
      reply.header('cache-control', 'no-cache')
      return status
    },
  )

  api.post(
    PATH,
    {
      schema: {
        tags: ['Portal'],
        summary: 'Create the example city; its history follows in the background',
        response: { 201: ExampleAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      await access.audit(request.actor, 'example.create', 'platform')
      await example.create()
      return reply.code(201).send(await example.status())
    },
  )

  api.delete(
    PATH,
    {
      schema: {
        tags: ['Portal'],
        summary: 'Take the example city away; it is invisible at once, its values go in the background',
        response: { 202: ExampleAnswer, 204: { type: 'null' }, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const status = await example.status()
      if (!status) return reply.code(204).send()
      await access.audit(request.actor, 'example.remove', 'platform')
      // A year of values takes a while: whoever asks follows it by GET. What fails goes on at the next call or start.
      example.remove().catch((error: Error) => log.error({ error: error.message }, 'the example city is not removed'))
      return reply.code(202).send({ ...status, state: 'removing', share: 0, secondsLeft: null })
    },
  )
}
