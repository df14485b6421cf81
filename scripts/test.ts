/**
 * `npm test`: every test, on both databases, against real services. `npm test -- PATH…` runs some.
 * Installs what the tests need where it can, and says what to install where it cannot.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { buildInterface } from '../src/interface.ts'
import { createLog } from '../src/kernel/log.ts'
import { ensurePostgres, postgresRuns, stopPostgres } from '../test/support/postgres.ts'
import { provideServices } from './services.ts'

const ROOT = join(import.meta.dirname, '..')

if (!provideServices()) process.exit(1)
if (!existsSync(join(ROOT, '..', 'shared', 'data'))) {
  console.log('Note: ../shared/data is not there; tests on real data name themselves and are skipped.')
}
await buildInterface(createLog('info'))
const started = !process.env.TEST_DATABASE_URL && !postgresRuns()
const url = await ensurePostgres()
const given = process.argv.slice(2)
const files =
  given.length > 0
    ? given
    : globSync(['src/**/*.test.ts', 'test/**/*.test.ts', 'ui/src/**/*.test.ts'], { cwd: ROOT }).sort()
const child = spawn(
  process.execPath,
  [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-concurrency=2',
    '--test-timeout=600000',
    '--test-reporter=spec',
    ...files,
  ],
  { cwd: ROOT, stdio: 'inherit', env: { ...process.env, TEST_DATABASE_URL: url ?? '' } },
)
const code = await new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? 1)))
if (started) stopPostgres()
process.exit(code)
