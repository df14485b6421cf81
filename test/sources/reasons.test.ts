/** Whatever an import or the check of a definition says in English is said in German on the page. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { checkDefinition } from '../../src/domains/sources/check.ts'
import { DefinitionError, type DefinitionIssue } from '../../src/domains/sources/model.ts'
import { germanReason } from '../../ui/src/lib/reasons.ts'

const GOOD: Record<string, unknown> = {
  id: 'a',
  title: 'A',
  dataset: { title: 'A' },
  from: { http: { url: 'https://example.org/a.csv' } },
  format: { type: 'csv' },
  time: { column: 't' },
  thing: { key: 'x' },
  series: [{ column: 'v', property: 'air_temperature' }],
}

function issuesOf(yaml: string): readonly DefinitionIssue[] {
  try {
    checkDefinition(yaml)
  } catch (error) {
    if (error instanceof DefinitionError) return error.issues
    throw error
  }
  assert.fail(`nothing is wrong with ${yaml}`)
}

const MISTAKES: Record<string, unknown>[] = [
  { from: {} },
  { from: { http: { url: 'https://a.org' }, webhook: {} } },
  { from: { http: { url: 'ftp://a.org' } } },
  { from: { webhook: {} }, schedule: { every: '1h' } },
  { from: { http: { url: 'https://a.org' }, files: '(' } },
  { schedule: { every: '1h', cron: '1 1 * * *' } },
  { schedule: { expect: '1h' } },
  { schedule: { cron: 'gestern' } },
  { schedule: { cron: '99 3 * * *' } },
  { schedule: { every: 'oft' } },
  { timeZone: 'Europa/Münster' },
  { time: {} },
  { time: { column: 't', value: '{a}' } },
  { time: { column: 't', format: 'XX' } },
  { time: { column: 't', format: 'YYYY YYYY' } },
  { time: { column: 't', format: 'HH:mm' } },
  { time: { column: 't', stamp: 'end' } },
  { time: { colum: 't' } },
  { compute: { a: '$$$(' } },
  { preamble: { a: 'x' } },
  { preamble: { a: '(' }, format: { type: 'csv', skip: 1 } },
  { format: { type: 'csv', headerLine: 'a', skip: 1 } },
  { format: { type: 'cvs' } },
  { format: { type: 'csv', skip: -1 } },
  { format: { type: 'csv', skip: 2000 } },
  { format: { type: 'csv', skip: 'x' } },
  { format: { type: 'csv', separator: '' } },
  { format: { type: 'csv', separator: ';;;;;' } },
  { format: { type: 'csv', header: [] } },
  { format: { type: 'csv', encoding: 'utf8' } },
  { format: 7 },
  { format: null },
  { thing: { key: 'x', location: { lat: '1' } } },
  { thing: { key: '{l.b}' }, lookups: { l: { by: '{k}', entries: { one: { a: 1 } } } } },
  { series: [] },
  { series: [{ property: 'air_temperature' }] },
  { series: [{ column: 'a', property: 'air_temprature' }] },
  { series: [{ column: 'a', property: 'ganz_was_anderes' }] },
  { series: [{ columns: '(', property: 'air_temperature' }] },
  { series: [{ column: 'a', property: 'air_temperature', type: 'text', factor: 2 }] },
  { series: [{ column: 'a', property: 'air_temperature', quality: { good: ['1'] } }] },
  { title: undefined },
  { id: 'Ä' },
  { unsinn: 1 },
]

const TEXTS = ['a: [1', 'a: "x', 'a: 1\na: 2', 'a:\n\t- b', 'a: 1\n  b: 2', '- a', 'a: *nichts', 'x']

describe('reasons in German', () => {
  it('are there for each mistake the check of a definition finds', () => {
    const issues = [
      ...MISTAKES.flatMap((part) => issuesOf(JSON.stringify({ ...GOOD, ...part }))),
      ...TEXTS.flatMap((text) => issuesOf(text)),
    ]
    const left = issues.filter(({ message, field }) => germanReason(message, field) === null)
    assert.deepEqual(left, [])
  })

  it('are there for whatever the readers of files and the mapper refuse', () => {
    const root = join(import.meta.dirname, '..', '..', 'src')
    const files = ['domains/sources/plan.ts', 'domains/sources/row-time.ts', 'domains/sources/mapper.ts']
    const readers = ['text.ts', 'csv/index.ts', 'csv/blocks.ts', 'json/index.ts', 'json/documents.ts', 'xlsx/index.ts']
    const found = [...files, ...readers.map((name) => `edges/feeds/${name}`)].flatMap((name) => {
      const code = readFileSync(join(root, name), 'utf8')
      const texts = code.matchAll(
        /(?:FileError|#fail|rejections\.add|reason =)\(?\s*(?:[^'`"\n]*\? )?(['`"])([\s\S]*?)\1(?:\s*:\s*(['`"])([\s\S]*?)\3)?/g,
      )
      return [...texts].flatMap(([, , first, , second]) => (second ? [first!, second] : [first!]))
    })
    assert.ok(found.length > 20, `only ${found.length} found`)
    const left = found
      .filter((text) => text !== '')
      .map((text) => text.replace(/\$\{planned\.kind\}/, 'boolean').replaceAll(/\$\{.*?\}/g, '7'))
      .filter((text) => germanReason(text) === null)
    assert.deepEqual(left, [])
  })

  it('keep what helps: the name that was meant, the form that fits', () => {
    assert.equal(
      germanReason('there is no such field (did you mean "column"?)'),
      'dieses Feld gibt es nicht. Meinten Sie „column“?',
    )
    assert.equal(germanReason('must be an integer, not a string'), 'muss eine ganze Zahl sein, nicht ein Text')
    assert.equal(germanReason('nobody thought of this'), null)
  })
})
