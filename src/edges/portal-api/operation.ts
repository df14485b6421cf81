import { statfs } from 'node:fs/promises'
import { factsNow } from '../../domains/alerts/index.ts'
import { dayStart, localDay } from '../../domains/sensing/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { registry } from '../../kernel/metrics.ts'
import { Minutes } from '../../kernel/minutes.ts'
import { ProblemAnswer } from './schemas.ts'
import { DoctorAnswer, OperationAnswer } from './schemas-operation.ts'
import type { StewardDeps } from './steward-deps.ts'

const PROBLEMS = 10

/** `/api/v1/operation`: the state of the whole at one look. For who may manage the platform. */
export function addOperation(api: FastifyInstance, deps: StewardDeps): void {
  const { db, access, city, sensing, sources, plausibility, alerts, version, dataDir, examine } = deps
  const tags = ['Operation']
  const startedAt = new Date().toISOString()
  const stored = new Minutes()
  const stop = sensing.stored.on(({ rows }) => stored.add(Date.now(), rows.length))
  api.addHook('onClose', async () => stop())

  api.get(
    '/api/v1/operation',
    {
      schema: {
        tags,
        summary: 'Sources by state, problems, rates, sizes: the platform at one look',
        response: { 200: OperationAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      reply.header('cache-control', 'no-store')
      const now = Date.now()
      const { timeZone } = city.profile
      const today = dayStart(localDay(now, timeZone), timeZone)
      const states = { ok: 0, late: 0, broken: 0, new: 0, paused: 0 }
      for (const { paused, health } of await sources.list()) states[paused ? 'paused' : health.state]++
      const visible = access.visible(request.actor)
      const flags = await plausibility.openBySource(visible, today)
      const { wrong } = await factsNow(deps, now)
      const seen = [...wrong.values()].filter(({ dataset }) => dataset === null || visible.includes(dataset))
      const broker = brokerWords(deps.brokerProblem?.() ?? null)
      const recent = seen.sort((a, b) => Date.parse(b.since) - Date.parse(a.since))
      const problems = [...broker, ...recent].slice(0, PROBLEMS)
      const { waiting, connections } = db.stats()
      return {
        now: new Date(now).toISOString(),
        version,
        startedAt,
        engine: db.engine,
        sources: states,
        wrong: seen.length + broker.length,
        problems: problems.map(({ kind, title, cause, since, path }) => ({ kind, title, cause, since, path })),
        ingest: { perMinute: stored.last(now), waiting: sensing.waiting },
        mqttClients: await figure('zahnrad_mqtt_clients'),
        publishErrors: deps.publishErrors(now),
        eventListeners: await figure('zahnrad_events_listeners'),
        jobsWaiting: await figure('zahnrad_jobs_waiting'),
        database: { bytes: await databaseBytes(db), waiting, connections },
        disk: await diskSpace(dataDir),
        memoryBytes: process.memoryUsage.rss(),
        flagsToday: [...flags.values()].reduce((a, b) => a + b, 0),
        alertsToday: await alerts.sentSince(today),
      }
    },
  )

  api.get(
    '/api/v1/operation/doctor',
    {
      schema: {
        tags,
        summary: 'What "zahnrad doctor" finds: versions, migrations, disk, ports, clock',
        response: { 200: DoctorAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      reply.header('cache-control', 'no-store')
      return { findings: await examine() }
    },
  )
}

const BROKER: Record<string, string> = {
  'broker-away':
    'Der MQTT-Broker ist nicht erreichbar. Neue Werte kommen über ihn nicht an, bis die Verbindung wieder steht; es wird laufend versucht. Prüfen Sie, ob der Broker läuft und BROKER_URL stimmt.',
  'broker-refuses':
    'Der MQTT-Broker verweigert die Themen, auf denen Geräte senden. Geben Sie dem Benutzer aus BROKER_URL in der Zugriffsliste des Brokers Leserecht.',
  'broker-stuck':
    'Nachrichten vom MQTT-Broker lassen sich nicht speichern. Sie gehen nicht verloren: Der Broker behält sie. Prüfen Sie die Datenbank.',
}

/** What stops the flow of the city's broker, in plain words. */
function brokerWords(problem: { code: string; since: string; detail: string } | null) {
  if (!problem) return []
  const { code, since, detail } = problem
  const cause = `${BROKER[code]} (${detail.slice(0, 200)})`
  return [{ kind: 'broken' as const, title: 'MQTT-Broker', cause, since, path: '/verwaltung/betrieb' }]
}

/** A figure that /metrics serves, so nothing is counted twice; null where the process has none of it. */
async function figure(name: string): Promise<number | null> {
  const metric = await registry.getSingleMetric(name)?.get()
  return metric?.values[0]?.value ?? null
}

async function databaseBytes(db: Database): Promise<number | null> {
  const [row] = await db.query<{ bytes: number }>('select pg_database_size(current_database()) as bytes')
  return row?.bytes ?? null
}

async function diskSpace(folder: string): Promise<{ freeBytes: number; totalBytes: number } | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder)
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize }
  } catch {
    return null
  }
}
