import type { FastifyInstance } from '../../kernel/http/index.ts'
import type { MobilityDeps } from './deps.ts'
import { addSharing } from './gbfs.ts'
import { addChargers } from './ocpi.ts'

export type { MobilityDeps } from './deps.ts'

/** Mobility, in the standard of each mode and as one API of ours: `/gbfs/…`, `/ocpi/…`, `/api/v1/mobility/…`. */
export function registerMobility(app: FastifyInstance, deps: MobilityDeps): void {
  addSharing(app, deps)
  addChargers(app, deps)
}
