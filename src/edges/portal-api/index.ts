import type { FastifyInstance } from '../../kernel/http/index.ts'
import { addAccount } from './account.ts'
import { addAudit } from './audit.ts'
import { addBoards } from './boards.ts'
import { addCity } from './city.ts'
import { addCityEdit, addSetup } from './city-edit.ts'
import { addConnect } from './connect.ts'
import { addDatasetEdit } from './dataset-edit.ts'
import { addDatasetFiles } from './dataset-files.ts'
import { addDatasets } from './datasets.ts'
import type { PortalDeps } from './deps.ts'
import { addEntityEdit } from './entity-edit.ts'
import { addEvents } from './events.ts'
import { addExample } from './example.ts'
import { addFigures } from './figures.ts'
import { addLegal } from './legal.ts'
import { addMap } from './map.ts'
import { describeApi } from './openapi.ts'
import { addOutages } from './outages.ts'
import { addPasskeys } from './passkeys.ts'
import { addPeople } from './people.ts'
import { addReady } from './ready.ts'
import { addRequests } from './requests.ts'
import { addReviews } from './reviews.ts'
import { addSearch } from './search.ts'
import { addSeries } from './series.ts'
import { addStations } from './stations.ts'

export type { PortalDeps } from './deps.ts'
export type { OpenApiPart } from './openapi.ts'
export { registerStewardApi } from './steward.ts'

/** The platform's own API, for its pages and for whatever no standard covers: `/api/v1/…`. Await it before listening. */
export async function registerPortalApi(app: FastifyInstance, deps: PortalDeps): Promise<void> {
  await describeApi(app, { version: deps.version }, deps.extra)
  await app.register(async (api) => {
    // The schemas describe answers; checking them field by field would cost more than the query.
    api.setSerializerCompiler(() => (data) => JSON.stringify(data))
    addCity(api as unknown as FastifyInstance, deps)
    addCityEdit(api as unknown as FastifyInstance, deps)
    if (deps.firstSteps) {
      addSetup(api as unknown as FastifyInstance, deps, deps.firstSteps)
      addReady(api as unknown as FastifyInstance, deps, deps.firstSteps)
    }
    if (deps.legal) addLegal(api as unknown as FastifyInstance, deps, deps.legal)
    addExample(api as unknown as FastifyInstance, deps)
    addMap(api as unknown as FastifyInstance, deps)
    addStations(api as unknown as FastifyInstance, deps)
    addSeries(api as unknown as FastifyInstance, deps)
    addDatasets(api as unknown as FastifyInstance, deps)
    addDatasetFiles(api as unknown as FastifyInstance, deps)
    addDatasetEdit(api as unknown as FastifyInstance, deps)
    addEntityEdit(api as unknown as FastifyInstance, deps)
    addEvents(api as unknown as FastifyInstance, deps)
    addReviews(api as unknown as FastifyInstance, deps)
    addAccount(api as unknown as FastifyInstance, deps)
    addPasskeys(api as unknown as FastifyInstance, deps)
    addPeople(api as unknown as FastifyInstance, deps)
    addAudit(api as unknown as FastifyInstance, deps)
    addRequests(api as unknown as FastifyInstance, deps)
    addFigures(api as unknown as FastifyInstance, deps)
    addOutages(api as unknown as FastifyInstance, deps)
    addSearch(api as unknown as FastifyInstance, deps)
    addBoards(api as unknown as FastifyInstance, deps)
    if (deps.drafts) addConnect(api as unknown as FastifyInstance, deps, deps.drafts)
  })
}
