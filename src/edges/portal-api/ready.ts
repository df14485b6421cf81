import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import Type, { type Static } from 'typebox'
import type { Definition, Progress, RunReport } from '../../domains/sources/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { FirstSteps, PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { causeOf } from './sources.ts'

const tags = ['Sources']
const PATH = '/api/v1/ready-sources'
/** Of an uploaded file. Larger ones are read by `zahnrad source run FILE` on the machine itself. */
const UPLOAD_BYTES = 256 * 1024 * 1024

const Params = Type.Object({ id: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }) })
type Params = Static<typeof Params>
const UploadQuery = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 200, description: 'Name of the file' }) },
  { additionalProperties: false },
)
type UploadQuery = Static<typeof UploadQuery>

interface RunState {
  running: boolean
  progress: Progress | null
  report: RunReport | null
  error: string | null
}

/** With why it failed, for people. */
const stateOf = (state: RunState) => ({ ...state, cause: causeOf(state.error) })

/** Ready definitions: what there is, taking one in use, and filling one from a file with progress. For staff. */
export function addReady(api: FastifyInstance, deps: PortalDeps, steps: FirstSteps): void {
  const { access } = deps
  const { sources, ready, scratch } = steps
  const runs = new Map<string, RunState>()

  const describe = async () => {
    const added = new Set((await sources.list()).map(({ id }) => id))
    return (definition: Definition) => ({ ...shown(definition), added: added.has(definition.id) })
  }

  api.get(
    PATH,
    { schema: { tags, summary: 'Definitions that come with the platform', response: { '4xx': ProblemAnswer } } },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      reply.header('cache-control', 'no-store')
      return { sources: (await ready.list()).map(await describe()) }
    },
  )

  api.post<{ Params: Params }>(
    `${PATH}/:id`,
    {
      schema: {
        tags,
        summary: 'Take a ready definition in use; one with a schedule runs at once',
        params: Params,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const definition = await ready.require(request.params.id)
      await sources.add(definition, request.actor)
      return reply.code(201).send((await describe())(definition))
    },
  )

  api.post<{ Params: Params }>(
    `${PATH}/:id/secret`,
    {
      schema: {
        tags,
        summary: 'A secret (X-Webhook-Secret) that may push to this source and nothing else; shown this once',
        params: Params,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const secret = await sources.pushed.makeSecret(request.params.id, request.actor)
      return reply.code(201).header('cache-control', 'no-store').send({ secret })
    },
  )

  api.get<{ Params: Params }>(
    `${PATH}/:id/run`,
    {
      schema: {
        tags,
        summary: 'How far the reading of an uploaded file is',
        params: Params,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const state = runs.get(request.params.id)
      if (!state) throw new Problem(404, 'run-unknown', 'No file was read for this source since the start.')
      reply.header('cache-control', 'no-store')
      return stateOf(state)
    },
  )

  api.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    // Straight to the disk: such a file does not fit into memory beside everything else.
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.put<{ Params: Params; Querystring: UploadQuery; Body: Readable | undefined }>(
      `${PATH}/:id/file`,
      {
        bodyLimit: UPLOAD_BYTES,
        schema: {
          tags,
          summary: 'Read a file by a ready definition: a table, or an archive (zip, tar, gz, xz) of them',
          params: Params,
          querystring: UploadQuery,
          response: { '4xx': ProblemAnswer },
        },
      },
      async (request, reply) => {
        access.require(request.actor, 'manage', 'platform')
        const definition = await ready.require(request.params.id)
        const { id } = definition
        if (runs.get(id)?.running) throw new Problem(409, 'source-running', `"${id}" is reading a file at this moment.`)
        if (!request.body) throw new Problem(400, 'body-missing', 'The request has no file in it.')
        const name = basename(request.query.name.replaceAll('\\', '/')).replace(/[^\p{L}\p{N}._ -]/gu, '_')
        if (/^\.*$/.test(name)) throw new Problem(400, 'bad-name', 'The file has no usable name.')
        await mkdir(scratch, { recursive: true })
        const folder = await mkdtemp(join(scratch, 'upload-'))
        const state: RunState = { running: true, progress: null, report: null, error: null }
        runs.set(id, state)
        const end = async (error?: Error) => {
          state.running = false
          state.error ??= error?.message ?? null
          await rm(folder, { recursive: true, force: true })
        }
        const path = join(folder, name)
        try {
          await pipeline(request.body, limited, createWriteStream(path))
        } catch (error) {
          await end(error as Error)
          throw error
        }
        await access.audit(request.actor, 'source.run', id, { file: name })
        sources
          .run(definition, {
            from: path,
            onProgress: (progress) => {
              state.progress = progress
            },
          })
          .then((report) => {
            state.report = report
            state.error = report.error ?? null
            return end()
          }, end)
        return reply.code(202).send(stateOf(state))
      },
    )
  })
}

async function* limited(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > UPLOAD_BYTES)
      throw new Problem(
        413,
        'file-too-large',
        `The file is larger than ${UPLOAD_BYTES / 1024 / 1024} MB: read it by zahnrad source run.`,
      )
    yield chunk
  }
}

function shown({ id, title, dataset, from, schedule }: Definition) {
  return {
    id,
    title,
    dataset: dataset.id ?? id,
    description: dataset.description ?? '',
    publisher: dataset.publisher ?? null,
    licence: dataset.licence ?? null,
    attribution: dataset.attribution ?? null,
    homepage: dataset.homepage ?? null,
    kind: from.http ? 'http' : from.file ? 'file' : from.mqtt ? 'mqtt' : 'webhook',
    every: schedule?.every ?? schedule?.cron ?? null,
    webhook: from.webhook ? `/api/v1/webhooks/${id}` : null,
  }
}
