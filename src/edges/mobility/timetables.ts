import { Readable } from 'node:stream'
import Type, { type Static } from 'typebox'
import { type Dataset, licenceOf } from '../../domains/catalog/index.ts'
import {
  currentVersion,
  currentVersions,
  noticesOf,
  routePages,
  stopPages,
  stopsNear,
  type TransitNotice,
  type TransitVersion,
  versionOf,
  versionsOf,
} from '../../domains/mobility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { type MobilityDeps, noDataset } from './deps.ts'
import { NearQuery } from './near.ts'
import { ageOf as ageAt, provenance, readNear } from './place.ts'

const DatasetParams = Type.Object({ dataset: Type.String({ maxLength: 63, description: 'Id of the dataset' }) })
const ReportQuery = Type.Object({
  version: Type.Optional(
    Type.Integer({ minimum: 1, description: 'A version that is kept; default: the latest reading' }),
  ),
})
const StopsQuery = Type.Interface([NearQuery], {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100, description: 'At most so many' })),
})

/** Timetables: what is offered, their reports and versions, stops and lines as GeoJSON. */
export function addTimetables(app: FastifyInstance, deps: MobilityDeps): void {
  const { db, access, catalog } = deps
  const tags = ['Mobility']

  /** A dataset with a timetable that the caller may see; the same answer for what is not there and what is hidden. */
  const datasetOf = (visible: readonly number[], id: string): Dataset => {
    const dataset = catalog.byId(id)
    if (!dataset || !visible.includes(dataset.key)) throw noDataset(id)
    return dataset
  }
  const servedOf = async (visible: readonly number[], id: string) => {
    const dataset = datasetOf(visible, id)
    const version = await currentVersion(db, dataset.key)
    if (!version) throw noTimetable(id)
    return { dataset, version }
  }

  app.get(
    '/api/v1/mobility/timetables',
    { schema: { tags, summary: 'Datasets with a timetable (GTFS)' } },
    async (request) => {
      const versions = await currentVersions(db, access.visible(request.actor))
      return {
        timetables: versions.map((version) => {
          const dataset = catalog.byKey(version.dataset)!
          return {
            dataset: dataset.id,
            title: dataset.title,
            ...provenance([dataset]),
            ...served(version),
            gtfs: `${request.origin}/gtfs/${dataset.id}.zip`,
          }
        }),
      }
    },
  )

  app.get<{ Params: Static<typeof DatasetParams>; Querystring: Static<typeof ReportQuery> }>(
    '/api/v1/mobility/transit/:dataset/report',
    {
      schema: {
        tags,
        summary: "What validation found in a timetable, by MobilityData's notice codes",
        params: DatasetParams,
        querystring: ReportQuery,
      },
    },
    async (request) => {
      const dataset = datasetOf(access.visible(request.actor), request.params.dataset)
      const kept = await versionsOf(db, dataset.key)
      const wanted = request.query.version
      const version = wanted === undefined ? kept[0] : await versionOf(db, dataset.key, wanted)
      if (!version) throw noTimetable(dataset.id)
      const notices = await noticesOf(db, version.version)
      return {
        dataset: dataset.id,
        title: dataset.title,
        ...provenance([dataset]),
        state: version.state,
        summary: summaryOf(notices),
        notices: notices.map(({ code, severity, n, examples }) => ({
          code,
          severity,
          totalNotices: n,
          sampleNotices: examples,
        })),
        ...served(version),
        read: version.read,
        seconds: version.seconds,
        diff: version.diff,
        versions: kept.map((one) => ({ ...served(one), state: one.state, diff: one.diff })),
        age: ageOf(version.completedAt),
      }
    },
  )

  app.get<{ Querystring: Static<typeof StopsQuery> }>(
    '/api/v1/mobility/stops',
    { schema: { tags, summary: 'Stops around a place, nearest first, as GeoJSON', querystring: StopsQuery } },
    async (request) => {
      const visible = access.visible(request.actor)
      const versions = await currentVersions(db, visible)
      const byVersion = new Map(versions.map((version) => [version.version, version]))
      const found = await stopsNear(db, [...byVersion.keys()], readNear(request.query), request.query.limit ?? 100)
      const named = new Set(found.map(({ version }) => byVersion.get(version)!.dataset))
      access.used(request.actor, 'mobility', [...named])
      return {
        type: 'FeatureCollection',
        ...provenance([...named].map((key) => catalog.byKey(key)!)),
        features: found.map(({ version, distance, ...stop }) => {
          const { dataset: key, completedAt } = byVersion.get(version)!
          const dataset = catalog.byKey(key)!
          return stopFeature(dataset, stop, {
            distance: Math.round(distance),
            age: ageOf(completedAt),
            source: dataset.publisher ?? dataset.title,
          })
        }),
      }
    },
  )

  app.get<{ Params: Static<typeof DatasetParams> }>(
    '/api/v1/mobility/transit/:dataset/stops.geojson',
    { schema: { tags, summary: 'All stops of a timetable as GeoJSON', params: DatasetParams } },
    async (request, reply) => {
      const { dataset, version } = await servedOf(access.visible(request.actor), request.params.dataset)
      access.used(request.actor, 'download', [dataset.key])
      return send(reply, dataset, version, stopFeatures(dataset, stopPages(db, version.version)))
    },
  )

  app.get<{ Params: Static<typeof DatasetParams> }>(
    '/api/v1/mobility/transit/:dataset/routes.geojson',
    { schema: { tags, summary: 'All lines of a timetable with their ways as GeoJSON', params: DatasetParams } },
    async (request, reply) => {
      const { dataset, version } = await servedOf(access.visible(request.actor), request.params.dataset)
      access.used(request.actor, 'download', [dataset.key])
      return send(reply, dataset, version, routeFeatures(dataset, routePages(db, version.version)))
    },
  )
}

const ageOf = (time: string | null): number | null => ageAt(time, Date.now())

const noTimetable = (id: string): Problem => new Problem(404, 'no-timetable', `The dataset "${id}" has no timetable.`)

/** How many notices of each severity. */
function summaryOf(notices: readonly TransitNotice[]) {
  const of = (severity: string) =>
    notices.filter((notice) => notice.severity === severity).reduce((sum, { n }) => sum + n, 0)
  return { errors: of('ERROR'), warnings: of('WARNING'), infos: of('INFO') }
}

/** What is told of a version wherever it is named. */
function served({
  version,
  firstDay,
  lastDay,
  timeZone,
  counts,
  createdAt,
  completedAt,
  replacedAt,
  feedInfo,
}: TransitVersion) {
  return {
    version,
    firstDay,
    lastDay,
    timeZone,
    counts,
    createdAt,
    completedAt,
    replacedAt,
    feedVersion: feedInfo?.feed_version ?? null,
    age: ageOf(completedAt),
  }
}

type Stop = Omit<Awaited<ReturnType<typeof stopsNear>>[number], 'version' | 'distance'>

/** A stop in the terms of GTFS. */
function stopFeature(dataset: Dataset, stop: Stop, more: object = {}) {
  const id = `${dataset.id}:${stop.stopId}`
  return {
    type: 'Feature' as const,
    id,
    geometry: { type: 'Point', coordinates: [stop.lon, stop.lat] },
    properties: {
      id,
      stop_id: stop.stopId,
      name: stop.name,
      stop_code: stop.code,
      platform: stop.platform,
      location_type: stop.locationType,
      wheelchair_boarding: stop.wheelchair,
      parent_station: stop.parent === null ? null : `${dataset.id}:${stop.parent}`,
      ...more,
      dataset: dataset.id,
    },
  }
}

async function* stopFeatures(dataset: Dataset, pages: ReturnType<typeof stopPages>) {
  for await (const page of pages) for (const stop of page) yield stopFeature(dataset, stop)
}

async function* routeFeatures(dataset: Dataset, pages: ReturnType<typeof routePages>) {
  for await (const page of pages)
    for (const { routeId, agency, shortName, longName, type, color, textColor, url, trips, geometry } of page) {
      const id = `${dataset.id}:${routeId}`
      const properties = {
        id,
        route_id: routeId,
        agency,
        short_name: shortName,
        long_name: longName,
        route_type: type,
        color,
        text_color: textColor,
        url,
        trips,
        dataset: dataset.id,
      }
      yield { type: 'Feature' as const, id, geometry, properties }
    }
}

type Reply = { header(name: string, value: string): Reply; type(name: string): Reply; send(body: Readable): Reply }

/** A FeatureCollection as it comes, with licence, attribution and age at its head. */
function send(reply: Reply, dataset: Dataset, version: TransitVersion, features: AsyncIterable<object>): Reply {
  const head = {
    type: 'FeatureCollection',
    title: dataset.title,
    ...provenance([dataset]),
    version: version.version,
    age: ageOf(version.completedAt),
  }
  const licence = licenceOf(dataset.licence)?.url
  if (licence) reply.header('link', `<${licence}>; rel="license"`)
  async function* text() {
    yield `${JSON.stringify(head).slice(0, -1)},"features":[`
    let between = ''
    for await (const feature of features) {
      yield between + JSON.stringify(feature)
      between = ',\n'
    }
    yield ']}'
  }
  return reply
    .header('cache-control', 'no-cache')
    .type('application/geo+json; charset=utf-8')
    .send(Readable.from(text(), { objectMode: false }))
}
