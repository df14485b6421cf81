import type { Access, SendLink } from '../../domains/access/index.ts'
import type { Basemap } from '../../domains/basemap/index.ts'
import type { Boards } from '../../domains/boards/index.ts'
import type { Catalog, City } from '../../domains/catalog/index.ts'
import type { Example } from '../../domains/example/index.ts'
import type { FeedbackBox } from '../../domains/feedback/index.ts'
import type { Sensing } from '../../domains/sensing/index.ts'
import type { Setup } from '../../domains/setup/index.ts'
import type { ReadySources, Sources } from '../../domains/sources/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { Log } from '../../kernel/log.ts'
import type { OpenApiPart } from './openapi.ts'

export interface FirstSteps {
  setup: Setup
  ready: ReadySources
  sources: Pick<Sources, 'list' | 'add' | 'run' | 'pushed'>
  /** Folder for uploads while they are read. */
  scratch: string
}

export interface LegalDeps {
  feedback: FeedbackBox
  /** Days entries of the audit log are kept. */
  auditDays: () => Promise<number>
  /** Sends a mail; null where no mail server is set up. */
  sendMail: ((mail: { messageId: string; to: string[]; subject: string; text: string }) => Promise<unknown>) | null
}

export interface PortalDeps {
  db: Database
  access: Access
  catalog: Catalog
  city: City
  sensing: Sensing
  boards: Boards
  basemap: Basemap
  sources: Pick<Sources, 'list' | 'log'>
  example: Pick<Example, 'status' | 'create' | 'remove' | 'isOwnProfile'>
  /** Adding sources by form; without it there is no such API. */
  drafts?: Sources['drafts']
  log: Log
  /** What the legal pages need; a portal without them does without. */
  legal?: LegalDeps
  /** Sends people their links; without it they are handed over by hand. */
  sendLink?: SendLink | null
  /** What the setup offers; a portal that only shows data does without. */
  firstSteps?: FirstSteps
  /** Of this program, as people see it in the footer. */
  version: string
  sourceCode: string
  /** Addresses that are pages: the search leads to no other. Absent = any may be one. */
  pages?: readonly RegExp[]
  /** What other edges add to the API's description. */
  extra: readonly OpenApiPart[]
}
