/**
 * `npm test`: every test, on both databases, against real services. `npm test -- PATH…` runs some.
 * Installs what the tests need where it can, and says what to install where it cannot.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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
const FAILED = join(mkdtempSync(join(tmpdir(), 'zahnrad-failed-')), 'files')
/** So many files are an accident of a busy machine at most; more are a fault. */
const MOST_AGAIN = 5

/** Runs test files, so many at a time; answers the exit code and where something failed. */
async function run(tests: string[], atOnce: number): Promise<{ code: number; failed: string[] }> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--test',
      `--test-concurrency=${atOnce}`,
      '--test-timeout=1200000',
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${join(import.meta.dirname, 'failed-files.ts')}`,
      `--test-reporter-destination=${FAILED}`,
      `--test-reporter=${join(import.meta.dirname, 'slowest-files.ts')}`,
      '--test-reporter-destination=stdout',
      ...tests,
    ],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: {
        ...process.env,
        TEST_DATABASE_URL: url ?? '',
        // Each file and each platform it starts is a process of its own: compiled once for all of them.
        NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(ROOT, '.cache', 'compiled'),
      },
    },
  )
  const code = await new Promise<number>((resolve) => child.on('close', (exit) => resolve(exit ?? 1)))
  const failed = existsSync(FAILED) ? readFileSync(FAILED, 'utf8').split('\n').filter(Boolean) : []
  return { code, failed }
}

let { code, failed } = await run(files, 2)
if (code !== 0 && given.length === 0 && failed.length > 0 && failed.length <= MOST_AGAIN) {
  // Browser tests wait for what a person would see; with two files at once on two cores that can take too long. What
  // fails is run once more by itself, and has to pass then. Both runs stand in the output.
  console.log(`\nFailed, run once more by themselves:\n${failed.join('\n')}\n`)
  ;({ code, failed } = await run(failed, 1))
}
rmSync(dirname(FAILED), { recursive: true, force: true })
if (started) stopPostgres()
process.exit(code)
