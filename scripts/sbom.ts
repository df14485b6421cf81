/**
 * `npm run sbom [-- FILE]`: the bill of materials (CycloneDX 1.5, JSON) of what is installed to run the platform, pages
 * included. Without FILE it goes to `sbom.cdx.json`; `-` is stdout. Exit code 1 when something would be missing in it.
 *
 * `npm sbom --omit dev` leaves out what a development tool needs too, so everything is listed first and the lock file
 * says what is for development alone.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Component {
  'bom-ref': string
  name: string
  version: string
  licenses?: unknown[]
  externalReferences?: { type: string; url: string }[]
}

interface Bom {
  metadata: { component: Component & { type: string } }
  components: Component[]
  dependencies: { ref: string; dependsOn: string[] }[]
}

const ROOT = join(import.meta.dirname, '..')
const read = (name: string) => JSON.parse(readFileSync(join(ROOT, name), 'utf8'))

/** `name@version` of every package that is installed here and not for development alone. */
function runtimePackages(): Set<string> {
  const { packages } = read('package-lock.json') as {
    packages: Record<string, { name?: string; version: string; dev?: boolean; devOptional?: boolean }>
  }
  return new Set(
    Object.entries(packages)
      .filter(
        ([path, { dev, devOptional }]) => path && !dev && !devOptional && existsSync(join(ROOT, path, 'package.json')),
      )
      .map(([path, { name, version }]) => `${name ?? path.split('node_modules/').at(-1)}@${version}`),
  )
}

const idOf = ({ name, version }: Component) => `${name}@${version}`
const wanted = runtimePackages()
const bom = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 100_000_000,
  }),
) as Bom

bom.metadata.component.name = read('package.json').name
bom.components = bom.components.filter((one) => wanted.has(idOf(one)))
const refs = new Set([bom.metadata.component['bom-ref'], ...bom.components.map((one) => one['bom-ref'])])
bom.dependencies = bom.dependencies
  .filter(({ ref }) => refs.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((one) => refs.has(one)) }))
// Where a package was downloaded from says something about this machine, and nothing about the package.
for (const one of bom.components)
  one.externalReferences = one.externalReferences?.filter(({ type }) => type !== 'distribution')

const there = new Set(bom.components.map(idOf))
const problems = [
  ...[...wanted].filter((id) => !there.has(id)).map((id) => `${id} is missing`),
  ...bom.components.filter(({ licenses }) => !licenses?.length).map((one) => `${idOf(one)} names no licence`),
]
for (const problem of problems) console.error(problem)
const target = process.argv[2] ?? 'sbom.cdx.json'
const text = `${JSON.stringify(bom, null, 2)}\n`
if (target === '-') process.stdout.write(text)
else {
  writeFileSync(target, text)
  console.error(`${target}: ${bom.components.length} components`)
}
process.exitCode = problems.length > 0 ? 1 : 0
