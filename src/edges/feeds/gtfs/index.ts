import type { ApplyingFeed } from '../../../domains/sources/index.ts'
import { apply } from './apply.ts'
import { nameOf } from './name.ts'
import { FILES, LOCATIONS } from './schema.ts'

/** GTFS Schedule: a zip, or a folder of text files. It writes versioned tables of its own. */
export const gtfs: ApplyingFeed = {
  id: 'gtfs',
  detect({ name, head }) {
    const base = name.slice(name.lastIndexOf('/') + 1)
    if (head[0] === 0x50 && head[1] === 0x4b) {
      const member = memberOf(head)
      return member
        ? { role: 'static', confidence: 0.95, reason: `a zip with ${member}, as GTFS Schedule has it` }
        : null
    }
    const spec = FILES.get(base)
    if (spec) {
      const columns = Buffer.from(head.subarray(0, 4096))
        .toString('utf8')
        .split(/\r?\n/, 1)[0]!
        .replaceAll(/["\ufeff]/g, '')
        .split(',')
      const known = columns.filter((column) => spec.fields.has(column.trim())).length
      return known >= 2
        ? { role: 'static', confidence: 0.9, reason: `${base} with the columns of GTFS Schedule` }
        : { role: 'static', confidence: 0.5, reason: `named as a file of GTFS Schedule (${base})` }
    }
    if (base === LOCATIONS)
      return { role: 'static', confidence: 0.3, reason: 'named as a file of GTFS Schedule (locations.geojson)' }
    // Another table in the same folder: only together with the others.
    return /\.txt$/i.test(base) ? { role: 'static', confidence: 0.01, reason: 'a text file beside a GTFS feed' } : null
  },
  nameOf,
  apply: (inputs, _options, context) => apply(inputs, context),
}

/** A file of GTFS among the first members of a zip: their names stand in the bytes between them. */
function memberOf(head: Uint8Array): string | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  for (let at = 0; at >= 0 && at + 30 < bytes.length; at = bytes.indexOf('PK\x03\x04', at + 4, 'latin1')) {
    const path = bytes.toString('latin1', at + 30, at + 30 + bytes.readUInt16LE(at + 26))
    const base = path.slice(path.lastIndexOf('/') + 1)
    if (FILES.has(base)) return base
  }
  return undefined
}
