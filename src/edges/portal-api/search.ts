import { type HitGroup, Search } from '../../domains/search/index.ts'
import { type StationSummary, stationOverview } from '../../domains/sensing/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { SearchAnswer, SearchQuery } from './schemas-search.ts'
import { namedPages } from './search-pages.ts'
import { stationQuery } from './station-query.ts'

/** `GET /api/v1/search`: everything the caller may see, from one field. */
export function addSearch(api: FastifyInstance, deps: PortalDeps): void {
  const { db, access, pages } = deps
  const search = new Search(deps)
  const query = stationQuery(deps)
  const isPage = (path: string) => pages?.some((pattern) => pattern.test(path.split('?')[0]!)) ?? true

  api.get<{ Querystring: SearchQuery }>(
    '/api/v1/search',
    {
      schema: {
        tags: ['Portal'],
        summary: 'Stations, what they observe, datasets, boards and pages by their words',
        querystring: SearchQuery,
        response: { 200: SearchAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { q, limit = 20, lang = 'de' } = request.query
      const groups = await search.find(request.actor, q, limit, namedPages(isPage, lang))
      access.used(request.actor, 'search')
      reply.header('cache-control', 'no-cache')
      const reachable = groups.filter(({ hits }) => isPage(hits[0]!.path))
      return { groups: await withStations(reachable, access.visible(request.actor)) }
    },
  )

  /** Adds state and newest value. What is gone, or not to be seen any more, since the index was made drops out here. */
  async function withStations(groups: readonly HitGroup[], visible: readonly number[]) {
    const ids = groups.flatMap(({ kind, hits }) => (kind === 'station' ? hits.map(({ id }) => Number(id)) : []))
    if (ids.length === 0) return groups
    const { stations } = await stationOverview(db, visible, query, ids)
    const known = new Map(stations.map((station): [string, StationSummary] => [String(station.id), station]))
    return groups
      .map((group) => {
        if (group.kind !== 'station') return group
        const hits = group.hits.flatMap((hit) => {
          const station = known.get(hit.id)
          return station ? [{ ...hit, station }] : []
        })
        return { ...group, total: group.total - (group.hits.length - hits.length), hits }
      })
      .filter(({ hits }) => hits.length > 0)
  }
}
