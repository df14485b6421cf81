/** The page on notices and the words of the interface list what the code has, and nothing else. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { NOT_CHECKED, SEVERITY } from '../../src/edges/feeds/gtfs/notice-codes.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const text = (path: string) => readFileSync(join(ROOT, path), 'utf8')

it('the page lists every code with its severity, and every one that is not given with the reason', () => {
  const rows = [...text('docs/using/timetable-notices.md').matchAll(/^\| `([a-z0-9_]+)` \| (.+) \|$/gm)]
  const listed = Object.fromEntries(rows.map(([, code, what]) => [code, what]))
  const known = [...SEVERITY].map(([code, severity]) => [code, severity.toLowerCase()])
  assert.deepEqual(listed, { ...Object.fromEntries(known), ...NOT_CHECKED })
  assert.equal(rows.length, SEVERITY.size + Object.keys(NOT_CHECKED).length)
})

it('the interface has a sentence in German and in English for every code', () => {
  const words = [...text('ui/src/pages/Timetable.notices.ts').matchAll(/^ {4}([a-z0-9_]+):/gm)].map(([, code]) => code!)
  assert.deepEqual(words.sort(), [...SEVERITY.keys(), ...SEVERITY.keys()].sort())
})
