import type { Access } from '../../domains/access/index.ts'
import type { Alerts } from '../../domains/alerts/index.ts'
import type { Catalog, City } from '../../domains/catalog/index.ts'
import type { Plausibility } from '../../domains/plausibility/index.ts'
import type { Sensing } from '../../domains/sensing/index.ts'
import type { Sources } from '../../domains/sources/index.ts'
import type { Database } from '../../kernel/db/index.ts'

/** What the operator's and steward's part of the API works with. */
export interface StewardDeps {
  db: Database
  access: Access
  catalog: Catalog
  city: City
  sensing: Sensing
  sources: Sources
  plausibility: Plausibility
  alerts: Alerts
  version: string
  dataDir: string
  /** What stops the flow from and to the broker of the city; null where it flows or none is set up. */
  brokerProblem?: () => { code: string; since: string; detail: string } | null
  /** Publishes of devices over MQTT that were not stored in the last hour, and the latest kinds of them. */
  publishErrors: (now: number) => {
    count: number
    latest: { client: string | null; topic: string; reason: string; times: number; last: string }[]
  }
  /** What `zahnrad doctor` finds. */
  examine: () => Promise<
    {
      check: string
      result: string
      found: string
      advice?: string
      code: string
      params: Record<string, string | number>
    }[]
  >
}
