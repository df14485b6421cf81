import Type, { type Static } from 'typebox'
import type { Access, Party } from '../../domains/access/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { enter, requireOwnSite, whereOf } from './sign-in.ts'

const closed = { additionalProperties: false }
const text = (maxLength: number) => Type.String({ minLength: 1, maxLength })
const outputs = Type.Record(Type.String({ maxLength: 60 }), Type.Unknown())

/** What the browser answers to `navigator.credentials.get` (WebAuthn §5.1, AuthenticationResponseJSON). */
const Assertion = Type.Object(
  {
    id: text(1400),
    rawId: text(1400),
    type: Type.Literal('public-key'),
    response: Type.Object(
      {
        clientDataJSON: text(4000),
        authenticatorData: text(4000),
        signature: text(8000),
        userHandle: Type.Optional(text(100)),
      },
      closed,
    ),
    authenticatorAttachment: Type.Optional(Type.String({ maxLength: 40 })),
    clientExtensionResults: outputs,
  },
  closed,
)

export interface PasskeyOptions {
  access: Access
  /** Name of the city, as browsers show it. */
  partyName: () => string
}

/** Sign-in by passkey: a challenge for the sign-in page, and the answer of the authenticator. */
export function registerPasskey(app: FastifyInstance, { access, partyName }: PasskeyOptions): void {
  const party = (request: FastifyRequest): Party => ({ origin: request.origin, name: partyName() })
  app.post('/api/v1/sign-in/passkey/challenge', async (request, reply) => {
    requireOwnSite(request)
    reply.header('cache-control', 'no-store')
    return access.passkeys.challenge(party(request), whereOf(request))
  })
  app.post<{ Body: Static<typeof Assertion> }>(
    '/api/v1/sign-in/passkey',
    { schema: { body: Assertion } },
    async (request, reply) => {
      requireOwnSite(request)
      await enter(
        access,
        request,
        reply,
        await access.passkeys.signIn(request.body as never, party(request), whereOf(request)),
      )
      return reply.code(204).send()
    },
  )
}
