import type { Database, Queryable } from '../../kernel/db/index.ts'
import type { Actor } from './model.ts'

export interface AuditEntry {
  id: number
  at: string
  actor: string
  act: string
  object: string
  /** Network address, or `machine` for the command line. */
  origin: string | null
  detail: Record<string, unknown>
}

/** Which entries. Words match anywhere in actor and object; an act by its name or the part before the dot. */
export interface AuditFilter {
  actor?: string
  act?: string
  object?: string
  /** ISO 8601, inclusive. */
  from?: string
  /** ISO 8601, exclusive. */
  to?: string
}

export interface AuditQuery extends AuditFilter {
  /** Entries before this number: the next page. */
  before?: number
  limit?: number
}

export interface AuditProof {
  ok: boolean
  entries: number
  /** Number and hash of the newest entry: noted elsewhere, they show later that nothing before was changed. */
  last: number
  hash: string
  /** Number of the first entry that does not fit, and why. */
  broken?: { id: number; why: string }
}

/** How one dataset that is not public was used. */
export interface Use {
  actor: string
  channel: string
  requests: number
  first: string
  last: string
}

const FLUSH_MS = 60_000
/** Different (actor, dataset, channel) triples kept until the next writing; more are written at once. */
const MOST_WAITING = 5_000
const PAGE = 1_000

/** The filter as a condition; its values are $1 to $5. */
const FITS = `($1::text is null or position(lower($1) in lower(actor)) > 0)
          and ($2::text is null or act = $2 or starts_with(act, $2 || '.'))
          and ($3::text is null or position(lower($3) in lower(object)) > 0
               or (object = 'datasets' and detail->'requests' ? replace($3, 'dataset:', '')))
          and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)`
const fits = ({ actor, act, object, from, to }: AuditFilter) =>
  [actor, act, object, from, to].map((value) => value || null)

/**
 * The log of privileged acts and of the use of data that is not public. Append-only and chained by triggers of the
 * database; use is counted in memory and written once a minute per actor, so that no request waits for it.
 */
export class AuditLog {
  readonly #db: Database
  readonly #idOf: (dataset: number) => string | undefined
  readonly #onError: (error: unknown) => void
  #uses = new Map<string, { actor: Actor; channel: string; dataset: number; n: number }>()
  #timer: NodeJS.Timeout | undefined

  constructor(db: Database, idOf: (dataset: number) => string | undefined, onError: (error: unknown) => void) {
    this.#db = db
    this.#idOf = idOf
    this.#onError = onError
  }

  /** Within a transaction others' entries wait for its end: the chain has one head. */
  async write(
    actor: Actor,
    act: string,
    object: string,
    detail: Record<string, unknown>,
    db: Queryable = this.#db,
  ): Promise<void> {
    const origin = actor.from ?? (actor.kind === 'owner' ? 'machine' : null)
    await db.query('insert into audit (actor, act, object, origin, detail) values ($1, $2, $3, $4, $5::jsonb)', [
      actor.name,
      act,
      object,
      origin,
      JSON.stringify(detail),
    ])
  }

  /** Counts a request whose answer could hold data of these datasets, none of them public. */
  used(actor: Actor, datasets: readonly number[], channel: string): void {
    for (const dataset of datasets) {
      const name = `${actor.name} ${channel} ${dataset}`
      const found = this.#uses.get(name)
      if (found) found.n++
      else this.#uses.set(name, { actor, channel, dataset, n: 1 })
    }
    if (this.#uses.size >= MOST_WAITING) void this.flush().catch(this.#onError)
    else if (!this.#timer && this.#uses.size > 0) {
      this.#timer = setTimeout(() => void this.flush().catch(this.#onError), FLUSH_MS)
      this.#timer.unref()
    }
  }

  /** Writes what was counted: one entry per actor and channel that names the datasets, and the figures by day. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#uses.size === 0) return
    const uses = [...this.#uses.values()]
    this.#uses = new Map()
    const byActor = Map.groupBy(uses, ({ actor, channel }) => `${channel} ${actor.name}`)
    for (const group of byActor.values()) {
      const { actor, channel } = group[0]!
      const requests: Record<string, number> = {}
      for (const { dataset, n } of group) {
        const id = this.#idOf(dataset)
        if (id !== undefined) requests[id] = n
      }
      const ids = Object.keys(requests)
      if (ids.length === 0) continue
      await this.write(actor, 'data.read', ids.length === 1 ? `dataset:${ids[0]}` : 'datasets', { channel, requests })
    }
    await this.#db.query(
      `insert into dataset_use (dataset, day, actor, channel, requests)
       select u.dataset, (now() at time zone 'UTC')::date, u.actor, u.channel, u.n
         from unnest($1::int4[], $2::text[], $3::text[], $4::int8[]) as u (dataset, actor, channel, n)
         join dataset d on d.key = u.dataset
       on conflict (dataset, day, actor, channel) do update set requests = dataset_use.requests + excluded.requests`,
      [
        uses.map((use) => use.dataset),
        uses.map((use) => use.actor.name),
        uses.map((use) => use.channel),
        uses.map((use) => use.n),
      ],
    )
  }

  /** Who used a dataset while it was not public, the busiest first. */
  useOf(dataset: number): Promise<Use[]> {
    return this.#db.query<Use>(
      `select actor, channel, sum(requests)::int8 as requests, min(day)::text as first, max(day)::text as last
         from dataset_use where dataset = $1 group by actor, channel order by 3 desc, 1 limit 1000`,
      [dataset],
    )
  }

  /** The newest entries that fit. */
  search(query: AuditQuery): Promise<AuditEntry[]> {
    return this.#db.query<AuditEntry>(
      `select id, at, actor, act, object, origin, detail from audit
        where ${FITS} and ($6::int8 is null or id < $6)
        order by id desc limit $7`,
      [...fits(query), query.before ?? null, Math.min(query.limit ?? 100, PAGE)],
    )
  }

  /** Entries in order (default: all), each with its hash and the text that was hashed, in pages. */
  async *export(query: AuditFilter = {}): AsyncGenerator<(AuditEntry & { hash: string; text: string })[]> {
    let after = 0
    for (;;) {
      const page = await this.#db.query<AuditEntry & { hash: string; text: string }>(
        `select e.id, e.at, e.actor, e.act, e.object, e.origin, e.detail, encode(e.hash, 'hex') as hash,
                audit_text(coalesce(p.hash, h.before), e) as text
           from audit e cross join audit_head h
           left join (select id as previous, hash from audit) p on p.previous = e.id - 1
          where ${FITS} and e.id > $6 order by e.id limit $7`,
        [...fits(query), after, PAGE],
      )
      if (page.length === 0) return
      yield page
      after = page.at(-1)!.id
    }
  }

  /** Recomputes the chain from its oldest entry to its head and says where it breaks, if it does. */
  async verify(): Promise<AuditProof> {
    const [head] = await this.#db.query<{ first: number; last: number; hash: string; entries: number }>(
      `select first, last, encode(hash, 'hex') as hash, (select count(*) from audit) as entries from audit_head`,
    )
    if (!head) return { ok: false, entries: 0, last: 0, hash: '', broken: { id: 0, why: 'the head is missing' } }
    const { first, last, hash, entries } = head
    const [wrong] = await this.#db.query<{ id: number; hole: boolean }>(
      `select id, hole from (
         select e.id, e.id <> coalesce(lag(e.id) over w + 1, h.first) as hole,
                e.hash <> sha256(convert_to(audit_text(coalesce(lag(e.hash) over w, h.before), e), 'UTF8')) as changed
           from audit e cross join audit_head h window w as (order by e.id)) as chain
        where hole or changed order by id limit 1`,
      [],
      { timeoutMs: 600_000 },
    )
    const broken = (id: number, why: string): AuditProof => ({ ok: false, entries, last, hash, broken: { id, why } })
    if (wrong) {
      return wrong.hole
        ? broken(wrong.id, 'entries before this one are missing')
        : broken(wrong.id, 'this entry was changed, or the one before it')
    }
    const [end] = await this.#db.query<{ fits: boolean }>(
      `select coalesce((select e.hash from audit e where e.id = h.last), case when h.first > h.last then h.before end) = h.hash as fits
         from audit_head h`,
    )
    if (!end?.fits) return broken(last, 'the newest entries are missing')
    if (entries !== last - first + 1) return broken(first, 'entries are missing')
    return { ok: true, entries, last, hash }
  }

  /**
   * Takes entries older than `days` from the old end and moves the start of the chain; answers how many went. What is
   * kept by day of who used what goes with them.
   */
  keep(days: number): Promise<number> {
    return this.#db.transaction(
      async (tx) => {
        await tx.query(`delete from dataset_use where day < (now() at time zone 'UTC')::date - $1::int4`, [days])
        const [head] = await tx.query<{ first: number }>('select first from audit_head for update')
        const [end] = await tx.query<{ id: number; hash: Buffer }>(
          'select id, hash from audit where at < now() - make_interval(days => $1) order by id desc limit 1',
          [days],
        )
        if (!end) return 0
        await tx.query(`select set_config('zahnrad.audit_retention', 'on', true)`)
        await tx.query('delete from audit where id <= $1', [end.id])
        await tx.query(`select set_config('zahnrad.audit_retention', 'off', true)`)
        await tx.query('update audit_head set first = $1, before = $2', [end.id + 1, end.hash])
        return end.id + 1 - head!.first
      },
      { timeoutMs: 600_000 },
    )
  }

  async close(): Promise<void> {
    await this.flush()
  }
}
