import { CopyRows } from '../../../kernel/db/index.ts'
import type { NoticeCode } from './notices.ts'
import { FILES } from './schema.ts'
import type { ReadingState } from './state.ts'
import { RowReader, type Table } from './table.ts'

const FILE = 'shapes.txt'

/** Points of shapes, as they come; the database strings them. A shape of one point is none. */
export class Shapes {
  readonly #state: ReadingState
  readonly #table: Table
  readonly #reader: RowReader
  readonly #points: number[] = []

  constructor(state: ReadingState, table: Table) {
    this.#state = state
    this.#table = table
    this.#reader = new RowReader(FILES.get(FILE)!, table.header, state.notices)
  }

  /** shape, shape_id, sequence, lat, lon, distance in the binary form of COPY. */
  async *parts(): AsyncIterable<Buffer> {
    const state = this.#state
    const rows = new CopyRows()
    let last = { id: '', sequence: -1, dist: -1, row: 0, lat: 0, lon: 0 }
    for await (const { rows: block, first } of this.#table.blocks) {
      state.context.signal?.throwIfAborted()
      for (const [index, cells] of block.entries()) {
        const row = this.#reader.read(cells, first + index)
        if (!row) continue
        const id = row.text('shape_id')
        if (!row.good || id === undefined) {
          if (id !== undefined) state.shapes.addUnusable(id)
          state.count(FILE, 1, 0)
          state.rejectRow(row)
          continue
        }
        const sequence = row.num('shape_pt_sequence')!
        const dist = row.num('shape_dist_traveled')
        const lat = row.num('shape_pt_lat')!
        const lon = row.num('shape_pt_lon')!
        if (id === last.id && sequence === last.sequence) {
          state.note('duplicate_key', row, {
            fieldName1: 'shape_id,shape_pt_sequence',
            fieldValue1: `${id},${sequence}`,
          })
          row.spoil('duplicate_key', 'shape_pt_sequence')
          state.count(FILE, 1, 0)
          state.rejectRow(row)
          continue
        }
        if (id === last.id && sequence > last.sequence && dist !== undefined && dist < last.dist)
          state.note('decreasing_shape_distance', row, {
            prevCsvRowNumber: last.row,
            shapeId: id,
            shapeDistTraveled: dist,
            prevShapeDistTraveled: last.dist,
          })
        if (id === last.id && sequence > last.sequence && dist !== undefined && dist === last.dist)
          state.note(equalDistance(last, lat, lon), row, {
            prevCsvRowNumber: last.row,
            shapeId: id,
            shapeDistTraveled: dist,
          })
        if (Math.abs(lat) <= 1 && Math.abs(lon) <= 1)
          state.note('point_near_origin', row, { latFieldValue: lat, lonFieldValue: lon })
        last = { id, sequence, dist: dist ?? -1, row: row.number, lat, lon }
        const shape = state.shapes.add(id)
        this.#points[shape] = (this.#points[shape] ?? 0) + 1
        state.count(FILE, 1, 1)
        rows.row(6)
        rows.int4(shape)
        rows.text(id)
        rows.int4(sequence)
        rows.float8(lat)
        rows.float8(lon)
        rows.float8(dist)
      }
      state.tick(block.length)
      if (rows.full) yield rows.take()
    }
    yield rows.take()
    for (const [id, shape] of [...state.shapes.entries()]) {
      if (shape < 0 || this.#points[shape] !== 1) continue
      state.notices.add('single_shape_point', { filename: FILE, shapeId: id })
      state.shapes.spoil(id)
    }
  }
}

/** Points that share a distance: the same place twice, or one of the distances is wrong. */
function equalDistance(last: { lat: number; lon: number }, lat: number, lon: number): NoticeCode {
  const metres = 111_195 * Math.hypot(lat - last.lat, (lon - last.lon) * Math.cos((lat * Math.PI) / 180))
  if (metres === 0) return 'equal_shape_distance_same_coordinates'
  // 0.00001 degrees: what five decimals of a coordinate tell apart.
  return metres > 1.11
    ? 'equal_shape_distance_diff_coordinates'
    : 'equal_shape_distance_diff_coordinates_distance_below_threshold'
}
