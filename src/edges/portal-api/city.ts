import type { FastifyInstance } from '../../kernel/http/index.ts'
import { logoAddress } from './city-edit.ts'
import type { PortalDeps } from './deps.ts'
import { areaOf } from './extent.ts'
import { CityAnswer } from './schemas.ts'

/** `GET /api/v1/city`: whose platform this is. */
export function addCity(
  api: FastifyInstance,
  { db, access, basemap, city, example, version, sourceCode }: PortalDeps,
): void {
  api.get(
    '/api/v1/city',
    { schema: { tags: ['Portal'], summary: 'Name, time zone, bounds and version', response: { 200: CityAnswer } } },
    async (request, reply) => {
      const { name, key, timeZone, bounds, languages, contact } = city.profile
      const { kind, attribution } = await basemap.status()
      reply.header('cache-control', 'no-cache')
      return {
        name,
        key,
        timeZone,
        bounds: await areaOf(db, access.visible(request.actor), bounds),
        languages,
        contact,
        map: { kind, attribution },
        openWrite: access.openWrite,
        version,
        sourceCode,
        actor: {
          kind: request.actor.kind,
          name: request.actor.name,
          staff: access.isStaff(request.actor),
          admin: access.can(request.actor, 'administer', 'platform'),
        },
        example: await example.status(),
        logo: logoAddress(city),
      }
    },
  )
}
