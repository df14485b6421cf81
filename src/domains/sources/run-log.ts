import { type Database, plainArray, type Queryable, textArray } from '../../kernel/db/index.ts'
import type { RejectedRow } from './model.ts'
import type { RunRow } from './store.ts'

/** So many runs of a source keep their rejected rows; older ones keep reasons, counts and examples. */
const RUNS_KEPT = 10

/** Keeps rejected rows of a run, after the `kept` that are kept already, and forgets those of runs long ago. */
export async function keepRejected(
  db: Database,
  run: { id: number; source: string },
  rows: readonly RejectedRow[],
  kept = 0,
): Promise<void> {
  if (rows.length === 0) return
  await db.transaction(async (tx) => {
    await tx.query(
      `insert into source_rejected (run, seq, reason, row, "column", value, file, values)
       select $1, $8 + r.seq, r.reason, r.row, r.col, r.value::jsonb, r.file, r.n
         from unnest($2::text[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::int4[])
              with ordinality as r (reason, row, col, value, file, n, seq)`,
      [
        run.id,
        textArray(rows.map(({ reason }) => storable(reason))),
        plainArray(rows.map(({ row }) => row)),
        textArray(rows.map(({ column }) => storable(column))),
        textArray(rows.map(({ value }) => JSON.stringify(typeof value === 'string' ? storable(value) : value))),
        textArray(rows.map(({ file }) => (file === undefined ? null : storable(file)))),
        plainArray(rows.map(({ values }) => values)),
        kept,
      ],
    )
    await tx.query(
      `delete from source_rejected where run in (
         select id from source_run where source = $1 and rejected > 0 order by id desc offset $2)`,
      [run.source, RUNS_KEPT],
    )
  })
}

/** PostgreSQL stores no NUL. */
const storable = (text: string): string => text.replaceAll('\0', '�')

export interface RejectedPage {
  rows: RejectedRow[]
  /** Rows kept of this run; the run itself counts all rejected values. */
  kept: number
}

export async function rejectedRows(
  db: Queryable,
  run: number,
  { offset = 0, limit }: { offset?: number; limit: number },
): Promise<RejectedPage> {
  const rows = await db.query<Omit<RejectedRow, 'file'> & { file: string | null }>(
    `select reason, row, "column", value, file, values from source_rejected where run = $1 order by seq limit $2 offset $3`,
    [run, limit, offset],
  )
  const [count] = await db.query<{ n: number }>('select count(*) as n from source_rejected where run = $1', [run])
  return { rows: rows.map(({ file, ...row }) => (file === null ? row : { ...row, file })), kept: count!.n }
}

/** One run of a source, or undefined. */
export async function runOf(db: Queryable, source: string, run: number): Promise<RunRow | undefined> {
  const [row] = await db.query<RunRow>(
    `select id, part, version, trigger, origin, started_at as "startedAt", finished_at as "finishedAt", outcome, error, read, accepted,
            unchanged, corrected, rejected, rejections
     from source_run where source = $1 and id = $2`,
    [source, run],
  )
  return row
}

/** Versions of a definition, newest first. */
export function versionsOf(db: Queryable, source: string): Promise<{ version: number; addedAt: string }[]> {
  return db.query(
    'select version, added_at as "addedAt" from source_definition where source = $1 order by version desc limit 100',
    [source],
  )
}

/** The text of a definition; undefined when there is no such version. */
export async function yamlOf(db: Queryable, source: string, version: number): Promise<string | undefined> {
  const [row] = await db.query<{ yaml: string }>(
    'select yaml from source_definition where source = $1 and version = $2',
    [source, version],
  )
  return row?.yaml
}

export interface Rate {
  /** hour: values by the hour they were measured in, 48 h · run: new values by run, the latest 24. */
  kind: 'hour' | 'run'
  points: [string, number][]
}

const HOURS = 48
const RUNS = 24

/** How much sources bring: by the hour where values are of the last two days, else by run. */
export async function sourceRates(db: Queryable, ids: readonly string[], now: number): Promise<Map<string, Rate>> {
  const end = Math.floor(now / 3_600_000) * 3_600_000
  const from = end - HOURS * 3_600_000
  const hours = await db.query<{ source: string; hour: string; n: number }>(
    `select d.source, r.hour, sum(r.n) as n
       from datastream d join rollup_hour r on r.datastream = d.id and r.variant = 0 and r.hour >= $2 and r.hour < $3
      where d.source = any($1::text[]) group by 1, 2`,
    [ids, new Date(from).toISOString(), new Date(end).toISOString()],
  )
  const byHour = new Map<string, Map<number, number>>()
  for (const { source, hour, n } of hours) {
    const mine = byHour.get(source) ?? new Map<number, number>()
    byHour.set(source, mine.set(Date.parse(hour), n))
  }
  const others = ids.filter((id) => !byHour.has(id))
  const runs = await db.query<{ source: string; at: string; n: number }>(
    `select s.id as source, r.started_at as at, r.n
       from unnest($1::text[]) as s (id)
      cross join lateral (select started_at, accepted + corrected as n from source_run where source = s.id
                           order by id desc limit ${RUNS}) as r
      order by r.started_at`,
    [others],
  )
  const rates = new Map<string, Rate>()
  for (const [source, mine] of byHour) {
    const points = Array.from({ length: HOURS }, (_, i): [string, number] => {
      const at = from + i * 3_600_000
      return [new Date(at).toISOString(), mine.get(at) ?? 0]
    })
    rates.set(source, { kind: 'hour', points })
  }
  for (const { source, at, n } of runs) {
    const rate = rates.get(source) ?? { kind: 'run', points: [] }
    rate.points.push([at, n])
    rates.set(source, rate)
  }
  return rates
}
