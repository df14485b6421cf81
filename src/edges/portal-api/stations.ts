import { isSimulated, licenceOf } from '../../domains/catalog/index.ts'
import { placeOfThing, placePage } from '../../domains/mobility/index.ts'
import { retentionDays } from '../../domains/release/index.ts'
import { measuredReader, type Station, station, stationOverview } from '../../domains/sensing/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { rememberShared } from './remember.ts'
import { ProblemAnswer, StationAnswer, StationParams, StationsAnswer } from './schemas.ts'
import { stationQuery } from './station-query.ts'

/** `GET /api/v1/stations` and `/api/v1/stations/{id}`: what the pages show. */
export function addStations(api: FastifyInstance, deps: PortalDeps): void {
  const { db, access } = deps
  const query = stationQuery(deps)
  const remembered = rememberShared((visible: readonly number[], measured: string) =>
    stationOverview(measuredReader(db, measured.split(',').filter(Boolean).map(Number)), visible, query),
  )
  deps.sensing.changed.on(() => remembered.forget())

  api.get(
    '/api/v1/stations',
    {
      schema: {
        tags: ['Portal'],
        summary: 'All stations with their newest values, and the city’s figures',
        response: { 200: StationsAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-cache')
      access.used(request.actor, 'stations')
      // Who sees more than is published shares its answer only with those who see as much.
      return remembered(access.visible(request.actor), access.measured(request.actor).join())
    },
  )

  api.get<{ Params: { id: string } }>(
    '/api/v1/stations/:id',
    {
      schema: {
        tags: ['Portal'],
        summary: 'One station with its series, source, licence and links',
        params: StationParams,
        response: { 200: StationAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const id = Number(request.params.id)
      const reader = measuredReader(db, access.measured(request.actor))
      const found = await station(reader, access.visible(request.actor), id, query)
      if (!found) throw new Problem(404, 'not-found', `There is no station ${id}, or it is not public.`)
      access.used(request.actor, 'stations', [found.dataset])
      reply.header('cache-control', 'no-cache')
      const [days, place] = await Promise.all([
        retentionDays(db, found.dataset),
        placeOfThing(db, found.dataset, found.id),
      ])
      return page(found, deps, request.origin, { days, place })
    },
  )
}

function page(
  found: Station,
  { catalog }: PortalDeps,
  origin: string,
  { days, place }: { days: number | null; place: Awaited<ReturnType<typeof placeOfThing>> },
) {
  const dataset = catalog.byKey(found.dataset)!
  const licence = licenceOf(dataset.licence)
  const entity = (id: number) => `${origin}/sta/v1.1/Datastreams(${id})`
  const links = (id: number) => ({
    sensorthings: entity(id),
    observations: `${entity(id)}/Observations`,
    csv: `${origin}/api/v1/series?datastream=${id}&format=csv`,
    mqttTopic: `v1.1/Datastreams(${id})/Observations`,
  })
  const datastreams = found.datastreams.map(({ datastream, dataset: _, latest, ...rest }) => ({
    id: datastream,
    ...rest,
    latest: latest && { ...latest, quality: latest.quality === 'suspect' ? 1 : null },
    links: links(datastream),
  }))
  const first = found.datastreams.slice(0, 10).map((one) => one.datastream)
  return {
    ...found,
    dataset: {
      id: dataset.id,
      title: dataset.title,
      licence: dataset.licence,
      licenceName: licence?.name ?? dataset.licence,
      licenceUrl: licence?.url || null,
      attribution: dataset.attribution,
      publisher: dataset.publisher,
      contact: dataset.contact,
      homepage: dataset.homepage,
      state: dataset.state,
      k: dataset.k,
      retention: dataset.properties.retention ?? null,
      retentionDays: days,
      simulated: isSimulated(dataset),
    },
    datastreams,
    links: {
      sensorthings: `${origin}/sta/v1.1/Things(${found.id})`,
      page: `${origin}/stationen/${found.id}`,
      place: place && origin + placePage(place.mode, `${dataset.id}:${place.key}`),
      csv: first.length > 0 ? `${origin}/api/v1/series?datastream=${first.join(',')}&format=csv` : null,
      datastreams: datastreams.map((one) => ({ id: one.id, ...one.links })),
    },
  }
}
