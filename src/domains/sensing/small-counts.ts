import { setTimeout } from 'node:timers/promises'
import { type Database, type Queryable, SqlError } from '../../kernel/db/index.ts'
import { Signal } from '../../kernel/signal.ts'
import { iso } from './buckets.ts'
import { type Guard, guardsOf } from './guards.ts'
import type { StoredObservation } from './model.ts'
import type { Peers } from './peers.ts'
import { unprotect } from './publish.ts'
import { recompute } from './recompute.ts'

/** Most rows one step works through. */
const ROWS = 20_000
const LIMIT = { timeoutMs: 600_000 }
const AGAIN_MS = 5_000
const LOCK_NOT_AVAILABLE = '55P03'

/** k as asked for and as the stored values were published with. */
const PENDING = `select d.key as dataset, coalesce(s.k, 1) as k,
         coalesce(s.k, 1) > 1 and exists (select 1 from protection_hindrance(d.key)) as hindered
    from dataset d
    left join dataset_sheet s on s.dataset = d.key left join dataset_protection p on p.dataset = d.key
   where coalesce(s.k, 1) <> coalesce(p.k, 1) order by d.key`

/**
 * Which series are protected, for whoever writes; and the work to be done over when a dataset gets another k. That can
 * be killed at any time: the dataset is not public until it is through, and it goes on at the next start.
 */
export class SmallCounts {
  /** A dataset's stored values were brought in line with its k (or it turned out that they are not any more). */
  readonly changed = new Signal<number>()
  readonly #db: Database
  readonly #peers: Peers
  readonly #writing = new Set<Promise<unknown>>()
  #any: boolean | undefined
  #turn = 0
  /** Series known not to be protected: on a platform without any protected dataset nothing is asked at all. */
  #plain = new Set<number>()
  #running: Promise<void> | undefined
  #again = false
  #active = false
  #stopped = false
  #timer: NodeJS.Timeout | undefined

  constructor(db: Database, peers: Peers) {
    this.#db = db
    this.#peers = peers
  }

  /** The protected ones among the series of these rows; null when there are none. */
  async guards(rows: readonly { datastream: number }[], via: Queryable): Promise<Map<number, Guard> | null> {
    if (!(await this.any(via))) return null
    const unknown = new Set<number>()
    let last = -1
    for (const { datastream } of rows) {
      if (datastream === last) continue
      last = datastream
      if (!this.#plain.has(datastream)) unknown.add(datastream)
    }
    if (unknown.size === 0) return null
    const plain = this.#plain
    const guards = await guardsOf(via, [...unknown])
    for (const id of unknown) if (!guards.has(id)) plain.add(id)
    return guards.size > 0 ? guards : null
  }

  /**
   * Does any dataset protect small counts, or did it until it is worked through? Nearly always answered from memory. Who
   * asks waits for its own question alone: another's may stand behind the transaction that asks.
   */
  async any(via: Queryable): Promise<boolean> {
    if (this.#any !== undefined) return this.#any
    const turn = this.#turn
    const [row] = await via.query<{ any: boolean }>(
      'select exists (select 1 from dataset_sheet where k > 1) or exists (select 1 from observation_measured) as any',
    )
    if (turn === this.#turn) this.#any = row!.any
    return row!.any
  }

  /** What was known is not to be relied on any more, nor what is being asked. */
  #forgetAny(): void {
    this.#any = undefined
    this.#turn++
  }

  /** Work on rows whose guards were asked for: nothing is brought in line before it is through. */
  writing<R>(work: Promise<R>): Promise<R> {
    this.#writing.add(work)
    const done = () => this.#writing.delete(work)
    work.then(done, done)
    return work
  }

  /** What this process writes by what it knew before is through; what comes asks anew. */
  async settleHere(): Promise<void> {
    this.#forgetAny()
    this.#plain = new Set()
    await Promise.allSettled([...this.#writing])
  }

  /** To be called when series changed. */
  forget(): void {
    this.#plain = new Set()
    if (this.#active) this.look()
  }

  /** To be called at the start and when a k changed: forgets what was known, and starts what is to be done. */
  look(): void {
    this.#forgetAny()
    this.#plain = new Set()
    if (this.#stopped || this.#peers.follows) return
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves when nothing is to be done. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.idle()
  }

  async #run(): Promise<void> {
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false
        this.#active = await this.any(this.#db)
        const pending = await this.#db.query<{ dataset: number; k: number; hindered: boolean }>(PENDING)
        for (const { dataset, k, hindered } of pending) {
          if (this.#stopped) return
          this.changed.emit(dataset)
          // Not public until somebody changes or removes the series that cannot be protected.
          if (hindered) continue
          await this.#bringInLine(dataset, k)
          this.changed.emit(dataset)
        }
      }
    } catch (error) {
      // Not public meanwhile; the database may be away for a moment.
      console.error(error)
      this.#timer = globalThis.setTimeout(() => this.look(), AGAIN_MS)
      this.#timer.unref()
    }
  }

  async #bringInLine(dataset: number, k: number): Promise<void> {
    await this.#db.query(
      `insert into dataset_protection (dataset, k, steps) values ($1, 0, protection_related($1, true))
       on conflict (dataset) do update set k = 0, steps = excluded.steps`,
      [dataset],
    )
    await this.#settle()
    const series = await this.#db.query<Stream>(
      `select d.id, s.n, s.t_min as "from", s.t_max as "to", d.aggregate = 'sum' and d.kind = 'single' as counts
         from datastream d join datastream_state s on s.datastream = d.id
        where d.dataset = $1 and s.n > 0 and (d.aggregate = 'sum' and d.kind = 'single'
              or exists (select 1 from observation_measured m where m.datastream = d.id))
        -- Totals last: they are published by what their parts are.
        order by coalesce(d.role, '') = 'total', d.id`,
      [dataset],
    )
    const turn = await this.#note(dataset, 0, series.length)
    for (const [i, one] of series.entries()) {
      if (this.#stopped) return
      await this.#workThrough(one, k)
      await this.#note(dataset, i + 1, series.length)
    }
    // Only if nobody asked for another k, or changed a series, since.
    await this.#db.query(
      `update dataset_protection p set k = $2, changed_at = now()
        where p.dataset = $1 and p.turn = $3
          and coalesce((select s.k from dataset_sheet s where s.dataset = $1), 1) = $2`,
      [dataset, k, turn],
    )
    this.#again = true
  }

  /** Keeps how far it is, for people to see; answers how often it was asked for. */
  async #note(dataset: number, done: number, total: number): Promise<number> {
    const [row] = await this.#db.query<{ turn: number }>(
      `insert into dataset_protection as p (dataset, k, done, total) values ($1, 0, $2, $3)
       on conflict (dataset) do update set k = 0, done = excluded.done, total = excluded.total, changed_at = now()
       returning turn`,
      [dataset, done, total],
    )
    return row!.turn
  }

  /**
   * Whoever writes by what held before is waited for: statements not yet sent, then transactions not yet committed. Short
   * tries, so that nobody queues behind one that waits for a long transaction.
   */
  async #settle(): Promise<void> {
    await Promise.all([this.settleHere(), this.#peers.settled()])
    while (this.#db.engine === 'server' && !this.#stopped) {
      try {
        await this.#db.transaction(async (tx) => {
          await tx.query(`set local lock_timeout = '1s'`)
          await tx.query('lock table datastream_state in exclusive mode')
        })
        return
      } catch (error) {
        if (!(error instanceof SqlError && error.code === LOCK_NOT_AVAILABLE)) throw error
        await setTimeout(AGAIN_MS / 10)
      }
    }
  }

  async #workThrough({ id, n, from, to, counts }: Stream, k: number): Promise<void> {
    const [begin, end] = [Date.parse(from), Date.parse(to)]
    const length = Math.ceil((end - begin + 1) / Math.max(1, Math.ceil(n / ROWS)))
    for (let at = begin; at <= end && !this.#stopped; at += length) {
      const span = { datastream: id, from: iso(at), to: iso(at + length) }
      await this.#db.transaction(async (tx) => {
        await tx.query('select 1 from datastream_state where datastream = $1 for update', [id])
        if (k <= 1 || !counts) await unprotect(tx, span)
        await recompute(tx, [{ ...span, grown: 0 }])
      }, LIMIT)
    }
  }
}

interface Stream {
  id: number
  n: number
  from: string
  to: string
  counts: boolean
}

/** These rows, as measured, as they are published, with what was measured beside: what whoever listens may be told. */
export async function asPublished(tx: Queryable, rows: readonly StoredObservation[]): Promise<StoredObservation[]> {
  const found = await tx.query<{ id: number; v: number | null }>(
    `select o.id, o.v from unnest($1::int4[], $2::timestamptz[], $3::int8[]) as g (d, t, id)
       join observation o on o.datastream = g.d and o.t = g.t and o.id = g.id`,
    [rows.map((row) => row.datastream), rows.map((row) => row.t), rows.map((row) => row.id)],
  )
  const shown = new Map(found.map(({ id, v }) => [id, v]))
  return rows.flatMap((row) => {
    if (!shown.has(row.id)) return []
    const v = shown.get(row.id)!
    return v === row.v ? row : { ...row, v, measured: row.v }
  })
}
