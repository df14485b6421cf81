import { Compile } from 'typebox/compile'
import Value from 'typebox/value'
import { Location } from '../../../domains/mobility/index.ts'
import { FileError } from '../../../domains/sources/index.ts'
import { parseJson } from '../json/document.ts'

export interface OcpiFault {
  reason: string
  row: number
  column: string
  value: unknown
}

const check = Compile(Location)
type Raw = Record<string, unknown>

/**
 * One answer of an OCPI 2.2.1 sender's Locations interface (§8.2.1), in its envelope (§4.1.7), or the bare list.
 * A charge point that is not valid is left out and told; a place that is not, as a whole. Throws {@link FileError} when
 * the answer is an error or no OCPI at all.
 */
export function readLocations(text: string, name: string): { locations: Location[]; faults: OcpiFault[] } {
  const answer = parseJson(text, name)
  const envelope = answer as Raw | null
  if (envelope && !Array.isArray(envelope) && typeof envelope.status_code === 'number' && envelope.status_code !== 1000)
    throw new FileError(
      `the OCPI server answers ${envelope.status_code}: ${String(envelope.status_message ?? '').slice(0, 200)}`,
    )
  const list = Array.isArray(answer) ? answer : Array.isArray(envelope?.data) ? envelope.data : null
  if (!list) throw new FileError(`${name} is not a list of OCPI locations: it has no "data" (OCPI 2.2.1, §8.2.1)`)
  const faults: OcpiFault[] = []
  const locations = list.flatMap((given: unknown, index): Location[] => {
    const location = Value.Clean(Location, structuredClone(given)) as Raw | null
    if (typeof location !== 'object' || location === null) {
      faults.push({ reason: 'is no location', row: index + 1, column: '', value: given })
      return []
    }
    withoutNull(location)
    if (check.Check(location)) return [location]
    // Deepest first: an optional field or a charge point goes before the whole place does.
    for (const { instancePath, message } of check.Errors(location)) {
      const [, field, at] = instancePath.split('/')
      faults.push({
        reason: `${instancePath.slice(1).replaceAll('/', '.') || 'location'} ${message}`,
        row: index + 1,
        column: instancePath.slice(1),
        value: at === undefined && field ? location[field] : location.id,
      })
      if (field === 'evses' && at !== undefined && Array.isArray(location.evses)) location.evses[Number(at)] = null
      else if (field && field in location) delete location[field]
    }
    if (Array.isArray(location.evses)) location.evses = location.evses.filter((evse) => evse !== null)
    return check.Check(location) ? [location] : []
  })
  return { locations, faults }
}

/** Systems send null for what they do not know. */
function withoutNull(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null) delete (value as Raw)[key]
    else withoutNull(inner)
  }
}
