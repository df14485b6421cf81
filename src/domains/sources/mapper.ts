import { compilePattern, type Pattern } from '../../kernel/pattern.ts'
import { CONCEPTS, type Concept, type FeatureSpec, geometryProblem } from '../features/index.ts'
import type { NewObservation } from '../sensing/index.ts'
import { type Clock, clockOf } from './clock.ts'
import { type Computed, compileExpression, computeColumns } from './compute.ts'
import type { Definition } from './definition.ts'
import { inTermsOf } from './described.ts'
import { parseDuration } from './duration.ts'
import type { Batch, Cell, StreamRef, ThingRef } from './model.ts'
import { readCommaNumber, readNumber } from './numbers.ts'
import { compileLookups, compilePlan, type LookupTable, type Plan, type PlannedSeries } from './plan.ts'
import { makeStream, makeThing } from './refs.ts'
import { Rejections } from './rejections.ts'
import { RowTime } from './row-time.ts'
import { readText } from './template.ts'
import { readPeriod } from './validity.ts'

/** Ambiguous values held back until their file ends; beyond this they are settled at once. */
const MAX_HELD = 100_000

interface Held {
  observation: NewObservation
  stream: StreamRef
  local: number
  later: string
  laterEnd: string | null
}

/**
 * Turns rows into observations. One mapper lives for one run; `file()` begins each file of it. What is ready stands in
 * `ready` and is taken away by the caller between batches; values of a datastream the database does not know yet also
 * stand in `waiting` until `stream.id` is set.
 */
export class Mapper {
  readonly definition: Definition
  readonly clock: Clock
  readonly rejections = new Rejections()
  readonly things = new Map<string, ThingRef>()
  /** Streams met for the first time since the caller last looked. */
  newStreams: StreamRef[] = []
  /** What each thing also is, where the definition says so. */
  readonly concept: Concept | undefined
  /** Areas whose bays said something, with their names. */
  readonly areas = new Map<string, string>()
  /** Features met for the first time since the caller last looked. */
  newFeatures: FeatureSpec[] = []
  ready: NewObservation[] = []
  waiting: { observation: NewObservation; stream: StreamRef }[] = []
  /** Values read: everything that is accepted, unchanged, corrected or rejected in the end. */
  read = 0
  rows = 0
  /** Greatest start time of a value, ISO. */
  newest = ''
  readonly seenColumns = new Set<string>()
  readonly #lookups: Map<string, LookupTable>
  readonly #computed: Computed[]
  readonly #pattern: Pattern | undefined
  readonly #preamble: [string, Pattern][]

  constructor(definition: Definition, defaultZone: string) {
    this.definition = definition
    this.concept = definition.concept === undefined ? undefined : CONCEPTS.get(definition.concept)
    this.clock = clockOf(definition.timeZone ?? defaultZone)
    this.#lookups = compileLookups(definition)
    this.#computed = Object.entries(definition.compute ?? {}).map(([name, source]) => ({
      name,
      evaluate: compileExpression(source),
    }))
    this.#pattern = definition.from.files === undefined ? undefined : compilePattern(definition.from.files)
    this.#preamble = Object.entries(definition.preamble ?? {}).map(([name, source]) => [name, compilePattern(source)])
  }

  /** Whether a file of a folder or archive belongs to the source. */
  wants(path: string): boolean {
    return this.#pattern?.test(path) ?? true
  }

  /** Begins a file. `extra` are further placeholders (the topic of a message). */
  file(path: string, extra: ReadonlyMap<string, string> = new Map(), arrival?: number): FileMapper {
    const constants = new Map<string, string>([['file', path], ...extra])
    for (const [name, text] of this.#pattern?.groups(path) ?? []) constants.set(name, text)
    return new FileMapper(this, path, constants, this.#lookups, this.#computed, this.#preamble, arrival)
  }
}

/** Reads the batches of one file. */
export class FileMapper {
  readonly #mapper: Mapper
  readonly #path: string
  readonly #constants: Map<string, string>
  readonly #lookups: ReadonlyMap<string, LookupTable>
  readonly #computed: readonly Computed[]
  readonly #preamble: readonly [string, Pattern][]
  readonly #time: RowTime
  readonly #number: (text: string) => number
  readonly #empty: ReadonlySet<string>
  #header: readonly string[] | undefined
  #fullHeader: readonly string[] = []
  #plan: Plan | undefined
  /** The streams of each thing, in the order of the plan's series. */
  #streams = new Map<string, (StreamRef | undefined)[]>()
  #held: Held[] = []

  constructor(
    mapper: Mapper,
    path: string,
    constants: Map<string, string>,
    lookups: ReadonlyMap<string, LookupTable>,
    computed: readonly Computed[],
    preamble: readonly [string, Pattern][],
    arrival: number | undefined,
  ) {
    const { definition, clock } = mapper
    this.#mapper = mapper
    this.#path = path
    this.#constants = constants
    this.#lookups = lookups
    this.#computed = computed
    this.#preamble = preamble
    const period = definition.time.period === undefined ? undefined : parseDuration(definition.time.period)
    this.#time = new RowTime(clock, definition.time.format ?? 'iso', period, definition.time.stamp ?? 'start', arrival)
    this.#number = definition.format.decimal === ',' ? readCommaNumber : readNumber
    this.#empty = new Set(definition.format.empty ?? [])
  }

  /** Maps the rows of a batch. Throws FileError when the header does not fit the definition. */
  async map(batch: Batch): Promise<void> {
    if (batch.header !== this.#header) this.#replan(batch)
    if (this.#computed.length === 0) return this.mapRows(batch)
    const { rejections } = this.#mapper
    const constants = Object.fromEntries(this.#constants)
    const full = await computeColumns(batch, this.#fullHeader, this.#computed, constants, (row, name, reason) => {
      this.#mapper.read++
      rejections.add(reason, 1, row, name, null, this.#file)
    })
    this.mapRows(full)
  }

  /** The file is read: settles the values of the hour that happened twice. */
  end(): void {
    this.#settle()
  }

  get #file(): string | undefined {
    return this.#mapper.definition.from.files === undefined ? undefined : this.#path
  }

  #replan(batch: Batch): void {
    for (const [name, pattern] of this.#preamble) {
      for (const line of batch.preamble ?? []) {
        const found = pattern.first(line)
        if (found !== null) this.#constants.set(name, found)
      }
    }
    this.#header = batch.header
    this.#fullHeader =
      this.#computed.length === 0 ? batch.header : [...batch.header, ...this.#computed.map(({ name }) => name)]
    this.#plan = compilePlan(this.#mapper.definition, this.#fullHeader, this.#constants, this.#lookups)
    this.#streams = new Map()
    for (const { columnName } of this.#plan.series) this.#mapper.seenColumns.add(columnName)
  }

  private mapRows(batch: Batch): void {
    const plan = this.#plan!
    const mapper = this.#mapper
    const time = this.#time
    const { series, timeColumn, where, width } = plan
    const strict = batch.objects === undefined
    const fixedKey = 'constant' in plan.thingKey ? plan.thingKey.constant : undefined
    const { concept } = mapper
    const timed = mapper.definition.series.length > 0
    let lastKey: string | undefined
    let streams: (StreamRef | undefined)[] = []
    mapper.rows += batch.rows.length
    for (let index = 0; index < batch.rows.length; index++) {
      const row = batch.rows[index]!
      if (strict && row.length !== width && this.#misshapen(row, plan, batch.firstRow + index)) continue
      if (where !== undefined && !where(row)) continue
      if (concept !== undefined) {
        const described = this.#describe(
          concept,
          fixedKey ?? readText(plan.thingKey, row),
          plan,
          row,
          batch.firstRow + index,
        )
        if (!described || !timed || valuesIn(row, plan) === 0) continue
      }
      if (
        !time.read(timeColumn >= 0 ? row[timeColumn] : plan.time === undefined ? undefined : readText(plan.time, row))
      ) {
        const value = timeColumn >= 0 ? row[timeColumn] : plan.time && readText(plan.time, row)
        this.#rejectRow(time.reason, row, plan, batch.firstRow + index, plan.timeName, value)
        continue
      }
      const key = fixedKey ?? readText(plan.thingKey, row)
      if (key !== lastKey) {
        if (key === '') {
          this.#rejectRow(
            "the thing's key is empty",
            row,
            plan,
            batch.firstRow + index,
            mapper.definition.thing.key,
            '',
          )
          continue
        }
        streams = this.#streams.get(key) ?? this.#newThing(key)
        lastKey = key
      }
      for (let at = 0; at < series.length; at++) {
        const planned = series[at]!
        const cell = row[planned.column]
        if (cell === '' || cell === undefined || cell === null) continue
        let stream = streams[at]
        let value = 0
        let quality: 1 | null = null
        if (planned.status >= 0) {
          const status = row[planned.status]
          const known =
            planned.statuses.get(status as string) ?? planned.statuses.get(String(status ?? '')) ?? planned.otherwise
          if (known === 2) continue
          if (known === 1) quality = 1
        }
        if (planned.when !== undefined && !planned.when(row)) continue
        let result: unknown
        if (planned.kind === 'number') {
          value =
            typeof cell === 'number'
              ? (planned.values?.get(String(cell)) ?? cell)
              : planned.values === undefined
                ? typeof cell === 'string'
                  ? this.#number(cell)
                  : Number.NaN
                : (planned.values.get(String(cell)) ?? (typeof cell === 'string' ? this.#number(cell) : Number.NaN))
          if (!(value - value === 0)) {
            if (typeof cell === 'string' && (this.#empty.has(cell) || cell.trim() === '')) continue
            mapper.read++
            mapper.rejections.add('not a number', 1, batch.firstRow + index, planned.columnName, cell, this.#file)
            continue
          }
          if (planned.factor !== 1) value *= planned.factor
          if (value < planned.least || value > planned.greatest) quality = 1
        } else {
          if (typeof cell === 'string' && this.#empty.has(cell)) continue
          result = typedResult(cell, planned.kind, this.#number)
          if (result === undefined) {
            mapper.read++
            mapper.rejections.add(
              `not a ${planned.kind} value`,
              1,
              batch.firstRow + index,
              planned.columnName,
              cell,
              this.#file,
            )
            continue
          }
        }
        mapper.read++
        if (plan.area !== undefined) this.#area(plan.area, row)
        if (stream === undefined) stream = this.#stream(planned, plan, streams, at, key, row, result ?? value)
        if (result !== undefined && typeof result === 'number') {
          value = result
          result = undefined
        }
        const observation: NewObservation =
          result === undefined
            ? { datastream: stream.id, t: time.start, tEnd: time.end, v: value, q: quality }
            : { datastream: stream.id, t: time.start, tEnd: time.end, v: null, q: quality, x: { r: result } }
        if (time.twice) this.#hold(observation, stream)
        else {
          mapper.ready.push(observation)
          if (stream.id === 0) mapper.waiting.push({ observation, stream })
        }
      }
      if (time.start > mapper.newest) mapper.newest = time.start
    }
  }

  #newThing(key: string): (StreamRef | undefined)[] {
    const streams: (StreamRef | undefined)[] = new Array(this.#plan!.series.length)
    this.#streams.set(key, streams)
    return streams
  }

  #stream(
    planned: PlannedSeries,
    plan: Plan,
    streams: (StreamRef | undefined)[],
    at: number,
    thingKey: string,
    row: readonly Cell[],
    sample: unknown,
  ): StreamRef {
    const mapper = this.#mapper
    const thing = this.#thing(thingKey, plan, row)
    const key = readText(planned.key, row)
    let stream = thing.streams.get(key)
    if (!stream) {
      stream = makeStream(mapper.definition, planned, thing, key, row, sample)
      thing.streams.set(key, stream)
      mapper.newStreams.push(stream)
    }
    if ('constant' in planned.key) streams[at] = stream
    return stream
  }

  #area({ key, name }: NonNullable<Plan['area']>, row: readonly Cell[]): void {
    const area = readText(key, row)
    if (area !== '') this.#mapper.areas.set(area, name === undefined ? area : readText(name, row))
  }

  #thing(key: string, plan: Plan, row: readonly Cell[]): ThingRef {
    const { things, definition } = this.#mapper
    let thing = things.get(key)
    if (!thing) {
      thing = makeThing(definition, plan, key, row)
      if (plan.area) thing.properties = { ...thing.properties, area: readText(plan.area.key, row) }
      things.set(key, thing)
    }
    return thing
  }

  /** Makes the thing of a row a feature, once a run; false where it has no key and the row is rejected. */
  #describe(concept: Concept, key: string, plan: Plan, row: readonly Cell[], number: number): boolean {
    const mapper = this.#mapper
    if (mapper.things.has(key)) return true
    if (key === '') {
      this.#rejectRow("the thing's key is empty", row, plan, number, mapper.definition.thing.key, '')
      return false
    }
    const thing = this.#thing(key, plan, row)
    const { properties, problems } = inTermsOf(concept, thing.properties ?? {}, this.#number)
    for (const { name, value, reason } of problems) {
      mapper.read++
      mapper.rejections.add(reason, 1, number, name, value, this.#file)
    }
    thing.properties = properties
    mapper.read++
    const geometry = thing.location?.geometry ?? null
    const misplaced = geometry && geometryProblem(geometry)
    if (misplaced) {
      mapper.read++
      mapper.rejections.add(misplaced, 1, number, 'location', key, this.#file)
      thing.location = null
    }
    const valid = readPeriod(mapper.definition, mapper.clock, plan, row, (reason, side, text) => {
      mapper.read++
      mapper.rejections.add(reason, 1, number, `valid.${side}`, text, this.#file)
    })
    mapper.newFeatures.push({
      concept: concept.id,
      key,
      name: thing.name,
      geometry: misplaced ? null : geometry,
      properties,
      ...(valid ? { valid } : {}),
    })
    return true
  }

  /** A row with more or fewer cells than the header: further empty cells are a trailing separator, the rest is damage. */
  #misshapen(row: readonly Cell[], plan: Plan, number: number): boolean {
    let last = row.length
    while (last > plan.width && row[last - 1] === '') last--
    if (last === plan.width) return false
    if (row.length === 1 && row[0] === '') return true
    const reason =
      last < plan.width ? 'the row has fewer cells than the header' : 'the row has more cells than the header'
    this.#rejectRow(reason, row, plan, number, '', row.slice(0, 20).join('|'))
    return true
  }

  #rejectRow(reason: string, row: readonly Cell[], plan: Plan, number: number, column: string, value: unknown): void {
    const count = Math.max(1, valuesIn(row, plan))
    this.#mapper.read += count
    this.#mapper.rejections.add(reason, count, number, column, value, this.#file)
  }

  #hold(observation: NewObservation, stream: StreamRef): void {
    const { local, laterStart, laterEnd } = this.#time
    this.#held.push({ observation, stream, local, later: laterStart, laterEnd })
    if (this.#held.length >= MAX_HELD) this.#settle()
  }

  /**
   * An hour that happens twice: where the file has a local time once, it is the earlier (or, by `ambiguous: later`, the
   * later) one; where it has it twice, they are both, in order.
   */
  #settle(): void {
    const byStream = new Map<StreamRef, Map<number, Held[]>>()
    for (const held of this.#held) {
      let times = byStream.get(held.stream)
      if (!times) {
        times = new Map()
        byStream.set(held.stream, times)
      }
      const same = times.get(held.local)
      if (same) same.push(held)
      else times.set(held.local, [held])
    }
    const single = this.#mapper.definition.ambiguous ?? 'earlier'
    for (const times of byStream.values()) {
      for (const same of times.values()) {
        same.forEach((held, index) => {
          if (same.length === 1 ? single === 'later' : index > 0) {
            held.observation.t = held.later
            held.observation.tEnd = held.laterEnd
          }
        })
      }
    }
    for (const { observation, stream } of this.#held) {
      observation.datastream = stream.id
      this.#mapper.ready.push(observation)
      if (stream.id === 0) this.#mapper.waiting.push({ observation, stream })
    }
    this.#held = []
  }
}

/** Cells of a row that hold a value of some series. */
function valuesIn(row: readonly Cell[], plan: Plan): number {
  let count = 0
  for (const { column, when } of plan.series) {
    const cell = row[column]
    if (cell !== '' && cell !== undefined && cell !== null && (when === undefined || when(row))) count++
  }
  return count
}

function typedResult(cell: Cell, kind: 'text' | 'boolean' | 'auto', number: (text: string) => number): unknown {
  if (kind === 'text') return String(cell)
  if (kind === 'boolean') {
    if (cell === true || cell === 1 || cell === 'true' || cell === '1') return true
    if (cell === false || cell === 0 || cell === 'false' || cell === '0') return false
    return undefined
  }
  if (typeof cell !== 'string') return cell
  const value = number(cell)
  return Number.isNaN(value) ? cell : value
}
