import swagger from '@fastify/swagger'
import type { FastifyInstance } from '../../kernel/http/index.ts'

/** A part of the API described elsewhere: merged into `/api/v1/openapi.json`. */
export interface OpenApiPart {
  paths?: Record<string, unknown>
  components?: { schemas?: Record<string, unknown> }
}

/**
 * Collects the description of every route that names a tag, from the schemas that check its requests. Call before the
 * routes are added; the document is served at `/api/v1/openapi.json`.
 */
export async function describeApi(
  app: FastifyInstance,
  about: { version: string },
  extra: readonly OpenApiPart[],
): Promise<void> {
  await app.register(swagger, {
    hideUntagged: true,
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Zahnrad',
        version: about.version,
        description:
          'What no standard covers. The data itself is at /sta/v1.1 (OGC SensorThings API 1.1). Without a key you see what is released; a key goes into `Authorization: Bearer zk_…`. Errors are RFC 9457 problem details.',
        license: { name: 'EUPL-1.2', url: 'https://eupl.eu/1.2/en/' },
      },
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', description: 'API key' } } },
      security: [{}, { key: [] }],
    },
  })
  let merged: object | undefined
  app.get('/api/v1/openapi.json', async (request, reply) => {
    merged ??= merge(app.swagger(), extra)
    return reply.header('cache-control', 'no-cache').send({ ...merged, servers: [{ url: request.origin }] })
  })
}

function merge(own: ReturnType<FastifyInstance['swagger']>, parts: readonly OpenApiPart[]): object {
  const document = own as { paths?: Record<string, unknown>; components?: { schemas?: Record<string, unknown> } }
  return {
    ...document,
    paths: Object.assign({}, document.paths, ...parts.map((part) => part.paths)),
    components: {
      ...document.components,
      schemas: Object.assign({}, document.components?.schemas, ...parts.map((part) => part.components?.schemas)),
    },
  }
}
