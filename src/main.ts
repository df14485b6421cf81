/**
 * Wires everything by hand, in reading order, and closes it in reverse. Deleting an edge's folder and its lines here
 * must still compile.
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { examinePlatform } from './cli/doctor.ts'
import { runCommand } from './cli/index.ts'
import type { Config } from './config.ts'
import { OWNER } from './domains/access/index.ts'
import { stationExists } from './domains/sensing/index.ts'
import { Broker, ExternalBroker, type SourcePort } from './edges/broker/index.ts'
import { listenForCommands, listenPrivately } from './edges/control/index.ts'
import { ForeignBrokers } from './edges/feeds/mqtt/index.ts'
import { linkSender } from './edges/mail/links.ts'
import { registerMobility } from './edges/mobility/index.ts'
import { registerOperation } from './edges/operation/index.ts'
import { registerPortalApi, registerStewardApi } from './edges/portal-api/index.ts'
import { registerSensorThings, type SensorThings, sensorThingsOpenApi } from './edges/sensorthings/index.ts'
import { registerLogin, registerSession } from './edges/session/index.ts'
import { PAGES, registerWeb } from './edges/web/index.ts'
import { registerWebhook } from './edges/webhook/index.ts'
import { buildInterface, INTERFACE } from './interface.ts'
import { createHttp, type FastifyInstance } from './kernel/http/index.ts'
import { Jobs } from './kernel/jobs/index.ts'
import { createLog } from './kernel/log.ts'
import { gauge } from './kernel/metrics.ts'
import { SetupError } from './kernel/problem.ts'
import { openPlatform, type Platform, ROOT } from './platform.ts'
import { FirstProcess, handOverPath } from './workers.ts'

const { version: VERSION, repository } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const SOURCE_CODE: string = repository.url.replace(/^git\+|\.git$/g, '')

/** Starts the platform, keeps it running until SIGTERM, SIGINT or the loss of its launcher, and stops it cleanly. */
export async function start(config: Config, options: { empty: boolean }): Promise<number> {
  const log = createLog(config.logLevel)
  const closers: { name: string; close: () => unknown }[] = []
  const closing = async () => {
    for (const { name, close } of closers.splice(0).reverse()) {
      try {
        await close()
      } catch (error) {
        log.error({ error: (error as Error).message }, `closing ${name} failed`)
      }
    }
  }
  try {
    await requireFreePort('PORT', config.port)
    if (!config.brokerUrl) await requireFreePort('MQTT_PORT', config.mqttPort)
    const first = config.workers > 1 ? new FirstProcess(config, log) : undefined
    const platform = await openPlatform(config, log, { exclusive: true, peers: first?.peers })
    closers.push({ name: 'platform', close: () => platform.close() })
    await buildInterface(log)
    if (await wantsExample(platform, options.empty)) {
      await platform.example.create()
      await platform.city.reload()
    }
    await serve(platform, await httpOf(platform, first ? 'hop' : config.trustProxy), closers, first)
    platform.serving = true
  } catch (error) {
    await closing()
    throw error
  }
  await stopped()
  log.info('stopping')
  const limit = setTimeout(() => {
    log.error('stopping took too long')
    process.exit(1)
  }, 20_000)
  await closing()
  clearTimeout(limit)
  log.info('stopped')
  return 0
}

/**
 * The example city comes when it is asked for, else at the very first start on the embedded database. Once removed it
 * does not come back by itself.
 */
async function wantsExample({ config, db, example }: Platform, empty: boolean): Promise<boolean> {
  const [first] = await db.query(
    `insert into setting (name, value) select 'first_start', to_jsonb(now())
     where not exists (select 1 from setting where name = 'first_start') and not exists (select 1 from thing)
     returning 1`,
  )
  if (empty || config.example === false) return false
  if (config.example === true) return !(await example.exists())
  return db.engine === 'embedded' && first !== undefined
}

/** The HTTP server of a platform, before any edge registers its routes with it. */
export function httpOf(
  { config, log }: Platform,
  trustProxy: string[] | 'hop' = config.trustProxy,
): Promise<FastifyInstance> {
  return createHttp({ log, publicUrl: config.publicUrl, trustProxy })
}

/** All addresses of a platform, in this process. What they hand on to the broker is the answer. */
export async function registerEdges(platform: Platform, app: FastifyInstance, metrics?: () => Promise<string>) {
  const { config, db, access, catalog, sensing } = platform
  const { mailer, city } = platform
  const sendLink = mailer ? linkSender(mailer, () => city.profile.name) : null
  registerSession(app, { access })
  registerLogin(app, {
    access,
    db,
    oidc: config.oidc,
    sendLink,
    partyName: () => city.profile.name,
    landing: async () => ((await platform.setup.isOpen()) ? '/verwaltung/einrichten' : '/'),
  })
  registerOperation(app, {
    readiness: async () => {
      const problems: Record<string, string> = {}
      await db.query('select 1', [], { timeoutMs: 5_000 }).catch((error: Error) => {
        problems.database = error.message
      })
      const broken = platform.broker?.problem()
      if (broken) problems.broker = `${broken.code} since ${broken.since}: ${broken.detail}`
      return { ready: Object.keys(problems).length === 0, problems }
    },
    metrics,
    sources: async (actor) => {
      const seen = await db.query<{ id: string }>(
        'select id from source where dataset = any($1::int4[]) or (dataset is null and $2)',
        [access.visible(actor), access.can(actor, 'create', 'platform')],
      )
      return new Set(seen.map(({ id }) => id))
    },
  })
  platformMetrics(platform)
  const topics = registerSensorThings(app, {
    ...{ db, access, catalog, sensing },
    origin: originOf(config),
    tasking: config.tasking,
    version: VERSION,
    mqttEndpoints: mqttEndpoints(config),
  })
  await registerPortalApi(app, {
    ...platform,
    sendLink,
    legal: {
      feedback: platform.feedback,
      auditDays: () => platform.retention.auditDays(),
      sendMail: mailer ? (mail) => mailer.send(mail) : null,
    },
    firstSteps: { ...platform, scratch: join(config.dataDir, 'scratch') },
    drafts: platform.sources.drafts,
    version: VERSION,
    sourceCode: SOURCE_CODE,
    pages: PAGES.map(({ pattern }) => pattern),
    extra: [sensorThingsOpenApi(config)],
  })
  await registerStewardApi(app, {
    ...platform,
    version: VERSION,
    dataDir: config.dataDir,
    examine: () => examinePlatform(platform),
    brokerProblem: () => platform.broker?.problem() ?? null,
    publishErrors: (now) => platform.publishErrors.lastHour(now),
  })
  await registerMobility(app, { ...platform, sendMail: mailer ? (mail) => mailer.send(mail) : null })
  registerWebhook(app, { sources: platform.sources, access })
  await registerWeb(app, {
    root: INTERFACE,
    stationExists: ({ actor }, id) => stationExists(db, access.visible(actor), id),
  })
  return topics
}

const originOf = (config: Config) => () => config.publicUrl ?? `http://localhost:${config.port}`

/** The edges on a platform: what the world can reach. The server comes from outside, so that a test sees every route. */
export async function serve(
  platform: Platform,
  app: FastifyInstance,
  closers: { name: string; close: () => unknown }[],
  first?: FirstProcess,
): Promise<void> {
  const { config, log, db, access, sensing } = platform
  closers.push({ name: 'rights', close: access.follow() })
  first?.wire(platform, app)
  const topics = await registerEdges(platform, app, first && (() => first.metrics()))
  const external = await startBroker(platform, topics, closers)
  const jobs = new Jobs(db, log)
  await jobs.start()
  gauge('zahnrad_jobs_waiting', 'Jobs ready to be worked on', async (g) => g.set(await jobs.waiting()))
  closers.push({ name: 'jobs', close: () => jobs.stop() })
  await platform.realtime.start()
  await platform.sources.start(jobs)
  await platform.retention.start(jobs, platform.city.profile.timeZone)
  await platform.compaction.start(jobs, platform.city.profile.timeZone)
  await platform.forecasts.start(jobs)
  closers.push({ name: 'time zone', close: followTimeZone(platform, jobs) })
  platform.plausibility.start()
  platform.alerts.start()
  const foreign = new ForeignBrokers({ sources: platform.sources, log })
  closers.push({ name: 'foreign brokers', close: () => foreign.stop() })
  const commands = await listenForCommands(config.dataDir, async ({ argv, cwd, tty }, { out, err, signal }) => {
    const context = { platform: async () => platform, cwd, stdout: out, stderr: err, signal, isTTY: tty }
    const exit = await runCommand(argv, context)
    await first?.settled()
    return exit
  })
  closers.push({ name: 'commands', close: () => commands.close() })
  await listen(platform, app, closers, first)
  // What a change of k left undone.
  sensing.smallCounts.look()
  const url = originOf(config)()
  if (!external) await platform.example.begin(`mqtt://localhost:${config.mqttPort}`)
  process.stdout.write(`Zahnrad: ${url}\n`)
  process.stdout.write(`MQTT: ${external?.address ?? `mqtt://localhost:${config.mqttPort}`}\n`)
  process.stdout.write(`Admin: ${url}/login?code=${await access.createLoginCode(OWNER)}\n`)
  log.info({ url, engine: db.engine, waiting: sensing.waiting }, 'ready')
}

/** Opens the port: this process, or its workers, who hand over to it what is not theirs. */
async function listen(
  { config }: Platform,
  app: FastifyInstance,
  closers: { name: string; close: () => unknown }[],
  first: FirstProcess | undefined,
): Promise<void> {
  closers.push({ name: 'http', close: () => app.close() })
  if (first) {
    const path = handOverPath(config)
    await listenPrivately(path, () => app.listen({ path }))
    closers.push({ name: 'workers', close: () => first.workers.stop() })
    gauge('zahnrad_workers', 'Worker processes that serve', (g) => g.set(first.workers.serving))
    await first.start()
    return
  }
  await app.listen({ port: config.port, host: '::' }).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? portInUse('PORT', config.port) : error
  })
  config.port = (app.server.address() as { port: number }).port
}
/** The embedded broker, or the connection to the one of the city. */
async function startBroker(
  platform: Platform,
  topics: SensorThings,
  closers: { name: string; close: () => unknown }[],
): Promise<ExternalBroker | undefined> {
  const { config, access, catalog, sensing, sources, publishErrors, log, db } = platform
  const parts = { access, catalog, sensing, topics, sources: sourceTopics(platform), errors: publishErrors, log }
  if (!config.brokerUrl) {
    const broker = new Broker({ ...parts, port: config.mqttPort })
    config.mqttPort = await broker.start()
    closers.push({ name: 'broker', close: () => broker.stop() })
    return undefined
  }
  const broker = new ExternalBroker({
    ...parts,
    url: config.brokerUrl,
    ca: config.brokerCa,
    extraTopics: config.brokerTopics,
    clientId: await brokerClientId(db),
    sourceTopics: () => sources.pushed.topics().flatMap(({ topic, broker }) => (broker ? [] : [topic])),
    sourcesChanged: (changed) => sources.pushed.changed.on(changed),
  })
  await broker.start()
  platform.broker = broker
  closers.push({ name: 'broker', close: () => broker.stop() })
  return broker
}

/** The name of this platform's session at an external broker: made once, for the broker keeps messages under it. */
async function brokerClientId(db: Platform['db']): Promise<string> {
  await db.query(
    `insert into setting (name, value) values ('broker_client', to_jsonb($1::text)) on conflict (name) do nothing`,
    [`zahnrad-${randomUUID()}`],
  )
  const [row] = await db.query<{ id: string }>(`select value #>> '{}' as id from setting where name = 'broker_client'`)
  return row!.id
}

/** Where clients find the broker: as configured, else at the host they ask, on the port it listens on. */
const mqttEndpoints = (config: Config) => (base: string) =>
  config.mqttUrls ??
  (config.brokerUrl ? [withoutUser(config.brokerUrl)] : null) ?? [`mqtt://${new URL(base).hostname}:${config.mqttPort}`]

function withoutUser(address: string): string {
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url.href.replace(/\/$/, '')
}

/** What runs at an hour of the day follows the city's time zone when staff change it. Returns how to stop that. */
function followTimeZone({ city, retention, compaction, forecasts, sources, log }: Platform, jobs: Jobs): () => void {
  let zone = city.profile.timeZone
  return city.changed.on(({ timeZone }) => {
    if (timeZone === zone) return
    zone = timeZone
    Promise.all([
      retention.plan(jobs, timeZone),
      compaction.plan(jobs, timeZone),
      forecasts.plan(jobs),
      sources.replan(),
    ]).catch((error: Error) =>
      log.error({ error: error.message, timeZone }, 'runs are not planned by the new time zone before the next start'),
    )
  })
}

/** Messages on topics that a source wants, from clients that may write to its dataset. */
function sourceTopics({ sources, access }: Platform): SourcePort {
  return async (topic, payload, actor) => {
    const wanted = sources.pushed.wanting(topic)
    for (const { dataset } of wanted) access.require(actor, 'create', { dataset })
    await Promise.all(wanted.map(({ id }) => sources.pushed.deliver(id, topic, payload, actor)))
    const offered = await sources.drafts.offer('mqtt', topic, payload, actor)
    return offered || wanted.length > 0
  }
}

function platformMetrics({ db, sensing }: Platform): void {
  gauge('zahnrad_ingest_waiting', 'Observations waiting to be written', (g) => g.set(sensing.waiting))
  gauge('zahnrad_database_waiting', 'Queries waiting for a connection', (g) => g.set(db.stats().waiting))
  gauge('zahnrad_database_connections', 'Open database connections', (g) => g.set(db.stats().connections))
  gauge('zahnrad_database_restarts', 'Restarts of the embedded database since the start', (g) =>
    g.set(db.stats().restarts),
  )
}

function portInUse(name: string, port: number): SetupError {
  return new SetupError(
    `Port ${port} (${name}) is in use by another program: stop that program, or set ${name} to another port.`,
  )
}

/** Says so before anything else is done; the real listening comes last. */
function requireFreePort(name: string, port: number): Promise<void> {
  if (port === 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(portInUse(name, port))
      else
        reject(new SetupError(`Port ${port} (${name}) cannot be opened (${error.code}): set ${name} to another port.`))
    })
    server.listen(port, '::', () => server.close(() => resolve()))
  })
}

/**
 * Resolves when the process is asked to stop, or what launched it is gone: the launcher (its channel closes), or npm,
 * which does not pass SIGTERM on. Without that an orphan would keep the ports and the data folder.
 */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', () => resolve())
    process.once('SIGINT', () => resolve())
    if (process.channel) {
      process.once('disconnect', () => resolve())
      process.channel.unref()
    }
    if (process.env.npm_lifecycle_event) {
      const parent = process.ppid
      const watch = setInterval(() => {
        if (process.ppid === parent) return
        clearInterval(watch)
        resolve()
      }, 500)
      watch.unref()
    }
  })
}
