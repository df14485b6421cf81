/** Whatever the platform refuses with a code has German words: pages never fall back on English. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { FINDINGS } from './doctor.words.ts'
import { REFUSALS } from './refusals.words.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const WHERE = ['src/domains', 'src/kernel', 'src/edges/portal-api', 'src/edges/session', 'src/edges/webhook']

/** Some of what they refuse is shown by pages too; the rest is for programs. */
const PARTLY = ['src/edges/mobility']

/** Every code a `Problem` is thrown with, in what pages talk to. */
function codes(folders: readonly string[] = WHERE): Set<string> {
  const found = new Set<string>()
  for (const file of folders.flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: ROOT }))) {
    if (file.endsWith('.test.ts')) continue
    const text = readFileSync(join(ROOT, file), 'utf8')
    for (const [, code] of text.matchAll(/new (?:Api)?Problem\(\s*\d+,\s*'([a-z-]+)'/g)) found.add(code!)
  }
  return found
}

describe('refusals', () => {
  it('have German words for every code', () => {
    const all = codes()
    assert.ok(all.size > 80, `${all.size} codes found`)
    assert.deepEqual(
      [...all].filter((code) => !REFUSALS[code]),
      [],
    )
  })

  it('name no code that nobody uses', () => {
    const all = codes([...WHERE, ...PARTLY])
    assert.deepEqual(
      Object.keys(REFUSALS).filter((key) => !all.has(key.split('.')[0]!)),
      [],
    )
  })

  it('and so have the findings of the doctor', () => {
    const text = readFileSync(join(ROOT, 'src/cli/doctor.ts'), 'utf8')
    const lines = text.split('\n').filter((line) => /\bcode(:| =) /.test(line))
    const found = new Set(lines.flatMap((line) => [...line.matchAll(/\bcode(?::| =) (.*)/g)].map(([, rest]) => rest!)))
    const named = [...found]
      .flatMap((rest) => [...rest.split(', params')[0]!.matchAll(/'([a-z-]+)'/g)])
      .map(([, code]) => code!)
    const all = new Set(named.filter((code) => code !== 'embedded'))
    assert.ok(all.size > 15, [...all].join())
    assert.deepEqual([...all].sort(), Object.keys(FINDINGS).sort())
  })
})
