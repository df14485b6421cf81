import type { Feed, Format } from '../../domains/sources/index.ts'
import { bnetza } from './bnetza/index.ts'
import { csv } from './csv/index.ts'
import { datex2 } from './datex2/index.ts'
import { gbfs } from './gbfs/index.ts'
import { geojson } from './geojson/index.ts'
import { gtfs } from './gtfs/index.ts'
import { json } from './json/index.ts'
import { ocpi } from './ocpi/index.ts'
import { parkapi } from './parkapi/index.ts'
import { xlsx } from './xlsx/index.ts'

export { unpack } from './archive/index.ts'
export { gtfsRealtime } from './gtfs-rt/index.ts'

/** Every way of reading bytes as rows. Each is a folder; leaving one out only takes its `format.type` away. */
export const formats: readonly Format[] = [csv, json, geojson, xlsx]

/** Every feed: formats that say themselves what their data means. Each is a folder. */
export const feeds: readonly Feed[] = [bnetza, datex2, gbfs, gtfs, ocpi, parkapi]
