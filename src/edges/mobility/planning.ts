import { type Static, Type } from 'typebox'
import { readEmail } from '../../domains/access/index.ts'
import type { Dataset } from '../../domains/catalog/index.ts'
import { ModesByMonth, occupancyByPrice, punctualityByStop } from '../../domains/mobility/index.ts'
import { dayStart, measuredReader } from '../../domains/sensing/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { csvTable } from './csv.ts'
import type { MobilityDeps } from './deps.ts'
import { LevelAnswer, requireStaff } from './duty.ts'
import { operatorReport } from './operator-report.ts'
import { ProblemAnswer } from './schemas.ts'
import { suppliedDatasets, WINDOW_DAYS } from './service.ts'

const DAY = 86_400_000
const PARTS = ['modes', 'punctuality', 'occupancy', 'operators'] as const
type Part = (typeof PARTS)[number]

const Query = Type.Object(
  {
    from: Type.Optional(
      Type.String({ format: 'date', description: 'First day; default: a year before `to`, or 30 days' }),
    ),
    to: Type.Optional(Type.String({ format: 'date', description: 'Day after the last; default: now' })),
    month: Type.Optional(
      Type.String({
        pattern: '^[12]\\d{3}-(0[1-9]|1[0-2])$',
        description:
          'One month instead of `from` and `to`, as far as it is over. Days and months are those of the city',
      }),
    ),
  },
  { additionalProperties: false },
)
interface Query {
  from?: string
  to?: string
  month?: string
}
/** Days back by default, and at most. */
const SPANS: Record<Part, { usual: number; most: number }> = {
  modes: { usual: 365, most: 800 },
  punctuality: { usual: 7, most: 31 },
  occupancy: { usual: 30, most: 400 },
  operators: { usual: WINDOW_DAYS, most: WINDOW_DAYS },
}
const Rows = Type.Object({
  from: Type.String(),
  to: Type.String(),
  rows: Type.Array(Type.Object({}, { additionalProperties: true })),
})
const ReportParams = Type.Object({ dataset: Type.String({ maxLength: 63 }) })
const Report = Type.Object({
  subject: Type.String(),
  text: Type.String(),
  mail: Type.Boolean({ description: 'whether a mail server is set up to send it' }),
})
const SendBody = Type.Object(
  { dataset: Type.String({ maxLength: 63 }), to: Type.String({ minLength: 3, maxLength: 254 }) },
  { additionalProperties: false },
)

/**
 * `/api/v1/mobility/planning/{part}`: modes by district and month, punctuality by stop, occupancy against price and events,
 * and how reliably operators deliver; each as JSON and CSV. For who manages datasets; of what they see.
 */
export function addPlanning(api: FastifyInstance, deps: MobilityDeps): void {
  const { db, access, catalog, city } = deps
  const tags = ['Mobility']
  const response = { '4xx': ProblemAnswer }

  const modes = new ModesByMonth()

  async function read(part: Part, request: FastifyRequest & { query: Query }) {
    requireStaff(deps, request.actor)
    const zone = city.profile.timeZone
    const window = windowOf(part, request.query, zone)
    const visible = access.visible(request.actor)
    const query = { ...window, visible, zone }
    const measured = access.measured(request.actor)
    const reader = measuredReader(db, measured)
    const named = <T extends { dataset: number }>({ dataset, ...row }: T) => {
      const { id, title, attribution, publisher, licence } = catalog.byKey(dataset) as Dataset
      return { ...row, dataset: id, title, source: attribution ?? publisher ?? title, licence }
    }
    switch (part) {
      case 'modes':
        return { ...window, rows: await modes.of(reader, query, measured.join()) }
      case 'punctuality':
        return { ...window, rows: (await punctualityByStop(reader, query)).map(named) }
      case 'occupancy':
        return { ...window, rows: (await occupancyByPrice(reader, query)).map(named) }
      case 'operators': {
        const supplied = await suppliedDatasets(deps, request.actor)
        return {
          ...window,
          rows: supplied.map(({ dataset, concepts, level: { dataset: _, ...level } }) => ({
            ...{ dataset: dataset.id, title: dataset.title, operator: dataset.publisher, contact: dataset.contact },
            concepts: concepts.map(({ concept }) => concept),
            ...level,
          })),
        }
      }
    }
  }

  for (const part of PARTS) {
    api.get<{ Querystring: Query }>(
      `/api/v1/mobility/planning/${part}`,
      { schema: { tags, summary: SUMMARIES[part], querystring: Query, response: { 200: Rows, ...response } } },
      async (request, reply) => {
        reply.header('cache-control', 'no-store')
        return read(part, request)
      },
    )
    api.get<{ Querystring: Query }>(
      `/api/v1/mobility/planning/${part}.csv`,
      { schema: { tags, summary: `${SUMMARIES[part]}, as CSV`, querystring: Query, response } },
      async (request, reply) => {
        const { rows, from, to } = await read(part, request)
        const columns = COLUMNS[part]
        const name = `mobilitaet_${part}_${from.slice(0, 10)}_${to.slice(0, 10)}.csv`
        return reply
          .type('text/csv; charset=utf-8')
          .header('cache-control', 'no-store')
          .header('content-disposition', `attachment; filename="${name}"`)
          .serializer(String)
          .send(
            csvTable(
              columns,
              rows.map((row) => columns.map((column) => cell((row as unknown as Record<string, unknown>)[column]))),
            ),
          )
      },
    )
  }

  /** The letter on a dataset that the actor manages. Throws Problem 404 where it is none, or has nothing of mobility. */
  async function reportOn(request: FastifyRequest, id: string, to: string) {
    const dataset = catalog.byId(id)
    if (!dataset || !access.can(request.actor, 'manage', { dataset: dataset.key })) {
      requireStaff(deps, request.actor)
      throw new Problem(404, 'dataset-unknown', `There is no dataset "${id}" you manage.`)
    }
    const found = (await suppliedDatasets(deps, request.actor)).find((one) => one.dataset.key === dataset.key)
    if (!found) throw new Problem(404, 'dataset-unknown', `The dataset "${dataset.id}" has nothing of mobility.`)
    const { name, timeZone } = city.profile
    return operatorReport(found, { city: name, timeZone, days: WINDOW_DAYS, origin: request.origin, to })
  }

  api.get<{ Params: Static<typeof ReportParams> }>(
    '/api/v1/mobility/planning/operators/:dataset/report',
    {
      schema: {
        tags,
        summary: 'What would be mailed to the operator of a dataset',
        params: ReportParams,
        response: { 200: Report, ...response },
      },
    },
    async (request, reply) => {
      const { subject, text } = await reportOn(request, request.params.dataset, '')
      reply.header('cache-control', 'no-store')
      return { subject, text, mail: Boolean(deps.sendMail) }
    },
  )

  api.post<{ Body: { dataset: string; to: string } }>(
    '/api/v1/mobility/planning/operators/send',
    {
      schema: { tags, summary: 'Mails an operator how reliably their dataset was supplied', body: SendBody, response },
    },
    async (request, reply) => {
      const { dataset } = request.body
      requireStaff(deps, request.actor)
      const to = readEmail(request.body.to)
      const report = await reportOn(request, dataset, to)
      if (!deps.sendMail) throw new Problem(409, 'no-mail', 'No mail server is set up here.')
      await deps.sendMail(report).catch((error: Error) => {
        throw new Problem(502, 'mail-refused', `The mail server did not take the report: ${error.message}`, {
          value: error.message,
        })
      })
      await access.audit(request.actor, 'mobility.report', `dataset:${dataset}`, { to })
      return reply.code(204).send()
    },
  )
}

const SUMMARIES: Record<Part, string> = {
  modes: 'Modes side by side, by district and month',
  punctuality: 'Punctuality of every stop',
  occupancy: 'Occupancy of car parks against price and events',
  operators: 'How reliably operators deliver: uptime, latency, completeness',
}
const COLUMNS: Record<Part, readonly string[]> = {
  modes: ['district', 'month', 'mode', 'of', 'value', 'series'],
  punctuality: [
    'name',
    'lon',
    'lat',
    'departures',
    'median',
    'p90',
    'punctual',
    'cancelled',
    'dataset',
    'source',
    'licence',
  ],
  occupancy: [
    ...['name', 'capacity', 'fee', 'mean', 'peak', 'peakHour', 'event', 'eventHours', 'dataset', 'source', 'licence'],
  ],
  operators: ['dataset', 'title', 'operator', 'contact', 'concepts', ...Object.keys(LevelAnswer)],
}

const cell = (value: unknown): string | number | null =>
  value === null || value === undefined || typeof value === 'number'
    ? (value ?? null)
    : Array.isArray(value)
      ? value.join(' ')
      : String(value)

/** Throws Problem 400 where the range is empty or too long. */
function windowOf(part: Part, { from, to, month }: Query, zone: string): { from: string; to: string } {
  const { usual, most } = SPANS[part]
  if (month !== undefined && (from !== undefined || to !== undefined))
    throw new Problem(400, 'bad-range', 'month stands alone, without from and to.')
  const [first, next] = month === undefined ? [from, to] : [`${month}-01`, monthAfter(month)]
  const now = Date.now()
  const last = next === undefined ? now : dayStart(next, zone)
  const end = month === undefined ? last : Math.min(last, now)
  const start = first === undefined ? end - usual * DAY : dayStart(first, zone)
  if (!(start < end)) throw new Problem(400, 'bad-range', 'from must be before to, and a month must have begun.')
  if (end - start > most * DAY) throw new Problem(400, 'bad-range', `At most ${most} days can be asked for.`)
  return { from: new Date(start).toISOString(), to: new Date(end).toISOString() }
}

/** The first day of the month after `YYYY-MM`. */
function monthAfter(month: string): string {
  const [year, of] = month.split('-').map(Number) as [number, number]
  return new Date(Date.UTC(year, of, 1)).toISOString().slice(0, 10)
}
