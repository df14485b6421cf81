/**
 * `npm run bench`: what the platform promises, measured in one run on PostgreSQL (a throw-away cluster that waits for the disk),
 * with a verdict a line. Never a timed test. `npm run bench -- PART` measures one part alone, `-- all` one after the other.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A part is a module of this folder that measures when it is imported; what follows its name are its options. */
const PARTS: Record<string, string> = {
  observations: 'writing, reading, paging, charts, sizes, starts: [--rows 10000000] [--seconds 8]',
  growth:
    'the same at several sizes: [--sizes 1,10,50] [--write], millions; --write renews docs/operating/performance.md',
  plans: 'plans of the hot queries: [--rows 10000000] [--write]; --write renews docs/contributing/queries.md',
  pages: 'pages on a slow phone',
  gtfs: 'a whole timetable imported, and what a region asks of it: [--stop-times 1000000] [--only import|queries] [--times 3]',
  mqtt: 'MQTT at QoS 1, committed and delivered: [--rate 5000] [--seconds 60] [--engine server|embedded]',
  muenster: 'the whole archive of Münster, through a source',
}

const [first] = process.argv.slice(2)
const named = first !== undefined && !first.startsWith('-')
const part = named ? first : 'observations'
if (named) process.argv.splice(2, 1)
if (part === 'all') {
  for (const name of Object.keys(PARTS)) {
    if (name === 'growth' || name === 'plans') continue
    console.log(`\n── ${name}: ${PARTS[name]}`)
    const child = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), name], { stdio: 'inherit' })
    const [code] = await once(child, 'exit')
    if (code !== 0) process.exitCode = 1
  }
} else if (Object.hasOwn(PARTS, part)) {
  await import(`./${part}.ts`)
} else {
  console.error(
    [`There is no part "${part}". Parts:`, ...Object.entries(PARTS).map(([name, what]) => `  ${name}: ${what}`)].join(
      '\n',
    ),
  )
  process.exitCode = 2
}
