import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { checkDefinition, jsonSchemaText } from './check.ts'
import { FEED_TYPES } from './feed.ts'
import { DefinitionError, formatIssue } from './model.ts'

const SOURCES = join(import.meta.dirname, '../../../sources')
const issuesOf = (yaml: string): string[] => {
  try {
    checkDefinition(yaml, 'x')
  } catch (error) {
    if (error instanceof DefinitionError) return error.issues.map(formatIssue)
    throw error
  }
  return []
}
const valid = `title: T
dataset: { title: D }
from: { file: { path: x.csv } }
format: { type: csv }
time: { column: t }
thing: { key: "{k}" }
series:
  - { column: v, property: bicycle_count }
`

describe('checking a definition', () => {
  it('takes the id from the file where the definition names none', () => {
    assert.equal(checkDefinition(valid, 'zaehler').id, 'zaehler')
    assert.equal(checkDefinition(`id: other\n${valid}`, 'zaehler').id, 'other')
    assert.match(issuesOf(valid.replace('title: T', 'title: T\nid: Not A Slug'))[0]!, /line 2, id: "Not A Slug"/)
  })

  it('names line and field, and the nearest right name', () => {
    const types = ['csv', 'json', 'geojson', 'xlsx', ...FEED_TYPES]
    const issues = issuesOf(
      valid.replace('type: csv', 'type: cvs, separater: ";"').replace('bicycle_count', 'bicycle_cont'),
    )
    assert.deepEqual(issues, [
      'line 4, format.separater: there is no such field (did you mean "separator"?)',
      `line 4, format.type: must be ${types.map((type) => `"${type}"`).join(' or ')} (did you mean "csv"?)`,
    ])
    assert.match(
      issuesOf(valid.replace('bicycle_count', 'bicycle_cont'))[0]!,
      /line 8, series\[0\]\.property: .*did you mean "bicycle_count"/,
    )
  })

  it('says what is missing', () => {
    const issues = issuesOf(valid.replace('title: T\n', ''))
    assert.match(issues[0]!, /title: is missing/)
  })

  it('reports every mistake at once', () => {
    const issues = issuesOf(`title: 1\ndataset: {}\nfrom: {}\nformat: {}\ntime: {}\nthing: {}\nseries: []\nextra: 1\n`)
    assert.ok(issues.length >= 6, issues.join('\n'))
  })

  const wrong: [string, string, string, RegExp][] = [
    ['two origins', 'path: x.csv } }', 'path: x.csv }, webhook: {} }', /line 3, from: gives file and webhook/],
    ['no origin', '{ file: { path: x.csv } }', '{ files: a }', /from: says not where from/],
    [
      'a bad expression',
      'time: {',
      'compute: { a: "$sum(" }\ntime: {',
      /line 5, compute\.a: is not a valid expression at character/,
    ],
    ['a bad pattern', 'column: v', 'columns: "a["', /series\[0\]\.columns: Invalid regular expression/],
    [
      'a bad zone',
      'time: {',
      'timeZone: Europe/Berlim\ntime: {',
      /line 5, timeZone: "Europe\/Berlim" is not a time zone/,
    ],
    ['a bad cron line', 'time: {', 'schedule: { cron: "99 * * * *" }\ntime: {', /schedule\.cron: /],
    [
      'a time format without a year',
      'column: t',
      'column: t, format: "HH:mm"',
      /time\.format: the time format has no year/,
    ],
    [
      'a lookup field that is not there',
      'thing: {',
      'lookups: { s: { by: "{k}", entries: { a: { name: A } } } }\nthing: { name: "{s.nam}",',
      /did you mean "name"/,
    ],
    ['half a place', 'thing: {', 'thing: { location: { lat: "1" },', /needs either lat and lon/],
    ['a schedule without unit', 'time: {', 'schedule: { every: "15" }\ntime: {', /for example 15m, 1h, 1d/],
  ]
  for (const [what, from, to, expected] of wrong) {
    it(`refuses ${what}`, () => {
      const issues = issuesOf(valid.replace(from, to))
      assert.equal(issues.length, 1, issues.join('\n'))
      assert.match(issues[0]!, expected)
    })
  }

  it('survives hostile YAML', () => {
    assert.match(issuesOf('a: [1, 2\nb: }')[0]!, /YAML/)
    assert.match(issuesOf('- 1')[0]!, /is not a mapping/)
    assert.match(
      issuesOf(
        `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c]`,
      )[0]!,
      /alias/i,
    )
    assert.match(issuesOf('x'.repeat(1_000_001))[0]!, /longer than/)
  })
})

describe('ready definitions', () => {
  const names = readdirSync(SOURCES).filter((name) => name.endsWith('.yaml'))
  it('there are the promised ones', () => {
    const promised = [
      'bochum-baum',
      'bochum-wetter',
      'isar',
      'lorawan-chirpstack',
      'lorawan-ttn',
      'muenchen-rad',
      'muenster-rad',
      'wuerzburg-passanten',
    ]
    for (const name of promised) assert.ok(names.includes(`${name}.yaml`), name)
  })
  const validate = new Ajv({ strict: false }).compile(JSON.parse(jsonSchemaText()))
  for (const name of names) {
    it(`${name} is valid, by the check and by the editors' schema`, () => {
      const yaml = readFileSync(join(SOURCES, name), 'utf8')
      assert.equal(checkDefinition(yaml).id, name.replace('.yaml', ''))
      assert.ok(validate(parse(yaml)), JSON.stringify(validate.errors))
    })
  }
  it('the example of the documentation is valid', () => {
    const page = readFileSync(join(SOURCES, '../docs/using/sources.md'), 'utf8')
    const [, example] = /## A whole one\n\n```yaml\n([\s\S]*?)```/.exec(page) ?? []
    assert.equal(checkDefinition(example!).id, 'radzaehler')
  })
  it('the schema for editors is the current one (node scripts/source-schema.ts writes it)', () => {
    assert.equal(readFileSync(join(SOURCES, 'schema.json'), 'utf8'), jsonSchemaText())
  })
})
