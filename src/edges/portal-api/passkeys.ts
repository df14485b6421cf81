import Type, { type Static } from 'typebox'
import type { Actor, Party } from '../../domains/access/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { ownAccount } from './account.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { NumberParams } from './schemas-access.ts'

const closed = { additionalProperties: false }
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })

const Begin = Type.Object({ password: Type.String({ maxLength: 500 }) }, closed)
/** What the browser answers to `navigator.credentials.create` (WebAuthn §5.1, RegistrationResponseJSON). */
const Attestation = Type.Object(
  {
    id: text(1400),
    rawId: text(1400),
    type: Type.Literal('public-key'),
    response: Type.Object(
      {
        clientDataJSON: text(4000),
        attestationObject: text(20_000),
        authenticatorData: Type.Optional(text(8000)),
        transports: Type.Optional(Type.Array(Type.String({ maxLength: 40 }), { maxItems: 10 })),
        publicKeyAlgorithm: Type.Optional(Type.Integer()),
        publicKey: Type.Optional(text(8000)),
      },
      closed,
    ),
    authenticatorAttachment: Type.Optional(Type.String({ maxLength: 40 })),
    clientExtensionResults: Type.Record(Type.String({ maxLength: 60 }), Type.Unknown()),
  },
  closed,
)
const Finish = Type.Object({ name: text(120), response: Attestation }, closed)

/** `/api/v1/account/passkeys`: a person adds, sees and removes passkeys of the own account. */
export function addPasskeys(api: FastifyInstance, { access, city }: PortalDeps): void {
  const tags = ['Account']
  const response = { '4xx': ProblemAnswer }
  const party = (request: FastifyRequest): Party => ({ origin: request.origin, name: city.profile.name })
  const me = (request: FastifyRequest): Actor & { account: number } => ownAccount(request)

  api.get(
    '/api/v1/account/passkeys',
    { schema: { tags, summary: 'Your passkeys', response } },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return { host: new URL(request.origin).hostname, passkeys: await access.passkeys.list(me(request).account) }
    },
  )

  api.post<{ Body: Static<typeof Begin> }>(
    '/api/v1/account/passkeys/challenge',
    { schema: { tags, summary: 'Begins to add a passkey: what the browser needs for it', body: Begin, response } },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return access.passkeys.begin(me(request), request.body.password, party(request))
    },
  )

  api.post<{ Body: Static<typeof Finish> }>(
    '/api/v1/account/passkeys',
    { schema: { tags, summary: 'Adds the passkey the browser made', body: Finish, response } },
    async (request, reply) => {
      const { name, response } = request.body
      const id = await access.passkeys.finish(me(request), name, response as never, party(request))
      return reply.code(201).send({ id })
    },
  )

  api.delete<{ Params: NumberParams }>(
    '/api/v1/account/passkeys/:id',
    { schema: { tags, summary: 'Removes one of your passkeys', params: NumberParams, response } },
    async (request, reply) => {
      if (!(await access.passkeys.remove(me(request), request.params.id)))
        throw new Problem(404, 'passkey-unknown', 'You have no such passkey.')
      return reply.code(204).send()
    },
  )
}
