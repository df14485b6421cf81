import type { Actor } from '../../domains/access/index.ts'
import {
  type PartInfo,
  plainCause,
  type SourceInfo,
  sourceRates,
  versionsOf,
  yamlOf,
} from '../../domains/sources/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { ProblemAnswer } from './schemas.ts'
import { SourceAnswer, SourceParams, SourcesAnswer, VersionQuery } from './schemas-sources.ts'
import type { StewardDeps } from './steward-deps.ts'

const partOf = ({ health, ...part }: PartInfo) => ({
  ...part,
  origin: part.origin.replace(/\?.*/s, ''),
  state: health.state,
  since: health.since,
  cause: causeOf(health.cause),
})

const WEEK = 7 * 24 * 3_600_000

/** A cause in plain words beside the program's own. */
export const causeOf = (original: string | null) => (original === null ? null : { ...plainCause(original), original })

/** `/api/v1/sources`: how each source is, its definition, pause, resume, remove. For who may manage the platform. */
export function addSources(api: FastifyInstance, deps: StewardDeps): void {
  const { db, access, catalog, sources, plausibility } = deps
  const tags = ['Sources']
  const answers = { 200: SourceAnswer, '4xx': ProblemAnswer }

  async function shown(infos: SourceInfo[], actor: Actor) {
    const rates = await sourceRates(
      db,
      infos.map(({ id }) => id),
      Date.now(),
    )
    const flags = await plausibility.openBySource(access.visible(actor), Date.now() - WEEK)
    return infos.map((info) => {
      const several = info.parts.length > 1
      return {
        id: info.id,
        title: info.title,
        dataset: { id: info.dataset, title: catalog.byId(info.dataset)?.title ?? info.dataset },
        kind: info.kind,
        state: info.paused ? ('paused' as const) : info.health.state,
        since: info.health.since,
        cause: causeOf(info.health.cause),
        ailing: info.ailing,
        schedule: info.parts[0]!.schedule,
        nextRun: info.nextRun,
        lastGood: info.lastGood,
        running: sources.running(info.id) ?? null,
        rate: rates.get(info.id) ?? { kind: 'run' as const, points: [] },
        flags: flags.get(info.id) ?? 0,
        parts: several ? info.parts.map(partOf) : [],
      }
    })
  }

  api.get(
    '/api/v1/sources',
    {
      schema: { tags, summary: 'All sources and how they are', response: { 200: SourcesAnswer, '4xx': ProblemAnswer } },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      reply.header('cache-control', 'no-store')
      return { now: new Date().toISOString(), sources: await shown(await sources.list(), request.actor) }
    },
  )

  api.get<{ Params: SourceParams }>(
    '/api/v1/sources/:id',
    { schema: { tags, summary: 'One source with its definition', params: SourceParams, response: answers } },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      reply.header('cache-control', 'no-store')
      return full(request.params.id, request.actor)
    },
  )

  async function full(id: string, actor: Actor) {
    const info = await sources.get(id)
    const [one] = await shown([info], actor)
    return { ...one!, version: info.version, versions: await versionsOf(db, id), yaml: info.definition.yaml }
  }

  api.get<{ Params: SourceParams; Querystring: VersionQuery }>(
    '/api/v1/sources/:id/definition.yaml',
    {
      schema: {
        tags,
        summary: 'The definition of a source as a file; the current version or an earlier one',
        params: SourceParams,
        querystring: VersionQuery,
        produces: ['application/yaml'],
        response: { 200: { type: 'string' }, '4xx': ProblemAnswer },
      } as object,
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const { id } = request.params
      const version = request.query.version ?? (await sources.get(id)).version
      const yaml = await yamlOf(db, id, version)
      if (yaml === undefined)
        throw new Problem(404, 'version-unknown', `There is no version ${version} of the source "${id}".`)
      return reply
        .type('application/yaml; charset=utf-8')
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="${id}.yaml"`)
        .serializer(String)
        .send(yaml)
    },
  )

  for (const paused of [true, false]) {
    api.post<{ Params: SourceParams }>(
      `/api/v1/sources/:id/${paused ? 'pause' : 'resume'}`,
      {
        schema: {
          tags,
          summary: paused ? 'Pause a source: it neither runs nor takes what is pushed' : 'Let a paused source go on',
          params: SourceParams,
          response: answers,
        },
      },
      async (request) => {
        await sources.pause(request.params.id, paused, request.actor)
        return full(request.params.id, request.actor)
      },
    )
  }

  api.delete<{ Params: SourceParams }>(
    '/api/v1/sources/:id',
    {
      schema: {
        tags,
        summary: 'Remove a source; what it brought and its log stay',
        params: SourceParams,
        response: { 204: { type: 'null' }, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      await sources.remove(request.params.id, request.actor)
      return reply.code(204).send()
    },
  )
}
