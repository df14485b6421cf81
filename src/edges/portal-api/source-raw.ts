import type { FastifyInstance } from '../../kernel/http/index.ts'
import { ProblemAnswer } from './schemas.ts'
import { RawAnswer, RawParams, SourceParams } from './schemas-sources.ts'
import type { StewardDeps } from './steward-deps.ts'

/** `/api/v1/sources/{id}/raw`: what the source sent last, as it came. For those who manage its dataset. */
export function addSourceRaw(api: FastifyInstance, { sources }: StewardDeps): void {
  const tags = ['Sources']

  api.get<{ Params: SourceParams }>(
    '/api/v1/sources/:id/raw',
    {
      schema: {
        tags,
        summary:
          'Files of the last good run and of the last that failed, with time and SHA-256; for who manages the dataset',
        params: SourceParams,
        response: { 200: RawAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-store')
      return { files: await sources.raw.list(request.params.id, request.actor) }
    },
  )

  api.get<{ Params: RawParams }>(
    '/api/v1/sources/:id/raw/:file',
    {
      schema: {
        tags,
        summary: 'One of these files, byte by byte as it came',
        params: RawParams,
        produces: ['application/octet-stream'],
        response: { 200: { type: 'string', format: 'binary' }, '4xx': ProblemAnswer },
      } as object,
    },
    async (request, reply) => {
      const { id, file } = request.params
      const { row, bytes } = await sources.raw.open(id, Number(file), request.actor)
      const name = row.name.replaceAll(/[^\w.-]+/g, '_').slice(-100)
      return reply
        .type('application/octet-stream')
        .header('cache-control', 'no-store')
        .header('x-content-type-options', 'nosniff')
        .header('content-length', row.bytes)
        .header('content-disposition', `attachment; filename="${name || 'file'}"`)
        .send(bytes)
    },
  )
}
