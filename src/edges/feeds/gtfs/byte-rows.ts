/**
 * Cells of a block of records by their place in its bytes: millions of rows are read without a text being made of each.
 * Quotes around a whole cell are taken off; anything odder is left to a reader of CSV (see {@link ByteRows.rest}).
 */
export class ByteRows {
  /** Cells of the record. */
  cells = 0
  bytes: Buffer = Buffer.alloc(0)
  /** Where each cell begins and ends, without its quotes. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly #columns: number
  #record = 0
  #next = 0
  #odd = false

  constructor(columns: number) {
    this.#columns = columns
    this.starts = new Int32Array(columns)
    this.ends = new Int32Array(columns)
  }

  /** Begins a block: whole records. */
  open(bytes: Buffer): void {
    this.bytes = bytes
    this.#next = 0
    this.#odd = false
  }

  /** Goes to the next record that is not an empty line; false at the end, or before one that needs a reader of CSV. */
  next(): boolean {
    const { bytes, starts, ends } = this
    const { length } = bytes
    const columns = this.#columns
    let at = this.#next
    while (at < length && (bytes[at] === LINE_FEED || bytes[at] === RETURN)) at++
    this.#record = at
    if (at >= length) return false
    let cell = 0
    for (;;) {
      let start = at
      let end: number
      if (bytes[at] === QUOTE) {
        start = at + 1
        end = bytes.indexOf(QUOTE, start)
        if (end < 0) return this.#leave()
        at = end + 1
        if (at < length && bytes[at] !== COMMA && bytes[at] !== LINE_FEED && bytes[at] !== RETURN) return this.#leave()
      } else {
        let byte = 0
        while (at < length) {
          byte = bytes[at]!
          if (byte === COMMA || byte === LINE_FEED || byte === QUOTE) break
          at++
        }
        if (byte === QUOTE && at < length) return this.#leave()
        end = at
      }
      if (cell < columns) {
        starts[cell] = start
        ends[cell] = end
      }
      cell++
      if (bytes[at] === COMMA && at < length) {
        at++
        continue
      }
      // Carriage returns before the line feed belong to the line's end.
      let last = end
      if (at === end) while (last > start && bytes[last - 1] === RETURN) last--
      else
        while (at < length && bytes[at] !== LINE_FEED) {
          if (bytes[at] !== RETURN) return this.#leave()
          at++
        }
      if (cell <= columns) ends[cell - 1] = last
      this.cells = cell
      this.#next = at + 1
      return true
    }
  }

  #leave(): false {
    this.#odd = true
    return false
  }

  /** What is left of the block from a record on that is no plain one; null where there is none. */
  rest(): Buffer | null {
    return this.#odd ? this.bytes.subarray(this.#record) : null
  }

  /** The record as texts; blanks around a cell belong to it only within quotes. */
  texts(): string[] {
    const texts: string[] = []
    const kept = Math.min(this.cells, this.#columns)
    for (let cell = 0; cell < kept; cell++) {
      const isQuoted = this.bytes[this.starts[cell]! - 1] === QUOTE
      texts.push(isQuoted ? this.text(cell) : this.text(cell).trim())
    }
    // Beyond the header only their number counts.
    for (let cell = kept; cell < this.cells; cell++) texts.push('')
    return texts
  }

  text(cell: number): string {
    return this.bytes.toString('utf8', this.starts[cell], this.ends[cell])
  }

  /** -1 is a column that is not there. */
  isEmpty(cell: number): boolean {
    return cell < 0 || this.starts[cell] === this.ends[cell]
  }

  /** Digits alone, nine at most; -1 for anything else. */
  natural(cell: number): number {
    const { bytes } = this
    const end = this.ends[cell]!
    let at = this.starts[cell]!
    if (end === at || end - at > 9) return -1
    let value = 0
    for (; at < end; at++) {
      const digit = bytes[at]! - ZERO
      if (digit < 0 || digit > 9) return -1
      value = value * 10 + digit
    }
    return value
  }

  /** Seconds of `H:MM:SS`, hours to 999; -1 for anything else. */
  time(cell: number): number {
    const { bytes } = this
    const end = this.ends[cell]!
    const start = this.starts[cell]!
    const length = end - start
    if (length < 7 || length > 9 || bytes[end - 3] !== COLON || bytes[end - 6] !== COLON) return -1
    let hours = 0
    for (let at = start; at < end - 6; at++) {
      const digit = bytes[at]! - ZERO
      if (digit < 0 || digit > 9) return -1
      hours = hours * 10 + digit
    }
    const m1 = bytes[end - 5]! - ZERO
    const m0 = bytes[end - 4]! - ZERO
    const s1 = bytes[end - 2]! - ZERO
    const s0 = bytes[end - 1]! - ZERO
    if (m1 < 0 || m1 > 5 || s1 < 0 || s1 > 5 || m0 < 0 || m0 > 9 || s0 < 0 || s0 > 9) return -1
    return hours * 3600 + (m1 * 10 + m0) * 60 + s1 * 10 + s0
  }

  /** A decimal number of at most 15 digits, with a sign perhaps; NaN for anything else. */
  decimal(cell: number): number {
    const { bytes } = this
    const end = this.ends[cell]!
    let at = this.starts[cell]!
    const negative = bytes[at] === MINUS
    if (negative) at++
    if (end === at || end - at > 16) return Number.NaN
    let value = 0
    let digits = 0
    let point = -1
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (byte === POINT && point < 0) {
        point = digits
        continue
      }
      const digit = byte - ZERO
      if (digit < 0 || digit > 9) return Number.NaN
      value = value * 10 + digit
      digits++
    }
    if (digits === 0 || digits > 15) return Number.NaN
    // Both numbers are exact, so their quotient is the double nearest to the decimal.
    if (point >= 0) value /= POWERS[digits - point]!
    return negative ? -value : value
  }

  /** Are these the bytes of the cell? */
  equals(cell: number, other: Uint8Array, length: number): boolean {
    const { bytes } = this
    const start = this.starts[cell]!
    if (this.ends[cell]! - start !== length) return false
    for (let at = length - 1; at >= 0; at--) if (bytes[start + at] !== other[at]) return false
    return true
  }
}

const LINE_FEED = 10
const RETURN = 13
const QUOTE = 34
const COMMA = 44
const MINUS = 45
const POINT = 46
const ZERO = 48
const COLON = 58
const POWERS = Array.from({ length: 17 }, (_, k) => 10 ** k)

/** Ids and their numbers by the bytes of the ids: an open hash table, made once of what will be asked for. */
export class ByteIds {
  readonly #slots: Int32Array
  readonly #offsets: Int32Array
  readonly #numbers: Int32Array
  readonly #keys: Buffer
  readonly #mask: number

  constructor(ids: Iterable<readonly [id: string, number: number]>) {
    const list = [...ids].filter(([, number]) => number >= 0)
    let size = 16
    while (size < list.length * 2) size *= 2
    this.#mask = size - 1
    this.#slots = new Int32Array(size).fill(-1)
    this.#offsets = new Int32Array(list.length + 1)
    this.#numbers = Int32Array.from(list, ([, number]) => number)
    this.#keys = Buffer.allocUnsafe(list.reduce((sum, [id]) => sum + Buffer.byteLength(id), 0))
    let end = 0
    for (const [index, [id]] of list.entries()) {
      this.#offsets[index] = end
      end += this.#keys.write(id, end)
      this.#offsets[index + 1] = end
      let slot = hashOf(this.#keys, this.#offsets[index]!, end) & this.#mask
      while (this.#slots[slot]! >= 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = index
    }
  }

  /** The number of the id that stands there, -1 where there is none. */
  of(bytes: Buffer, start: number, end: number): number {
    let slot = hashOf(bytes, start, end) & this.#mask
    for (;;) {
      const index = this.#slots[slot]!
      if (index < 0) return -1
      const from = this.#offsets[index]!
      const length = this.#offsets[index + 1]! - from
      if (length === end - start) {
        let at = 0
        while (at < length && this.#keys[from + at] === bytes[start + at]) at++
        if (at === length) return this.#numbers[index]!
      }
      slot = (slot + 1) & this.#mask
    }
  }
}

/** FNV-1a. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash ^ (hash >>> 15)
}

/** Nothing about the text must be told: no blanks around it, no line breaks, all of it readable. */
export function isPlain(text: string): boolean {
  return text.charCodeAt(0) > 32 && text.charCodeAt(text.length - 1) > 32 && !/[\ufffd\r\n\0]/.test(text)
}
