import Type, { type Static } from 'typebox'
import { document, forecastsAt, Sharing, VERSION } from '../../domains/mobility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { type MobilityDeps, noDataset } from './deps.ts'
import { NearQuery } from './near.ts'
import { ageOf, provenance, readNear } from './place.ts'

const FileParams = Type.Object({
  system: Type.String({ maxLength: 63, description: 'Id of the dataset' }),
  file: Type.String({ maxLength: 60, pattern: '^[a-z_]+\\.json$', description: 'gbfs.json, station_status.json …' }),
})

/** Sharing systems: GBFS 3.0 (`/gbfs/{system}/gbfs.json`), and what is near a place. */
export function addSharing(app: FastifyInstance, deps: MobilityDeps): void {
  const sharing = new Sharing(deps)
  const tags = ['Mobility']
  const { db, access, city } = deps

  app.get(
    '/gbfs/manifest.json',
    { schema: { tags, summary: 'Every sharing system here (GBFS 3.0, manifest)' } },
    async (request) => {
      const systems = await sharing.systems(request.actor)
      return {
        last_updated: new Date().toISOString(),
        ttl: 3600,
        version: VERSION,
        data: {
          datasets: systems.map(({ id }) => ({
            system_id: id,
            versions: [{ version: VERSION, url: `${request.origin}/gbfs/${id}/gbfs.json` }],
          })),
        },
      }
    },
  )

  app.get<{ Params: Static<typeof FileParams> }>(
    '/gbfs/:system/:file',
    { schema: { tags, summary: 'A file of a sharing system (GBFS 3.0)', params: FileParams } },
    async (request, reply) => {
      const { system: id, file } = request.params
      const system = await sharing.system(request.actor, id)
      if (!system) throw noDataset(id)
      const found = document(system, file.slice(0, -'.json'.length), `${request.origin}/gbfs/${id}`)
      if (!found) throw new Problem(404, 'not-found', `The system "${id}" has no ${file}.`)
      return reply
        .header('cache-control', request.actor.kind === 'anonymous' ? `public, max-age=${found.ttl}` : 'no-store')
        .send(found)
    },
  )

  app.get<{ Querystring: NearQuery }>(
    '/api/v1/mobility/vehicles',
    {
      schema: {
        tags,
        summary: 'Sharing stations and free vehicles around a place, as GeoJSON',
        querystring: NearQuery,
      },
    },
    async (request) => {
      const found = await sharing.near(request.actor, readNear(request.query))
      const things = found.flatMap(({ thing }) => thing ?? [])
      const forecasts = await forecastsAt(db, access.visible(request.actor), things, city)
      return {
        type: 'FeatureCollection',
        ...provenance(found.map(({ dataset }) => dataset)),
        features: found.map(({ kind, dataset, id, name, lon, lat, distance, thing, properties, latest, measured }) => ({
          type: 'Feature',
          id: `${dataset.id}:${id}`,
          geometry: { type: 'Point', coordinates: [lon, lat] },
          properties: {
            id: `${dataset.id}:${id}`,
            kind,
            name,
            ...(kind === 'station'
              ? {
                  capacity: properties.capacity ?? null,
                  num_vehicles_available: latest.vehicles?.value ?? null,
                  num_docks_available: latest.docks?.value ?? null,
                  state: latest.state?.value ?? null,
                  ...(forecasts.has(thing ?? 0) ? { forecast: forecasts.get(thing ?? 0) } : {}),
                }
              : properties),
            distance: Math.round(distance),
            measured,
            age: ageOf(measured, Date.now()),
            source: dataset.publisher ?? dataset.title,
            dataset: dataset.id,
          },
        })),
      }
    },
  )
}
