import type { FastifyInstance } from '../../kernel/http/index.ts'
import { addChargerDuplicates } from './charger-duplicates.ts'
import { addDatex2 } from './datex2.ts'
import { addDepartures } from './departures.ts'
import type { MobilityDeps } from './deps.ts'
import { addDuty } from './duty.ts'
import { addSharing } from './gbfs.ts'
import { addGtfs } from './gtfs.ts'
import { addGtfsRealtime } from './gtfs-rt.ts'
import { addNamedPlaces } from './named.ts'
import { addChargers } from './ocpi.ts'
import { addParking } from './parking.ts'
import { addPlaces } from './places.ts'
import { addPlanning } from './planning.ts'
import { addPunctuality } from './punctuality.ts'
import { addRoadworks } from './roadworks.ts'
import { addStops } from './stops.ts'
import { addTiles } from './tiles.ts'
import { addTimetables } from './timetables.ts'

export type { MobilityDeps } from './deps.ts'

/**
 * Mobility, in the standard of each mode and as one API of ours: `/gbfs/…`, `/gtfs/…`, `/gtfs-rt/…`, `/ocpi/…`, `/datex2/…`,
 * `/api/v1/mobility/…`. Register after the API's description (`registerPortalApi`); await it before listening.
 */
export async function registerMobility(app: FastifyInstance, deps: MobilityDeps): Promise<void> {
  addSharing(app, deps)
  addChargers(app, deps)
  await app.register(async (scope) => {
    const api = scope as unknown as FastifyInstance
    // The schemas describe answers; checking them field by field would cost more than the query.
    scope.setSerializerCompiler(() => (data) => JSON.stringify(data))
    addParking(api, deps)
    addPlaces(api, deps)
    addNamedPlaces(api, deps)
    addDepartures(api, deps)
    addPunctuality(api, deps)
    addGtfsRealtime(api, deps)
    addTimetables(api, deps)
    addStops(api, deps)
    addGtfs(api, deps)
    addRoadworks(api, deps)
    addDatex2(api, deps)
    addDuty(api, deps)
    addPlanning(api, deps)
    addChargerDuplicates(api, deps)
    addTiles(api, deps)
  })
}
