import type { FastifyInstance } from '../../kernel/http/index.ts'
import { addAlerts } from './alerts.ts'
import { addDeliveries } from './deliveries.ts'
import { addFlags } from './flags.ts'
import { addOperation } from './operation.ts'
import { addSourceRaw } from './source-raw.ts'
import { addSourceRuns } from './source-runs.ts'
import { addSources } from './sources.ts'
import type { StewardDeps } from './steward-deps.ts'

/** What the operator and the steward work with: sources, implausible values, alerts, the state of the whole. */
export async function registerStewardApi(app: FastifyInstance, deps: StewardDeps): Promise<void> {
  await app.register(async (plugin) => {
    plugin.setSerializerCompiler(() => (data) => JSON.stringify(data))
    const api = plugin as unknown as FastifyInstance
    addSources(api, deps)
    addSourceRuns(api, deps)
    addSourceRaw(api, deps)
    addDeliveries(api, deps)
    addFlags(api, deps)
    addAlerts(api, deps)
    addOperation(api, deps)
  })
}
