import { Type } from 'typebox'
import { ATTACHMENT_BYTES, addAttachment, attachmentBytes, setAttachmentRemoved } from '../../domains/features/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'
import { featureById, publicId } from './place.ts'
import { asFile, ownRoadworks } from './roadworks-own.ts'
import { ProblemAnswer, RoadworksId } from './schemas.ts'

const Params = Type.Object({
  id: Type.String({ maxLength: 400, description: 'dataset:key' }),
  attachment: Type.Integer({ minimum: 1 }),
})
const BASE = '/api/v1/mobility/roadworks/:id/attachments'

/** Files beside roadworks that were entered here: PDF, PNG, JPEG or WebP, at most 5 MB each and ten of them. */
export function addAttachments(api: FastifyInstance, deps: MobilityDeps): void {
  const { db, access } = deps
  const tags = ['Mobility']
  const response = { '4xx': ProblemAnswer }

  api.get<{ Params: { id: string; attachment: number } }>(
    `${BASE}/:attachment`,
    { schema: { tags, summary: 'A file beside roadworks', params: Params, response } },
    async (request, reply) => {
      const { feature } = await featureById(deps, access.visible(request.actor), 'roadworks', request.params.id)
      const file = await attachmentBytes(db, feature.id, request.params.attachment)
      if (!file) throw unknown()
      const etag = `"${file.digest}"`
      reply
        .header('etag', etag)
        .header('cache-control', 'private, no-cache')
        // Bytes of strangers on our own origin: never shown in it, never guessed at, without any rights.
        .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.name)}`)
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('x-content-type-options', 'nosniff')
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      return reply.type(file.mediaType).send(Buffer.from(file.body))
    },
  )

  api.register(async (scope) => {
    // The bytes say what they are, whatever the sender calls them.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: ATTACHMENT_BYTES }, (_request, body, done) =>
      done(null, body),
    )
    scope.post<{ Params: { id: string }; Querystring: { name: string }; Body: Buffer | undefined }>(
      BASE,
      {
        bodyLimit: ATTACHMENT_BYTES,
        schema: {
          tags,
          summary: 'Adds a file: PDF, PNG, JPEG or WebP of at most 5 MB, as bytes',
          params: RoadworksId,
          querystring: Type.Object({ name: Type.String({ minLength: 1, maxLength: 255 }) }),
          response,
        },
      },
      async (request, reply) => {
        const { dataset, feature } = await ownRoadworks(deps, request, 'update')
        const file = await addAttachment(db, feature.id, request.query.name, request.body ?? Buffer.alloc(0))
        const id = publicId(dataset, feature)
        const { name, size, mediaType } = file
        await access.audit(request.actor, 'roadworks.attach', `feature:${id}`, { name, size, mediaType })
        return reply.code(201).send(asFile(id, file))
      },
    )
  })

  const change = async (
    request: Parameters<typeof ownRoadworks>[1] & { params: { attachment: number } },
    removed: boolean,
  ) => {
    const { dataset, feature } = await ownRoadworks(deps, request, 'update')
    if (!(await setAttachmentRemoved(db, { feature: feature.id, id: request.params.attachment, removed })))
      throw unknown()
    await access.audit(
      request.actor,
      removed ? 'roadworks.detach' : 'roadworks.reattach',
      `feature:${publicId(dataset, feature)}`,
      { attachment: request.params.attachment },
    )
  }

  api.delete<{ Params: { id: string; attachment: number } }>(
    `${BASE}/:attachment`,
    { schema: { tags, summary: 'Takes a file away', params: Params, response } },
    async (request, reply) => {
      await change(request, true)
      return reply.code(204).send()
    },
  )

  api.post<{ Params: { id: string; attachment: number } }>(
    `${BASE}/:attachment/restore`,
    { schema: { tags, summary: 'Brings back a file that was taken away', params: Params, response } },
    async (request, reply) => {
      await change(request, false)
      return reply.code(204).send()
    },
  )
}

const unknown = () => new Problem(404, 'not-found', 'There is no such file.')
