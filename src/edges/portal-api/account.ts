import type { Static } from 'typebox'
import type { Actor } from '../../domains/access/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { KeyBody, NumberParams, PasswordBody, RenameBody } from './schemas-access.ts'
import { reachingOf, readScope } from './scopes.ts'

/** A person in the browser; a key does not look after its owner's account. */
export function ownAccount({ actor }: FastifyRequest): Actor & { account: number } {
  if (actor.kind === 'user' && actor.account !== undefined) return actor as Actor & { account: number }
  throw new Problem(401, 'sign-in-required', 'Sign in with an account of your own.')
}

/** `/api/v1/account`: what a person sees and changes of the own account: sessions, keys, rights. */
export function addAccount(api: FastifyInstance, { access, catalog }: PortalDeps): void {
  const tags = ['Account']
  const response = { '4xx': ProblemAnswer }

  const me = ownAccount

  api.get(
    '/api/v1/account',
    { schema: { tags, summary: 'Your account, sessions, keys and rights', response } },
    async (request, reply) => {
      const { account, session } = me(request)
      const [person, sessions, keys] = await Promise.all([
        access.accounts.get(account),
        access.sessions.list(account),
        access.keys.list(account),
      ])
      reply.header('cache-control', 'no-store')
      return {
        ...person,
        groups: access.directory.groupsOf(account).map(({ id, title, kind }) => ({ id, title, kind })),
        sessions: sessions.map((one) => ({ ...one, current: one.id === session })),
        keys: keys.map((key) => ({
          ...key,
          grants: access.directory.ofKey(key.id).map((grant) => reachingOf(grant, catalog)),
        })),
        grants: access.directory.ofAccount(account).map((grant) => reachingOf(grant, catalog)),
      }
    },
  )

  api.patch<{ Body: Static<typeof RenameBody> }>(
    '/api/v1/account',
    { schema: { tags, summary: 'Changes your name', body: RenameBody, response } },
    async (request, reply) => {
      await access.accounts.rename(me(request).account, request.body.name, request.actor)
      return reply.code(204).send()
    },
  )

  api.post<{ Body: Static<typeof PasswordBody> }>(
    '/api/v1/account/password',
    { schema: { tags, summary: 'Changes your password; your other sessions end', body: PasswordBody, response } },
    async (request, reply) => {
      await access.accounts.changePassword(me(request), request.body.old, request.body.password)
      return reply.code(204).send()
    },
  )

  api.delete<{ Params: NumberParams }>(
    '/api/v1/account/sessions/:id',
    { schema: { tags, summary: 'Ends one of your sessions', params: NumberParams, response } },
    async (request, reply) => {
      const { account, name } = me(request)
      if (!(await access.sessions.endOne(account, request.params.id)))
        throw new Problem(404, 'session-unknown', 'You have no such session.')
      await access.audit(request.actor, 'session.end', name.replace('user:', 'account:'))
      return reply.code(204).send()
    },
  )

  api.post<{ Body: Static<typeof KeyBody> }>(
    '/api/v1/account/keys',
    { schema: { tags, summary: 'Makes a key; the answer shows it this once', body: KeyBody, response } },
    async (request, reply) => {
      const actor = me(request)
      const { name, expiresAt, grants } = request.body
      const made = await access.keys.create(
        {
          name,
          expiresAt,
          grants: grants.map(({ role, on }) => ({ role, ...readScope(on, { access, catalog }, actor) })),
        },
        actor,
      )
      await access.audit(actor, 'key.create', `key:${name}`, { grants, expiresAt })
      return reply.code(201).header('cache-control', 'no-store').send(made)
    },
  )

  api.delete<{ Params: NumberParams }>(
    '/api/v1/account/keys/:id',
    { schema: { tags, summary: 'Revokes one of your keys at once', params: NumberParams, response } },
    async (request, reply) => {
      const name = await access.keys.revoke(request.params.id, me(request).account)
      if (name === null) throw new Problem(404, 'key-unknown', 'You have no such key.')
      await access.audit(request.actor, 'key.revoke', name)
      return reply.code(204).send()
    },
  )
}
