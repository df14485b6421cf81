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
}

const GIB = 1024 ** 3

export function registerDoctorCommand(program: Command, ctx: CommandContext): void {
  program
    .command('doctor')
    .description('check versions, extensions, migrations, disk, ports and clock, and say what to do')
    .option('--json', 'one JSON value: [{check, result, found, advice?}]')
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
    findings.push({ check: 'database', result: 'problem', found: (error as Error).message, advice })
  }
  if (platform) findings.push(...(await examinePlatform(platform)))
  return findings
}

/** What can be said of a platform that is open: database, disk, ports. */
export async function examinePlatform(platform: Platform): Promise<Finding[]> {
  return [...(await database(platform)), await disk(platform), ...(await ports(platform)), await map(platform)]
}

function node(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  if (major >= 24) return { check: 'node', result: 'ok', found: process.versions.node }
  return { check: 'node', result: 'problem', found: process.versions.node, advice: 'run "npm ci": it brings Node 24' }
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
    },
    {
      check: 'postgis',
      result: gisFits ? 'ok' : 'problem',
      found: postgis,
      advice: gisFits ? undefined : 'install PostGIS 3.3 or newer',
    },
    {
      check: 'migrations',
      result: pending.length === 0 ? 'ok' : 'problem',
      found: pending.length === 0 ? 'all applied' : `missing: ${pending.map((m) => m.name).join(', ')}`,
      advice: pending.length === 0 ? undefined : 'start the platform once: it applies them',
    },
    {
      check: 'clock',
      result: seconds < 5 ? 'ok' : 'problem',
      found: `${seconds.toFixed(1)} s between this machine and the database`,
      advice: seconds < 5 ? undefined : 'set both clocks by NTP: times of arrival would be wrong',
    },
  ]
}

async function disk({ config }: Platform): Promise<Finding> {
  try {
    await mkdir(config.dataDir, { recursive: true })
    await canAccess(config.dataDir, constants.W_OK)
    const { bavail, bsize } = await statfs(config.dataDir)
    const free = (bavail * bsize) / GIB
    const found = `${free.toFixed(1)} GiB free in ${config.dataDir}`
    if (free < 0.5)
      return { check: 'disk', result: 'problem', found, advice: 'make room: below 0.5 GiB the database may stop' }
    if (free < 5)
      return {
        check: 'disk',
        result: 'warning',
        found,
        advice: 'plan for more room: 10 million values need about 1.5 GiB',
      }
    return { check: 'disk', result: 'ok', found }
  } catch (error) {
    return {
      check: 'disk',
      result: 'problem',
      found: `${config.dataDir}: ${(error as Error).message}`,
      advice: 'set DATA_DIR to a folder this user may write to',
    }
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
    if (mine) findings.push({ check, result: 'ok', found: 'this platform listens there' })
    else if (await isFree(port)) findings.push({ check, result: 'ok', found: 'free' })
    else
      findings.push({
        check,
        result: 'problem',
        found: 'in use by another program',
        advice: `stop that program or set ${name} to another port`,
      })
  }
  return findings
}

/** What the city's map is drawn on; only a wish that is not fulfilled is worth a warning. */
async function map({ basemap }: Platform): Promise<Finding> {
  const { kind, styleHost, archive, problems } = await basemap.status()
  const found =
    kind === 'style'
      ? `style from ${styleHost}`
      : kind === 'archive'
        ? `${archive!.name}, ${(archive!.bytes / 1024 ** 2).toFixed(1)} MiB, zoom ${archive!.minZoom} to ${archive!.maxZoom}`
        : 'drawn from the data: neither a map style nor a file in DATA_DIR/map'
  if (problems.length === 0) return { check: 'map', result: 'ok', found }
  return { check: 'map', result: 'warning', found, advice: problems.map((problem) => problem.detail).join(' ') }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, () => server.close(() => resolve(true)))
  })
}
