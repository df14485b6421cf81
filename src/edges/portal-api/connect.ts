import type { Readable } from 'node:stream'
import { LICENCES } from '../../domains/catalog/index.ts'
import { CONCEPTS, type Concept } from '../../domains/features/index.ts'
import {
  DefinitionError,
  type Draft,
  fileTooLarge,
  type Mapping,
  MOST_BYTES,
  offeredProperties,
  type Sources,
} from '../../domains/sources/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import {
  DraftAnswer,
  DraftChange,
  DraftParams,
  DraftPartParams,
  DraftReading,
  FileQuery,
  NewDraft,
  NewPart,
} from './schemas-connect.ts'
import { causeOf } from './sources.ts'

/** What a list of places may be of. */
const PLACES = new Set(['parking', 'charging', 'sharing', 'roadworks', 'district'])

/** A concept with the terms a column can give: words, numbers, yes or no. */
const offered = ({ id, name, properties }: Concept) => ({
  id,
  name,
  terms: Object.entries(properties)
    .filter(([, { type }]) => type !== 'object' && type !== 'array')
    .map(([key, { type, values, description }]) => ({ key, type, values: values ?? null, description })),
})

const PATH = '/api/v1/source-drafts'

/** `/api/v1/source-drafts`: adding a source by form. For those who may manage the platform; nobody else learns of drafts. */
export function addConnect(api: FastifyInstance, { access, catalog, db }: PortalDeps, drafts: Sources['drafts']): void {
  const about = (summary: string, response: object = DraftAnswer) => ({
    tags: ['Sources'],
    summary,
    response: { '2xx': response, '4xx': ProblemAnswer },
  })
  api.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      reply.header('cache-control', 'no-store')
    })
    // A file is never held in memory: the parser hands on the stream.
    scope.addContentTypeParser('application/octet-stream', { bodyLimit: MOST_BYTES }, (_request, body, done) =>
      done(null, body),
    )

    scope.get(PATH, { schema: about('Drafts that wait to be finished') }, async () => ({
      drafts: (await drafts.list()).map(({ id, kind, name, origin, madeBy, changedAt, detection }) => ({
        id,
        kind,
        name,
        origin,
        madeBy,
        changedAt,
        waiting: detection === null,
      })),
    }))

    scope.get(`${PATH}/options`, { schema: about('What the form offers to choose from') }, async (request) => {
      const visible = new Set(access.visible(request.actor))
      return {
        properties: offeredProperties(),
        concepts: [...CONCEPTS.values()].filter(({ id }) => PLACES.has(id)).map(offered),
        licences: LICENCES.map(({ id, name }) => ({ id, name })),
        datasets: catalog
          .all()
          .filter(({ key }) => visible.has(key))
          .map(({ id, title, publisher, licence, attribution }) => ({ id, title, publisher, licence, attribution })),
      }
    })

    scope.post<{ Querystring: FileQuery; Body: Readable }>(
      `${PATH}/file`,
      { bodyLimit: MOST_BYTES, schema: { ...about('Send a file and have it recognised'), querystring: FileQuery } },
      async (request, reply) => {
        if (typeof request.body?.pipe !== 'function')
          throw new Problem(415, 'file-expected', 'Send the bytes of the file as application/octet-stream.')
        // Said before it comes: nobody should send a gigabyte to learn that it is too much.
        if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) throw fileTooLarge()
        return reply.code(201).send(await drafts.fromFile(request.query.name, request.body, request.actor))
      },
    )

    scope.post<{ Body: NewDraft }>(
      PATH,
      { schema: { ...about('Fetch an address, or wait for a message, and have it recognised'), body: NewDraft } },
      async (request, reply) => {
        const { url, topic, webhook } = request.body
        if ([url, topic, webhook].filter((one) => one !== undefined).length !== 1)
          throw new Problem(400, 'invalid-request', 'Give exactly one of url, topic and webhook.')
        reply.code(201)
        if (url !== undefined) return drafts.fromAddress(url, request.actor)
        return drafts.waiting(topic === undefined ? 'webhook' : 'mqtt', (topic ?? webhook)!, request.actor)
      },
    )

    const one = {
      schema: { ...about('One draft, with what was recognised and what would be saved'), params: DraftParams },
    }
    scope.get<{ Params: DraftParams }>(`${PATH}/:id`, one, async ({ params }) => {
      const draft = await drafts.get(params.id)
      return draft.source === null || draft.outcome === null
        ? draft
        : { ...draft, stations: await stationsOf(draft.source), cause: failed(draft.outcome) }
    })

    scope.put<{ Params: DraftParams; Body: { mapping?: Mapping; yaml?: string | null } }>(
      `${PATH}/:id`,
      {
        bodyLimit: 4_000_000,
        schema: { ...about('Keep choices, or a text edited by hand'), params: DraftParams, body: DraftChange },
      },
      async ({ params, body }) => drafts.change(params.id, body).catch(refused),
    )

    scope.post<{ Params: DraftParams; Body: NewPart }>(
      `${PATH}/:id/parts`,
      {
        schema: {
          ...about('Make a further address part of it: real time beside its timetable'),
          params: DraftParams,
          body: NewPart,
        },
      },
      async ({ params, body }) => drafts.addPart(params.id, body.url).catch(refused),
    )

    scope.delete<{ Params: DraftPartParams }>(
      `${PATH}/:id/parts/:part`,
      { schema: { ...about('Take a further address away again'), params: DraftPartParams } },
      async ({ params }) => drafts.removePart(params.id, params.part),
    )

    scope.post<{ Params: DraftParams; Body: DraftReading }>(
      `${PATH}/:id/read`,
      {
        schema: {
          ...about('Read the file again, with what a person says about it'),
          params: DraftParams,
          body: DraftReading,
        },
      },
      async ({ params, body }) => drafts.again(params.id, body),
    )

    scope.post<{ Params: DraftParams }>(
      `${PATH}/:id/preview`,
      { schema: { ...about('What an import would bring; writes nothing', {}), params: DraftParams } },
      async ({ params }) => drafts.survey(params.id).catch(refused),
    )

    scope.post<{ Params: DraftParams }>(
      `${PATH}/:id/save`,
      { schema: { ...about('Make it a source and read what is there'), params: DraftParams } },
      async ({ params, actor }, reply) => reply.code(202).send(await drafts.save(params.id, actor).catch(refused)),
    )

    scope.delete<{ Params: DraftParams }>(
      `${PATH}/:id`,
      { schema: { ...about('Discard a draft and its file', {}), params: DraftParams } },
      async ({ params }, reply) => {
        await drafts.discard(params.id)
        return reply.code(204).send()
      },
    )
  })

  /** Where to look at what a source brought. */
  function stationsOf(source: string) {
    return db.query<{ id: number; name: string; dataset: string }>(
      `select distinct t.id, t.name, d.id as dataset from datastream s join thing t on t.id = s.thing
         join dataset d on d.key = s.dataset where s.source = $1 order by t.id limit 20`,
      [source],
    )
  }
}

const failed = (outcome: NonNullable<Draft['outcome']>) => causeOf('error' in outcome ? (outcome.error ?? null) : null)

/** Mistakes of a definition, each with line and field, as one problem. */
function refused(error: unknown): never {
  if (error instanceof DefinitionError) {
    throw new Problem(422, 'definition-invalid', error.message, { issues: error.issues })
  }
  throw error
}
