import type { Static } from 'typebox'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import {
  BlockBody,
  GrantBody,
  GroupBody,
  InviteBody,
  MemberParams,
  NumberParams,
  RightsQuery,
  SpaceBody,
  SpaceOfBody,
  SpaceParams,
} from './schemas-access.ts'
import { grantOf, reachingOf, readScope } from './scopes.ts'

/** People, groups, roles and data spaces, for whoever administers them; and why somebody may see something. */
export function addPeople(api: FastifyInstance, { access, catalog, sendLink }: PortalDeps): void {
  const tags = ['People']
  const response = { '4xx': ProblemAnswer }
  const administer = (request: FastifyRequest) => access.require(request.actor, 'administer', 'platform')

  api.get(
    '/api/v1/people',
    { schema: { tags, summary: 'Accounts, groups, roles and keys', response } },
    async (request, reply) => {
      administer(request)
      await access.refresh()
      const { directory } = access
      const [accounts, keys, sessions, claimed] = await Promise.all([
        access.accounts.list(),
        access.keys.list(),
        access.sessions.counts(),
        access.grants.claimed(),
      ])
      reply.header('cache-control', 'no-store')
      return {
        accounts: accounts.map((account) => ({
          ...account,
          groups: directory.groupsOf(account.id).map((group) => group.id),
          claimed: claimed.filter((one) => one.account === account.id).map((one) => one.group),
          sessions: sessions.get(account.id) ?? 0,
        })),
        groups: directory.groups(),
        grants: directory
          .grants()
          .filter((grant) => grant.key === null)
          .map((grant) => grantOf(grant, catalog)),
        keys,
        spaces: catalog.spaces().map(({ id, title, description }) => ({ id, title, description })),
        datasets: catalog.all().map(({ id, title, state, audience, space }) => ({
          ...{ id, title, state, audience },
          space: catalog.spaces().find((one) => one.key === space)?.id ?? null,
        })),
      }
    },
  )

  const linkOf = async (request: FastifyRequest, id: number) => {
    const link = await access.accounts.link(id, request.actor)
    // The link stays in the answer: when the mail does not arrive it can be handed over otherwise.
    const mailed =
      sendLink?.(link, request.origin).then(
        () => true,
        (error: Error) => {
          request.log.error({ error: error.message }, 'the mail with a link could not be sent')
          return false
        },
      ) ?? false
    const { token, kind, hours } = link
    return { id, kind, hours, url: `${request.origin}/login?link=${token}`, mailed: await mailed }
  }

  api.post<{ Body: Static<typeof InviteBody> }>(
    '/api/v1/people',
    {
      schema: { tags, summary: 'Invites a person; the answer holds the link to hand over', body: InviteBody, response },
    },
    async (request, reply) => {
      administer(request)
      const { email, name, role, on } = request.body
      const scope = readScope(on ?? 'platform', { access, catalog }, request.actor)
      const account = await access.accounts.invite({ email, name }, request.actor)
      if (role) await access.grants.give({ account: account.id, role, ...scope }, request.actor)
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send(await linkOf(request, account.id))
    },
  )

  api.post<{ Params: NumberParams }>(
    '/api/v1/people/:id/link',
    { schema: { tags, summary: 'A new single-use link to set a password', params: NumberParams, response } },
    async (request, reply) => {
      administer(request)
      return reply.header('cache-control', 'no-store').send(await linkOf(request, request.params.id))
    },
  )

  api.put<{ Params: NumberParams; Body: Static<typeof BlockBody> }>(
    '/api/v1/people/:id/blocked',
    {
      schema: {
        tags,
        summary: 'Blocks an account at once, or lets it in again',
        params: NumberParams,
        body: BlockBody,
        response,
      },
    },
    async (request, reply) => {
      administer(request)
      if (request.actor.account === request.params.id)
        throw new Problem(409, 'own-account', 'You cannot block your own account: somebody else does.')
      await access.accounts.setBlocked(request.params.id, request.body.blocked, request.actor)
      return reply.code(204).send()
    },
  )

  api.delete<{ Params: NumberParams }>(
    '/api/v1/people/:id/sessions',
    { schema: { tags, summary: 'Ends all sessions of a person, at once', params: NumberParams, response } },
    async (request, reply) => {
      administer(request)
      const { id, email } = await access.accounts.get(request.params.id)
      // Whoever ends the own sessions keeps the one that says so.
      await access.sessions.endAll(id, request.actor.account === id ? request.actor.session : undefined)
      await access.audit(request.actor, 'session.end', `account:${email}`, { all: true })
      return reply.code(204).send()
    },
  )

  api.delete<{ Params: NumberParams }>(
    '/api/v1/people/:id',
    { schema: { tags, summary: 'Removes an account with its keys and rights', params: NumberParams, response } },
    async (request, reply) => {
      administer(request)
      if (request.actor.account === request.params.id)
        throw new Problem(409, 'own-account', 'You cannot remove your own account: somebody else does.')
      await access.accounts.remove(request.params.id, request.actor)
      return reply.code(204).send()
    },
  )

  api.post<{ Body: Static<typeof GroupBody> }>(
    '/api/v1/groups',
    { schema: { tags, summary: 'Creates a group', body: GroupBody, response } },
    async (request, reply) => reply.code(201).send({ id: await access.grants.saveGroup(request.body, request.actor) }),
  )

  api.put<{ Params: NumberParams; Body: Static<typeof GroupBody> }>(
    '/api/v1/groups/:id',
    { schema: { tags, summary: 'Changes a group', params: NumberParams, body: GroupBody, response } },
    async (request) => ({ id: await access.grants.saveGroup(request.body, request.actor, request.params.id) }),
  )

  api.delete<{ Params: NumberParams }>(
    '/api/v1/groups/:id',
    { schema: { tags, summary: 'Removes a group with the rights it gave', params: NumberParams, response } },
    async (request, reply) => {
      await access.grants.removeGroup(request.params.id, request.actor)
      return reply.code(204).send()
    },
  )

  for (const [method, member, summary] of [
    ['PUT', true, 'Puts a person into a group'],
    ['DELETE', false, 'Takes a person out of a group'],
  ] as const) {
    api.route<{ Params: Static<typeof MemberParams> }>({
      method,
      url: '/api/v1/groups/:id/members/:account',
      schema: { tags, summary, params: MemberParams, response },
      handler: async (request, reply) => {
        await access.grants.setMember(request.params.id, request.params.account, member, request.actor)
        return reply.code(204).send()
      },
    })
  }

  api.post<{ Body: Static<typeof GrantBody> }>(
    '/api/v1/grants',
    { schema: { tags, summary: 'Gives a role to a person or a group', body: GrantBody, response } },
    async (request, reply) => {
      const { on, ...given } = request.body
      if (!access.isStaff(request.actor)) administer(request)
      const id = await access.grants.give(
        { ...given, ...readScope(on, { access, catalog }, request.actor) },
        request.actor,
      )
      return reply.code(201).send({ id })
    },
  )

  api.delete<{ Params: NumberParams }>(
    '/api/v1/grants/:id',
    { schema: { tags, summary: 'Takes a role back, at once', params: NumberParams, response } },
    async (request, reply) => {
      if (!access.isStaff(request.actor)) administer(request)
      await access.grants.take(request.params.id, request.actor)
      return reply.code(204).send()
    },
  )

  api.get<{ Querystring: Static<typeof RightsQuery> }>(
    '/api/v1/rights',
    { schema: { tags, summary: 'What a person may do with a dataset, and why', querystring: RightsQuery, response } },
    async (request, reply) => {
      administer(request)
      const { account, dataset: id } = request.query
      const person = await access.accounts.get(account)
      const dataset = catalog.require(id)
      const actions = ['know', 'read', 'use', 'create', 'update', 'delete', 'task', 'release', 'manage'] as const
      reply.header('cache-control', 'no-store')
      return {
        account: { id: person.id, name: person.name, email: person.email, state: person.state },
        dataset: {
          ...{ id: dataset.id, title: dataset.title, state: dataset.state, audience: dataset.audience },
          held: dataset.held,
          space: catalog.spaces().find((one) => one.key === dataset.space)?.id ?? null,
        },
        reaching: access.reaching(account, dataset.key).map(({ ended, actions, ...one }) => ({
          ...reachingOf(one, catalog),
          ...{ ended, actions },
        })),
        actions: actions.map((action) => {
          const { everybody, grants } = access.explain(account, action, dataset.key)
          const actor = { kind: 'user' as const, name: person.email, account }
          return {
            action,
            allowed: access.can(actor, action, { dataset: dataset.key }),
            everybody,
            grants: grants.map((grant) => reachingOf(grant, catalog)),
          }
        }),
      }
    },
  )

  api.put<{ Params: Static<typeof SpaceParams>; Body: Static<typeof SpaceBody> }>(
    '/api/v1/spaces/:id',
    { schema: { tags, summary: 'Creates or changes a data space', params: SpaceParams, body: SpaceBody, response } },
    async (request) => {
      access.require(request.actor, 'manage', 'platform')
      const before = catalog.spaces().find((one) => one.id === request.params.id)
      const { key: _, ...space } = await catalog.saveSpace({ id: request.params.id, ...request.body })
      await access.audit(request.actor, 'space.save', `space:${space.id}`, {
        before: before ? { id: before.id, title: before.title, description: before.description } : null,
        after: space,
      })
      return space
    },
  )

  api.delete<{ Params: Static<typeof SpaceParams> }>(
    '/api/v1/spaces/:id',
    { schema: { tags, summary: 'Removes a data space; its datasets stay', params: SpaceParams, response } },
    async (request, reply) => {
      administer(request)
      await catalog.removeSpace(request.params.id)
      await access.audit(request.actor, 'space.remove', `space:${request.params.id}`)
      await access.refresh()
      return reply.code(204).send()
    },
  )

  // Into a space rights are inherited: who moves a dataset changes who may see it.
  api.put<{ Params: Static<typeof SpaceParams>; Body: Static<typeof SpaceOfBody> }>(
    '/api/v1/datasets/:id/space',
    {
      schema: {
        tags,
        summary: 'Puts a dataset into a data space, or into none',
        params: SpaceParams,
        body: SpaceOfBody,
        response,
      },
    },
    async (request, reply) => {
      administer(request)
      const before = catalog.require(request.params.id).space
      const was = catalog.spaces().find((space) => space.key === before)?.id ?? null
      await catalog.setSpace(request.params.id, request.body.space)
      await access.audit(request.actor, 'dataset.space', `dataset:${request.params.id}`, {
        before: was,
        after: request.body.space,
      })
      return reply.code(204).send()
    },
  )
}
