import Type, { type Static } from 'typebox'
import type { Access, NewSession, SendLink, Where } from '../../domains/access/index.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { cookieOf, isForeignChange, SESSION_COOKIE, setCookie } from './cookie.ts'

export interface SignInOptions {
  access: Access
  /** Sends a link to the person it is for; null where no mail server is set up. */
  sendLink: SendLink | null
}

const Password = Type.String({ minLength: 1, maxLength: 500 })
const SignIn = Type.Object(
  { email: Type.String({ minLength: 3, maxLength: 254 }), password: Password },
  { additionalProperties: false },
)
const Forgotten = Type.Object({ email: Type.String({ minLength: 3, maxLength: 254 }) }, { additionalProperties: false })
const Token = Type.String({ minLength: 10, maxLength: 200 })
const Redeem = Type.Object({ token: Token, password: Password }, { additionalProperties: false })
const Look = Type.Object({ token: Token }, { additionalProperties: false })
const First = Type.Object(
  {
    email: Type.String({ minLength: 3, maxLength: 254 }),
    name: Type.String({ minLength: 1, maxLength: 120 }),
    password: Password,
  },
  { additionalProperties: false },
)

export const whereOf = (request: FastifyRequest): Where => ({
  from: request.ip,
  agent: request.headers['user-agent'],
})

/** Gives the browser its new session; the one it had before ends, so nobody else can have prepared it. */
export async function enter(
  access: Access,
  request: FastifyRequest,
  reply: FastifyReply,
  session: NewSession,
): Promise<void> {
  const before = cookieOf(request, SESSION_COOKIE)
  if (before) await access.sessions.end(before)
  setCookie(request, reply, SESSION_COOKIE, session.token, session.maxAgeSeconds)
  reply.header('cache-control', 'no-store')
}

/** A sign-in another site asks for would put people into a session that is not theirs; signing out is theirs, too. */
export function requireOwnSite(request: FastifyRequest): void {
  if (isForeignChange(request)) throw new Problem(403, 'foreign-site', 'This is done on this platform’s own pages.')
}

/** E-mail and password, and the links by which people get or renew theirs. */
export function registerSignIn(app: FastifyInstance, { access, sendLink }: SignInOptions): void {
  app.post<{ Body: Static<typeof SignIn> }>('/api/v1/sign-in', { schema: { body: SignIn } }, async (request, reply) => {
    requireOwnSite(request)
    const { email, password } = request.body
    await enter(access, request, reply, await access.accounts.signIn(email, password, whereOf(request)))
    return reply.code(204).send()
  })

  app.post<{ Body: Static<typeof Forgotten> }>(
    '/api/v1/sign-in/forgotten',
    { schema: { body: Forgotten } },
    async (request, reply) => {
      requireOwnSite(request)
      if (!sendLink)
        throw new Problem(409, 'no-mail', 'This platform sends no mail: ask its administration for a link.')
      // The answer and its time are the same for an unknown address: the mail goes out afterwards.
      const link = await access.accounts.forgotten(request.body.email, whereOf(request))
      if (link) {
        sendLink(link, request.origin).catch((error: Error) =>
          request.log.error({ error: error.message }, 'the mail with a link could not be sent'),
        )
      }
      return reply.code(204).send()
    },
  )

  app.post<{ Body: Static<typeof Look> }>(
    '/api/v1/sign-in/link',
    { schema: { body: Look } },
    async (request, reply) => {
      const info = await access.accounts.linkInfo(request.body.token)
      if (!info) throw new Problem(410, 'link-ended', 'This link was used before or is too old: ask for a new one.')
      return reply.header('cache-control', 'no-store').send(info)
    },
  )

  app.post<{ Body: Static<typeof Redeem> }>(
    '/api/v1/sign-in/password',
    { schema: { body: Redeem } },
    async (request, reply) => {
      requireOwnSite(request)
      const { token, password } = request.body
      await enter(access, request, reply, await access.accounts.redeemLink(token, password, whereOf(request)))
      return reply.code(204).send()
    },
  )

  // Whoever came by the admin link makes the first account of their own and goes on as that person.
  app.post<{ Body: Static<typeof First> }>(
    '/api/v1/sign-in/first',
    { schema: { body: First } },
    async (request, reply) => {
      const { actor } = request
      access.require(actor, 'administer', 'platform')
      const account = await access.accounts.createFirst(request.body, actor)
      await access.grants.give({ account: account.id, role: 'admin', dataset: null, space: null }, actor)
      const where = whereOf(request)
      await enter(
        access,
        request,
        reply,
        await access.accounts.openSession(account.id, account.email, 'password', where),
      )
      return reply.code(204).send()
    },
  )
}
