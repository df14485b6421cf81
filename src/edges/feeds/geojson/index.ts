import type { Batch, Format } from '../../../domains/sources/index.ts'
import { streamedRows } from '../json/documents.ts'
import { Flattener } from '../json/flatten.ts'
import { utf8Chunks } from '../text.ts'

interface Feature {
  id?: unknown
  geometry?: unknown
  properties?: Record<string, unknown> | null
}

/**
 * A GeoJSON FeatureCollection (RFC 7946), streamed. A row is a feature: its properties are the columns, with `id` and
 * `geometry` (as text) beside them.
 */
export const geojson: Format = {
  id: 'geojson',
  async *parse(bytes, options, context): AsyncIterable<Batch> {
    const flattener = new Flattener()
    for await (const features of streamedRows(utf8Chunks(bytes, options.encoding), options.rows ?? 'features')) {
      context.signal?.throwIfAborted()
      const rows = features.map((feature) => {
        const { id, geometry, properties } = (feature ?? {}) as Feature
        return {
          ...(id === undefined ? {} : { id }),
          ...properties,
          geometry: geometry ? JSON.stringify(geometry) : null,
        }
      })
      yield flattener.batch(rows)
    }
  },
}
