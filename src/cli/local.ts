import { readConfig } from '../config.ts'
import { sendCommand } from '../edges/control/index.ts'
import { createLog } from '../kernel/log.ts'
import { SetupError } from '../kernel/problem.ts'
import type { Platform } from '../platform.ts'

/**
 * A command line in a terminal. `start` runs the platform here. Everything else goes to the platform that holds this
 * data folder if one is running, and is done in this process if none is: the same command works either way.
 */
export async function commandsForThisProcess(argv: string[]): Promise<number> {
  const output = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(text),
  }
  const help = argv.length === 0 || argv.some((word) => word === '--help' || word === '-h')
  try {
    const config = readConfig()
    if (argv[0] === 'start' && !help) {
      const { start } = await import('../main.ts')
      return await start(config, { empty: argv.includes('--empty') })
    }
    if (!help) {
      const request = { argv, cwd: process.cwd(), tty: process.stderr.isTTY ?? false }
      const exit = await sendCommand(config.dataDir, request, output)
      if (exit !== null) return exit
    }
    return await runHere(argv, config, output)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    return error instanceof SetupError ? error.exitCode : 1
  }
}

async function runHere(
  argv: string[],
  config: ReturnType<typeof readConfig>,
  output: { out(text: string): void; err(text: string): void },
): Promise<number> {
  // Only now: a command that is sent to a running platform needs nothing of it here, and begins at once.
  const [{ openPlatform }, { runCommand }] = await Promise.all([import('../platform.ts'), import('./index.ts')])
  const abort = new AbortController()
  const stop = () => abort.abort()
  process.once('SIGINT', stop).once('SIGTERM', stop)
  let opened: Promise<Platform> | undefined
  const log = createLog(process.env.LOG_LEVEL || 'warn')
  const platform = () => {
    opened ??= openPlatform(config, log)
    return opened
  }
  try {
    return await runCommand(argv, {
      platform,
      cwd: process.cwd(),
      stdout: output.out,
      stderr: output.err,
      signal: abort.signal,
      isTTY: process.stderr.isTTY ?? false,
    })
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop)
    await opened?.then((p) => p.close()).catch(() => {})
  }
}
