import type { Static } from 'typebox'
import { Requests } from '../../domains/requests/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { AskBody, DecideBody, NumberParams, TermsBody, TermsQuery } from './schemas-access.ts'

/** Asking for restricted datasets, and deciding on it. */
export function addRequests(api: FastifyInstance, deps: PortalDeps): void {
  const { access, catalog } = deps
  const requests = new Requests(deps)
  const tags = ['Requests']
  const response = { '4xx': ProblemAnswer }

  api.get(
    '/api/v1/requests',
    { schema: { tags, summary: 'Your requests, and those you decide on', response } },
    async (request, reply) => {
      const { actor } = request
      if (actor.kind === 'anonymous') throw new Problem(401, 'sign-in-required', 'Sign in with an account of your own.')
      const [mine, toDecide] = await Promise.all([requests.mine(actor), requests.toDecide(actor)])
      reply.header('cache-control', 'no-store')
      return {
        mine,
        toDecide,
        askable: requests.askable(actor).map(({ id, title, description }) => ({ id, title, description })),
      }
    },
  )

  api.post<{ Body: Static<typeof AskBody> }>(
    '/api/v1/requests',
    { schema: { tags, summary: 'Asks for a restricted dataset', body: AskBody, response } },
    async (request, reply) => reply.code(201).send({ id: await requests.ask(request.body, request.actor) }),
  )

  api.post<{ Params: NumberParams; Body: Static<typeof DecideBody> }>(
    '/api/v1/requests/:id/decision',
    { schema: { tags, summary: 'Grants or refuses a request', params: NumberParams, body: DecideBody, response } },
    async (request, reply) => {
      await requests.decide(request.params.id, request.body, request.actor)
      return reply.code(204).send()
    },
  )

  api.delete<{ Params: NumberParams }>(
    '/api/v1/requests/:id',
    { schema: { tags, summary: 'Takes a request back, or ends the right it gave', params: NumberParams, response } },
    async (request, reply) => {
      await requests.end(request.params.id, request.actor)
      return reply.code(204).send()
    },
  )

  api.get<{ Querystring: Static<typeof TermsQuery> }>(
    '/api/v1/terms',
    { schema: { tags, summary: 'Terms under which restricted data is given', querystring: TermsQuery, response } },
    async (request) => {
      const { dataset: id } = request.query
      const dataset = id === undefined ? undefined : catalog.byId(id)
      if (id !== undefined && (!dataset || !access.can(request.actor, 'know', { dataset: dataset.key })))
        throw new Problem(404, 'not-found', `There is no dataset "${id}", or it is not public.`)
      return { terms: await requests.terms(dataset?.key ?? null) }
    },
  )

  api.post<{ Body: Static<typeof TermsBody> }>(
    '/api/v1/terms',
    { schema: { tags, summary: 'A new version of the terms', body: TermsBody, response } },
    async (request, reply) => {
      const { dataset: id } = request.body
      const dataset = id === null ? undefined : catalog.byId(id)
      if (id !== null && (!dataset || !access.can(request.actor, 'know', { dataset: dataset.key })))
        throw new Problem(404, 'not-found', `There is no dataset "${id}", or it is not public.`)
      return reply.code(201).send({ id: await requests.saveTerms(request.body, request.actor) })
    },
  )
}
