import { Type } from 'typebox'
import type { Access } from '../../domains/access/index.ts'
import type { Delivered, Sources } from '../../domains/sources/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'

const MESSAGE_LIMIT = 1024 * 1024
const PATH = '/api/v1/webhooks/:source'

const Figures = Type.Object(
  {
    source: Type.String(),
    receipt: Type.String({ description: 'Proof of this delivery: GET /api/v1/deliveries/{receipt}.' }),
    read: Type.Integer({ description: 'Values read: accepted + unchanged + corrected + rejected.' }),
    accepted: Type.Integer({ description: 'New values stored.' }),
    unchanged: Type.Integer(),
    corrected: Type.Integer(),
    rejected: Type.Integer(),
    rejections: Type.Array(
      Type.Object({
        reason: Type.String(),
        count: Type.Integer(),
        examples: Type.Array(
          Type.Object({ row: Type.Integer(), column: Type.String() }, { additionalProperties: true }),
        ),
      }),
    ),
  },
  {
    description:
      'What became of the message. Messages that arrive together are written together; the figures are those of all of them.',
  },
)

/**
 * `POST /api/v1/webhooks/{source}`: others push their messages here. Answers 200 once the values are committed, 422 when
 * none of the message could be used, 401 without a key or the source's secret, 404 where no source listens.
 */
export function registerWebhook(app: FastifyInstance, { sources, access }: { sources: Sources; access: Access }): void {
  app.register(async (scope) => {
    // The source's definition says how bytes are read, whatever the sender calls them.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MESSAGE_LIMIT }, (_request, body, done) =>
      done(null, body),
    )
    scope.post<{ Params: { source: string }; Body: Buffer | undefined }>(
      PATH,
      {
        bodyLimit: MESSAGE_LIMIT,
        schema: {
          operationId: 'pushToSource',
          summary: 'Push a message to a source',
          tags: ['sources'],
          params: Type.Object({ source: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }) }),
          response: { 200: Figures },
        },
      },
      async (request, reply) => {
        const source = sources.pushed.webhook(request.params.source)
        const secret = request.headers['x-webhook-secret']
        const trusted = source !== undefined && typeof secret === 'string' && sources.pushed.secretFits(source, secret)
        if (!trusted) {
          // Who may not push learns nothing about which sources there are.
          if (source === undefined && !access.can(request.actor, 'manage', 'platform')) throw keyRequired()
          if (source !== undefined && !access.can(request.actor, 'create', { dataset: source.dataset }))
            throw keyRequired()
        }
        if (source === undefined) {
          const { source: id } = request.params
          if (request.body && (await sources.drafts.offer('webhook', id, request.body, request.actor)))
            return reply.code(202).send({ source: id, draft: true })
          throw new Problem(
            404,
            'source-unknown',
            `No source "${request.params.source}" takes webhooks here: add it with zahnrad source add.`,
          )
        }
        if (!request.body || request.body.length === 0)
          throw new Problem(400, 'body-missing', 'The request has no body.')
        const figures = await sources.pushed.post(source.id, request.body, trusted ? null : request.actor)
        if (figures.read > 0 && figures.rejected === figures.read) throw unusable(source.id, figures)
        return reply.send({ source: source.id, ...figures })
      },
    )
  })
}

function keyRequired(): Problem {
  return new Problem(
    401,
    'key-required',
    'Pushing needs a key (Authorization: Bearer zk_…) or the secret of the source (X-Webhook-Secret).',
  )
}

function unusable(source: string, figures: Delivered): Problem {
  const [first] = figures.rejections
  return new Problem(422, 'nothing-usable', `Nothing of this message could be used: ${first?.reason ?? 'unknown'}.`, {
    source,
    ...figures,
  })
}
