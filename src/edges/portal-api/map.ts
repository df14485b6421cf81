import type { FastifyReply, FastifyRequest } from 'fastify'
import type { MapPart } from '../../domains/basemap/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { areaOf, type Bounds } from './extent.ts'
import { ProblemAnswer } from './schemas.ts'
import { ArchiveParams, DataParams, GlyphParams, MapAnswer, SpriteParams, TileParams } from './schemas-map.ts'

const tags = ['Map']
const PART_CACHE = 'public, max-age=86400'
const AREA_MS = 60_000
/** Degrees around the city that may be looked at closely; a small town gets as much as a region. */
const LEAST_AROUND = 0.5

/** `GET /api/v1/map…`: the background map, all of it from here. */
export function addMap(api: FastifyInstance, deps: PortalDeps): void {
  const { access, basemap } = deps
  const around = rememberArea(deps)

  api.get(
    '/api/v1/map',
    { schema: { tags, summary: 'What the map is drawn on', response: { 200: MapAnswer } } },
    async (request, reply) => {
      const { kind, attribution, styleHost, archive, problems } = await basemap.status()
      reply.header('cache-control', 'no-cache')
      const used = kind === 'archive' ? archive : null
      return {
        kind,
        attribution,
        address:
          kind === 'style' ? '/api/v1/map/style.json' : used ? `/api/v1/map/archive/${used.version}.pmtiles` : null,
        archive: used && { tiles: used.tiles, minZoom: used.minZoom, maxZoom: used.maxZoom, bounds: used.bounds },
        operation: access.can(request.actor, 'manage', 'platform')
          ? { styleHost, file: archive && { name: archive.name, bytes: archive.bytes }, problems }
          : null,
      }
    },
  )

  api.get(
    '/api/v1/map/style.json',
    {
      schema: {
        tags,
        summary: 'The map style (MapLibre, version 8); each address in it is a path of this platform',
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => send(request, reply, await basemap.style(), 'no-cache'),
  )

  api.get<{ Params: TileParams }>(
    '/api/v1/map/tiles/:source/:z/:x/:y',
    { schema: { params: TileParams } },
    async (request, reply) => {
      const { source, z, x, y } = request.params
      return send(request, reply, await basemap.tile(Number(source), Number(z), Number(x), Number(y), await around()))
    },
  )

  api.get<{ Params: { file: string } }>(
    '/api/v1/map/sprite/:file',
    { schema: { params: SpriteParams } },
    async (request, reply) => {
      const [, number, ratio, format] = /^(\d+)(@2x)?\.(json|png)$/.exec(request.params.file)!
      return send(request, reply, await basemap.sprite(Number(number), ratio ? '@2x' : '', format as 'json' | 'png'))
    },
  )

  api.get<{ Params: { stack: string; range: string } }>(
    '/api/v1/map/glyphs/:stack/:range',
    { schema: { params: GlyphParams } },
    async (request, reply) => send(request, reply, await basemap.glyphs(request.params.stack, request.params.range)),
  )

  api.get<{ Params: { source: string } }>(
    '/api/v1/map/data/:source',
    { schema: { params: DataParams } },
    async (request, reply) => send(request, reply, await basemap.data(Number(request.params.source))),
  )

  api.get<{ Params: { file: string } }>(
    '/api/v1/map/archive/:file',
    {
      schema: {
        tags,
        summary: 'The map file (PMTiles), read in parts: send a Range header',
        params: ArchiveParams,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const version = request.params.file.slice(0, 16)
      const { file, info } = await basemap.openArchive(version)
      const range = readRange(request.headers.range, info.bytes)
      reply
        .header('accept-ranges', 'bytes')
        .header('etag', `"${version}"`)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .type('application/octet-stream')
      if (range === 'impossible') {
        await file.close()
        reply.header('content-range', `bytes */${info.bytes}`)
        throw new Problem(416, 'range', `The map file has ${info.bytes} bytes.`)
      }
      const { from, to } = range ?? { from: 0, to: info.bytes - 1 }
      if (range) reply.code(206).header('content-range', `bytes ${from}-${to}/${info.bytes}`)
      reply.header('content-length', to - from + 1)
      if (request.method === 'HEAD') {
        await file.close()
        return reply.send('')
      }
      return reply.send(file.createReadStream({ start: from, end: to }))
    },
  )
}

/** One range of bytes (RFC 9110 §14); several, or another unit, are answered with the whole file, as is allowed. */
function readRange(header: string | undefined, size: number): { from: number; to: number } | 'impossible' | null {
  const found = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '')
  if (!found || (!found[1] && !found[2])) return null
  const from = found[1] ? Number(found[1]) : Math.max(0, size - Number(found[2]))
  const to = found[1] && found[2] ? Math.min(Number(found[2]), size - 1) : size - 1
  return from < size && from <= to ? { from, to } : 'impossible'
}

function send(request: FastifyRequest, reply: FastifyReply, { type, body, etag }: MapPart, cache = PART_CACHE) {
  reply.header('etag', etag).header('cache-control', cache)
  if (request.headers['if-none-match'] === etag) return reply.code(304).send()
  if (body.length === 0) return reply.code(204).send()
  return reply.type(type).send(body)
}

/** What may be looked at closely: the city and as much again on each side, so that nobody uses us for other places. */
function rememberArea({ db, city, catalog }: PortalDeps): () => Promise<Bounds> {
  let known: { until: number; area: Promise<Bounds> } | undefined
  // The same area for everyone: what is not released must not show in it.
  const released = () => catalog.all().flatMap(({ key, state }) => (state === 'released' ? [key] : []))
  return () => {
    if (!known || known.until < Date.now()) {
      const area = areaOf(db, released(), city.profile.bounds).then(([w, s, e, n]): Bounds => {
        const x = Math.max(e - w, LEAST_AROUND)
        const y = Math.max(n - s, LEAST_AROUND)
        return [w - x, s - y, e + x, n + y]
      })
      known = { until: Date.now() + AREA_MS, area }
      area.catch(() => {
        known = undefined
      })
    }
    return known.area
  }
}
