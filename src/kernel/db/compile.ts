import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import type { Sql } from './types.ts'

// Kysely is used for its composable `sql` fragments and their compiler only; it never opens a connection.
const compiler = new Kysely<Record<string, never>>({
  dialect: {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  },
})

/** The text with `$1…` placeholders and the parameters of a fragment made with the `sql` tag. */
export function compile(fragment: Sql<unknown>): { text: string; parameters: readonly unknown[] } {
  const { sql, parameters } = fragment.compile(compiler)
  return { text: sql, parameters }
}
