import { Readable } from 'node:stream'
import { type RejectedRow, type RunRow, rejectedRows, runOf } from '../../domains/sources/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { quoted } from './csv.ts'
import { ProblemAnswer } from './schemas.ts'
import {
  RejectedAnswer,
  RejectedQuery,
  RunAnswer,
  RunParams,
  RunQuery,
  RunStarted,
  RunsAnswer,
  RunsQuery,
  SourceParams,
} from './schemas-sources.ts'
import { causeOf } from './sources.ts'
import type { StewardDeps } from './steward-deps.ts'

const CSV_PAGE = 1_000

/** `/api/v1/sources/{id}/runs`: run now, follow, stop; the log; rejected rows to look at and as a file. */
export function addSourceRuns(api: FastifyInstance, { db, access, sources }: StewardDeps): void {
  const tags = ['Sources']

  const shown = (source: string, run: RunRow) => {
    return { ...run, cause: causeOf(run.error), running: sources.running(source, run.id) ?? null }
  }

  async function theRun({ id, run }: RunParams): Promise<RunRow> {
    const row = await runOf(db, id, Number(run))
    if (!row) throw new Problem(404, 'run-unknown', `There is no run ${run} of the source "${id}".`)
    return row
  }

  api.post<{ Params: SourceParams; Querystring: RunQuery }>(
    '/api/v1/sources/:id/run',
    {
      schema: {
        tags,
        summary: 'Run a source now, in the background; 409 while it runs',
        params: SourceParams,
        querystring: RunQuery,
        response: { 202: RunStarted, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const run = await sources.begin(id, request.actor, request.query.part)
      return reply.code(202).header('location', `/api/v1/sources/${id}/runs/${run}`).send({ run })
    },
  )

  api.get<{ Params: SourceParams; Querystring: RunsQuery }>(
    '/api/v1/sources/:id/runs',
    {
      schema: {
        tags,
        summary: 'The latest runs, newest first; all that is pushed in a day is one run',
        params: SourceParams,
        querystring: RunsQuery,
        response: { 200: RunsAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const { id } = request.params
      reply.header('cache-control', 'no-store')
      return { runs: (await sources.log(id, request.query.limit ?? 50)).map((run) => shown(id, run)) }
    },
  )

  api.get<{ Params: RunParams }>(
    '/api/v1/sources/:id/runs/:run',
    {
      schema: {
        tags,
        summary: 'One run: its figures, and how far it is while it is under way',
        params: RunParams,
        response: { 200: RunAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      reply.header('cache-control', 'no-store')
      return shown(request.params.id, await theRun(request.params))
    },
  )

  api.post<{ Params: RunParams }>(
    '/api/v1/sources/:id/runs/:run/stop',
    {
      schema: {
        tags,
        summary: 'Stop a run; what it has stored stays',
        params: RunParams,
        response: { 204: { type: 'null' }, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { id, run } = request.params
      if (!(await sources.stopRun(id, Number(run), request.actor)))
        throw new Problem(409, 'run-over', `The run ${run} of the source "${id}" is not under way.`)
      return reply.code(204).send()
    },
  )

  api.get<{ Params: RunParams; Querystring: RejectedQuery }>(
    '/api/v1/sources/:id/runs/:run/rejected',
    {
      schema: {
        tags,
        summary: 'Rows a run rejected, as it met them',
        params: RunParams,
        querystring: RejectedQuery,
        response: { 200: RejectedAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const run = await theRun(request.params)
      const { limit = 50, offset = 0 } = request.query
      reply.header('cache-control', 'no-store')
      return { rejected: run.rejected, ...(await rejectedRows(db, run.id, { limit, offset })) }
    },
  )

  api.get<{ Params: RunParams }>(
    '/api/v1/sources/:id/runs/:run/rejected.csv',
    {
      schema: {
        tags,
        summary: 'Rows a run rejected, as CSV',
        params: RunParams,
        produces: ['text/csv'],
        response: { 200: { type: 'string' }, '4xx': ProblemAnswer },
      } as object,
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const run = await theRun(request.params)
      const { id } = request.params
      return reply
        .type('text/csv; charset=utf-8; header=present')
        .header('cache-control', 'no-store')
        .header('content-disposition', `attachment; filename="${id}_${run.id}_rejected.csv"`)
        .send(Readable.from(rejectedLines(db, run), { objectMode: false }))
    },
  )
}

/** Kept rows; of runs from before they were kept, or too long ago, the examples. */
async function* rejectedLines(db: Database, run: RunRow): AsyncGenerator<string> {
  yield 'row,column,value,reason,values,file\r\n'
  let offset = 0
  for (;;) {
    const { rows } = await rejectedRows(db, run.id, { limit: CSV_PAGE, offset })
    if (offset === 0 && rows.length === 0) {
      const examples = run.rejections.flatMap(({ reason, examples }) =>
        examples.map((example) => ({ ...example, reason, values: 1 })),
      )
      yield examples.map(csvLine).join('')
      return
    }
    yield rows.map(csvLine).join('')
    offset += rows.length
    if (rows.length < CSV_PAGE) return
  }
}

function csvLine({ row, column, value, reason, values, file }: RejectedRow): string {
  const text = value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
  return `${[row, quoted(column), quoted(text), quoted(reason), values, quoted(file ?? '')].join(',')}\r\n`
}
