/**
 * A real PostgreSQL with PostGIS for tests: `TEST_DATABASE_URL` if set (a superuser's address), else a throw-away
 * cluster from the machine's own PostgreSQL binaries, started once and shared by all test files of a run.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** `BENCH_POSTGRES=1`: a cluster that waits for the disk, as a server in service does. Tests need not. */
const durable = process.env.BENCH_POSTGRES === '1'
const ROOT = join(tmpdir(), `zahnrad-${durable ? 'bench' : 'test'}-postgres-${userInfo().uid}`)
const DATA = join(ROOT, 'data')

export const INSTALL_HINT =
  'PostgreSQL ≥ 15 with PostGIS ≥ 3.3 is needed for the tests: apt-get install postgresql-15 postgresql-15-postgis-3, or set TEST_DATABASE_URL.'

/** The folder of the newest installed PostgreSQL's programs, or null. */
export function postgresBinaries(): string | null {
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base)
    ? readdirSync(base)
        .map(Number)
        .filter((v) => v >= 15)
        .sort((a, b) => b - a)
    : []
  for (const version of versions) {
    const bin = join(base, String(version), 'bin')
    if (existsSync(join(bin, 'initdb'))) return bin
  }
  return null
}

/** PostgreSQL refuses to run as root: use the account its package made. */
function account(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((l) => l.startsWith('postgres:'))
  if (!line) throw new Error(INSTALL_HINT)
  const [, , uid, gid] = line.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

function urlOf(port: number): string {
  return `postgres://postgres@127.0.0.1:${port}/postgres`
}

function alive(bin: string, port: number): boolean {
  return spawnSync(join(bin, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).status === 0
}

/** Does a throw-away cluster of ours run already (another test run's)? */
export function postgresRuns(): boolean {
  const bin = postgresBinaries()
  const portFile = join(ROOT, 'port')
  return bin !== null && existsSync(portFile) && alive(bin, Number(readFileSync(portFile, 'utf8')))
}

/** Address of a running server, starting one if needed; null when none is installed. */
export async function ensurePostgres(): Promise<string | null> {
  if (process.env.TEST_DATABASE_URL) return process.env.TEST_DATABASE_URL
  const bin = postgresBinaries()
  if (!bin) return null
  const portFile = join(ROOT, 'port')
  for (let wait = 0; wait < 600; wait++) {
    if (existsSync(portFile)) {
      const port = Number(readFileSync(portFile, 'utf8'))
      if (alive(bin, port)) return urlOf(port)
    }
    try {
      mkdirSync(join(ROOT, 'starting'), { recursive: false })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        mkdirSync(ROOT, { recursive: true })
        continue
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
      continue
    }
    try {
      return await start(bin, portFile)
    } finally {
      rmSync(join(ROOT, 'starting'), { recursive: true, force: true })
    }
  }
  throw new Error(`Another test run seems to hang while starting PostgreSQL: remove ${ROOT}`)
}

async function start(bin: string, portFile: string): Promise<string> {
  const who = account()
  rmSync(DATA, { recursive: true, force: true })
  mkdirSync(DATA, { recursive: true })
  if (who.uid !== undefined) {
    chownSync(ROOT, who.uid, who.gid!)
    chownSync(DATA, who.uid, who.gid!)
  }
  const options = { ...who, cwd: ROOT, stdio: 'ignore' as const }
  execFileSync(
    join(bin, 'initdb'),
    ['-D', DATA, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    options,
  )
  const port = await freePort()
  const settings = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200 ${durable ? '-c shared_buffers=1GB -c max_wal_size=8GB' : '-c fsync=off'}`
  execFileSync(join(bin, 'pg_ctl'), ['-D', DATA, '-w', '-l', join(ROOT, 'log'), '-o', settings, 'start'], options)
  writeFileSync(portFile, String(port))
  return urlOf(port)
}

/** Stops the throw-away cluster, if this machine runs one. */
export function stopPostgres(): void {
  const bin = postgresBinaries()
  if (!bin || !existsSync(join(DATA, 'postmaster.pid'))) return
  spawnSync(join(bin, 'pg_ctl'), ['-D', DATA, '-m', 'immediate', 'stop'], { ...account(), cwd: ROOT, stdio: 'ignore' })
  rmSync(ROOT, { recursive: true, force: true })
}
