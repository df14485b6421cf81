/** Data for looking at: months of Münster's real counters where they are at hand, else a few stations posted. */
import { createReadStream, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import tar from 'tar-stream'
import xzDecompress from 'xz-decompress'
import type { RunningPlatform } from '../support/platform.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const ARCHIVE = join(ROOT, '..', 'shared', 'data', 'counts', 'muenster_radverkehr_all_sites.tar.xz')

export const hasRealData = existsSync(ARCHIVE)

/** Writes these months of all sites into a folder, one file per site and month, as the archive has them. */
async function unpack(months: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'zahnrad-muenster-'))
  const extract = tar.extract()
  const packed = Readable.toWeb(createReadStream(ARCHIVE)) as never
  Readable.fromWeb(new xzDecompress.XzReadableStream(packed) as never).pipe(extract)
  for await (const entry of extract) {
    if (!months.some((m) => entry.header.name.endsWith(`/${m}.csv`))) {
      entry.resume()
      continue
    }
    const file = join(folder, entry.header.name)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, await buffer(entry))
  }
  return folder
}

/** Fills the platform with two summers, so that years can be compared, and the month of a clock change. */
export async function fill(platform: RunningPlatform): Promise<void> {
  if (!hasRealData) return post(platform)
  const folder = await unpack(['2025-08', '2026-03', '2026-08'])
  try {
    const run = await platform.command('source', 'run', 'sources/muenster-rad.yaml', '--from', folder, '--json')
    if (run.code !== 0) throw new Error(run.stderr)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const release = await platform.command('dataset', 'release', 'muenster-rad')
  if (release.code !== 0) throw new Error(release.stderr)
}

async function post(platform: RunningPlatform): Promise<void> {
  const key = await platform.key('pages')
  const days = 20
  const end = Date.parse('2026-08-21T22:00:00Z')
  for (const [i, name] of ['Promenade', 'Hafenstraße', 'Neutor', 'Bohlweg', 'Gartenstraße', 'Hüfferstraße'].entries()) {
    const { datastreams } = await createStation(platform, key, {
      name,
      place: [7.6 + i / 100, 51.95 + (i % 3) / 100],
      series: [{ name: 'Fahrräder gesamt', property: 'bicycle_count', unit: 'Anzahl' }],
    })
    const rows = Array.from({ length: days * 24 }, (_, h) => {
      const at = end - (days * 24 - h) * 3_600_000
      const value = Math.max(0, Math.round(60 + 50 * Math.sin(((h - 4) / 24) * 2 * Math.PI)) + (h % 7))
      return [`${new Date(at).toISOString()}/${new Date(at + 3_600_000).toISOString()}`, value]
    })
    await api(platform, key, '/sta/v1.1/CreateObservations', [
      {
        Datastream: { '@iot.id': datastreams[0] },
        components: ['phenomenonTime', 'result'],
        'dataArray@iot.count': rows.length,
        dataArray: rows,
      },
    ])
  }
  await platform.command('dataset', 'release', 'eingang')
}

export async function api(platform: RunningPlatform, key: string, path: string, body: unknown): Promise<Response> {
  const answer = await fetch(`${platform.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  return answer
}

/** A station posted through SensorThings, as a device would. */
export async function createStation(
  platform: RunningPlatform,
  key: string,
  station: {
    name: string
    place: [number, number]
    series: { name: string; property: string; unit: string; symbol?: string }[]
  },
): Promise<{ thing: number; datastreams: number[] }> {
  const answer = await api(platform, key, '/sta/v1.1/Things', {
    name: station.name,
    description: '',
    Locations: [
      {
        name: station.name,
        description: '',
        encodingType: 'application/geo+json',
        location: { type: 'Point', coordinates: station.place },
      },
    ],
    Datastreams: station.series.map((s) => ({
      name: s.name,
      description: '',
      observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
      unitOfMeasurement: { name: s.unit, symbol: s.symbol ?? '', definition: 'ucum:1' },
      ObservedProperty: { name: s.property, definition: `urn:example:${s.property}`, description: '' },
      Sensor: { name: 'Test', description: '', encodingType: 'text/plain', metadata: 'none' },
    })),
  })
  const thing = Number(/\((\d+)\)$/.exec(answer.headers.get('location') ?? '')?.[1])
  const list = await fetch(`${platform.url}/sta/v1.1/Things(${thing})/Datastreams?$orderby=id`, {
    headers: { authorization: `Bearer ${key}` },
  })
  const { value } = (await list.json()) as { value: { '@iot.id': number; name: string }[] }
  return { thing, datastreams: station.series.map((s) => value.find((d) => d.name === s.name)!['@iot.id']) }
}
