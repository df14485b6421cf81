import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkDefinition } from './check.ts'
import { type HealthFacts, healthOf, nextRun } from './health.ts'
import { topicMatches } from './topics.ts'

const define = (schedule: string) =>
  checkDefinition(
    `title: T
dataset: { title: D }
from: { ${schedule.includes('expect') ? 'webhook: {}' : 'http: { url: "https://example.org" }'} }
format: { type: csv }
time: { column: t }
thing: { key: k }
series: [{ column: v, property: bicycle_count }]
${schedule}`,
    'x',
  )
const at = Date.parse('2026-07-01T12:00:00Z')
const facts = (schedule: string, more: Partial<HealthFacts> = {}): HealthFacts => ({
  definition: define(schedule),
  defaultZone: 'Europe/Berlin',
  failures: 0,
  cause: null,
  stateSince: '2026-07-01T00:00:00Z',
  createdAt: '2026-07-01T00:00:00Z',
  lastGood: '2026-07-01T11:00:00Z',
  ...more,
})

describe('health of a source', () => {
  const cases: [string, HealthFacts, string][] = [
    ['a manual one is never late', facts('', { lastGood: '2020-01-01T00:00:00Z' }), 'ok'],
    ['a manual one that never ran is new', facts('', { lastGood: null }), 'new'],
    ['one distance is no delay', facts('schedule: { every: 1h }'), 'ok'],
    ['two distances and ten minutes are', facts('schedule: { every: 20m }'), 'late'],
    [
      'the last failure counts, whatever was before',
      facts('schedule: { every: 1h }', { failures: 1, cause: 'x' }),
      'broken',
    ],
    [
      'a cron line is its own distance',
      facts('schedule: { cron: "0 3 * * *" }', { lastGood: '2026-06-30T01:00:00Z' }),
      'late',
    ],
    ['what is pushed is judged by what is expected', facts('schedule: { expect: 30m }'), 'late'],
    ['a scheduled one that never ran is late in the end', facts('schedule: { every: 1h }', { lastGood: null }), 'late'],
  ]
  for (const [what, given, state] of cases) it(what, () => assert.equal(healthOf(given, at).state, state))
})

describe('the next run', () => {
  const minutes = (schedule: string, failures: number) => {
    const next = nextRun(define(schedule), 'Europe/Berlin', at - 60_000, at, failures)
    return next && Math.round((next.getTime() - at) / 60_000)
  }
  it('keeps the distance from the start of the last one', () =>
    assert.equal(minutes('schedule: { every: 15m }', 0), 14))
  it('follows a cron line in the zone of the definition', () => {
    assert.equal(minutes('schedule: { cron: "30 14 * * *" }\ntimeZone: Europe/Berlin', 0), 30)
  })
  it('backs off: soon at first, then ever more seldom, bounded', () => {
    assert.deepEqual(
      [1, 2, 3, 4, 20].map((failures) => minutes('schedule: { every: 1d }', failures)),
      [5, 10, 20, 40, 1440],
    )
    assert.deepEqual(
      [1, 2, 3, 20].map((failures) => minutes('schedule: { every: 1m }', failures)),
      [1, 2, 4, 360],
    )
  })
  it('is none for what is manual or pushed', () => {
    assert.equal(minutes('', 0), null)
    assert.equal(minutes('schedule: { expect: 1h }', 3), null)
  })
})

describe('topic filters', () => {
  const cases: [string, string, boolean][] = [
    ['a/b', 'a/b', true],
    ['a/+', 'a/b', true],
    ['a/+', 'a/b/c', false],
    ['a/#', 'a', true],
    ['a/#', 'a/b/c', true],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['a', 'a/b', false],
  ]
  for (const [filter, topic, expected] of cases) {
    it(`${filter} ${expected ? 'takes' : 'leaves'} ${topic}`, () => assert.equal(topicMatches(filter, topic), expected))
  }
})
