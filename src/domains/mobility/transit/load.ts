import { CopyRows, type Database } from '../../../kernel/db/index.ts'
import {
  calls,
  commonDays,
  invalidAreas,
  overlappingAreas,
  type StopOffShape,
  stopsOffDistance,
  stopsOffShape,
  stopsWithoutZone,
  type TransferEnd,
  type TripCall,
  transferEnds,
  tripIds,
} from './checks.ts'
import { columnsOf, STOP_TIME_COLUMNS, type TransitRow, type TransitTable, writeRow } from './columns.ts'
import { diffOf } from './diff.ts'
import type { TransitNotice, VersionDiff } from './model.ts'
import { forget, keepFew, SMALL_TABLES } from './retention.ts'
import {
  attachPartitions,
  createPartitions,
  indexPartitions,
  PARTITIONED_TABLES,
  type Partitioned,
  partition,
} from './tables.ts'

const LONG_MS = 3_600_000

/** What is known before the first row. */
export interface NewVersion {
  dataset: number
  source: string
  run: number
  origin: string
  hash: string
}

/** What is known after the last. */
export interface LoadedFacts {
  timeZone: string
  feedInfo: Record<string, string> | null
  counts: Record<string, number>
  read: Record<string, number>
  headers: Record<string, string[]>
  notices: readonly TransitNotice[]
  seconds: number
}

/** A version being read. Nobody sees it before {@link complete}. */
export class TransitLoad {
  readonly version: number
  readonly #db: Database
  readonly #given: NewVersion

  private constructor(db: Database, given: NewVersion, version: number) {
    this.#db = db
    this.#given = given
    this.version = version
  }

  /** Makes the empty tables of a new version; what a killed run of the dataset left is dropped. */
  static async begin(db: Database, given: NewVersion): Promise<TransitLoad> {
    const left = await db.query<{ version: number }>(
      `select version from gtfs_version where dataset = $1 and state = 'loading'`,
      [given.dataset],
    )
    for (const { version } of left) await forget(db, version)
    const [row] = await db.query<{ version: number }>(
      `insert into gtfs_version (dataset, source, run, origin, hash) values ($1, $2, $3, $4, $5) returning version`,
      [given.dataset, given.source, given.run, given.origin, given.hash],
    )
    await createPartitions(db, row!.version)
    return new TransitLoad(db, given, row!.version)
  }

  /** Name of the table rows of this version go to. */
  #target(table: string): string {
    return (PARTITIONED_TABLES as string[]).includes(table) ? partition(table as Partitioned, this.version) : table
  }

  /** Stores rows as they come. */
  async fill(table: TransitTable, batches: AsyncIterable<readonly TransitRow[]>): Promise<void> {
    const { version } = this
    async function* parts() {
      const rows = new CopyRows()
      for await (const batch of batches) {
        for (const row of batch) writeRow(rows, table, version, row)
        if (rows.full) yield rows.take()
      }
      yield rows.take()
    }
    const target = this.#target(table)
    await this.#db.copy(target, columnsOf(table), parts(), { fresh: target !== table })
  }

  /** Stop times in the binary form of COPY, columns as in {@link STOP_TIME_COLUMNS}. */
  async fillStopTimes(parts: AsyncIterable<Buffer>): Promise<void> {
    await this.#db.copy(this.#target('gtfs_stop_time'), STOP_TIME_COLUMNS, parts, { fresh: true })
  }

  /** Points of shapes (shape, shape_id, sequence, lat, lon, distance) become one line each; in whatever order they come. */
  async fillShapes(parts: AsyncIterable<Buffer>): Promise<void> {
    const points = `gtfs_shape_point_${this.version}`
    await this.#db.query(
      `create unlogged table ${points} (shape int4, shape_id text, seq int4, lat float8, lon float8, dist float8)`,
    )
    try {
      await this.#db.copy(points, ['shape', 'shape_id', 'seq', 'lat', 'lon', 'dist'], parts, { fresh: true })
      await this.#db.query(
        `insert into ${this.#target('gtfs_shape')} (version, shape, shape_id, geom, distances)
         select ${this.version}, shape, min(shape_id), st_setsrid(st_makeline(st_makepoint(lon, lat) order by seq), 4326),
                case when count(dist) = count(*) then array_agg(dist order by seq) end
           from ${points} group by shape having count(*) > 1`,
        [],
        { timeoutMs: LONG_MS },
      )
    } finally {
      await this.#db.query(`drop table ${points}`)
    }
  }

  /** A file that is passed on as it came: its rows follow by {@link fill}, unless it is no table. */
  async otherFile(name: string, header: readonly string[], content: string | null = null): Promise<void> {
    await this.#db.query('insert into gtfs_other_file (version, name, header, content) values ($1, $2, $3, $4)', [
      this.version,
      name,
      header,
      content?.replaceAll('\0', '') ?? null,
    ])
  }

  /** Takes away what cannot be referred to after all: stops another names as parent, though no row describes them. */
  async withoutParents(stops: readonly number[]): Promise<void> {
    if (stops.length === 0) return
    await this.#db.query(`update ${this.#target('gtfs_stop')} set parent = null where parent = any($1::int4[])`, [
      stops,
    ])
  }

  /** Of stop times that did not come trip after trip: removes the second of two with the same sequence. */
  async removeDuplicates(): Promise<{ n: number; examples: { trip: string; sequence: number }[] }> {
    const table = this.#target('gtfs_stop_time')
    const again = `select ctid, trip, stop_sequence from (
       select ctid, trip, stop_sequence, row_number() over (partition by trip, stop_sequence order by ctid) as k from ${table}) d
      where k > 1`
    const found = await this.#db.query<{ n: number; trip: string; sequence: number }>(
      `select count(*) over () as n, t.trip_id as trip, f.stop_sequence as sequence
         from (${again}) f join ${this.#target('gtfs_trip')} t using (trip) order by t.trip, f.stop_sequence limit 50`,
      [],
      { timeoutMs: LONG_MS },
    )
    if (found.length > 0)
      await this.#db.query(`delete from ${table} where ctid in (select ctid from (${again}) a)`, [], {
        timeoutMs: LONG_MS,
      })
    return { n: found[0]?.n ?? 0, examples: found }
  }

  /** After {@link index}: all calls, trip by trip, in order; times the feed leaves out are null. */
  calls(): AsyncIterable<TripCall> {
    return calls(this.#db, this.version)
  }

  /** Services whose last day is before `today` (`YYYY-MM-DD`), by number. */
  async expiredServices(today: string): Promise<number[]> {
    const rows = await this.#db.query<{ service: number }>(
      `select service from ${this.#target('gtfs_service_day')} group by service having max(day) < $1 order by service`,
      [today],
      { timeoutMs: LONG_MS },
    )
    return rows.map(({ service }) => service)
  }

  /** Times the feed leaves out are worked out between the neighbours of the trip, evenly by stop. */
  async interpolate(): Promise<void> {
    const table = this.#target('gtfs_stop_time')
    await this.#db.query(
      `with step as (
         select ctid as at, trip, stop_sequence, arrival, departure,
                count(departure) over (partition by trip order by stop_sequence) as stretch
           from ${table} where trip in (select trip from ${table} where departure is null)
       ), stretch as (
         select trip, stretch, max(departure) as since, min(arrival) as arrival, count(*) as n from step group by trip, stretch
       ), placed as (
         select step.at, step.departure, row_number() over (partition by step.trip, step.stretch order by stop_sequence) - 1 as k,
                this.n, this.since, next.arrival as until
           from step join stretch this on this.trip = step.trip and this.stretch = step.stretch
           join stretch next on next.trip = step.trip and next.stretch = step.stretch + 1
          where step.stretch > 0
       )
       update ${table} set interpolated = true,
              arrival = since + round((until - since) * k / n::float8)::int4,
              departure = since + round((until - since) * k / n::float8)::int4
         from placed where ${table}.ctid = placed.at and placed.departure is null`,
      [],
      { timeoutMs: LONG_MS },
    )
  }

  /** Days of service if every weekday of every calendar counted: to be looked at before they are worked out. */
  async plannedDays(): Promise<number> {
    const [row] = await this.#db.query<{ n: number }>(
      `select (select coalesce(sum(end_date - start_date + 1), 0) from gtfs_service where version = $1 and weekdays is not null)
            + (select count(*) from gtfs_service_date where version = $1) as n`,
      [this.version],
    )
    return row!.n
  }

  /** Works out on which days each service runs. Returns how many days of service there are. */
  async serviceDays(): Promise<number> {
    const table = this.#target('gtfs_service_day')
    const [row] = await this.#db.query<{ n: number }>(
      `with made as (
         insert into ${table} (version, day, service)
         select ${this.version}, d.day, s.service
           from gtfs_service s
          cross join lateral (select generate_series(s.start_date, s.end_date, interval '1 day')::date as day) d
          where s.version = $1 and s.weekdays is not null
            and (s.weekdays >> (extract(isodow from d.day)::int - 1)) & 1 = 1
            and not exists (select from gtfs_service_date x where x.version = $1 and x.service = s.service and x.day = d.day)
         union all
         select ${this.version}, x.day, x.service from gtfs_service_date x where x.version = $1 and x.exception = 1
         returning 1
       ) select count(*) as n from made`,
      [this.version],
      { timeoutMs: LONG_MS },
    )
    return row!.n
  }

  /** Days on which a trip runs in the days from `from` on, and the whole span of service. */
  async span(): Promise<{ first: string | null; last: string | null }> {
    const [row] = await this.#db.query<{ first: string | null; last: string | null }>(
      `select min(day) as first, max(day) as last from ${this.#target('gtfs_service_day')}
        where service in (select service from ${this.#target('gtfs_trip')})`,
      [],
      { timeoutMs: LONG_MS },
    )
    return row!
  }

  /** Builds the indexes. */
  async index(): Promise<void> {
    await indexPartitions(this.#db, this.version, SMALL_TABLES)
  }

  /** After {@link index}: stops that lie off the line of a shape; see {@link stopsOffShape}. */
  stopsOffShape(pairs: readonly { shape: number; stop: number; most: number }[]): Promise<{
    n: number
    examples: StopOffShape[]
  }> {
    return stopsOffShape(this.#db, this.version, pairs)
  }

  /** After {@link index}: stops off the distance said; see {@link stopsOffDistance}. */
  stopsOffDistance(pairs: readonly { shape: number; stop: number; most: number; dist: number }[]): Promise<{
    n: number
    examples: StopOffShape[]
  }> {
    return stopsOffDistance(this.#db, this.version, pairs)
  }

  /** After {@link index}: stops of these lines without a fare zone. */
  stopsWithoutZone(routes: readonly number[]): Promise<{ n: number; examples: { stop: string; name: string }[] }> {
    return stopsWithoutZone(this.#db, this.version, routes)
  }

  /** After {@link index}: what transfers say of trips and is not so; see {@link transferEnds}. */
  transferEnds(): Promise<TransferEnd[]> {
    return transferEnds(this.#db, this.version)
  }

  /** Pairs of areas that overlap; see {@link overlappingAreas}. */
  overlappingAreas(pairs: readonly { id: string; a: string; b: string }[]): Promise<string[]> {
    return overlappingAreas(this.#db, pairs)
  }

  /** Areas (GeoJSON) that are none; see {@link invalidAreas}. */
  invalidAreas(geometries: readonly string[]): Promise<{ index: number; reason: string }[]> {
    return invalidAreas(this.#db, geometries)
  }

  /** After {@link index}: the first day two services share, by `a b`. */
  commonDays(pairs: readonly (readonly [number, number])[]): Promise<Map<string, string>> {
    return commonDays(this.#db, this.version, pairs)
  }

  /** After {@link index}: ids of trips by number. */
  tripIds(trips: readonly number[]): Promise<Map<number, string>> {
    return tripIds(this.#db, this.version, trips)
  }

  /** The version serves from here on; the one before is kept as the old one. */
  async complete(facts: LoadedFacts): Promise<{ diff: VersionDiff | null; replaced: number | null }> {
    const { version } = this
    const { dataset } = this.#given
    const { first, last } = await this.span()
    const [before] = await this.#db.query<{ version: number }>(
      `select version from gtfs_version where dataset = $1 and state = 'current'`,
      [dataset],
    )
    await this.#db.transaction((tx) => attachPartitions(tx, version), { timeoutMs: LONG_MS })
    const diff = before ? await diffOf(this.#db, before.version, version) : null
    await this.#db.transaction(async (tx) => {
      await this.#notices(tx, facts.notices)
      await tx.query(
        `update gtfs_version set state = 'old', replaced_at = now() where dataset = $1 and state = 'current'`,
        [dataset],
      )
      await tx.query(
        `update gtfs_version set state = 'current', completed_at = now(), time_zone = $2, first_day = $3, last_day = $4,
                feed_info = $5, counts = $6, read = $7, diff = $8, seconds = $9, headers = $10 where version = $1`,
        [
          version,
          facts.timeZone,
          first,
          last,
          facts.feedInfo && JSON.stringify(facts.feedInfo),
          JSON.stringify(facts.counts),
          JSON.stringify(facts.read),
          diff && JSON.stringify(diff),
          facts.seconds,
          JSON.stringify(facts.headers),
        ],
      )
    })
    await keepFew(this.#db, dataset)
    return { diff, replaced: before?.version ?? null }
  }

  /** Of no use: only what was found in it is kept, for the report. What served goes on serving. */
  async refuse(facts: Pick<LoadedFacts, 'read' | 'notices' | 'seconds'>): Promise<void> {
    const { version } = this
    await forget(this.#db, version, { keepRow: true })
    await this.#db.transaction(async (tx) => {
      await this.#notices(tx, facts.notices)
      await tx.query(
        `update gtfs_version set state = 'refused', completed_at = now(), read = $2, seconds = $3 where version = $1`,
        [version, JSON.stringify(facts.read), facts.seconds],
      )
    })
    await keepFew(this.#db, this.#given.dataset)
  }

  /** Forgets the version altogether: stopped, or failed for a reason that lies not in the feed. */
  async abandon(): Promise<void> {
    await forget(this.#db, this.version)
  }

  async #notices(tx: Pick<Database, 'query'>, notices: readonly TransitNotice[]): Promise<void> {
    for (const { code, severity, n, examples } of notices)
      await tx.query('insert into gtfs_notice (version, code, severity, n, examples) values ($1, $2, $3, $4, $5)', [
        this.version,
        code,
        severity,
        n,
        JSON.stringify(examples),
      ])
  }
}
