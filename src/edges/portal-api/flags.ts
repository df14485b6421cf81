import { flagText } from '../../domains/plausibility/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { ProblemAnswer } from './schemas.ts'
import {
  FlagListAnswer,
  FlagListQuery,
  FlagParams,
  FlagsAnswer,
  FlagsQuery,
  SettingsAnswer,
  SettingsBody,
} from './schemas-flags.ts'
import type { StewardDeps } from './steward-deps.ts'
import { readTime } from './times.ts'

/** `/api/v1/flags`: values that are hard to believe, for a chart (visible as its series) and for the steward. */
export function addFlags(api: FastifyInstance, { access, city, sensing, plausibility }: StewardDeps): void {
  const tags = ['Plausibility']

  api.get<{ Querystring: FlagsQuery }>(
    '/api/v1/flags',
    {
      schema: {
        tags,
        summary: 'Stretches of series that are hard to believe; values are never changed by it',
        querystring: FlagsQuery,
        response: { 200: FlagsAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { datastream, from, to, lang = 'de' } = request.query
      const { timeZone } = city.profile
      const ids = [...new Set(datastream.split(',').map(Number))]
      const visible = access.visible(request.actor)
      const infos = await sensing.datastreams(ids)
      const missing = ids.find((id) => !infos.has(id) || !visible.includes(infos.get(id)!.dataset))
      if (missing !== undefined)
        throw new Problem(404, 'not-found', `There is no datastream ${missing}, or it is not public.`)
      const range = { from: readTime(from, 'from', timeZone), to: readTime(to, 'to', timeZone) }
      if (range.from === 'start') range.from = '-infinity'
      reply.header('cache-control', 'no-cache')
      const flags = await plausibility.flags(visible, ids, range)
      return {
        flags: flags.map((flag) => ({
          id: flag.id,
          datastream: flag.datastream,
          rule: flag.rule,
          from: flag.from,
          to: flag.to,
          text: flagText(flag.rule, flag.detail, flag.unit, lang),
        })),
      }
    },
  )

  api.get<{ Querystring: FlagListQuery }>(
    '/api/v1/flags/list',
    {
      schema: {
        tags,
        summary: 'The newest flags of all series, or of one source',
        querystring: FlagListQuery,
        response: { 200: FlagListAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const { source, all = false, limit = 100, lang = 'de' } = request.query
      const flags = await plausibility.list(access.visible(request.actor), { source, open: !all, limit })
      reply.header('cache-control', 'no-store')
      return {
        flags: flags.map(({ detail, unit, ...flag }) => ({ ...flag, text: flagText(flag.rule, detail, unit, lang) })),
      }
    },
  )

  for (const ok of [true, false]) {
    api.post<{ Params: FlagParams }>(
      `/api/v1/flags/:id/${ok ? 'ok' : 'reopen'}`,
      {
        schema: {
          tags,
          summary: ok ? 'The values are all right: the flag is no longer shown' : 'They are not after all',
          params: FlagParams,
          response: { 204: { type: 'null' }, '4xx': ProblemAnswer },
        },
      },
      async (request, reply) => {
        await plausibility.setOk(Number(request.params.id), ok, request.actor)
        return reply.code(204).send()
      },
    )
  }

  const settings = { tags, params: FlagParams, response: { 200: SettingsAnswer, '4xx': ProblemAnswer } }
  api.get<{ Params: FlagParams }>(
    '/api/v1/datastreams/:id/plausibility',
    { schema: { ...settings, summary: 'The limits a series is checked by' } },
    (request) => plausibility.settings(Number(request.params.id), request.actor),
  )
  api.put<{ Params: FlagParams; Body: SettingsBody }>(
    '/api/v1/datastreams/:id/plausibility',
    { schema: { ...settings, body: SettingsBody, summary: 'Set the limits a series is checked by' } },
    (request) => plausibility.setSettings(Number(request.params.id), request.body, request.actor),
  )
}
