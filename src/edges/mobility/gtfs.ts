import { Readable } from 'node:stream'
import Type, { type Static } from 'typebox'
import { ZipFile } from 'yazl'
import { type Dataset, licenceOf } from '../../domains/catalog/index.ts'
import {
  type CleanFile,
  cleanFiles,
  csvLine,
  currentVersion,
  type TransitVersion,
} from '../../domains/mobility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { type MobilityDeps, noDataset } from './deps.ts'

const FileParams = Type.Object({
  file: Type.String({
    maxLength: 70,
    pattern: '^[a-z0-9][a-z0-9-]{0,62}\\.zip$',
    description: 'Id of the dataset and .zip',
  }),
})

/** Packing a whole timetable keeps a processor busy: so many at once, and the others are asked to come again. */
const MOST_AT_ONCE = 2

/** `/gtfs/{dataset}.zip`: the timetable as a GTFS feed again, cleaned and streamed. */
export function addGtfs(app: FastifyInstance, deps: MobilityDeps): void {
  const { db, access, catalog } = deps
  let under = 0

  app.get<{ Params: Static<typeof FileParams> }>(
    '/gtfs/:file',
    {
      schema: {
        tags: ['Mobility'],
        summary: 'A timetable as GTFS Schedule: what could be read of the feed, with licence and attribution',
        params: FileParams,
      },
    },
    async (request, reply) => {
      const id = request.params.file.slice(0, -'.zip'.length)
      const dataset = catalog.byId(id)
      if (!dataset || !access.visible(request.actor).includes(dataset.key)) throw noDataset(id)
      const version = await currentVersion(db, dataset.key)
      if (!version) throw new Problem(404, 'no-timetable', `The dataset "${id}" has no timetable.`)
      access.used(request.actor, 'download', [dataset.key])
      const etag = `"${version.version}-${Date.parse(version.completedAt!)}"`
      const licence = licenceOf(dataset.licence)?.url
      reply
        .header('etag', etag)
        .header('last-modified', new Date(version.completedAt!).toUTCString())
        .header('cache-control', 'no-cache')
      if (licence) reply.header('link', `<${licence}>; rel="license"`)
      if (request.headers['if-none-match'] === etag) return reply.code(304).send()
      if (under >= MOST_AT_ONCE) {
        reply.header('retry-after', '10')
        throw new Problem(
          503,
          'too-many-downloads',
          'Other timetables are being packed at this moment: try again in a few seconds.',
        )
      }
      under++
      const zip = zipOf([...(await cleanFiles(db, version)), ...additions(dataset, version, request.origin)])
      zip.once('close', () => under--)
      return reply.type('application/zip').header('content-disposition', `attachment; filename="${id}.zip"`).send(zip)
    },
  )
}

/** Files one after another, each made only when the one before is sent. */
function zipOf(files: readonly CleanFile[]): Readable {
  const zip = new ZipFile()
  const out = zip.outputStream as unknown as Readable
  // One listener a file.
  out.setMaxListeners(0)
  zip.on('error', (error: Error) => out.destroy(error))
  const byName = new Map<string, CleanFile[]>()
  for (const file of files) byName.set(file.name, [...(byName.get(file.name) ?? []), file])
  for (const [name, parts] of byName) {
    zip.addReadStreamLazy(name, (done) => {
      const stream = Readable.from(together(parts), { objectMode: false })
      stream.on('error', (error) => out.destroy(error))
      out.once('close', () => stream.destroy())
      done(null, stream)
    })
  }
  zip.end()
  return out
}

async function* together(parts: readonly CleanFile[]): AsyncIterable<string> {
  for (const part of parts) yield* part.text()
}

const INFO = [
  'feed_publisher_name',
  'feed_publisher_url',
  'feed_lang',
  'feed_start_date',
  'feed_end_date',
  'feed_version',
  'feed_contact_url',
]
const ATTRIBUTION = ['attribution_id', 'organization_name', 'is_producer', 'attribution_url']

/** Who is to be named, and what this feed is: the feed's own word where it has one. */
function additions(dataset: Dataset, version: TransitVersion, origin: string): CleanFile[] {
  const page = `${origin}/datensaetze/${dataset.id}`
  const day = (date: string | null) => date?.replaceAll('-', '') ?? ''
  const own: Record<string, string> = {
    feed_publisher_name: dataset.publisher ?? dataset.title,
    feed_publisher_url: dataset.homepage ?? page,
    feed_lang: 'mul',
    feed_start_date: day(version.firstDay),
    feed_end_date: day(version.lastDay),
    feed_version: String(version.version),
    feed_contact_url: page,
  }
  const info = version.feedInfo ?? own
  const header = version.feedInfo ? (version.headers['feed_info.txt'] ?? Object.keys(info)) : INFO
  const files = [
    fileOf(
      'feed_info.txt',
      header,
      header.map((column) => info[column] ?? ''),
    ),
  ]
  if (version.headers['attributions.txt']) return files
  const name = [dataset.attribution ?? dataset.publisher ?? dataset.title, dataset.licence].filter(Boolean).join(', ')
  return [...files, fileOf('attributions.txt', ATTRIBUTION, ['zahnrad', name, '1', dataset.homepage ?? page])]
}

function fileOf(name: string, header: readonly string[], cells: readonly string[]): CleanFile {
  return {
    name,
    async *text() {
      yield csvLine(header) + csvLine(cells)
    },
  }
}
