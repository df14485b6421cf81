import type { Queryable } from '../../kernel/db/index.ts'
import type { Space } from './model.ts'

export type SpaceSpec = Pick<Space, 'id' | 'title'> & Partial<Pick<Space, 'description'>>

export function allSpaces(db: Queryable): Promise<Space[]> {
  return db.query<Space>('select key, id, title, description from data_space order by title')
}

export async function upsertSpace(db: Queryable, { id, title, description }: SpaceSpec): Promise<Space> {
  const [row] = await db.query<Space>(
    `insert into data_space as s (id, title, description) values ($1, $2, coalesce($3, ''))
     on conflict (id) do update set title = excluded.title, description = coalesce($3, s.description)
     returning key, id, title, description`,
    [id, title, description ?? null],
  )
  return row!
}

export async function deleteSpace(db: Queryable, key: number): Promise<void> {
  await db.query('delete from data_space where key = $1', [key])
}
