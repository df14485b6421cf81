import { countStates, type Evse } from '../../../domains/mobility/index.ts'
import {
  type FeedInput,
  type FeedItem,
  FileError,
  type FormatOptions,
  type ItemFeed,
  type ParseContext,
} from '../../../domains/sources/index.ts'
import { wholeText } from '../text.ts'
import { readLocations } from './read.ts'

/**
 * Locations of an OCPI 2.2.1 sender (a charge point operator), pulled with our token. A place is a feature; how many of
 * its charge points are free, in use and out of order is history.
 */
export const ocpi: ItemFeed = {
  id: 'ocpi',
  pages: true,
  detect({ name, head }) {
    const start = new TextDecoder().decode(head)
    return /"evses"\s*:/.test(start) && /"coordinates"\s*:/.test(start) && /"(party_id|connectors)"\s*:/.test(start)
      ? { role: 'locations', confidence: 0.95, reason: `${name} holds OCPI locations (evses with connectors)` }
      : null
  },
  async *read(inputs: FeedInput[], options: FormatOptions, context: ParseContext): AsyncIterable<FeedItem> {
    const seen = new Set<string>()
    for (const input of inputs) {
      const { locations, faults } = readLocations(
        await wholeText(input.bytes, {
          name: input.name,
          maxBytes: context.maxDocumentBytes,
          encoding: options.encoding,
        }),
        input.name,
      )
      for (const { reason, row, column, value } of faults) yield { kind: 'reject', reason, row, column, value }
      for (const location of locations) {
        const key = `${location.country_code}*${location.party_id}*${location.id}`.toUpperCase()
        // What is not to be published (§8.3.1, `publish`) is not for us.
        if (!location.publish || seen.has(key)) continue
        seen.add(key)
        const evses: Evse[] = location.evses ?? []
        const states = countStates(evses)
        yield {
          kind: 'feature',
          concept: 'charging',
          key,
          name: location.name ?? `${location.address}, ${location.city}`,
          geometry: {
            type: 'Point',
            coordinates: [Number(location.coordinates.longitude), Number(location.coordinates.latitude)],
          },
          properties: { ...location, points: states.total },
        }
        if (!states.known) continue
        const time =
          evses
            .map(({ last_updated }) => last_updated)
            .sort()
            .at(-1) ?? location.last_updated
        for (const [series, value] of [
          ['free', states.free],
          ['used', states.used],
          ['broken', states.broken],
        ] as const)
          yield { kind: 'value', concept: 'charging', key, series, time, value }
      }
    }
    if (seen.size === 0 && inputs.length === 0) throw new FileError('no OCPI locations were given')
    yield { kind: 'complete', concept: 'charging' }
  },
}
