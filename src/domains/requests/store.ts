import type { Queryable } from '../../kernel/db/index.ts'
import type { AccessRequest, RequestState, Terms, TermsVersion } from './model.ts'

const COLUMNS = 't.id, d.id as dataset, t.body, t.odrl, t.created_at as "createdAt"'
const TERMS = `select ${COLUMNS}
  from terms t left join dataset d on d.key = t.dataset`

/** All terms of a dataset, or (null) of those for all, the newest first. */
export function termsVersions(db: Queryable, dataset: number | null): Promise<TermsVersion[]> {
  return db.query<TermsVersion>(
    `select ${COLUMNS}, t.created_by as "createdBy" from terms t left join dataset d on d.key = t.dataset
      where t.dataset is not distinct from $1::int4 order by t.id desc limit 200`,
    [dataset],
  )
}

export async function termsById(db: Queryable, id: number): Promise<Terms | null> {
  const [row] = await db.query<Terms>(`${TERMS} where t.id = $1`, [id])
  return row ?? null
}

/** The newest terms of the dataset, else those for all. */
export async function newestTerms(db: Queryable, dataset: number | null): Promise<Terms | null> {
  const [row] = await db.query<Terms>(
    `${TERMS} where t.dataset is null or t.dataset = $1 order by t.dataset is null, t.id desc limit 1`,
    [dataset],
  )
  return row ?? null
}

export async function addTerms(
  db: Queryable,
  terms: { dataset: number | null; body: string; odrl: Record<string, unknown> | null; by: string },
): Promise<number> {
  const [row] = await db.query<{ id: number }>(
    'insert into terms (dataset, body, odrl, created_by) values ($1, $2, $3::jsonb, $4) returning id',
    [terms.dataset, terms.body, terms.odrl === null ? null : JSON.stringify(terms.odrl), terms.by],
  )
  return row!.id
}

/** A granted request whose right is gone, or over, has ended. */
const STATE = `case when r.state = 'granted' and (g.id is null or g.until <= now()) then 'ended' else r.state end`

export function requests(
  db: Queryable,
  which: { account?: number; datasets?: readonly number[]; id?: number },
): Promise<AccessRequest[]> {
  return db.query<AccessRequest>(
    `select r.id, d.id as dataset, d.title, json_build_object('id', a.id, 'name', a.name, 'email', a.email) as account,
            r.purpose, r.until, r.terms, t.created_at as "termsAt", ${STATE} as state, r.reason, r.decided_by as "decidedBy",
            r.decided_at as "decidedAt", r.created_at as "createdAt"
       from access_request r join dataset d on d.key = r.dataset join account a on a.id = r.account
       left join access_grant g on g.id = r.access_grant left join terms t on t.id = r.terms
      where ($1::int4 is null or r.account = $1) and ($2::int4[] is null or r.dataset = any($2))
        and ($3::int4 is null or r.id = $3)
      order by r.state <> 'open', r.id desc limit 1000`,
    [which.account ?? null, which.datasets ?? null, which.id ?? null],
  )
}

export async function addRequest(
  db: Queryable,
  request: { dataset: number; account: number; purpose: string; until: string; terms: number | null },
): Promise<number> {
  const [row] = await db.query<{ id: number }>(
    'insert into access_request (dataset, account, purpose, until, terms) values ($1, $2, $3, $4, $5) returning id',
    [request.dataset, request.account, request.purpose, request.until, request.terms],
  )
  return row!.id
}

/** Closes an open request; false when somebody else did meanwhile. */
export async function closeRequest(
  db: Queryable,
  id: number,
  to: { state: RequestState; reason: string | null; by: string; until: string },
): Promise<boolean> {
  const rows = await db.query(
    `update access_request set state = $2, reason = $3, decided_by = $4, decided_at = now(), until = $5
      where id = $1 and state = 'open' returning 1`,
    [id, to.state, to.reason, to.by, to.until],
  )
  return rows.length > 0
}

export async function noteGrant(db: Queryable, id: number, grant: number): Promise<void> {
  await db.query('update access_request set access_grant = $2 where id = $1', [id, grant])
}

export async function grantOf(db: Queryable, id: number): Promise<number | null> {
  const [row] = await db.query<{ grant: number | null }>(
    'select access_grant as "grant" from access_request where id = $1',
    [id],
  )
  return row?.grant ?? null
}
