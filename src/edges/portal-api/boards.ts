import type { FastifyInstance, FastifyReply, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { BoardAnswer, BoardBody, BoardParams, BoardsAnswer, NewBoardBody } from './schemas-boards.ts'

const BODY_LIMIT = 256 * 1024
type ById = { Params: BoardParams }

/** `/api/v1/boards`: pages that staff put together. The domain checks what is sent and says which item is wrong. */
export function addBoards(api: FastifyInstance, { boards }: PortalDeps): void {
  const tags = ['Boards']
  const answers = { 200: BoardAnswer, '4xx': ProblemAnswer }
  // What is written is only described by its schema: the domain's own check says which item is wrong, and coerces nothing.
  const writes = { bodyLimit: BODY_LIMIT, validatorCompiler: () => () => true }
  const send = (reply: FastifyReply, board: { version: number }) =>
    reply.header('etag', `"${board.version}"`).header('cache-control', 'no-cache').send(board)

  api.get(
    '/api/v1/boards',
    {
      schema: {
        tags,
        summary: 'Published boards; with rights to manage the platform all',
        response: { 200: BoardsAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      reply.header('cache-control', 'no-cache')
      return { boards: await boards.list(request.actor) }
    },
  )

  api.post<{ Body: Record<string, unknown> | null }>(
    '/api/v1/boards',
    {
      ...writes,
      schema: {
        tags,
        summary: 'Make a board',
        body: NewBoardBody,
        response: { 201: BoardAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { id, ...given } = request.body ?? {}
      if (id !== undefined && typeof id !== 'string')
        throw new Problem(400, 'invalid-board', 'The id of a board is a text.')
      const board = await boards.create(request.actor, given, id)
      reply.code(201).header('location', `/api/v1/boards/${board.id}`)
      return send(reply, board)
    },
  )

  api.get<ById>(
    '/api/v1/boards/:id',
    {
      schema: {
        tags,
        summary: 'One board: what is on it, and where',
        description: 'Names and values of what it shows come from the other addresses, with the caller’s rights.',
        params: BoardParams,
        response: answers,
      },
    },
    async (request, reply) => send(reply, await boards.get(request.actor, request.params.id)),
  )

  api.put<ById>(
    '/api/v1/boards/:id',
    {
      ...writes,
      schema: {
        tags,
        summary: 'Replace a board that was not changed meanwhile',
        description: 'Needs `If-Match` with the ETag the change began with; 412 when somebody else was faster.',
        params: BoardParams,
        body: BoardBody,
        response: answers,
      },
    },
    async (request, reply) =>
      send(reply, await boards.replace(request.actor, request.params.id, versionOf(request), request.body)),
  )

  api.delete<ById>(
    '/api/v1/boards/:id',
    {
      schema: {
        tags,
        summary: 'Delete a board; it can be restored for 30 days',
        params: BoardParams,
        response: { 204: { type: 'null' }, '4xx': ProblemAnswer } as object,
      },
    },
    async (request, reply) => {
      await boards.remove(request.actor, request.params.id)
      return reply.code(204).send()
    },
  )

  api.post<ById>(
    '/api/v1/boards/:id/restore',
    { schema: { tags, summary: 'Bring back a deleted board', params: BoardParams, response: answers } },
    async (request, reply) => send(reply, await boards.restore(request.actor, request.params.id)),
  )
}

/** The version a change began with, from `If-Match`. */
function versionOf(request: FastifyRequest): number {
  const given = request.headers['if-match']
  if (given === undefined)
    throw new Problem(428, 'if-match-required', 'Send "If-Match" with the ETag of the board your change began with.')
  const version = /^(?:W\/)?"(\d{1,9})"$/.exec(given)?.[1]
  if (version === undefined)
    throw new Problem(412, 'changed-meanwhile', `"If-Match: ${given.slice(0, 40)}" is not an ETag of this board.`)
  return Number(version)
}
