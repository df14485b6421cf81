/**
 * PostGIS for the embedded database, without what is never used: raster, topology and the scripts of other versions are two thirds
 * of what its package brings, and all of it would be unpacked and compiled at every start.
 */
import { createReadStream, createWriteStream, existsSync, statSync } from 'node:fs'
import { readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { createGunzip, createGzip } from 'node:zlib'
import { postgis } from '@electric-sql/pglite-postgis'
import { extract, pack } from 'tar-stream'

const USED =
  /^(\.\/)?(lib\/postgresql\/postgis-\d+\.so|share\/proj\/.*|share\/postgresql\/extension\/postgis(\.control|--[\d.]+\.sql))$/

/** The extension for a database in `folder`; what is used of it is kept beside that folder, where that can be written. */
export function postgisFor(folder: string): typeof postgis {
  return {
    ...postgis,
    setup: async (...given) => {
      const whole = await postgis.setup(...given)
      const bundlePath = await usedOf(whole.bundlePath!, dirname(folder)).catch(() => whole.bundlePath)
      return { ...whole, bundlePath }
    },
  }
}

async function usedOf(bundle: URL, beside: string): Promise<URL> {
  // Another version of the package is another size.
  const file = join(beside, `postgis-${statSync(bundle).size.toString(36)}.tar.gz`)
  if (!existsSync(file)) {
    for (const name of await readdir(beside))
      if (/^postgis-\w+\.tar\.gz(\.new)?$/.test(name)) await rm(join(beside, name))
    await copyUsed(bundle, `${file}.new`)
    await rename(`${file}.new`, file)
  }
  return pathToFileURL(file)
}

async function copyUsed(bundle: URL, file: string): Promise<void> {
  const entries = extract()
  const kept = pack()
  const written = pipeline(kept, createGzip({ level: 1 }), createWriteStream(file, { mode: 0o600, flush: true }))
  const read = pipeline(createReadStream(bundle), createGunzip(), entries)
  for await (const entry of entries) {
    if (entry.header.type === 'file' && USED.test(entry.header.name)) {
      await pipeline(entry, kept.entry(entry.header))
    } else entry.resume()
  }
  kept.finalize()
  await Promise.all([read, written])
}
