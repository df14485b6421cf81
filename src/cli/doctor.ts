import { access as canAccess, constants, mkdir, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Command } from 'commander'
import { FolderInUse, migrationState } from '../kernel/db/index.ts'
import { MIGRATIONS, type Platform } from '../platform.ts'
import { type CommandContext, table } from './context.ts'

export interface Finding {
  check: string
  result: 'ok' | 'warning' | 'problem'
  found: string
  /** What to do; only where something is to be done. */
  advice?: string
  /** Names `found` and `advice`, so that pages can say them in their own language; `params` stand in them. */
  code: string
  params: Record<string, string | number>
}

const GIB = 1024 ** 3

export function registerDoctorCommand(program: Command, ctx: CommandContext): void {
  program
    .command('doctor')
    .description('check versions, extensions, migrations, disk, ports and clock, and say what to do')
    .option('--json', 'one JSON value: [{check, result, found, advice?, code, params}]')
    .action(async ({ json }) => {
      const findings = await examine(ctx)
      if (json) ctx.stdout(`${JSON.stringify(findings)}\n`)
      else {
        ctx.stdout(
          table(
            ['CHECK', 'RESULT', 'FOUND'],
            findings.map((f) => [f.check, f.result, f.found]),
          ),
        )
        for (const { check, advice } of findings) if (advice) ctx.stdout(`\n${check}: ${advice}\n`)
      }
      if (findings.some((f) => f.result === 'problem')) ctx.exit(1)
    })
}

async function examine(ctx: CommandContext): Promise<Finding[]> {
  const findings: Finding[] = [node()]
  let platform: Platform | undefined
  try {
    platform = await ctx.platform()
  } catch (error) {
    const advice =
      error instanceof FolderInUse
        ? 'wait until it has started, or stop it'
        : 'see the sentence above; the other checks need the database'
    const found = (error as Error).message
    findings.push({ check: 'database', result: 'problem', found, advice, code: 'database-closed', params: {} })
  }
  if (platform) findings.push(...(await examinePlatform(platform)))
  return findings
}

/** What can be said of a platform that is open: database, disk, ports. */
export async function examinePlatform(platform: Platform): Promise<Finding[]> {
  return [...(await database(platform)), await disk(platform), ...(await ports(platform)), await map(platform)]
}

function node(): Finding {
  const found = process.versions.node
  const params = { version: found }
  if (Number(found.split('.')[0]) >= 24) return { check: 'node', result: 'ok', found, code: 'node', params }
  const advice = 'run "npm ci": it brings Node 24'
  return { check: 'node', result: 'problem', found, advice, code: 'node-old', params }
}

async function database({ db, config }: Platform): Promise<Finding[]> {
  const [row] = await db.query<{ version: string; number: number; postgis: string; drift: number }>(
    `select current_setting('server_version') as version, current_setting('server_version_num')::int as number,
            (select extversion from pg_extension where extname = 'postgis') as postgis,
            extract(epoch from clock_timestamp())::float8 as drift`,
  )
  const { version, number, postgis, drift } = row!
  const [major, minor] = postgis.split('.').map(Number) as [number, number]
  const fits = number >= 150000
  const gisFits = major > 3 || (major === 3 && minor >= 3)
  const seconds = Math.abs(drift - Date.now() / 1000)
  const pending = (await migrationState(db, MIGRATIONS)).filter((m) => !m.applied)
  return [
    {
      check: 'database',
      result: fits ? 'ok' : 'problem',
      found: `PostgreSQL ${version}, ${db.engine === 'embedded' ? `embedded in ${config.dataDir}` : 'server'}`,
      advice: fits
        ? db.engine === 'embedded'
          ? 'the embedded database survives a killed process but not a power cut: use PostgreSQL (DATABASE_URL) for service'
          : undefined
        : 'install PostgreSQL 15 or newer',
      code: !fits ? 'database-old' : db.engine === 'embedded' ? 'database-embedded' : 'database-server',
      params: { version, folder: config.dataDir },
    },
    {
      check: 'postgis',
      result: gisFits ? 'ok' : 'problem',
      found: postgis,
      advice: gisFits ? undefined : 'install PostGIS 3.3 or newer',
      code: gisFits ? 'postgis' : 'postgis-old',
      params: { version: postgis },
    },
    {
      check: 'migrations',
      result: pending.length === 0 ? 'ok' : 'problem',
      found: pending.length === 0 ? 'all applied' : `missing: ${pending.map((m) => m.name).join(', ')}`,
      advice: pending.length === 0 ? undefined : 'start the platform once: it applies them',
      code: pending.length === 0 ? 'migrations' : 'migrations-missing',
      params: { names: pending.map((m) => m.name).join(', ') },
    },
    {
      check: 'clock',
      result: seconds < 5 ? 'ok' : 'problem',
      found: `${seconds.toFixed(1)} s between this machine and the database`,
      advice: seconds < 5 ? undefined : 'set both clocks by NTP: times of arrival would be wrong',
      code: seconds < 5 ? 'clock' : 'clock-off',
      params: { seconds: Math.round(seconds * 10) / 10 },
    },
  ]
}

async function disk({ config }: Platform): Promise<Finding> {
  const folder = config.dataDir
  try {
    await mkdir(folder, { recursive: true })
    await canAccess(folder, constants.W_OK)
    const { bavail, bsize } = await statfs(folder)
    const free = (bavail * bsize) / GIB
    const found = `${free.toFixed(1)} GiB free in ${folder}`
    const params = { gib: Math.round(free * 10) / 10, folder }
    if (free < 0.5) {
      const advice = 'make room: below 0.5 GiB the database may stop'
      return { check: 'disk', result: 'problem', found, advice, code: 'disk-full', params }
    }
    if (free < 5) {
      const advice = 'plan for more room: 10 million values need about 1.5 GiB'
      return { check: 'disk', result: 'warning', found, advice, code: 'disk-tight', params }
    }
    return { check: 'disk', result: 'ok', found, code: 'disk', params }
  } catch (error) {
    const cause = (error as Error).message
    const advice = 'set DATA_DIR to a folder this user may write to'
    const params = { folder, cause }
    return { check: 'disk', result: 'problem', found: `${folder}: ${cause}`, advice, code: 'disk-closed', params }
  }
}

async function ports(platform: Platform): Promise<Finding[]> {
  const { config } = platform
  const mine = platform.serving
  const findings: Finding[] = []
  for (const [name, port] of [
    ['PORT', config.port],
    ['MQTT_PORT', config.mqttPort],
  ] as const) {
    const check = `${name} ${port}`
    const params = { name, port }
    if (mine) findings.push({ check, result: 'ok', found: 'this platform listens there', code: 'port', params })
    else if (await isFree(port)) findings.push({ check, result: 'ok', found: 'free', code: 'port-free', params })
    else {
      const advice = `stop that program or set ${name} to another port`
      findings.push({
        check,
        result: 'problem',
        found: 'in use by another program',
        advice,
        code: 'port-taken',
        params,
      })
    }
  }
  return findings
}

/** What the city's map is drawn on; only a wish that is not fulfilled is worth a warning. */
async function map({ basemap }: Platform): Promise<Finding> {
  const { kind, styleHost, archive, problems } = await basemap.status()
  const params: Finding['params'] = {}
  let found = 'drawn from the data: neither a map style nor a file in DATA_DIR/map'
  let code = 'map-drawn'
  if (kind === 'style') {
    found = `style from ${styleHost}`
    code = 'map-style'
    params.host = styleHost ?? ''
  } else if (kind === 'archive') {
    const { name, bytes, minZoom, maxZoom } = archive!
    const mib = (bytes / 1024 ** 2).toFixed(1)
    found = `${name}, ${mib} MiB, zoom ${minZoom} to ${maxZoom}`
    code = 'map-archive'
    Object.assign(params, { name, mib: Number(mib), minZoom, maxZoom })
  }
  if (problems.length === 0) return { check: 'map', result: 'ok', found, code, params }
  const advice = problems.map((problem) => problem.detail).join(' ')
  return { check: 'map', result: 'warning', found, advice, code, params: { ...params, advice } }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
}
