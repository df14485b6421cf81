/** What the build adds to Vite: smaller style sheets, and every file compressed once instead of at each request. */
import { readFileSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { transform } from 'lightningcss'
import type { Plugin, Rolldown } from 'vite'

/**
 * KERN names some five hundred tokens (custom properties), of which these pages use a third. Those that nothing refers
 * to go, and those that only such ones referred to.
 */
export function withoutUnusedTokens(): Plugin {
  return {
    name: 'zahnrad:unused-tokens',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const files = Object.values(bundle)
      const scripts = files.flatMap((file) => (file.type === 'chunk' ? [file.code] : [])).join('\n')
      const sheets = files.flatMap((file) => (file.type === 'asset' && file.fileName.endsWith('.css') ? [file] : []))
      for (;;) {
        const text = sheets.map(({ source }) => source.toString()).join('\n')
        const defined = new Set([...text.matchAll(/(--[\w-]+):/g)].map(([, name]) => name!))
        const used = new Set([...text.matchAll(/var\((--[\w-]+)/g)].map(([, name]) => name!))
        const unused = [...defined].filter(
          (name) => name.startsWith('--kern-') && !used.has(name) && !scripts.includes(name),
        )
        if (unused.length === 0) return
        for (const sheet of sheets) {
          const code = Buffer.from(sheet.source)
          const { code: smaller } = transform({
            filename: sheet.fileName,
            code,
            minify: true,
            unusedSymbols: unused,
            targets: BROWSERS,
          })
          sheet.source = new TextDecoder().decode(smaller)
        }
      }
    },
  }
}

/** As far back as Vite's own target (`es2022`) reaches: without them newer notations would replace the older ones. */
const BROWSERS = { chrome: 94 << 16, firefox: 93 << 16, safari: (15 << 16) | (4 << 8), ios_saf: (15 << 16) | (4 << 8) }

const COMPRESSED = /\.(js|mjs|css|svg)$/
/** Above this size the last percent costs seconds. */
const LARGE = 300_000

/** Writes `.br` and `.gz` beside each file worth it; the server hands them out (`@fastify/static`, `preCompressed`). */
export function compressed(): Plugin {
  let folder = ''
  return {
    name: 'zahnrad:compressed',
    apply: 'build',
    configResolved(config) {
      folder = join(config.root, config.build.outDir)
    },
    async closeBundle() {
      const names = (await readdir(folder, { recursive: true })).filter((name) => COMPRESSED.test(name))
      await Promise.all(
        names.map(async (name) => {
          const path = join(folder, name)
          const content = await readFile(path)
          if (content.length < 1_000) return
          const quality = content.length > LARGE ? 9 : constants.BROTLI_MAX_QUALITY
          const params = {
            [constants.BROTLI_PARAM_QUALITY]: quality,
            [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
          }
          await writeFile(`${path}.br`, await promisify(brotliCompress)(content, { params }))
          await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }))
        }),
      )
    },
  }
}

const PAGE = /\/ui\/src\/pages\/(\w+)\.svelte$/
const ENTRY = join(import.meta.dirname, 'src', 'main.ts')
const CHART = join(import.meta.dirname, 'src', 'parts', 'SeriesChart.svelte')
/** The start page loads it once its list is there. */
const MAP = join(import.meta.dirname, 'src', 'parts', 'StationMap.svelte')
/** Pages of the administration, as the list of pages says: what only they share, citizens do not load. */
const STAFF = new Set(
  readFileSync(join(import.meta.dirname, 'src', 'lib', 'routes.ts'), 'utf8')
    .split('pattern:')
    .filter((route) => route.includes('staff: true'))
    .map((route) => /pages\/(\w+)\.svelte/.exec(route)?.[1]),
)

type Modules = Parameters<Rolldown.CodeSplittingNameFunction>[1]['getModuleInfo']

/** What leads to a module: the entry (`frame`), pages by their names, and else what is loaded later by its path. */
function rootsOf(id: string, infoOf: Modules): Set<string> {
  const [roots, seen] = [new Set<string>(), new Set<string>()]
  const climb = (module: string): void => {
    if (seen.has(module)) return
    seen.add(module)
    const info = infoOf(module)
    if (module === ENTRY) roots.add('frame')
    else if (info && info.dynamicImporters.length > 0) roots.add(PAGE.exec(module)?.[1] ?? module)
    for (const importer of info?.importers ?? []) climb(importer)
  }
  climb(id)
  return roots
}

/**
 * Which chunk a module goes into: `frame` is what every page needs, `map` the map of stations, `start` what
 * the start page shares, `charts` what pages with charts do, `parts` what others do, `staff` what the administration does; the rest stays with its page. Left to itself the bundler makes a
 * chunk for each set of pages, which is two dozen requests for one page.
 */
export function chunkOf(id: string, infoOf: Modules): string | null {
  const roots = rootsOf(id, infoOf)
  if (roots.has('frame')) return 'frame'
  if (roots.has(MAP) && !roots.has('Start')) return 'map'
  if (roots.size < 2) return null
  if (roots.has('Start')) return 'start'
  if ([...roots].every((root) => STAFF.has(root))) return 'staff'
  const charts = rootsOf(CHART, infoOf)
  return [...roots].every((root) => charts.has(root) || root.startsWith('/')) ? 'charts' : 'parts'
}
