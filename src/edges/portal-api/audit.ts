import { Readable } from 'node:stream'
import type { Static } from 'typebox'
import type { Access, AuditFilter } from '../../domains/access/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { quoted } from './csv.ts'
import { visibleDataset } from './datasets.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { AuditExport, AuditSearch } from './schemas-access.ts'
import { DatasetParams } from './schemas-datasets.ts'

/** The log of privileged acts: searched, proved and exported by administrators; the use of a dataset by its owners. */
export function addAudit(api: FastifyInstance, { access, catalog }: PortalDeps): void {
  const tags = ['Audit']
  const response = { '4xx': ProblemAnswer }

  api.get<{ Querystring: Static<typeof AuditSearch> }>(
    '/api/v1/audit',
    { schema: { tags, summary: 'Entries of the log, the newest first', querystring: AuditSearch, response } },
    async (request, reply) => {
      access.require(request.actor, 'administer', 'platform')
      await access.log.flush()
      reply.header('cache-control', 'no-store')
      return { entries: await access.log.search(request.query) }
    },
  )

  api.get(
    '/api/v1/audit/proof',
    { schema: { tags, summary: 'Is the chain of the log unbroken?', response } },
    async (request, reply) => {
      access.require(request.actor, 'administer', 'platform')
      reply.header('cache-control', 'no-store')
      return access.log.verify()
    },
  )

  api.get<{ Querystring: Static<typeof AuditExport> }>(
    '/api/v1/audit/export',
    {
      schema: {
        tags,
        summary: 'Entries in order, as lines of JSON (with what proves them) or as CSV',
        querystring: AuditExport,
        response,
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'administer', 'platform')
      const { format = 'ndjson', ...filter } = request.query
      await access.log.flush()
      await access.audit(request.actor, 'audit.export', 'audit', { format, ...filter })
      return reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson; charset=utf-8')
        .header('content-disposition', `attachment; filename="protokoll.${format}"`)
        .header('cache-control', 'no-store')
        .send(Readable.from(format === 'csv' ? rows(access, filter) : lines(access, filter)))
    },
  )

  api.get<{ Params: { id: string } }>(
    '/api/v1/datasets/:id/use',
    { schema: { tags, summary: 'Who used a dataset while it was not public', params: DatasetParams, response } },
    async (request, reply) => {
      const dataset = visibleDataset({ catalog }, access.visible(request.actor), request.params.id)
      access.require(request.actor, 'manage', { dataset: dataset.key })
      await access.log.flush()
      reply.header('cache-control', 'no-store')
      return { use: await access.log.useOf(dataset.key) }
    },
  )
}

async function* lines(access: Access, filter: AuditFilter): AsyncGenerator<string> {
  for await (const page of access.log.export(filter)) yield page.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}

async function* rows(access: Access, filter: AuditFilter): AsyncGenerator<string> {
  yield 'id,at,actor,act,object,origin,detail,hash\r\n'
  for await (const page of access.log.export(filter)) {
    yield page
      .map(({ id, at, actor, act, object, origin, detail, hash }) => {
        const texts = [at, actor, act, object, origin ?? '', JSON.stringify(detail), hash]
        return `${id},${texts.map(quoted).join(',')}\r\n`
      })
      .join('')
  }
}
