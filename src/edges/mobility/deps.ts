import type { Access } from '../../domains/access/index.ts'
import type { Catalog, City } from '../../domains/catalog/index.ts'
import type { Realtime } from '../../domains/mobility/index.ts'
import type { Sources } from '../../domains/sources/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'

export interface MobilityDeps {
  db: Database
  access: Access
  catalog: Catalog
  city: City
  realtime: Realtime
  sources: Sources
  /** Absent or null without a mail server. */
  sendMail?: ((mail: { messageId: string; to: string[]; subject: string; text: string }) => Promise<unknown>) | null
}

/** The same answer for what is not there and what is not to be seen. */
export const noDataset = (id: string): Problem =>
  new Problem(404, 'not-found', `There is no dataset "${id}", or it is not public.`)
