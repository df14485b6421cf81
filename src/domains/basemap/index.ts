import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Fetcher, withoutQuery } from '../../kernel/fetch/index.ts'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { findArchive } from './archive.ts'
import { joinAttributions } from './attribution.ts'
import { DiskCache, type Kept } from './cache.ts'
import type { ArchiveInfo, MapPart, MapProblem, MapStatus } from './model.ts'
import { type Plan, planStyle, tileAddress, tileJsonAddresses, tileTouches } from './style.ts'
import { Upstream, type Wanted } from './upstream.ts'

export type { ArchiveInfo, MapKind, MapPart, MapProblem, MapStatus } from './model.ts'

const MIB = 1024 ** 2
const HOUR = 3_600_000
const DAY = 24 * HOUR
const STYLE: Wanted = { maxBytes: 8 * MIB, freshMs: HOUR }
const TILE: Wanted = { maxBytes: 4 * MIB, freshMs: DAY, mayLack: true }
const GLYPHS: Wanted = { maxBytes: 2 * MIB, freshMs: 7 * DAY, mayLack: true }
const SPRITE: Wanted = { maxBytes: 8 * MIB, freshMs: DAY }
const DATA: Wanted = { maxBytes: 24 * MIB, freshMs: DAY }
const CACHE_BYTES = 512 * MIB
const CACHE_AGE = 90 * DAY
/** A plan is made anew after so long, to follow what changes upstream; a failed one may be tried again sooner. */
const PLAN_MS = 60_000
const FAILED_MS = 5_000
const ARCHIVE_MS = 2_000
/** Down to this zoom the whole world may be asked for: it is 341 tiles. Closer, only what lies around the city. */
const WORLD_ZOOM = 8
const MOST_TILEJSONS = 20

export interface BasemapDeps {
  dataDir: string
  fetcher: Pick<Fetcher, 'get'>
  log: Log
  /** From the city profile. */
  profile: () => { style: string | null; attribution: string | null }
  /** For tests. */
  limits?: { cacheBytes?: number; pauseMs?: number; freshMs?: number; planMs?: number }
}

/**
 * What the city's map is drawn on. A style of the profile comes first, then a PMTiles file in the data folder, then our
 * own ground. Everything a style needs goes through here: a reader's browser asks nobody but this platform.
 */
export class Basemap {
  readonly #deps: BasemapDeps
  readonly #upstream: Upstream
  readonly #cache: DiskCache
  #plan: { address: string; until: number; plan: Promise<Plan> } | undefined
  #archive: { until: number; found: ReturnType<typeof findArchive> } | undefined

  constructor(deps: BasemapDeps) {
    this.#deps = deps
    this.#cache = new DiskCache({
      dir: join(deps.dataDir, 'map-cache'),
      maxBytes: deps.limits?.cacheBytes ?? CACHE_BYTES,
      maxAgeMs: CACHE_AGE,
    })
    this.#upstream = new Upstream({ fetcher: deps.fetcher, cache: this.#cache, pauseMs: deps.limits?.pauseMs })
  }

  /** Which map is in use, and why. */
  async status(): Promise<MapStatus> {
    const { style, attribution } = this.#deps.profile()
    const { found: archive, problems: fileProblems } = await this.#findArchive()
    const status = (kind: MapStatus['kind'], parts: (string | null)[], problems: MapProblem[]): MapStatus => ({
      kind,
      attribution: joinAttributions([...parts, attribution]),
      styleHost: style && URL.canParse(style) ? new URL(style).host : null,
      archive,
      problems: [...problems, ...fileProblems],
    })
    const problems: MapProblem[] = []
    if (style) {
      try {
        const plan = await this.#planned(style)
        return status('style', [plan.attribution], this.#styleProblems(plan))
      } catch (error) {
        problems.push({
          code: 'map-style',
          detail: `The map style of the city profile is not used: ${withoutQuery((error as Error).message)}.`,
        })
      }
    }
    return archive ? status('archive', [archive.attribution], problems) : status('plain', [], problems)
  }

  /** The style as a browser may have it, with our addresses in it. 404 when none is in use. */
  async style(): Promise<MapPart> {
    const plan = await this.#inUse()
    return { type: 'application/json', body: Buffer.from(JSON.stringify(plan.style)), etag: `"${plan.version}"` }
  }

  /** A tile of the style's source with this number; empty where there is none. `area` is what may be asked for closely. */
  async tile(source: number, z: number, x: number, y: number, area: MapArea): Promise<MapPart> {
    const set = (await this.#inUse()).tiles[source]
    if (!set) throw nothing(`a map source ${source}`)
    const side = 2 ** z
    if (z < set.minZoom || z > set.maxZoom || x >= side || y >= side) throw nothing('such a tile')
    if (z > WORLD_ZOOM && !tileTouches(area, z, x, y)) return part('application/octet-stream', EMPTY)
    const kept = await this.#fetched(tileAddress(set, z, x, y), TILE)
    if (kept.body.length === 0) return part('application/octet-stream', EMPTY)
    return set.kind === 'vector' ? part('application/x-protobuf', kept.body) : part(pictureType(kept.body), kept.body)
  }

  /** A sprite's list or picture. */
  async sprite(number: number, ratio: '' | '@2x', format: 'json' | 'png'): Promise<MapPart> {
    const base = (await this.#inUse()).sprites[number]
    if (!base) throw nothing(`a sprite ${number}`)
    const url = new URL(base)
    url.pathname += `${ratio}.${format}`
    const { body } = await this.#fetched(url.href, SPRITE)
    return format === 'json' ? jsonPart(body) : part(pictureType(body), body)
  }

  /** 256 characters of a font the style names; `range` is for example `0-255`. */
  async glyphs(stack: string, range: string): Promise<MapPart> {
    const { glyphs } = await this.#inUse()
    const [from, to] = range.split('-').map(Number) as [number, number]
    const known = glyphs && stack.split(',').every((font) => glyphs.fonts.has(font))
    if (!known || from % 256 !== 0 || to !== from + 255 || to > 0x10ffff) throw nothing('such a font')
    const address = glyphs.template
      .replace('{fontstack}', encodeURIComponent(stack).replaceAll('%2C', ','))
      .replace('{range}', range)
    const { body } = await this.#fetched(address, GLYPHS)
    return part('application/x-protobuf', body)
  }

  /** GeoJSON or a picture the style lays on the map. */
  async data(number: number): Promise<MapPart> {
    const found = (await this.#inUse()).data[number]
    if (!found) throw nothing(`map data ${number}`)
    const { body } = await this.#fetched(found.address, DATA)
    return found.kind === 'geojson' ? jsonPart(body) : part(pictureType(body), body)
  }

  /** Opens the archive in use for reading; 404 when it is another one by now. Close the file afterwards. */
  async openArchive(version: string): Promise<{ file: FileHandle; info: ArchiveInfo }> {
    const { found } = await this.#findArchive()
    if (found?.version !== version) throw nothing('this map file any more')
    return { file: await open(join(this.#folder, found.name)), info: found }
  }

  async close(): Promise<void> {
    await this.#upstream.close()
  }

  get #folder(): string {
    return join(this.#deps.dataDir, 'map')
  }

  #findArchive(): ReturnType<typeof findArchive> {
    if (!this.#archive || this.#archive.until < Date.now())
      this.#archive = { until: Date.now() + ARCHIVE_MS, found: findArchive(this.#folder) }
    return this.#archive.found
  }

  /** The plan of the profile's style; remembered, so that what a server says now is followed a minute later. */
  #planned(address: string): Promise<Plan> {
    if (this.#plan?.address !== address || this.#plan.until < Date.now()) {
      const until = Date.now() + (this.#deps.limits?.planMs ?? PLAN_MS)
      const entry = { address, until, plan: this.#makePlan(address) }
      entry.plan.catch((error: Error) => {
        entry.until = Math.min(until, Date.now() + FAILED_MS)
        this.#deps.log.warn({ error: withoutQuery(error.message) }, 'the map style cannot be used')
      })
      this.#plan = entry
    }
    return this.#plan.plan
  }

  async #makePlan(address: string): Promise<Plan> {
    if (!URL.canParse(address)) throw new Error('its address is not a web address')
    const style = await this.#document(address)
    const tileJsons = new Map<string, { base: string; document: Record<string, unknown> }>()
    for (const [id, base] of [...tileJsonAddresses(style, address)].slice(0, MOST_TILEJSONS))
      tileJsons.set(id, { base, document: await this.#document(base) })
    return planStyle(style, address, tileJsons)
  }

  async #document(address: string): Promise<Record<string, unknown>> {
    const { body } = await this.#upstream.get(address, this.#fresh(STYLE))
    try {
      const document = JSON.parse(body.toString('utf8'))
      if (document && typeof document === 'object' && !Array.isArray(document)) return document
    } catch {
      // said below
    }
    throw new Error(`${withoutQuery(address)} did not answer with a JSON object`)
  }

  async #inUse(): Promise<Plan> {
    const { style } = this.#deps.profile()
    if (!style) throw nothing('a map style: the city profile names none')
    return this.#planned(style).catch((error) => {
      throw unreachable(error)
    })
  }

  #fetched(address: string, wanted: Wanted): Promise<Kept> {
    return this.#upstream.get(address, this.#fresh(wanted)).catch((error) => {
      throw unreachable(error)
    })
  }

  #fresh(wanted: Wanted): Wanted {
    return { ...wanted, freshMs: this.#deps.limits?.freshMs ?? wanted.freshMs }
  }

  #styleProblems({ left }: Plan): MapProblem[] {
    const problems = [...this.#upstream.failures()].map(([host, message]) => ({
      code: 'map-server',
      detail: `${host} fails at the moment; stored copies are shown: ${message}.`,
    }))
    if (left.length > 0)
      problems.push({
        code: 'map-left-out',
        detail: `Of the map style is left out what cannot be used: ${left.join(', ')}.`,
      })
    return problems
  }
}

/** West, south, east, north in degrees. */
export type MapArea = readonly [number, number, number, number]

const EMPTY = Buffer.alloc(0)
const nothing = (what: string): Problem => new Problem(404, 'map-part-unknown', `There is not ${what}.`)

function unreachable(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem(502, 'map-server', 'The map server does not answer at the moment, and there is no stored copy.')
}

function part(type: string, body: Buffer): MapPart {
  return { type, body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` }
}

/** Parsed and written anew: what leaves here as JSON is JSON. */
function jsonPart(body: Buffer): MapPart {
  try {
    return part('application/json', Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8')))))
  } catch {
    throw new Problem(502, 'map-server', 'The map server did not answer with JSON.')
  }
}

/** Pictures are known by their first bytes: an upstream's word could make a page of them, under our address. */
function pictureType(body: Buffer): string {
  const hex = body.subarray(0, 12).toString('latin1')
  if (hex.startsWith('\x89PNG')) return 'image/png'
  if (hex.startsWith('\xff\xd8\xff')) return 'image/jpeg'
  if (hex.startsWith('RIFF') && hex.endsWith('WEBP')) return 'image/webp'
  if (hex.slice(4).startsWith('ftypavif')) return 'image/avif'
  throw new Problem(502, 'map-server', 'The map server did not answer with a picture.')
}
