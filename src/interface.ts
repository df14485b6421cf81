import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from './kernel/log.ts'
import { SetupError } from './kernel/problem.ts'
import { ROOT } from './platform.ts'

export const INTERFACE = join(ROOT, 'ui', 'dist')

async function newest(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true })
  const times = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).mtimeMs))
  return Math.max(0, ...times)
}

/** Builds the pages if they are missing or older than their source. */
export async function buildInterface(log: Log): Promise<void> {
  const built = join(INTERFACE, 'index.html')
  const source = join(ROOT, 'ui', 'src')
  if (existsSync(built)) {
    const sources = [source, join(ROOT, 'ui', 'public')].filter((folder) => existsSync(folder))
    const changed = Math.max(...(await Promise.all(sources.map(newest))), 0)
    if ((await stat(built)).mtimeMs >= changed) return
  }
  log.info('building the interface')
  // In a process of its own: what the bundler needs is not kept in the platform's memory.
  const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
  const child = spawn(process.execPath, [vite, 'build', 'ui', '--logLevel', 'warn'], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output = `${output}${chunk}`.slice(-4_000)
    })
  }
  const code = await new Promise((resolve) => child.on('close', resolve))
  if (code !== 0) throw new SetupError(`The pages could not be built:\n${output}\nRun "npm ci" and try again.`)
}
