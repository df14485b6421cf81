import type { ServerResponse } from 'node:http'
import type { Actor } from '../../domains/access/index.ts'
import { asMeasured, type ObservationsStored, type StoredObservation } from '../../domains/sensing/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { counter, gauge } from '../../kernel/metrics.ts'
import { Problem } from '../../kernel/problem.ts'
import type { PortalDeps } from './deps.ts'
import { EventsQuery, ProblemAnswer } from './schemas.ts'

const HEARTBEAT_MS = 15_000
const MOST_LISTENERS = 2_000
/** Bytes a listener may fall behind before it is dropped; the browser then connects again and reads the newest state. */
const BEHIND_BYTES = 1024 * 1024

interface Listener {
  raw: ServerResponse
  actor: Actor
  /** Keys of the datasets its values come from; all must stay visible. */
  datasets: ReadonlySet<number>
  topics: readonly string[]
}

const sent = counter('zahnrad_events_total', 'Server-sent events written to listeners')
/** Open streams of this process, for the figure below. */
let open = 0
gauge('zahnrad_events_listeners', 'Open event streams', (g) => g.set(open))
const ended = counter('zahnrad_events_ended_total', 'Event streams the platform ended', ['reason'])

function textOf(datastream: number, rows: readonly StoredObservation[]): string {
  let text = ''
  for (const { id, t, tEnd, v, q } of rows)
    text += `event: observation\ndata: ${JSON.stringify({ datastream, id, t, tEnd, value: v, quality: q ?? null })}\n\n`
  return text
}

/** `GET /api/v1/events`: new observations as server-sent events, after they are committed. */
export function addEvents(api: FastifyInstance, { access, catalog, sensing }: PortalDeps): void {
  const listeners = new Set<Listener>()
  const byTopic = new Map<string, Set<Listener>>()

  const remove = (listener: Listener) => {
    if (!listeners.delete(listener)) return
    open--
    for (const topic of listener.topics) {
      const set = byTopic.get(topic)
      set?.delete(listener)
      if (set?.size === 0) byTopic.delete(topic)
    }
  }
  const end = (listener: Listener, reason: 'withdrawn' | 'revoked' | 'slow' | 'shutdown') => {
    remove(listener)
    ended.inc({ reason })
    if (reason === 'slow') listener.raw.destroy()
    else listener.raw.end(`event: closed\ndata: {"reason":"${reason}"}\n\n`)
  }
  const write = (listener: Listener, text: string) => {
    if (listener.raw.writableLength > BEHIND_BYTES) end(listener, 'slow')
    else listener.raw.write(text)
  }

  const stopStored = sensing.stored.on(({ dataset, datastream, rows }: ObservationsStored) => {
    const wanted = [byTopic.get(`datastream ${datastream}`), byTopic.get(`dataset ${dataset}`)]
    const mine = new Set(wanted.flatMap((set) => (set ? [...set] : [])))
    if (mine.size === 0) return
    const published = textOf(datastream, rows)
    const measured = rows.some((row) => 'measured' in row) ? textOf(datastream, rows.map(asMeasured)) : published
    for (const listener of mine) {
      sent.inc(rows.length)
      write(listener, access.measured(listener.actor).includes(dataset) ? measured : published)
    }
  })
  const recheck = () => {
    for (const listener of listeners) {
      const visible = access.visible(listener.actor)
      if (![...listener.datasets].every((dataset) => visible.includes(dataset))) end(listener, 'withdrawn')
    }
  }
  const stopChanged = [catalog.changed.on(recheck), access.changed.on(recheck)]
  const stopRevoked = access.revoked.on((name) => {
    for (const listener of listeners) if (listener.actor.name === name) end(listener, 'revoked')
  })
  const heartbeat = setInterval(() => {
    for (const listener of listeners) write(listener, ': \n\n')
  }, HEARTBEAT_MS)
  heartbeat.unref()
  api.addHook('preClose', async () => {
    clearInterval(heartbeat)
    stopStored()
    for (const stop of stopChanged) stop()
    stopRevoked()
    for (const listener of listeners) end(listener, 'shutdown')
  })

  api.get<{ Querystring: EventsQuery }>(
    '/api/v1/events',
    {
      schema: {
        tags: ['Portal'],
        summary: 'New observations as server-sent events, after they are committed',
        description:
          'Events: `ready` once, `observation` {datastream, id, t, tEnd, value, quality (null good, 1 suspect)}, `closed` {reason}. A comment each 15 s keeps the connection.',
        querystring: EventsQuery,
        produces: ['text/event-stream'],
        response: { 200: { type: 'string' }, '4xx': ProblemAnswer },
      } as object,
    },
    async (request, reply) => {
      const { topics, datasets } = await wanted(request.query, request.actor)
      access.used(request.actor, 'events', [...datasets])
      if (listeners.size >= MOST_LISTENERS) {
        throw new Problem(
          503,
          'too-many-listeners',
          'Too many live connections are open: read the newest values again in a minute.',
        )
      }
      reply.hijack()
      const { raw } = reply
      const headers = reply.getHeaders()
      raw.writeHead(200, {
        ...(headers as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
        connection: 'keep-alive',
      })
      const listener: Listener = { raw, actor: request.actor, datasets, topics }
      listeners.add(listener)
      open++
      for (const topic of topics) {
        const set = byTopic.get(topic) ?? new Set()
        byTopic.set(topic, set.add(listener))
      }
      raw.on('close', () => remove(listener))
      raw.on('error', () => remove(listener))
      raw.write(`retry: 2000\nevent: ready\ndata: {"datastreams":${topics.length}}\n\n`)
    },
  )

  /** What is asked for, all of it visible; otherwise 404, as if it did not exist. */
  async function wanted(query: EventsQuery, actor: Actor): Promise<{ topics: string[]; datasets: Set<number> }> {
    const visible = access.visible(actor)
    if ((query.datastream === undefined) === (query.dataset === undefined)) {
      throw new Problem(400, 'invalid-request', 'Name either datastream=ID,ID or dataset=ID.')
    }
    if (query.dataset !== undefined) {
      const dataset = catalog.byId(query.dataset)
      if (!dataset || !visible.includes(dataset.key)) {
        throw new Problem(404, 'not-found', `There is no dataset "${query.dataset}", or it is not public.`)
      }
      return { topics: [`dataset ${dataset.key}`], datasets: new Set([dataset.key]) }
    }
    const ids = [...new Set(query.datastream!.split(',').map(Number))]
    const infos = await sensing.datastreams(ids)
    const missing = ids.find((id) => !infos.has(id) || !visible.includes(infos.get(id)!.dataset))
    if (missing !== undefined)
      throw new Problem(404, 'not-found', `There is no datastream ${missing}, or it is not public.`)
    return {
      topics: ids.map((id) => `datastream ${id}`),
      datasets: new Set([...infos.values()].map((info) => info.dataset)),
    }
  }
}
