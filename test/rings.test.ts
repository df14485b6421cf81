/** The rule file is only worth something if it finds violations: each is planted once in a copy of the tree. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'

const ROOT = join(import.meta.dirname, '..')

const PLANTED: [rule: string, file: string, text: string][] = [
  [
    'kernel-imports-nothing-of-ours',
    'src/kernel/planted.ts',
    `export { Catalog } from '../domains/catalog/index.ts'\n`,
  ],
  [
    'domains-import-kernel-and-domains',
    'src/domains/catalog/planted.ts',
    `export { registerOperation } from '../../edges/operation/index.ts'\n`,
  ],
  [
    'domains-meet-at-the-front-door',
    'src/domains/catalog/planted.ts',
    `export { before } from '../sensing/batch.ts'\n`,
  ],
  ['edges-never-meet', 'src/edges/operation/planted.ts', `export { socketPath } from '../control/index.ts'\n`],
  [
    'edges-use-domains-by-their-index',
    'src/edges/operation/planted.ts',
    `export { before } from '../../domains/sensing/batch.ts'\n`,
  ],
  ['nobody-imports-main', 'src/kernel/planted.ts', `export { start } from '../main.ts'\n`],
]

describe('the rings', () => {
  let copy: string
  before(() => {
    copy = mkdtempSync(join(tmpdir(), 'zahnrad-rings-'))
    for (const name of ['src', 'package.json', 'tsconfig.json', '.dependency-cruiser.cjs'])
      cpSync(join(ROOT, name), join(copy, name), { recursive: true })
    mkdirSync(join(copy, 'test'), { recursive: true })
    mkdirSync(join(copy, 'scripts'), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  })
  after(() => rmSync(copy, { recursive: true, force: true }))

  const cruise = () =>
    spawnSync(join(ROOT, 'node_modules/.bin/depcruise'), ['src', '--config', '.dependency-cruiser.cjs'], {
      cwd: copy,
      encoding: 'utf8',
    })

  it('hold in the tree as it is', () => {
    const { status, stdout } = cruise()
    assert.equal(status, 0, stdout)
    assert.doesNotMatch(stdout, /\(0 modules/)
  })

  for (const [rule, file, text] of PLANTED) {
    it(`refuse a violation of ${rule}`, () => {
      writeFileSync(join(copy, file), text)
      try {
        const { status, stdout } = cruise()
        assert.notEqual(status, 0)
        assert.match(stdout, new RegExp(rule))
      } finally {
        rmSync(join(copy, file))
      }
    })
  }
})
