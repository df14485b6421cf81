import { Basemap } from '../../src/domains/basemap/index.ts'
import { Fetcher } from '../../src/kernel/fetch/index.ts'
import { createLog } from '../../src/kernel/log.ts'

/** A city with neither a map style nor a map file, for tests that are about something else. */
export const noMap = (): Basemap =>
  new Basemap({
    dataDir: '/nowhere',
    fetcher: new Fetcher({ allowPrivate: false }),
    log: createLog('silent'),
    profile: () => ({ style: null, attribution: null }),
  })
