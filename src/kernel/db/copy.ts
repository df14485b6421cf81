/** `COPY … WITH (FORMAT binary)`: header and trailer around the rows (PostgreSQL, COPY, "Binary Format"). */
export const COPY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1')
export const COPY_TRAILER = Buffer.from([0xff, 0xff])

const PART_BYTES = 1_000_000
const EPOCH_2000 = Date.UTC(2000, 0, 1)
const DAY_MS = 86_400_000

/**
 * Rows in the binary form of COPY, written into one buffer: no text is made that the database would have to parse again.
 * Each row starts with {@link row} and then names every column in order. `null` and `undefined` are NULL.
 */
export class CopyRows {
  #bytes = Buffer.allocUnsafeSlow(PART_BYTES + 65_536)
  #other = Buffer.alloc(0)
  #view = viewOf(this.#bytes)
  #at = 0

  /** True when there is enough for {@link take} to be worth it. */
  get full(): boolean {
    return this.#at >= PART_BYTES
  }

  /**
   * What was written since the last call; whole rows, if called between rows. It is good until the call after the next:
   * two buffers take turns, as allocating megabytes without end keeps the collector busy.
   */
  take(): Buffer {
    const part = this.#bytes.subarray(0, this.#at)
    const other = this.#other.length > 0 ? this.#other : Buffer.allocUnsafeSlow(PART_BYTES + 65_536)
    this.#other = this.#bytes
    this.#bytes = other
    this.#view = viewOf(other)
    this.#at = 0
    return part
  }

  row(columns: number): void {
    this.#room(2)
    this.#view.setInt16(this.#at, columns)
    this.#at += 2
  }

  int2(value: number | null | undefined): void {
    this.#room(6)
    if (value == null) {
      this.#none()
      return
    }
    this.#view.setInt32(this.#at, 2)
    this.#view.setInt16(this.#at + 4, value)
    this.#at += 6
  }

  int4(value: number | null | undefined): void {
    this.#room(8)
    if (value == null) {
      this.#none()
      return
    }
    this.#view.setInt32(this.#at, 4)
    this.#view.setInt32(this.#at + 4, value)
    this.#at += 8
  }

  float8(value: number | null | undefined): void {
    this.#room(12)
    if (value == null) {
      this.#none()
      return
    }
    this.#view.setInt32(this.#at, 8)
    this.#view.setFloat64(this.#at + 4, value)
    this.#at += 12
  }

  boolean(value: boolean | null | undefined): void {
    this.#room(5)
    if (value == null) {
      this.#none()
      return
    }
    this.#at = this.#bytes.writeInt32BE(1, this.#at)
    this.#bytes[this.#at++] = value ? 1 : 0
  }

  /** Text as PostgreSQL stores it: without NUL. */
  text(value: string | null | undefined): void {
    if (value == null) {
      this.#room(4)
      this.#none()
      return
    }
    const clean = value.includes('\0') ? value.replaceAll('\0', '') : value
    this.#room(4 + clean.length * 3)
    const length = this.#bytes.write(clean, this.#at + 4)
    this.#bytes.writeInt32BE(length, this.#at)
    this.#at += 4 + length
  }

  jsonb(value: unknown): void {
    if (value == null) {
      this.#room(4)
      this.#none()
      return
    }
    const text = JSON.stringify(value).replaceAll('\\u0000', '')
    this.#room(5 + text.length * 3)
    const length = this.#bytes.write(text, this.#at + 5)
    this.#bytes.writeInt32BE(length + 1, this.#at)
    this.#bytes[this.#at + 4] = 1
    this.#at += 5 + length
  }

  /** `YYYY-MM-DD`. */
  date(value: string | null | undefined): void {
    this.#room(8)
    if (value == null) {
      this.#none()
      return
    }
    this.#at = this.#bytes.writeInt32BE(4, this.#at)
    this.#at = this.#bytes.writeInt32BE((Date.parse(`${value}T00:00:00Z`) - EPOCH_2000) / DAY_MS, this.#at)
  }

  /** A point in EPSG:4326 as EWKB. */
  point(lon: number | null, lat: number | null): void {
    this.#room(29)
    if (lon === null || lat === null) {
      this.#none()
      return
    }
    this.#at = this.#bytes.writeInt32BE(25, this.#at)
    this.#bytes[this.#at++] = 0
    this.#at = this.#bytes.writeInt32BE(0x20000001, this.#at)
    this.#at = this.#bytes.writeInt32BE(4326, this.#at)
    this.#at = this.#bytes.writeDoubleBE(lon, this.#at)
    this.#at = this.#bytes.writeDoubleBE(lat, this.#at)
  }

  /** text[], without NULL elements. */
  texts(values: readonly string[]): void {
    this.#room(24)
    const start = this.#at
    const head = values.length === 0 ? [0, 0, TEXT_OID] : [1, 0, TEXT_OID, values.length, 1]
    this.#at += 4
    for (const number of head) this.#at = this.#bytes.writeInt32BE(number, this.#at)
    for (const value of values) this.text(value)
    this.#bytes.writeInt32BE(this.#at - start - 4, start)
  }

  #none(): void {
    this.#view.setInt32(this.#at, -1)
    this.#at += 4
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + bytes))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
    this.#view = viewOf(larger)
  }
}

const TEXT_OID = 25

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
