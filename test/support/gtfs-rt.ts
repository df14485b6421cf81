/** A reader of GTFS Realtime that shares nothing with the platform's: another library (pbf), field by field. */
import { PbfReader } from 'pbf'

type Out = Record<string, unknown>
type Fields = Record<number, [name: string, read: (pbf: PbfReader) => unknown, many?: true]>

const message = (fields: Fields) => (pbf: PbfReader) => {
  const end = pbf.readVarint() + pbf.pos
  return fill(pbf, fields, end)
}
function fill(pbf: PbfReader, fields: Fields, end?: number): Out {
  return pbf.readFields(
    (tag: number, out: Out) => {
      const field = fields[tag]
      if (!field) return
      const [name, read, many] = field
      if (many) out[name] = [...((out[name] as unknown[]) ?? []), read(pbf)]
      else out[name] = read(pbf)
    },
    {},
    end,
  )
}
const text = (pbf: PbfReader) => pbf.readString()
const int = (pbf: PbfReader) => pbf.readVarint(true)
const float = (pbf: PbfReader) => pbf.readFloat()

const trip = message({
  1: ['trip_id', text],
  2: ['start_time', text],
  3: ['start_date', text],
  4: ['schedule_relationship', int],
  5: ['route_id', text],
})
const event = message({ 1: ['delay', int], 2: ['time', int] })
const stopTime = message({
  1: ['stop_sequence', int],
  2: ['arrival', event],
  3: ['departure', event],
  4: ['stop_id', text],
  5: ['schedule_relationship', int],
})
const tripUpdate = message({ 1: ['trip', trip], 2: ['stop_time_update', stopTime, true], 4: ['timestamp', int] })
const position = message({ 1: ['latitude', float], 2: ['longitude', float] })
const vehicle = message({ 1: ['trip', trip], 2: ['position', position], 5: ['timestamp', int], 7: ['stop_id', text] })
const header = message({ 1: ['gtfs_realtime_version', text], 2: ['incrementality', int], 3: ['timestamp', int] })
const entity = message({
  1: ['id', text],
  3: ['trip_update', tripUpdate],
  4: ['vehicle', vehicle],
  5: ['alert', message({})],
})

export interface ReadFeed {
  header: { gtfs_realtime_version: string; timestamp: number }
  entity: {
    id: string
    trip_update?: {
      trip: { trip_id: string; start_date?: string; schedule_relationship?: number }
      stop_time_update?: {
        stop_sequence: number
        stop_id: string
        departure?: { time?: number }
        arrival?: { time?: number }
      }[]
    }
    vehicle?: { position: { latitude: number; longitude: number } }
  }[]
}

export function readFeed(bytes: Uint8Array): ReadFeed {
  const read = fill(new PbfReader(bytes), { 1: ['header', header], 2: ['entity', entity, true] })
  return { entity: [], ...read } as unknown as ReadFeed
}
