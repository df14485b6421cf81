/** `npm run check`: everything that can be known without running the program, side by side, in seconds. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const BIN = join(ROOT, 'node_modules', '.bin')

/** What a check found out about files that have not changed since, kept for the next run. */
const KEPT = '.cache'

const checks: [name: string, command: string, args: string[]][] = [
  ['biome', 'biome', ['check', '--error-on-warnings', '.']],
  ['tsc', 'tsc', ['--noEmit', '-p', '.', '--incremental', '--tsBuildInfoFile', `${KEPT}/tsc.tsbuildinfo`]],
  [
    'rings',
    'depcruise',
    ['src', 'test', 'scripts', '--config', '.dependency-cruiser.cjs', '--cache', `${KEPT}/depcruise`],
  ],
  [
    'svelte-check',
    'svelte-check',
    ['--tsconfig', 'ui/tsconfig.json', '--incremental', '--output', 'human', '--fail-on-warnings'],
  ],
]

function run(command: string, args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(BIN, command), args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

let failed = 0
await Promise.all(
  checks.map(async ([name, command, args]) => {
    const started = performance.now()
    const { code, output } = await run(command, args)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    if (code === 0) console.log(`✔ ${name} (${seconds} s)`)
    else {
      failed++
      console.log(`✖ ${name} (${seconds} s)\n${output}`)
    }
  }),
)
process.exit(failed > 0 ? 1 : 0)
