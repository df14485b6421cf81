import type { Static } from 'typebox'
import type { Actor } from '../../domains/access/index.ts'
import type { Dataset } from '../../domains/catalog/index.ts'
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

  /** The dataset, if one is named; a 404 where the actor may not know of it, as if there were none. */
  const known = (id: string | null | undefined, actor: Actor): Dataset | undefined => {
    if (id === null || id === undefined) return undefined
    const dataset = catalog.byId(id)
    if (dataset && access.can(actor, 'know', { dataset: dataset.key })) return dataset
    throw new Problem(404, 'not-found', `There is no dataset "${id}", or it is not public.`)
  }

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
        askable: requests.askable(actor).map(({ id, title, description, publisher }) => ({
          ...{ id, title, description, publisher },
        })),
        managed: requests.managed(actor).map(({ id, title, state, audience }) => ({ id, title, state, audience })),
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
      const dataset = known(request.query.dataset, request.actor)
      return { terms: await requests.terms(dataset?.key ?? null) }
    },
  )

  api.get<{ Querystring: Static<typeof TermsQuery> }>(
    '/api/v1/terms/versions',
    {
      schema: {
        tags,
        summary: 'Every version of the terms of a dataset, or of those for all, the newest first',
        querystring: TermsQuery,
        response,
      },
    },
    async (request, reply) => {
      const dataset = known(request.query.dataset, request.actor)
      if (dataset) access.require(request.actor, 'manage', { dataset: dataset.key })
      else access.require(request.actor, 'administer', 'platform')
      reply.header('cache-control', 'no-store')
      return { versions: await requests.versions(dataset?.key ?? null) }
    },
  )

  api.get<{ Params: NumberParams }>(
    '/api/v1/terms/:id',
    { schema: { tags, summary: 'One version of the terms', params: NumberParams, response } },
    async (request, reply) => {
      const terms = await requests.version(request.params.id)
      const dataset = terms?.dataset ? catalog.byId(terms.dataset) : undefined
      if (
        !terms ||
        (terms.dataset !== null && !(dataset && access.can(request.actor, 'know', { dataset: dataset.key })))
      )
        throw new Problem(404, 'terms-unknown', `There are no terms ${request.params.id}.`)
      reply.header('cache-control', 'no-store')
      return { terms }
    },
  )

  api.post<{ Body: Static<typeof TermsBody> }>(
    '/api/v1/terms',
    { schema: { tags, summary: 'A new version of the terms', body: TermsBody, response } },
    async (request, reply) => {
      known(request.body.dataset, request.actor)
      return reply.code(201).send({ id: await requests.saveTerms(request.body, request.actor) })
    },
  )
}
