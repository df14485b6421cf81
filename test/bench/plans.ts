/**
 * The part `plans`: what PostgreSQL does for each hot query, as the platform asks it. `--write` renews
 * docs/contributing/queries.md.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { PlanNode } from './plan-text.ts'

process.env.BENCH_POSTGRES = '1'
const { prepare } = await import('./sensorthings.ts')
const { planText } = await import('./plan-text.ts')
const { hotQueries } = await import('./queries.ts')
const { SensorThings } = await import('../../src/edges/sensorthings/service.ts')
const { Access, OWNER } = await import('../../src/domains/access/index.ts')
const { Catalog } = await import('../../src/domains/catalog/index.ts')
const { Sensing } = await import('../../src/domains/sensing/index.ts')
const { stopPostgres } = await import('../support/postgres.ts')

const { values } = parseArgs({
  options: { rows: { type: 'string', default: '10000000' }, write: { type: 'boolean', default: false } },
})
const bench = await prepare(Number(values.rows))
const { db, ground } = bench
/** Statements of the request under way. */
const asked: { text: string; parameters: readonly unknown[] }[] = []
const query = db.query.bind(db)
db.query = ((text: string, parameters: readonly unknown[] = [], options?: object) => {
  asked.push({ text, parameters })
  return query(text, parameters, options)
}) as typeof db.query
const catalog = await Catalog.load(db)
const access = new Access({ db, catalog, openWrite: false })
const service = new SensorThings({ db, access, catalog, sensing: new Sensing(db) }, () => 'http://localhost')

const sections: string[] = []
for (const { name, path, why } of hotQueries(ground)) {
  const [address, search = ''] = path.split('?') as [string, string?]
  const call = () =>
    service.handle(service.context(OWNER, 'http://localhost', null), {
      method: 'GET',
      path: address,
      search,
      body: undefined,
    })
  // The second time: what is remembered of datastreams is not asked for again.
  await call()
  asked.length = 0
  await call()
  const plans: string[] = []
  for (const { text, parameters } of [...asked]) {
    const [row] = await query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
      `explain (analyze, costs off, timing off, summary off, format json) ${text}`,
      parameters,
    )
    plans.push(planText(row!['QUERY PLAN'][0]!.Plan))
  }
  sections.push(
    [`## ${name}`, `\`GET /sta/v1.1/${decodeURI(path)}\``, '', why, '', '```', plans.join('\n\n'), '```'].join('\n'),
  )
}
await access.close()
await bench.remove()
stopPostgres()

const text = `# Plans of the hot queries

What PostgreSQL does for the requests people and programs make all day, with ${Number(values.rows).toLocaleString('en')} observations in 2,000 datastreams:
rows each step gave, and how often it ran. Partitions in which nothing was found are counted together. Whoever changes how
a query is made looks here first, and renews this page: \`npm run bench -- plans --write\`. How long they take:
[performance](../operating/performance.md).

${sections.join('\n\n')}
`
if (values.write) writeFileSync(join(import.meta.dirname, '..', '..', 'docs', 'contributing', 'queries.md'), text)
else console.log(text)
process.exit()
