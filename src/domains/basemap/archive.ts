import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PMTiles, type Source, TileType } from 'pmtiles'
import { cleanAttribution } from './attribution.ts'
import type { ArchiveInfo, MapProblem } from './model.ts'

const ENDING = '.pmtiles'
/** Layers of the Protomaps schema our light and dark drawing needs; others of its layers may be missing. */
const SCHEMA = ['earth', 'water', 'roads']
const OSM = '© <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a>'

/** A file as the PMTiles library reads it. */
class FileSource implements Source {
  readonly #file: FileHandle
  constructor(file: FileHandle) {
    this.#file = file
  }
  getKey(): string {
    return String(this.#file.fd)
  }
  async getBytes(offset: number, length: number): Promise<{ data: ArrayBuffer }> {
    const data = new ArrayBuffer(length)
    const { bytesRead } = await this.#file.read(new Uint8Array(data), 0, length, offset)
    return { data: data.slice(0, bytesRead) }
  }
}

/**
 * The archive in the folder that counts: the most recently changed one that is complete and can be drawn. The others are
 * told as problems.
 */
export async function findArchive(dir: string): Promise<{ found: ArchiveInfo | null; problems: MapProblem[] }> {
  const names = (await readdir(dir).catch(() => [] as string[])).filter((name) => name.endsWith(ENDING))
  const files = await Promise.all(
    names.map(async (name) => ({ name, about: await stat(join(dir, name)).catch(() => null) })),
  )
  const newest = files
    .filter((file) => file.about?.isFile())
    .sort((a, b) => b.about!.mtimeMs - a.about!.mtimeMs || a.name.localeCompare(b.name))
  const problems: MapProblem[] = []
  for (const { name, about } of newest) {
    try {
      return { found: await readArchive(dir, name, about!), problems }
    } catch (error) {
      problems.push({ code: 'map-file', detail: `The map file ${name} is not used: ${(error as Error).message}.` })
    }
  }
  return { found: null, problems }
}

async function readArchive(dir: string, name: string, about: { size: number; mtimeMs: number }): Promise<ArchiveInfo> {
  const file = await open(join(dir, name))
  try {
    const archive = new PMTiles(new FileSource(file))
    const header = await archive.getHeader()
    const needed = header.tileDataOffset + (header.tileDataLength ?? 0)
    if (about.size < needed)
      throw new Error(`it has ${about.size} of ${needed} bytes, so it is still being written or was cut off`)
    const { minLon, minLat, maxLon, maxLat } = header
    if (!(minLon < maxLon && minLat < maxLat)) throw new Error('it says no bounds')
    if (header.tileType === TileType.Unknown) throw new Error('it does not say what its tiles are')
    if (header.tileType > TileType.Avif) throw new Error('its tiles are neither vector tiles (MVT) nor pictures')
    const vector = header.tileType === TileType.Mvt
    const metadata = ((await archive.getMetadata()) ?? {}) as { attribution?: unknown; vector_layers?: unknown }
    if (vector) requireSchema(metadata.vector_layers)
    const given = typeof metadata.attribution === 'string' ? cleanAttribution(metadata.attribution) : ''
    return {
      name,
      bytes: about.size,
      version: createHash('sha256').update(`${name} ${about.size} ${about.mtimeMs}`).digest('hex').slice(0, 16),
      tiles: vector ? 'vector' : 'raster',
      minZoom: header.minZoom,
      maxZoom: header.maxZoom,
      bounds: [minLon, minLat, maxLon, maxLat],
      // The Protomaps schema is made of OpenStreetMap's data, whether or not the file says so (ODbL 4.3).
      attribution: given || (vector ? OSM : null),
    }
  } finally {
    await file.close()
  }
}

function requireSchema(layers: unknown): void {
  const ids = (Array.isArray(layers) ? layers : []).map((layer: { id?: unknown }) => String(layer?.id)).slice(0, 20)
  if (!SCHEMA.every((id) => ids.includes(id)))
    throw new Error(`its layers (${ids.join(', ') || 'none named'}) are not those of the Protomaps schema`)
}
