import type { Queryable } from '../../kernel/db/index.ts'
import { type Board, type BoardInput, type BoardSummary, RESTORE_DAYS } from './model.ts'

const HEAD = 'id, title, description, visibility, version, created_at as "createdAt", changed_at as "changedAt"'
const SUMMARY = `${HEAD}, (select coalesce(jsonb_object_agg(kind, n), '{}')
  from (select item->>'kind' as kind, count(*) as n from jsonb_array_elements(items) as item group by 1) as kinds) as kinds`

/** Boards the caller may see: `all` for the administration, else the published ones. */
export function listBoards(db: Queryable, all: boolean): Promise<BoardSummary[]> {
  return db.query(
    `select ${SUMMARY} from board where deleted_at is null and ($1::bool or visibility = 'published')
      order by changed_at desc, id`,
    [all],
  )
}

export async function readBoard(db: Queryable, id: string, all: boolean): Promise<Board | null> {
  const [row] = await db.query<Board>(
    `select ${HEAD}, items from board where id = $1 and deleted_at is null and ($2::bool or visibility = 'published')`,
    [id, all],
  )
  return row ?? null
}

/** Adds a board; null when the id is taken or there are `most` boards already. */
export async function insertBoard(
  db: Queryable,
  id: string,
  board: Required<BoardInput>,
  most: number,
): Promise<Board | null> {
  const [row] = await db.query<Board>(
    `insert into board (id, title, description, items, visibility)
     select $1, $2, $3, $4::jsonb, $5 where (select count(*) from board) < $6::int4
     on conflict (id) do nothing returning ${HEAD}, items`,
    [id, board.title, board.description, JSON.stringify(board.items), board.visibility, most],
  )
  return row ?? null
}

export async function countBoards(db: Queryable): Promise<number> {
  const [row] = await db.query<{ n: number }>('select count(*) as n from board')
  return row!.n
}

/** Replaces a board if it still is at `version`; null when it is not, or is gone. */
export async function updateBoard(
  db: Queryable,
  id: string,
  version: number,
  board: Required<BoardInput>,
): Promise<Board | null> {
  const [row] = await db.query<Board>(
    `update board set title = $3, description = $4, items = $5::jsonb, visibility = $6, version = version + 1,
            changed_at = now()
      where id = $1 and version = $2 and deleted_at is null returning ${HEAD}, items`,
    [id, version, board.title, board.description, JSON.stringify(board.items), board.visibility],
  )
  return row ?? null
}

/** Marks a board as deleted, or not any more; false when there is none to do it to. */
export async function markDeleted(db: Queryable, id: string, deleted: boolean): Promise<boolean> {
  const rows = await db.query(
    `update board set deleted_at = case when $2::bool then now() end
      where id = $1 and (deleted_at is null) = $2::bool
        and ($2::bool or deleted_at > now() - interval '${RESTORE_DAYS} days') returning 1`,
    [id, deleted],
  )
  return rows.length > 0
}

/** Forgets boards that were deleted too long ago to be restored. */
export async function purgeBoards(db: Queryable): Promise<void> {
  await db.query(`delete from board where deleted_at < now() - interval '${RESTORE_DAYS} days'`)
}

/** Boards in whose title, description or texts all of the words occur. */
export function searchBoards(
  db: Queryable,
  words: readonly string[],
  all: boolean,
  limit: number,
): Promise<BoardSummary[]> {
  return db.query(
    `select ${SUMMARY} from board
      where deleted_at is null and ($1::bool or visibility = 'published')
        and not exists (
          select 1 from unnest($2::text[]) as word
           where position(lower(word) in lower(title || ' ' || description || ' ' || (
             select coalesce(string_agg(coalesce(item->>'title', '') || ' ' || coalesce(item->>'text', ''), ' '), '')
               from jsonb_array_elements(items) as item))) = 0)
      order by changed_at desc, id limit $3`,
    [all, words, limit],
  )
}
