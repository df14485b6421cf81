import type { Batch, Cell } from '../../../domains/sources/index.ts'

const MAX_DEPTH = 12
const MAX_COLUMNS = 5000

/**
 * Turns objects into rows: every value in an object becomes a column named by its path (`uplink_message.f_port`,
 * `rx.0.rssi`). Paths not seen before are added at the end, and then the header is a new array.
 */
export class Flattener {
  #columns = new Map<string, number>()
  #header: readonly string[] = []
  #row = 1

  batch(objects: readonly unknown[]): Batch {
    const rows = objects.map((object) => {
      const row: Cell[] = []
      this.#put(row, '', object, 0)
      return row
    })
    if (this.#header.length !== this.#columns.size) this.#header = [...this.#columns.keys()]
    const firstRow = this.#row
    this.#row += rows.length
    return { header: this.#header, rows, firstRow, objects }
  }

  #put(row: Cell[], path: string, value: unknown, depth: number): void {
    if (typeof value === 'object' && value !== null) {
      if (depth >= MAX_DEPTH) return
      const entries = Array.isArray(value) ? value.entries() : Object.entries(value)
      for (const [key, item] of entries) this.#put(row, path === '' ? String(key) : `${path}.${key}`, item, depth + 1)
      return
    }
    const name = path === '' ? 'value' : path
    let column = this.#columns.get(name)
    if (column === undefined) {
      if (this.#columns.size >= MAX_COLUMNS) return
      column = this.#columns.size
      this.#columns.set(name, column)
    }
    while (row.length < column) row.push(undefined)
    row[column] = value as Cell
  }
}
