import type { Access } from '../../domains/access/index.ts'
import type { Alerts } from '../../domains/alerts/index.ts'
import type { Catalog, City } from '../../domains/catalog/index.ts'
import type { Plausibility } from '../../domains/plausibility/index.ts'
import type { Sensing } from '../../domains/sensing/index.ts'
import type { Sources } from '../../domains/sources/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { addAlerts } from './alerts.ts'
import { addFlags } from './flags.ts'
import { addOperation } from './operation.ts'
import { addSourceRuns } from './source-runs.ts'
import { addSources } from './sources.ts'

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
  /** What `zahnrad doctor` finds. */
  examine: () => Promise<{ check: string; result: string; found: string; advice?: string }[]>
}

/** What the operator and the steward work with: sources, implausible values, alerts, the state of the whole. */
export async function registerStewardApi(app: FastifyInstance, deps: StewardDeps): Promise<void> {
  await app.register(async (plugin) => {
    plugin.setSerializerCompiler(() => (data) => JSON.stringify(data))
    const api = plugin as unknown as FastifyInstance
    addSources(api, deps)
    addSourceRuns(api, deps)
    addFlags(api, deps)
    addAlerts(api, deps)
    addOperation(api, deps)
  })
}
