/** The bill of materials, as the one command makes it. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'

const ROOT = join(import.meta.dirname, '..')

it('npm run sbom: every runtime dependency with version, checksum and licence; no development tool, no download address', () => {
  const text = execFileSync('npm', ['run', '--silent', 'sbom', '--', '-'], {
    ...{ cwd: ROOT, encoding: 'utf8', maxBuffer: 100_000_000 },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const bom = JSON.parse(text)
  assert.deepEqual([bom.bomFormat, bom.specVersion, bom.metadata.component.name], ['CycloneDX', '1.5', 'zahnrad'])
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  const found = new Map(bom.components.map((one: { name: string }) => [one.name, one]))
  for (const [name, version] of Object.entries(dependencies)) {
    const one = found.get(name) as { version: string; purl: string } | undefined
    assert.equal(one?.version, version, name)
  }
  // What dependencies bring along is there too, and hangs together.
  for (const name of ['fast-uri', 'mqtt-packet', 'pg-protocol', 'jose']) assert.ok(found.has(name), name)
  const refs = new Set([
    bom.metadata.component['bom-ref'],
    ...bom.components.map((one: { 'bom-ref': string }) => one['bom-ref']),
  ])
  for (const { ref, dependsOn } of bom.dependencies)
    for (const one of [ref, ...dependsOn]) assert.ok(refs.has(one), one)
  // Some (ajv-formats) are used by the libraries, too: the lock file knows which are not.
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))
  const tools = Object.keys(devDependencies).filter((name) => packages[`node_modules/${name}`]?.dev)
  assert.ok(tools.length > 5, String(tools))
  for (const name of tools) assert.ok(!found.has(name), `${name} is for development`)
  for (const { name, purl, hashes, licenses, externalReferences } of bom.components) {
    assert.match(purl, /^pkg:npm\//, name)
    assert.ok(hashes?.length > 0 && licenses?.length > 0, name)
    for (const { type } of externalReferences ?? []) assert.notEqual(type, 'distribution', name)
  }
  assert.doesNotMatch(text, /https?:\/\/[^"/]*(registry|npmjs|npmmirror|localhost|127\.0\.0\.1)/)
})
