import { bad } from './errors.ts'

type Point = [number, number]

/**
 * Checks a WKT literal (lon lat, EPSG:4326) before the database sees it, so that a malformed one is a 400 with a
 * position on every engine: POINT, LINESTRING, POLYGON, their MULTI forms and GEOMETRYCOLLECTION, each also with heights
 * (`POINT Z (8 51 60)`); closed rings.
 * Returns the text to hand on. `pos` is where the literal stands in its option.
 */
export function checkWkt(text: string, pos: number): string {
  const reader = new Reader(text.trim().replace(/^SRID=4326;/i, ''), pos)
  reader.geometry()
  reader.end()
  return reader.text
}

class Reader {
  readonly text: string
  readonly #pos: number
  #at = 0
  /** Coordinates a point has: three after `Z`. */
  #dimensions = 2

  constructor(text: string, pos: number) {
    this.text = text
    this.#pos = pos
  }

  #fail(what: string): never {
    throw bad(`geometry: ${what} at character ${this.#at} of "${this.text.slice(0, 60)}"`, this.#pos)
  }

  #space(): void {
    while (this.text.charCodeAt(this.#at) <= 32) this.#at++
  }

  #take(char: string): boolean {
    this.#space()
    if (this.text[this.#at] !== char) return false
    this.#at++
    return true
  }

  #need(char: string): void {
    if (!this.#take(char)) this.#fail(`"${char}" is expected`)
  }

  #word(): string {
    this.#space()
    const found = /^[A-Za-z]+/.exec(this.text.slice(this.#at, this.#at + 30))
    if (!found) this.#fail('the name of a geometry is expected')
    this.#at += found![0].length
    return found![0].toUpperCase()
  }

  #number(): number {
    this.#space()
    const found = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?/.exec(this.text.slice(this.#at, this.#at + 60))
    const value = found ? Number(found[0]) : Number.NaN
    if (!found || !Number.isFinite(value)) this.#fail('a coordinate is expected')
    this.#at += found![0].length
    return value
  }

  #list<T>(one: () => T): T[] {
    this.#need('(')
    const all = [one()]
    while (this.#take(',')) all.push(one())
    this.#need(')')
    return all
  }

  #point = (): Point => {
    const point: Point = [this.#number(), this.#number()]
    if (this.#dimensions === 3) this.#number()
    return point
  }

  #line = (): Point[] => {
    const points = this.#list(this.#point)
    if (points.length < 2) this.#fail('a line has two points at least')
    return points
  }

  #ring = (): void => {
    const points = this.#list(this.#point)
    const [first, last] = [points[0]!, points.at(-1)!]
    if (points.length < 4 || first[0] !== last[0] || first[1] !== last[1]) {
      this.#fail('a ring has four points at least and ends where it starts')
    }
  }

  #polygon = (): void => {
    this.#list(this.#ring)
  }

  /** In a MULTIPOINT the brackets around each point may be left out. */
  #bracketedPoint = (): void => {
    if (!this.#take('(')) {
      this.#point()
      return
    }
    this.#point()
    this.#need(')')
  }

  geometry = (depth = 0): void => {
    if (depth > 4) this.#fail('collections are nested too deeply')
    const name = this.#word()
    const kind = /^[A-Z]+[A-Y]Z$/.test(name) ? name.slice(0, -1) : name
    this.#space()
    const heights = kind !== name || /^z\s*\(/i.test(this.text.slice(this.#at, this.#at + 30))
    if (heights && kind === name) this.#word()
    this.#dimensions = heights ? 3 : 2
    switch (kind) {
      case 'POINT':
        this.#need('(')
        this.#point()
        this.#need(')')
        return
      case 'LINESTRING':
        this.#line()
        return
      case 'POLYGON':
        this.#polygon()
        return
      case 'MULTIPOINT':
        this.#list(this.#bracketedPoint)
        return
      case 'MULTILINESTRING':
        this.#list(this.#line)
        return
      case 'MULTIPOLYGON':
        this.#list(this.#polygon)
        return
      case 'GEOMETRYCOLLECTION':
        this.#list(() => this.geometry(depth + 1))
        return
      default:
        this.#fail(`"${kind}" is not a known geometry (coordinates are longitude latitude, after Z also height)`)
    }
  }

  end(): void {
    this.#space()
    if (this.#at < this.text.length) this.#fail('nothing more is expected')
  }
}
