import type { CopyRows } from '../../../kernel/db/index.ts'
import { ByteRows, isPlain } from './byte-rows.ts'
import { fastRows } from './fast-rows.ts'
import type { NoticeCode } from './notice-codes.ts'
import { FILES } from './schema.ts'
import type { ReadingState } from './state.ts'
import { RowReader, type Table } from './table.ts'
import { isPrintable } from './values.ts'

const FILE = 'shapes.txt'

/** One point as it stands in the file; `dist` where it is given. */
interface Point {
  sequence: number
  lat: number
  lon: number
  dist: number | undefined
}

/**
 * Points of shapes, as they come; the database strings them. A shape of one point is none. Rows as nearly all are are
 * read from the bytes they stand in, as stop times are; anything unusual goes through the general reader.
 */
export class Shapes {
  readonly #state: ReadingState
  readonly #table: Table
  readonly #reader: RowReader
  readonly #bytes: ByteRows
  readonly #at: Record<'id' | 'lat' | 'lon' | 'sequence' | 'dist', number>
  readonly #rest: number[]
  readonly #points: number[] = []
  #used = 0
  // The point before, its shape by number and by the bytes of its id.
  #id = ''
  #idBytes = Buffer.alloc(0)
  #shape = -1
  #last = { sequence: -1, dist: -1, row: 0, lat: 0, lon: 0 }

  constructor(state: ReadingState, table: Table) {
    this.#state = state
    this.#table = table
    this.#reader = new RowReader(FILES.get(FILE)!, table.header, state.notices)
    this.#bytes = new ByteRows(table.header.length)
    const at = (name: string) => table.header.indexOf(name)
    this.#at = {
      id: at('shape_id'),
      lat: at('shape_pt_lat'),
      lon: at('shape_pt_lon'),
      sequence: at('shape_pt_sequence'),
      dist: at('shape_dist_traveled'),
    }
    const known = new Set(Object.values(this.#at))
    this.#rest = table.header.flatMap((_, index) => (known.has(index) ? [] : [index]))
  }

  /** shape, shape_id, sequence, lat, lon, distance in the binary form of COPY. */
  async *parts(): AsyncIterable<Buffer> {
    const state = this.#state
    yield* fastRows(FILE, this.#table, this.#bytes, {
      signal: state.context.signal,
      notices: state.notices,
      plain: (rows, number) => this.#takePlain(rows, number),
      careful: (rows, cells, number) => this.#takeCarefully(rows, cells, number),
      read: (records) => {
        // Counted by the block: rows of use here, the others one by one.
        state.count(FILE, this.#used, this.#used)
        this.#used = 0
        state.tick(records)
      },
    })
    for (const [id, shape] of [...state.shapes.entries()]) {
      if (shape < 0 || this.#points[shape] !== 1) continue
      state.notices.add('single_shape_point', { filename: FILE, shapeId: id })
      state.shapes.spoil(id)
    }
  }

  /** The short path. False: look at the row more closely. */
  #takePlain(rows: CopyRows, number: number): boolean {
    const bytes = this.#bytes
    const at = this.#at
    if (bytes.cells !== this.#table.header.length) return false
    for (const index of this.#rest) if (!bytes.isEmpty(index)) return false
    const sequence = bytes.natural(at.sequence)
    const lat = bytes.decimal(at.lat)
    const lon = bytes.decimal(at.lon)
    if (sequence < 0 || !(Math.abs(lat) <= 90) || !(Math.abs(lon) <= 180)) return false
    let dist: number | undefined
    if (!bytes.isEmpty(at.dist)) {
      dist = bytes.decimal(at.dist)
      if (!(dist >= 0)) return false
    }
    if (bytes.isEmpty(at.id)) return false
    if (!bytes.equals(at.id, this.#idBytes, this.#idBytes.length)) {
      const id = bytes.text(at.id)
      if (!isPlain(id) || !isPrintable(id)) return false
      this.#begin(id)
    }
    this.#take(rows, number, { sequence, lat, lon, dist })
    return true
  }

  #takeCarefully(rows: CopyRows, cells: string[], number: number): void {
    const state = this.#state
    const row = this.#reader.read(cells, number)
    if (!row) return
    const id = row.text('shape_id')
    if (!row.good || id === undefined) {
      if (id !== undefined) state.shapes.addUnusable(id)
      state.count(FILE, 1, 0)
      state.rejectRow(row)
      return
    }
    if (id !== this.#id || this.#shape < 0) this.#begin(id)
    this.#take(rows, number, {
      sequence: row.num('shape_pt_sequence')!,
      lat: row.num('shape_pt_lat')!,
      lon: row.num('shape_pt_lon')!,
      dist: row.num('shape_dist_traveled'),
    })
  }

  /** A row of another shape than the one before. */
  #begin(id: string): void {
    this.#id = id
    // Of an odd id each row is looked at.
    this.#idBytes = Buffer.from(isPrintable(id) ? id : '')
    this.#shape = this.#state.shapes.add(id)
    this.#last = { sequence: -1, dist: -1, row: 0, lat: 0, lon: 0 }
  }

  #take(rows: CopyRows, csvRowNumber: number, { sequence, lat, lon, dist }: Point): void {
    const state = this.#state
    const last = this.#last
    const shapeId = this.#id
    const facts = () => ({ filename: FILE, csvRowNumber })
    if (sequence === last.sequence) {
      state.notices.add('duplicate_key', {
        ...facts(),
        fieldName1: 'shape_id,shape_pt_sequence',
        fieldValue1: `${shapeId},${sequence}`,
      })
      state.count(FILE, 1, 0)
      state.reject('duplicate_key', FILE, csvRowNumber, 'shape_pt_sequence', sequence)
      return
    }
    if (dist !== undefined && sequence > last.sequence) {
      const compared = () => ({ ...facts(), prevCsvRowNumber: last.row, shapeId, shapeDistTraveled: dist })
      if (dist < last.dist)
        state.notices.add('decreasing_shape_distance', { ...compared(), prevShapeDistTraveled: last.dist })
      else if (dist === last.dist) state.notices.add(equalDistance(last, lat, lon), compared())
    }
    if (Math.abs(lat) <= 1 && Math.abs(lon) <= 1)
      state.notices.add('point_near_origin', { ...facts(), latFieldValue: lat, lonFieldValue: lon })
    if (Math.abs(lat) >= 89)
      state.notices.add('point_near_pole', { ...facts(), latFieldValue: lat, lonFieldValue: lon })
    last.sequence = sequence
    last.dist = dist ?? -1
    last.row = csvRowNumber
    last.lat = lat
    last.lon = lon
    const shape = this.#shape
    this.#points[shape] = (this.#points[shape] ?? 0) + 1
    state.shapeEnds.point(shape, sequence, lon, lat, dist ?? 0)
    this.#used++
    rows.row(6)
    rows.int4(shape)
    rows.text(shapeId)
    rows.int4(sequence)
    rows.float8(lat)
    rows.float8(lon)
    rows.float8(dist)
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
