/** Starts the real program in a process of its own, as a person would, and talks to it from outside. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { TestEngine } from './database.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const LAUNCHER = join(ROOT, 'bin', 'zahnrad.mjs')

export interface RunningPlatform {
  url: string
  mqttUrl: string
  /** The one-time admin link printed at start. */
  adminLink: string
  env: Record<string, string>
  process: ChildProcess
  /** All that was printed so far. */
  output(): string
  /** Runs a `zahnrad` command against this platform (or its data, once stopped). */
  command(...argv: string[]): Promise<CommandResult>
  /** A new API key. */
  key(name?: string): Promise<string>
  /** SIGTERM, and wait; or SIGKILL. Keeps the data. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | null>
  /** Starts again on the same data. */
  restart(): Promise<void>
  /** Stops and removes the data. */
  remove(): Promise<void>
}

export interface CommandResult {
  code: number
  stdout: string
  stderr: string
}

export function runZahnrad(
  argv: string[],
  env: Record<string, string>,
  options: { cwd?: string; timeoutMs?: number } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [LAUNCHER, ...argv], {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 300_000)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? -1, stdout, stderr })
    })
  })
}

/** Starts on a fresh database of the engine, on free ports. */
export async function startPlatform(engine: TestEngine, extra: Record<string, string> = {}): Promise<RunningPlatform> {
  const place = await engine.place()
  const env: Record<string, string> = {
    LOG_LEVEL: 'warn',
    PORT: '0',
    MQTT_PORT: '0',
    ZAHNRAD_EXAMPLE: '0',
    ...place.env,
    ...extra,
  }
  const platform = { env } as RunningPlatform
  let output = ''
  const launch = async () => {
    const child = spawn(process.execPath, [LAUNCHER, 'start'], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    platform.process = child
    output = ''
    const ready = new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        output += chunk
        const url = /^Zahnrad: (\S+)$/m.exec(output)?.[1]
        const mqtt = /^MQTT: (\S+)$/m.exec(output)?.[1]
        const admin = /^Admin: (\S+)$/m.exec(output)?.[1]
        if (url && mqtt && admin) {
          Object.assign(platform, { url, mqttUrl: mqtt, adminLink: admin })
          resolve()
        }
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.once('exit', (code) => reject(new Error(`The platform ended with code ${code}:\n${output}`)))
    })
    await ready
    // Restarts keep the ports, as a person's would.
    env.PORT = new URL(platform.url).port
    env.MQTT_PORT = new URL(platform.mqttUrl).port
    for (let i = 0; i < 100; i++) {
      if ((await fetch(`${platform.url}/readyz`).catch(() => null))?.status === 200) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error(`The platform does not get ready:\n${output}`)
  }
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
    const child = platform.process
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode
    child.kill(signal)
    await once(child, 'exit')
    return child.exitCode
  }
  Object.assign(platform, {
    output: () => output,
    command: (...argv: string[]) => runZahnrad(argv, env),
    key: async (name = `test ${Math.random()}`) => {
      const { stdout, stderr, code } = await runZahnrad(['key', 'create', '--name', name], env)
      if (code !== 0) throw new Error(stderr)
      return stdout.trim().split('\n').at(-1)!
    },
    stop,
    restart: async () => {
      await stop()
      await launch()
    },
    remove: async () => {
      await stop('SIGKILL')
      await place.remove()
    },
  } satisfies Partial<RunningPlatform>)
  await launch()
  return platform
}
