import type { ApplyContext, RejectionExample, RunFigures } from '../../../domains/sources/index.ts'
import { FareRules } from './fare-rules.ts'
import { FareReferences } from './fares.ts'
import { FlexRules } from './flex-rules.ts'
import { Ids } from './ids.ts'
import type { NoticeCode } from './notice-codes.ts'
import { type NoticeFacts, Notices } from './notices.ts'
import { RowRules, type StopFacts } from './row-rules.ts'
import type { TableRow } from './table.ts'
import { Places, ShapeEnds, type Travel, TripTable } from './travel.ts'

const EXAMPLES = 5

/** What reading a feed has found so far: notices, ids, counts. */
export class ReadingState {
  readonly notices = new Notices()
  readonly agencies = new Ids()
  readonly levels = new Ids()
  readonly stops = new Ids()
  readonly routes = new Ids()
  readonly services = new Ids()
  readonly shapes = new Ids()
  readonly trips = new Ids()
  readonly fares = new Ids()
  readonly blocks = new Ids()
  readonly rules = new RowRules(this)
  readonly references = new FareReferences(this)
  readonly fareRules = new FareRules((code, row, facts) => this.note(code, row, facts))
  readonly flexRules = new FlexRules((code, row, facts) => this.note(code, row, facts))
  /** Platforms with boarding areas, by number. */
  readonly boarded = new Set<number>()
  readonly places = new Places()
  /** location_type by number of the stop. */
  readonly stopTypes: number[] = []
  /** By number of the stop. */
  readonly stopFacts: StopFacts[] = []
  /** By number of the shape. */
  readonly shapeEnds = new ShapeEnds()
  /** route_type by number of the route. */
  readonly routeTypes: number[] = []
  /** Lines with a fare that depends on zones, by number. */
  readonly zonedRoutes = new Set<number>()
  /** Stop times did not come trip after trip, in order. */
  isUnsorted = false
  /** Geometries of areas by id. */
  readonly areas = new Map<string, string>()
  /** Stops by the id of their group. */
  readonly groupStops = new Map<string, number[]>()
  /** Some transfer is between trips. */
  hasTripTransfers = false
  /** Lines of which `isClosed` holds, by number. */
  readonly routeRows = new Map<number, TableRow>()
  readonly tripFacts = new TripTable()
  /** What the stop times said of speeds, shapes and blocks; none where they came in disorder. */
  travel: Travel | undefined
  /** Rows read and rows used, by file. */
  readonly read: Record<string, number> = {}
  readonly used: Record<string, number> = {}
  /** A file in UTF-16, if there is one. */
  wide: string | null = null
  timeZone = ''
  /** Columns by file. */
  readonly headers: Record<string, string[]> = {}
  feedInfo: Record<string, string> | null = null
  /** Today in the agency's time zone, `YYYY-MM-DD`. */
  today = new Date().toISOString().slice(0, 10)
  readonly context: ApplyContext
  readonly #rejections = new Map<string, { reason: string; count: number; examples: RejectionExample[] }>()
  #rows = 0

  constructor(context: ApplyContext) {
    this.context = context
  }

  /** Rows went by. */
  tick(rows: number): void {
    this.#rows += rows
    this.context.progress({ rows: this.#rows })
  }

  count(file: string, read: number, used: number): void {
    this.read[file] = (this.read[file] ?? 0) + read
    this.used[file] = (this.used[file] ?? 0) + used
  }

  /** A row is left out. */
  reject(reason: string, file: string, row: number, column: string, value: unknown): void {
    let group = this.#rejections.get(reason)
    if (!group) {
      group = { reason, count: 0, examples: [] }
      this.#rejections.set(reason, group)
    }
    group.count++
    if (group.examples.length < EXAMPLES) group.examples.push({ file, row, column, value })
  }

  rejectRow(row: TableRow): null {
    this.reject(
      row.problem ?? 'missing_required_field',
      row.file,
      row.number,
      row.field ?? '',
      row.field ? (row.values[row.field] ?? '') : '',
    )
    return null
  }

  note(code: NoticeCode, row: TableRow, facts: NoticeFacts = {}): void {
    this.notices.add(code, { filename: row.file, csvRowNumber: row.number, ...facts })
  }

  /**
   * The number of what a field refers to: null where it is empty, undefined where nothing usable is there (said by a
   * notice, unless the other table is missing as a whole).
   */
  refer(
    row: TableRow,
    field: string,
    parentFilename: string,
    parentFieldName: string,
    ids: Ids,
  ): number | null | undefined {
    const id = row.text(field)
    if (id === undefined) return null
    const number = ids.of(id)
    if (number !== undefined && number >= 0) {
      if (ids === this.shapes) ids.mark(number)
      return number
    }
    if (number === undefined && !ids.absent)
      this.notices.add('foreign_key_violation', {
        childFilename: row.file,
        childFieldName: field,
        parentFilename,
        parentFieldName,
        fieldValue: id,
        csvRowNumber: row.number,
      })
    row.problem ??= number === undefined ? 'foreign_key_violation' : 'refers to a row that cannot be used'
    row.field ??= field
    return undefined
  }

  /** Takes a new key; false (and a notice) when another row has it. */
  unique(row: TableRow, ids: Ids, field: string, key = row.text(field)!): boolean {
    if (!ids.has(key)) return true
    if ((ids.of(key) ?? -1) >= 0) {
      this.note('duplicate_key', row, { fieldName1: field, fieldValue1: key })
      row.problem ??= 'duplicate_key'
      row.field ??= field
      return false
    }
    return true
  }

  figures(): RunFigures {
    const sum = (counts: Record<string, number>) => Object.values(counts).reduce((all, n) => all + n, 0)
    const read = sum(this.read)
    const accepted = sum(this.used)
    const rejections = [...this.#rejections.values()].sort((a, b) => b.count - a.count)
    return { read, accepted, unchanged: 0, corrected: 0, rejected: read - accepted, rejections }
  }
}
