import { randomUUID } from 'node:crypto'
import Type, { type Static } from 'typebox'
import { FEEDBACK_DAYS } from '../../domains/feedback/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import type { LegalDeps, PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { NumberParams } from './schemas-access.ts'

const closed = { additionalProperties: false }
const Message = Type.Object(
  {
    page: Type.String({ maxLength: 500 }),
    message: Type.String({ minLength: 1, maxLength: 5000 }),
    email: Type.Optional(Type.Union([Type.String({ maxLength: 254 }), Type.Null()])),
  },
  closed,
)
const Done = Type.Object({ done: Type.Boolean() }, closed)

/** What the legal pages say, and messages about barriers. */
export function addLegal(
  api: FastifyInstance,
  { access, city, log }: PortalDeps,
  { feedback, auditDays, sendMail }: LegalDeps,
): void {
  const tags = ['Portal']
  const response = { '4xx': ProblemAnswer }

  api.get(
    '/api/v1/city/legal',
    { schema: { tags, summary: 'Who is responsible, and for how long what is kept: for the legal pages' } },
    async (_request, reply) => {
      reply.header('cache-control', 'no-cache')
      return {
        name: city.profile.name,
        legal: city.profile.legal,
        kept: { auditDays: await auditDays(), feedbackDays: FEEDBACK_DAYS },
      }
    },
  )

  api.post<{ Body: Static<typeof Message> }>(
    '/api/v1/feedback',
    { schema: { tags, summary: 'Tells the city about a barrier on its pages', body: Message, response } },
    async (request, reply) => {
      const kept = await feedback.add(request.body, request.ip)
      const to = city.profile.legal.accessibilityContact
      if (sendMail && to) {
        // The message is kept: a mail that does not go out loses nothing.
        sendMail({
          messageId: `${randomUUID()}@zahnrad`,
          to: [to],
          subject: `${city.profile.name}: Rückmeldung zur Barrierefreiheit`.replace(/\s+/g, ' '),
          text: `Seite: ${kept.page || '–'}\n\n${kept.message}\n\nAntwort an: ${kept.email ?? 'nicht gewünscht'}\n\nErledigt melden: ${request.origin}/verwaltung/rueckmeldungen`,
        }).catch((error: Error) => log.warn({ error: error.message }, 'the mail about a barrier could not be sent'))
      }
      return reply.code(201).send({ id: kept.id })
    },
  )

  api.get(
    '/api/v1/feedback',
    { schema: { tags, summary: 'Messages about barriers, for whoever manages the platform', response } },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return { feedback: await feedback.list(request.actor), keptDays: FEEDBACK_DAYS }
    },
  )

  api.put<{ Params: NumberParams; Body: Static<typeof Done> }>(
    '/api/v1/feedback/:id/done',
    { schema: { tags, summary: 'Marks a message as dealt with, or not', params: NumberParams, body: Done, response } },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      await feedback.setDone(request.params.id, request.body.done, request.actor)
      return reply.code(204).send()
    },
  )
}
