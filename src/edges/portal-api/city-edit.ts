import { LOGO_BYTES } from '../../domains/catalog/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { difference } from './dataset-edit.ts'
import type { FirstSteps, PortalDeps } from './deps.ts'
import { areaOf } from './extent.ts'
import { ProblemAnswer } from './schemas.ts'
import { CityBody, CityProfileAnswer, LogoAnswer, SetupAnswer, SetupBody } from './schemas-city.ts'

const tags = ['Portal']
const LOGO = '/api/v1/city/logo'

/** Address of the logo; a new picture has a new one. */
export const logoAddress = (city: PortalDeps['city']): string | null => city.logo && `${LOGO}?v=${city.logo.version}`

/** The city's profile and logo, for staff. The logo is for everyone. */
export function addCityEdit(api: FastifyInstance, { db, access, catalog, city, example }: PortalDeps): void {
  api.get(
    '/api/v1/city/profile',
    {
      schema: {
        tags,
        summary: 'The profile as it is stored',
        response: { 200: CityProfileAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const { map: _, ...profile } = city.profile
      const own = catalog.all().flatMap(({ key, properties }) => (properties.simulated === true ? [] : [key]))
      reply.header('cache-control', 'no-store')
      return {
        profile,
        file: city.file,
        example: await example.isOwnProfile(city.profile),
        extent: await areaOf(db, own, null),
      }
    },
  )

  api.put<{ Body: CityBody }>(
    '/api/v1/city',
    {
      schema: {
        tags,
        summary: 'Change the profile; in effect at once. 409 city-file-decides, 422 city-invalid with `mistakes`',
        body: CityBody,
        response: { 200: CityBody, '4xx': ProblemAnswer },
      },
    },
    async (request) => {
      access.require(request.actor, 'manage', 'platform')
      const { map, ...before } = city.profile
      const contact = request.body.contact?.trim() || null
      const after = { ...request.body, name: request.body.name.trim(), contact }
      await city.save({ ...after, map, legal: after.legal ?? before.legal })
      await access.audit(request.actor, 'city.update', 'platform', difference(before, after))
      return after
    },
  )

  api.get<{ Querystring: { v?: string } }>(
    LOGO,
    { schema: { tags, summary: 'The city’s logo, PNG or SVG', response: { '4xx': ProblemAnswer } } },
    async (request, reply) => {
      const { logo } = city
      if (!logo) throw new Problem(404, 'logo-unknown', 'This city has no logo.')
      const isVersion = request.query.v === logo.version
      return (
        reply
          .type(logo.type)
          .header('etag', `"${logo.version}"`)
          .header('cache-control', isVersion ? 'public, max-age=31536000, immutable' : 'no-cache')
          // Opened by itself an SVG is a document of our origin: it gets no rights at all.
          .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; sandbox")
          .header('content-disposition', `attachment; filename="logo.${logo.type === 'image/png' ? 'png' : 'svg'}"`)
          .header('x-content-type-options', 'nosniff')
          .send(logo.bytes)
      )
    },
  )

  api.register(async (scope) => {
    // The bytes say what they are, whatever the sender calls them.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LOGO_BYTES }, (_request, body, done) =>
      done(null, body),
    )
    scope.put<{ Body: Buffer | undefined }>(
      LOGO,
      {
        bodyLimit: LOGO_BYTES,
        schema: {
          tags,
          summary: 'Upload a logo: PNG or SVG of at most 256 KB',
          response: { 200: LogoAnswer, '4xx': ProblemAnswer },
        },
      },
      async (request) => {
        access.require(request.actor, 'manage', 'platform')
        await city.saveLogo(request.body ?? Buffer.alloc(0))
        await access.audit(request.actor, 'city.logo', 'platform', { bytes: request.body?.length ?? 0 })
        return { logo: logoAddress(city) }
      },
    )
  })

  api.delete(
    LOGO,
    { schema: { tags, summary: 'Go without a logo', response: { 204: { type: 'null' }, '4xx': ProblemAnswer } } },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      await city.saveLogo(null)
      await access.audit(request.actor, 'city.logo', 'platform', { bytes: 0 })
      return reply.code(204).send()
    },
  )
}

/** Which of the first three steps are done, and whether staff want to be reminded. */
export function addSetup(api: FastifyInstance, { access }: PortalDeps, { setup }: FirstSteps): void {
  api.get(
    '/api/v1/setup',
    {
      schema: {
        tags,
        summary: 'Which of the first three steps are done',
        response: { 200: SetupAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      reply.header('cache-control', 'no-store')
      return setup.status()
    },
  )

  api.put<{ Body: SetupBody }>(
    '/api/v1/setup',
    {
      schema: {
        tags,
        summary: 'Put the reminder aside, or have it again',
        body: SetupBody,
        response: { 200: SetupAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request) => {
      access.require(request.actor, 'manage', 'platform')
      await setup.dismiss(request.body.dismissed)
      return setup.status()
    },
  )
}
