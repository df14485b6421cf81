/** For every route: how somebody would look there for what is hidden, or try to change it. */
import { HIDDEN, HIDDEN_PLACE, type Hidden, type Ids, type Json, NUMBER, SETS, SLUG } from './hidden.ts'

/** A try at a changing route. */
export interface Try {
  path: string
  body?: Json
  headers?: Record<string, string>
}

const OM = 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement'
const each = (template: string, values: readonly (string | number)[]) =>
  values.map((value) => template.replace(':x', String(value)))
const things = (h: Hidden) => h.sets.flatMap((ids) => ids.Things)
const streams = (h: Hidden) => h.sets.flatMap((ids) => [...ids.Datastreams, ...ids.MultiDatastreams])

/** Answers nothing at all to whoever does not run the platform. */
export type Reads = 'closed' | ((h: Hidden) => string[])

const LAYERS = ['parking', 'sharing', 'charging', 'roadworks', 'stops']

/** Routes that answer to everybody: the addresses to ask with the ids of what is hidden. */
const OPEN_TO_ALL: Record<string, (h: Hidden) => string[]> = {
  '/login': () => ['/login', '/login?code=zl_falsch', '/login?next=/verwaltung/quellen'],
  '/login/oidc': () => ['/login/oidc'],
  '/login/oidc/callback': () => ['/login/oidc/callback?code=x&state=y'],
  '/api/v1/session': () => ['/api/v1/session'],
  '/api/v1/sign-in': () => ['/api/v1/sign-in'],
  '/healthz': () => ['/healthz'],
  '/readyz': () => ['/readyz'],
  '/metrics': () => ['/metrics'],
  '/api/v1/openapi.json': () => ['/api/v1/openapi.json'],
  '/api/v1/city': () => ['/api/v1/city'],
  '/api/v1/city/logo': () => ['/api/v1/city/logo'],
  '/api/v1/city/legal': () => ['/api/v1/city/legal'],
  '/api/v1/example': () => ['/api/v1/example'],
  '/api/v1/map': () => ['/api/v1/map'],
  '/api/v1/map/style.json': () => ['/api/v1/map/style.json'],
  '/api/v1/map/tiles/:source/:z/:x/:y': () => ['/api/v1/map/tiles/0/1/1/1'],
  '/api/v1/map/sprite/:file': () => ['/api/v1/map/sprite/0.json'],
  '/api/v1/map/glyphs/:stack/:range': () => ['/api/v1/map/glyphs/x/0-255'],
  '/api/v1/map/data/:source': () => ['/api/v1/map/data/0'],
  '/api/v1/map/archive/:file': () => ['/api/v1/map/archive/0123456789abcdef.pmtiles'],
  '/api/v1/licences': () => ['/api/v1/licences'],
  '/api/v1/stations': () => ['/api/v1/stations', ...each('/api/v1/stations?dataset=:x', HIDDEN)],
  '/api/v1/stations/:id': (h) => each('/api/v1/stations/:x', things(h)),
  '/api/v1/series': (h) => [
    ...each('/api/v1/series?datastream=:x', [...streams(h), streams(h).slice(0, 5).join()]),
    ...each('/api/v1/series?format=csv&resolution=raw&from=2026-01-01&to=2027-01-01&datastream=:x', streams(h)),
  ],
  '/api/v1/figures': (h) => each('/api/v1/figures?datastream=:x', [...streams(h), streams(h).join()]),
  '/api/v1/outages': (h) => each('/api/v1/outages?from=start&to=2027-01-01&datastream=:x', streams(h)),
  '/api/v1/flags': (h) => each('/api/v1/flags?datastream=:x', streams(h)),
  '/api/v1/events': (h) => [
    ...each('/api/v1/events?datastream=:x', streams(h)),
    ...each('/api/v1/events?dataset=:x', HIDDEN),
  ],
  '/api/v1/datasets': () => ['/api/v1/datasets', '/api/v1/datasets?q=verb', '/api/v1/datasets?state=draft'],
  '/api/v1/datasets/:id': () => each('/api/v1/datasets/:x', HIDDEN),
  '/api/v1/datasets/:id/quality': () => each('/api/v1/datasets/:x/quality', HIDDEN),
  '/api/v1/datasets/:id/download': () => [
    ...each('/api/v1/datasets/:x/download', HIDDEN),
    ...['raw', 'hour', 'day'].flatMap((one) => each(`/api/v1/datasets/:x/download?resolution=${one}`, HIDDEN)),
  ],
  '/api/v1/datasets/:id/stations.geojson': () => each('/api/v1/datasets/:x/stations.geojson', HIDDEN),
  '/api/v1/datasets/:id/review': () => each('/api/v1/datasets/:x/review', HIDDEN),
  '/api/v1/datasets/:id/use': () => each('/api/v1/datasets/:x/use', HIDDEN),
  '/api/v1/search': () =>
    each('/api/v1/search?q=:x', ['verborg', 'Station', 'Titel', 'Doppelreihe', 'geheim', 'Tafel']),
  '/api/v1/boards': () => ['/api/v1/boards'],
  '/api/v1/boards/:id': (h) => each('/api/v1/boards/:x', h.boards),
  '/api/v1/requests': () => ['/api/v1/requests'],
  '/api/v1/terms': () => ['/api/v1/terms', ...each('/api/v1/terms?dataset=:x', HIDDEN)],
  '/api/v1/terms/:id': (h) => [`/api/v1/terms/${h.terms}`],
  '/api/v1/account': () => ['/api/v1/account'],
  '/gbfs/manifest.json': () => ['/gbfs/manifest.json'],
  '/gbfs/:system/:file': () => [...each('/gbfs/:x/gbfs.json', HIDDEN), ...each('/gbfs/:x/vehicle_status.json', HIDDEN)],
  '/ocpi/versions': () => ['/ocpi/versions'],
  '/ocpi/2.2.1': () => ['/ocpi/2.2.1'],
  '/ocpi/2.2.1/locations': () => ['/ocpi/2.2.1/locations'],
  '/ocpi/2.2.1/locations/:id': () => each('/ocpi/2.2.1/locations/:x', [1, 2]),
  '/api/v1/mobility/vehicles': () => [`/api/v1/mobility/vehicles?near=${HIDDEN_PLACE}&radius=20000`],
  '/api/v1/mobility/chargers': () => [`/api/v1/mobility/chargers?near=${HIDDEN_PLACE}&radius=20000`],
  '/api/v1/mobility/parking/:id': () => each('/api/v1/mobility/parking/:x%3Ax1', HIDDEN),
  '/api/v1/mobility/parking/:id/profile': () => each('/api/v1/mobility/parking/:x%3Ax1/profile', HIDDEN),
  '/api/v1/mobility/planning/operators/:dataset/report': () =>
    HIDDEN.map((id) => `/api/v1/mobility/planning/operators/${id}/report`),
  '/api/v1/mobility/vehicles/:id': () => each('/api/v1/mobility/vehicles/:x%3Ax1', HIDDEN),
  '/api/v1/mobility/vehicles/:id/profile': () => each('/api/v1/mobility/vehicles/:x%3Ax1/profile', HIDDEN),
  '/api/v1/mobility/chargers/:id': () => each('/api/v1/mobility/chargers/:x%3Ax1', HIDDEN),
  '/api/v1/mobility/chargers/:id/profile': () => each('/api/v1/mobility/chargers/:x%3Ax1/profile', HIDDEN),
  '/api/v1/mobility/places': () => ['/api/v1/mobility/places?q=verb', '/api/v1/mobility/places?q=e&limit=50'],
  '/api/v1/mobility/stops/:id': () => each('/api/v1/mobility/stops/:x%3A1', HIDDEN),
  '/api/v1/mobility/stops/:id/timetable': () => each('/api/v1/mobility/stops/:x%3A1/timetable', HIDDEN),
  '/api/v1/mobility/lines/:id': () => each('/api/v1/mobility/lines/:x%3A1', HIDDEN),
  // Pages carry the answers they ask for first.
  '/*': (h) => [
    '/',
    '/datensaetze',
    '/vergleich',
    '/tafeln',
    ...each('/stationen/:x', things(h)),
    ...each('/einbetten/stationen/:x', things(h)),
    ...each('/stationen/:x/aufkleber', things(h)),
    ...each('/datensaetze/:x', HIDDEN),
    ...each('/tafeln/:x', h.boards),
  ],
  '/api/v1/mobility/parking': () => [
    '/api/v1/mobility/parking?bbox=-180,-90,180,90',
    ...each('/api/v1/mobility/parking?dataset=:x', HIDDEN),
  ],
  '/api/v1/mobility/roadworks': () => [
    '/api/v1/mobility/roadworks?when=all&bbox=-180,-90,180,90',
    '/api/v1/mobility/roadworks?when=all&entered=true',
    ...each('/api/v1/mobility/roadworks?when=all&dataset=:x', HIDDEN),
  ],
  '/api/v1/mobility/roadworks/datasets': () => ['/api/v1/mobility/roadworks/datasets'],
  '/api/v1/mobility/roadworks/:id': () => each('/api/v1/mobility/roadworks/:x%3Ax1', HIDDEN),
  '/api/v1/mobility/roadworks/:id/attachments/:attachment': () =>
    each('/api/v1/mobility/roadworks/:x%3Ax1/attachments/1', HIDDEN),
  '/datex2/parking/:dataset/table.xml': () => each('/datex2/parking/:x/table.xml', HIDDEN),
  '/datex2/parking/:dataset/status.xml': () => each('/datex2/parking/:x/status.xml', HIDDEN),
  '/datex2/roadworks/:file': () => each('/datex2/roadworks/:x.xml', HIDDEN),
  '/api/v1/mobility/departures': () => [
    '/api/v1/mobility/departures?stop=1',
    ...each('/api/v1/mobility/departures?stop=:x%3A1', HIDDEN),
  ],
  '/api/v1/mobility/punctuality': () => [
    '/api/v1/mobility/punctuality?stop=1',
    ...each('/api/v1/mobility/punctuality?stop=:x%3A1', HIDDEN),
  ],
  '/gtfs-rt/:dataset/:file': () => [
    ...each('/gtfs-rt/:x/trip-updates.json', HIDDEN),
    ...each('/gtfs-rt/:x/alerts.pb', HIDDEN),
  ],
  // Of the datasets one may change oneself, and no others.
  '/api/v1/mobility/chargers/duplicates': () => [
    '/api/v1/mobility/chargers/duplicates',
    '/api/v1/mobility/chargers/duplicates?decided=true',
  ],
  '/api/v1/deliveries': (h) => ['/api/v1/deliveries', `/api/v1/deliveries?source=${h.source}`],
  '/api/v1/deliveries.csv': (h) => ['/api/v1/deliveries.csv', `/api/v1/deliveries.csv?source=${h.source}`],
  '/api/v1/deliveries/sources': () => ['/api/v1/deliveries/sources'],
  '/api/v1/deliveries/:receipt': (h) => [`/api/v1/deliveries/${h.receipt}`],
  '/api/v1/account/passkeys': () => ['/api/v1/account/passkeys'],
  '/api/v1/mobility/tiles/:layer': () => [
    ...LAYERS.map((layer) => `/api/v1/mobility/tiles/${layer}`),
    ...LAYERS.flatMap((layer) => each(`/api/v1/mobility/tiles/${layer}?dataset=:x`, HIDDEN)),
  ],
  '/api/v1/mobility/tiles/:layer/:z/:x/:y.mvt': () => [
    ...LAYERS.map((layer) => `/api/v1/mobility/tiles/${layer}/0/0/0.mvt`),
    ...LAYERS.flatMap((layer) => each(`/api/v1/mobility/tiles/${layer}/0/0/0.mvt?dataset=:x`, HIDDEN)),
  ],
  '/api/v1/mobility/timetables': () => ['/api/v1/mobility/timetables'],
  '/api/v1/mobility/stops': () => ['/api/v1/mobility/stops?near=7.6,51.9&radius=20000'],
  '/api/v1/mobility/transit/:dataset/report': () => each('/api/v1/mobility/transit/:x/report', HIDDEN),
  '/api/v1/mobility/transit/:dataset/stops.geojson': () => each('/api/v1/mobility/transit/:x/stops.geojson', HIDDEN),
  '/api/v1/mobility/transit/:dataset/routes.geojson': () => each('/api/v1/mobility/transit/:x/routes.geojson', HIDDEN),
  '/gtfs/:file': () => each('/gtfs/:x.zip', HIDDEN),
  '/api/v1/sensorthings/model': () => ['/api/v1/sensorthings/model'],
  '/sta/v1.1': () => ['/sta/v1.1'],
  '/sta/v1.1/*': (h) => h.sets.flatMap((ids) => sensorThings('/sta/v1.1', ids)),
  '/d/:dataset/sta/v1.1': () => each('/d/:x/sta/v1.1', HIDDEN),
  '/d/:dataset/sta/v1.1/*': (h) =>
    h.sets.flatMap((ids) => [
      ...sensorThings(`/d/${ids.dataset}/sta/v1.1`, ids),
      ...sensorThings('/d/offen/sta/v1.1', ids),
    ]),
}

/** Routes that read and are for the administration alone, with the ids their address needs. */
const CLOSED: Record<string, (h: Hidden) => string[]> = {
  '/api/v1/feedback': () => ['/api/v1/feedback'],
  '/api/v1/city/profile': () => ['/api/v1/city/profile'],
  '/api/v1/setup': () => ['/api/v1/setup'],
  '/api/v1/ready-sources': () => ['/api/v1/ready-sources'],
  '/api/v1/ready-sources/:id/run': (h) => [`/api/v1/ready-sources/${h.source}/run`],
  '/api/v1/things/:id': (h) => each('/api/v1/things/:x', things(h)),
  '/api/v1/reviews': () => ['/api/v1/reviews'],
  '/api/v1/people': () => ['/api/v1/people'],
  '/api/v1/rights': (h) => each(`/api/v1/rights?account=${h.person}&dataset=:x`, HIDDEN),
  '/api/v1/audit': () => ['/api/v1/audit', `/api/v1/audit?object=dataset:${HIDDEN[0]}`],
  '/api/v1/audit/proof': () => ['/api/v1/audit/proof'],
  '/api/v1/audit/export': () => ['/api/v1/audit/export', '/api/v1/audit/export?format=csv'],
  '/api/v1/terms/versions': () => ['/api/v1/terms/versions', ...each('/api/v1/terms/versions?dataset=:x', HIDDEN)],
  '/api/v1/source-drafts': () => ['/api/v1/source-drafts'],
  '/api/v1/source-drafts/options': () => ['/api/v1/source-drafts/options'],
  '/api/v1/source-drafts/:id': (h) => [`/api/v1/source-drafts/${h.draft}`],
  '/api/v1/sources': () => ['/api/v1/sources'],
  '/api/v1/sources/:id': (h) => [`/api/v1/sources/${h.source}`],
  '/api/v1/sources/:id/definition.yaml': (h) => [`/api/v1/sources/${h.source}/definition.yaml`],
  '/api/v1/sources/:id/raw': (h) => [`/api/v1/sources/${h.source}/raw`],
  '/api/v1/sources/:id/raw/:file': (h) => [`/api/v1/sources/${h.source}/raw/1`],
  '/api/v1/sources/:id/runs': (h) => [`/api/v1/sources/${h.source}/runs`],
  '/api/v1/sources/:id/runs/:run': (h) => [`/api/v1/sources/${h.source}/runs/1`],
  '/api/v1/sources/:id/runs/:run/rejected': (h) => [`/api/v1/sources/${h.source}/runs/1/rejected`],
  '/api/v1/sources/:id/runs/:run/rejected.csv': (h) => [`/api/v1/sources/${h.source}/runs/1/rejected.csv`],
  '/api/v1/flags/list': () => ['/api/v1/flags/list'],
  '/api/v1/datastreams/:id/plausibility': (h) => each('/api/v1/datastreams/:x/plausibility', streams(h)),
  '/api/v1/alerts': () => ['/api/v1/alerts'],
  '/api/v1/alerts/channels/:id/key': (h) => [`/api/v1/alerts/channels/${h.channel}/key`],
  ...Object.fromEntries(
    ['modes', 'punctuality', 'occupancy', 'operators']
      .flatMap((part) => [part, `${part}.csv`])
      .map((part) => [`/api/v1/mobility/planning/${part}`, () => [`/api/v1/mobility/planning/${part}`]]),
  ),
  '/api/v1/mobility/duty': () => ['/api/v1/mobility/duty'],
  '/api/v1/mobility/duty.csv': () => ['/api/v1/mobility/duty.csv'],
  '/api/v1/operation': () => ['/api/v1/operation'],
  '/api/v1/operation/doctor': () => ['/api/v1/operation/doctor'],
}

/** Every address of hidden entities in SensorThings: itself, through relations, counted, as a table, grouped. */
function sensorThings(base: string, ids: Ids): string[] {
  const stream = ids.Datastreams[0]
  return [
    ...SETS.flatMap((set) => ids[set].map((id) => `${base}/${set}(${id})`)),
    ...['name', 'name/$value', 'properties', 'Datastreams', 'Locations', 'HistoricalLocations', 'MultiDatastreams'].map(
      (rest) => `${base}/Things(${ids.Things[0]})/${rest}`,
    ),
    ...['Thing', 'Sensor', 'ObservedProperty', 'Observations', 'Observations/$count', 'unitOfMeasurement'].map(
      (rest) => `${base}/Datastreams(${stream})/${rest}`,
    ),
    ...['Observations', 'ObservedProperties', 'Thing/Locations', 'Observations/$ref'].map(
      (rest) => `${base}/MultiDatastreams(${ids.MultiDatastreams[0]})/${rest}`,
    ),
    `${base}/Sensors(${ids.Sensors[0]})/Datastreams`,
    `${base}/Things(${ids.Things[0]})/TaskingCapabilities?$expand=Tasks`,
    `${base}/Actuators(${ids.Actuators[0]})/TaskingCapabilities`,
    `${base}/TaskingCapabilities(${ids.TaskingCapabilities[0]})/Tasks`,
    `${base}/TaskingCapabilities(${ids.TaskingCapabilities[0]})/taskingParameters`,
    `${base}/Tasks(${ids.Tasks[0]})/TaskingCapability/Thing`,
    `${base}/ObservedProperties(${ids.ObservedProperties[0]})/Datastreams?$expand=Observations`,
    `${base}/Locations(${ids.Locations[0]})/Things`,
    `${base}/FeaturesOfInterest(${ids.FeaturesOfInterest[0]})/Observations`,
    `${base}/HistoricalLocations(${ids.HistoricalLocations[0]})/Locations`,
    `${base}/Observations(${ids.Observations[0]})/Datastream/Thing`,
    `${base}/Observations(${ids.Observations[0]})/result/$value`,
    `${base}/Datastreams(${stream})/Observations?$resultFormat=CSV`,
    `${base}/Datastreams(${stream})/Observations?$resultFormat=dataArray`,
    `${base}/Datastreams(${stream})/Observations?$apply=aggregate(result with sum as s)`,
    `${base}/Observations?$filter=Datastream/id eq ${stream}`,
    `${base}/Things?$filter=id eq ${ids.Things[0]}&$expand=Datastreams`,
  ].map((path) => path.replaceAll(' ', '%20'))
}

/** Changing routes that only ever touch what belongs to whoever asks: signing in and out, the own account. */
export const OWN = [
  'POST /api/v1/feedback',
  'POST /api/v1/logout',
  'POST /api/v1/sign-in',
  'POST /api/v1/sign-in/forgotten',
  'POST /api/v1/sign-in/link',
  'POST /api/v1/sign-in/password',
  'PATCH /api/v1/account',
  'POST /api/v1/account/password',
  'POST /api/v1/account/passkeys',
  'POST /api/v1/account/passkeys/challenge',
  'POST /api/v1/sign-in/passkey',
  'POST /api/v1/sign-in/passkey/challenge',
]

const BYTES = { 'content-type': 'application/octet-stream' }
const CITY = {
  ...{ name: 'Anders', key: null, timeZone: 'Europe/Berlin', bounds: [7, 51, 8, 52], languages: ['de'], contact: null },
}
const SHEET = { purpose: 'x', legalBasis: 'x', personal: false, personalWhat: null, retentionDays: 0, k: 1 }
const RULES = { min: 0, max: 10, stuckHours: null, spikeFactor: null, dropHours: null }
const CHANNEL = {
  ...{ name: 'x', kind: 'email', targets: ['a@b.example'], events: ['late'], datasets: [], sources: [] },
  ...{ quietFrom: null, quietTo: null, groupMinutes: 0, perHour: 5, active: true },
}
const datasetBody = { id: 'neu', title: 'Neu' }
const location = {
  name: 'x',
  description: '',
  encodingType: 'application/geo+json',
  location: { type: 'Point', coordinates: [7, 51] },
}

const CHANGES: Record<string, (h: Hidden) => Try[]> = {
  'POST /api/v1/sign-in/first': () => [
    { path: '/api/v1/sign-in/first', body: { email: 'a@b.example', name: 'A', password: 'Sechs Kähne am Kai' } },
  ],
  'PUT /api/v1/city': () => [{ path: '/api/v1/city', body: CITY }],
  'PUT /api/v1/city/logo': () => [{ path: '/api/v1/city/logo', body: {} }],
  'PUT /api/v1/setup': () => [{ path: '/api/v1/setup', body: { dismissed: true } }],
  'PUT /api/v1/feedback/:id/done': () => [{ path: '/api/v1/feedback/1/done', body: { done: true } }],
  'POST /api/v1/ready-sources/:id': (h) => [{ path: `/api/v1/ready-sources/${h.source}`, body: {} }],
  'PUT /api/v1/ready-sources/:id/file': (h) => [
    { path: `/api/v1/ready-sources/${h.source}/file?name=x.csv`, body: 'a;b', headers: BYTES },
  ],
  'POST /api/v1/example': () => [{ path: '/api/v1/example', body: {} }],
  'POST /api/v1/datasets': () => [{ path: '/api/v1/datasets', body: datasetBody }],
  'PATCH /api/v1/datasets/:id': () => HIDDEN.map((id) => ({ path: `/api/v1/datasets/${id}`, body: { title: 'x' } })),
  'POST /api/v1/datasets/:id/state': () =>
    HIDDEN.flatMap((id) =>
      ['released', 'draft', 'withdrawn'].map((state) => ({ path: `/api/v1/datasets/${id}/state`, body: { state } })),
    ),
  'PATCH /api/v1/things/:id': (h) => things(h).map((id) => ({ path: `/api/v1/things/${id}`, body: { name: 'x' } })),
  'PATCH /api/v1/datastreams/:id': (h) =>
    streams(h).map((id) => ({ path: `/api/v1/datastreams/${id}`, body: { name: 'x' } })),
  'PUT /api/v1/datasets/:id/review': () => HIDDEN.map((id) => ({ path: `/api/v1/datasets/${id}/review`, body: SHEET })),
  'PUT /api/v1/reviews/rule': () => [{ path: '/api/v1/reviews/rule', body: { fourEyes: false } }],
  'POST /api/v1/account/keys': () =>
    HIDDEN.map((id) => ({
      path: '/api/v1/account/keys',
      body: { name: 'x', expiresAt: null, grants: [{ role: 'consumer', on: `dataset:${id}` }] },
    })),
  'POST /api/v1/people': () => [{ path: '/api/v1/people', body: { email: 'x@y.example', name: 'X', role: 'admin' } }],
  'POST /api/v1/people/:id/link': (h) => [{ path: `/api/v1/people/${h.person}/link` }],
  'PUT /api/v1/people/:id/blocked': (h) => [{ path: `/api/v1/people/${h.person}/blocked`, body: { blocked: true } }],
  'POST /api/v1/groups': () => [
    { path: '/api/v1/groups', body: { slug: 'x', title: 'X', kind: 'project', claim: null } },
  ],
  'PUT /api/v1/groups/:id': (h) => [
    { path: `/api/v1/groups/${h.group}`, body: { slug: 'x', title: 'X', kind: 'project', claim: null } },
  ],
  'PUT /api/v1/groups/:id/members/:account': (h) => [{ path: `/api/v1/groups/${h.group}/members/${h.person}` }],
  'POST /api/v1/grants': (h) =>
    ['platform', `space:${SLUG}raum`, ...HIDDEN.map((id) => `dataset:${id}`)].map((on) => ({
      path: '/api/v1/grants',
      body: { account: h.person, role: 'consumer', on, until: null, note: '' },
    })),
  'PUT /api/v1/spaces/:id': () => [{ path: `/api/v1/spaces/${SLUG}raum`, body: { title: 'x', description: '' } }],
  'PUT /api/v1/datasets/:id/space': () =>
    HIDDEN.map((id) => ({ path: `/api/v1/datasets/${id}/space`, body: { space: null } })),
  'POST /api/v1/requests': () =>
    ['entwurf', 'pruefung', 'zurueck'].map((state) => ({
      path: '/api/v1/requests',
      body: { dataset: SLUG + state, purpose: 'Wir möchten es wissen', until: '2027-01-01T00:00:00Z', terms: null },
    })),
  'POST /api/v1/requests/:id/decision': (h) => [
    { path: `/api/v1/requests/${h.request}/decision`, body: { grant: true } },
  ],
  'POST /api/v1/terms': () =>
    [null, ...HIDDEN].map((dataset) => ({ path: '/api/v1/terms', body: { dataset, body: 'x', odrl: null } })),
  'POST /api/v1/boards': () => [
    { path: '/api/v1/boards', body: { title: 'x', description: '', visibility: 'published', items: [] } },
  ],
  'PUT /api/v1/boards/:id': (h) =>
    h.boards.map((id) => ({
      path: `/api/v1/boards/${id}`,
      body: { title: 'x', description: '', visibility: 'published', items: [] },
      headers: { 'if-match': '"1"' },
    })),
  'POST /api/v1/boards/:id/restore': (h) => h.boards.map((id) => ({ path: `/api/v1/boards/${id}/restore` })),
  'POST /api/v1/source-drafts': () => [{ path: '/api/v1/source-drafts', body: { topic: 'x' } }],
  'POST /api/v1/source-drafts/file': () => [
    { path: '/api/v1/source-drafts/file?name=x.csv', body: 'a;b', headers: BYTES },
  ],
  'POST /api/v1/source-drafts/:id/parts': (h) => [
    { path: `/api/v1/source-drafts/${h.draft}/parts`, body: { url: 'https://example.org/x' } },
  ],
  'DELETE /api/v1/source-drafts/:id/parts/:part': (h) => [{ path: `/api/v1/source-drafts/${h.draft}/parts/live` }],
  'PUT /api/v1/source-drafts/:id': (h) => [{ path: `/api/v1/source-drafts/${h.draft}`, body: { yaml: 'x' } }],
  'PUT /api/v1/datastreams/:id/plausibility': (h) =>
    streams(h).map((id) => ({ path: `/api/v1/datastreams/${id}/plausibility`, body: RULES })),
  'POST /api/v1/flags/:id/ok': () => [{ path: '/api/v1/flags/1/ok' }],
  'POST /api/v1/flags/:id/reopen': () => [{ path: '/api/v1/flags/1/reopen' }],
  'POST /api/v1/alerts/channels': () => [{ path: '/api/v1/alerts/channels', body: CHANNEL }],
  'PUT /api/v1/alerts/channels/:id': (h) => [{ path: `/api/v1/alerts/channels/${h.channel}`, body: CHANNEL }],
  'POST /api/v1/alerts/channels/:id/test': (h) => [{ path: `/api/v1/alerts/channels/${h.channel}/test` }],
  'POST /api/v1/mobility/roadworks': () =>
    HIDDEN.map((dataset) => ({
      path: '/api/v1/mobility/roadworks',
      body: { dataset, name: 'x', geometry: { type: 'Point', coordinates: [7, 51] } },
    })),
  'PATCH /api/v1/mobility/roadworks/:id': () =>
    HIDDEN.map((id) => ({ path: `/api/v1/mobility/roadworks/${id}:x1`, body: { name: 'x' } })),
  'PUT /api/v1/mobility/chargers/duplicates/:a/:b': () => [
    { path: '/api/v1/mobility/chargers/duplicates/1/2', body: { decision: 'same' } },
  ],
  'POST /api/v1/mobility/planning/operators/send': () =>
    HIDDEN.map((dataset) => ({
      path: '/api/v1/mobility/planning/operators/send',
      body: { dataset, to: 'a@b.example' },
    })),
  'POST /api/v1/mobility/roadworks/:id/attachments': () =>
    HIDDEN.map((id) => ({
      ...{ path: `/api/v1/mobility/roadworks/${id}:x1/attachments?name=x.pdf`, body: '%PDF-1.7', headers: BYTES },
    })),
  'DELETE /api/v1/mobility/roadworks/:id/attachments/:attachment': () =>
    HIDDEN.map((id) => ({ path: `/api/v1/mobility/roadworks/${id}:x1/attachments/1` })),
  'POST /api/v1/mobility/roadworks/:id/attachments/:attachment/restore': () =>
    HIDDEN.map((id) => ({ path: `/api/v1/mobility/roadworks/${id}:x1/attachments/1/restore` })),
  'POST /api/v1/webhooks/:source': (h) => [
    { path: `/api/v1/webhooks/${h.source}`, body: { zeit: '2026-11-01T00:00:00Z', ort: 'x', anzahl: 1 } },
  ],
}

/** Changing routes whose address alone says what they do. */
const BY_ADDRESS: Record<string, (h: Hidden) => (string | number)[]> = {
  'DELETE /api/v1/city/logo': () => [''],
  'DELETE /api/v1/example': () => [''],
  'POST /api/v1/ready-sources/:id/secret': (h) => [h.source],
  'DELETE /api/v1/datasets/:id': () => HIDDEN,
  'DELETE /api/v1/account/sessions/:id': (h) => [h.session],
  'DELETE /api/v1/account/keys/:id': (h) => h.keys,
  'DELETE /api/v1/account/passkeys/:id': (h) => [h.session],
  'DELETE /api/v1/people/:id': (h) => [h.person],
  'DELETE /api/v1/people/:id/sessions': (h) => [h.person],
  'DELETE /api/v1/groups/:id': (h) => [h.group],
  'DELETE /api/v1/groups/:id/members/:account': (h) => [h.group],
  'DELETE /api/v1/grants/:id': (h) => [h.grant],
  'DELETE /api/v1/spaces/:id': () => [`${SLUG}raum`],
  'DELETE /api/v1/requests/:id': (h) => [h.request],
  'DELETE /api/v1/boards/:id': (h) => h.boards,
  'DELETE /api/v1/mobility/roadworks/:id': () => HIDDEN.map((id) => `${id}:x1`),
  'POST /api/v1/mobility/roadworks/:id/restore': () => HIDDEN.map((id) => `${id}:x1`),
  'POST /api/v1/source-drafts/:id/preview': (h) => [h.draft],
  'POST /api/v1/source-drafts/:id/read': (h) => [h.draft],
  'POST /api/v1/source-drafts/:id/save': (h) => [h.draft],
  'DELETE /api/v1/source-drafts/:id': (h) => [h.draft],
  'POST /api/v1/sources/:id/pause': (h) => [h.source],
  'POST /api/v1/sources/:id/resume': (h) => [h.source],
  'DELETE /api/v1/sources/:id': (h) => [h.source],
  'POST /api/v1/sources/:id/run': (h) => [h.source],
  'POST /api/v1/sources/:id/runs/:run/stop': (h) => [h.source],
  'DELETE /api/v1/alerts/channels/:id': (h) => [h.channel],
}

const CHANGE: Record<string, Json> = { Observations: { result: 1 }, Tasks: { taskingParameters: { level: 1 } } }

/** Tries at what is hidden through SensorThings, and at tying what is open to it. */
function sensorThingsTries(method: string, base: string, h: Hidden): Try[] {
  return h.sets.flatMap((ids) => {
    const one = (set: (typeof SETS)[number]) => `${base}/${set}(${ids[set][0]})`
    if (method === 'DELETE')
      return [
        ...SETS.map((set) => ({ path: one(set) })),
        { path: `${one('Datastreams')}/Observations?$filter=id%20gt%200` },
      ]
    if (method === 'PATCH') return SETS.map((set) => ({ path: one(set), body: CHANGE[set] ?? { name: 'x' } }))
    if (method === 'PUT')
      return [
        { path: one('Observations'), body: { result: 1 } },
        { path: one('Things'), body: { name: 'x', description: 'x' } },
      ]
    const series = (extra: Json) => ({
      ...{
        name: 'x',
        description: 'x',
        observationType: OM,
        unitOfMeasurement: { name: 'x', symbol: 'x', definition: 'x' },
      },
      ...{
        Thing: { '@iot.id': ids.Things[0] },
        Sensor: { '@iot.id': ids.Sensors[0] },
        ObservedProperty: { '@iot.id': ids.ObservedProperties[0] },
      },
      ...extra,
    })
    const fresh = { name: 'x', description: 'x', encodingType: 'text/html', metadata: 'x' }
    return [
      { path: `${base}/Observations`, body: { result: 1, Datastream: { '@iot.id': ids.Datastreams[0] } } },
      { path: `${one('Datastreams')}/Observations`, body: { result: 1 } },
      { path: `${one('TaskingCapabilities')}/Tasks`, body: { taskingParameters: { level: 1 } } },
      {
        path: `${base}/Tasks`,
        body: { taskingParameters: { level: 1 }, TaskingCapability: { '@iot.id': ids.TaskingCapabilities[0] } },
      },
      { path: `${one('MultiDatastreams')}/Observations`, body: { result: [1, 2] } },
      { path: `${one('Things')}/Locations`, body: location },
      { path: `${base}/Things`, body: { name: 'x', description: '', Locations: [{ '@iot.id': ids.Locations[0] }] } },
      { path: `${base}/Datastreams`, body: series({}) },
      { path: `${base}/Datastreams`, body: series({ Thing: { name: 'x', description: 'x' }, Sensor: fresh }) },
      {
        path: `${base}/CreateObservations`,
        body: [{ Datastream: { '@iot.id': ids.Datastreams[0] }, components: ['result'], dataArray: [[1]] }],
      },
    ]
  })
}

/** What reads a route, or null when it is not known yet. */
export function readsOf(url: string): { closed: boolean; paths: (h: Hidden) => string[] } | null {
  const open = OPEN_TO_ALL[url]
  if (open) return { closed: false, paths: open }
  const closed = CLOSED[url]
  return closed ? { closed: true, paths: closed } : null
}

/** What tries to change by a route; null when it is not known yet. */
export function changesOf(method: string, url: string): ((h: Hidden) => Try[]) | null {
  if (url.endsWith('/sta/v1.1')) return () => []
  const base = /^(\/d\/:dataset)?\/sta\/v1\.1\/\*$/.exec(url)
  if (base)
    return (h) =>
      (base[1] ? [...HIDDEN, 'offen'].map((id) => `/d/${id}/sta/v1.1`) : ['/sta/v1.1']).flatMap((one) =>
        sensorThingsTries(method, one, h),
      )
  const route = `${method} ${url}`
  const tries = CHANGES[route]
  if (tries) return tries
  const values = BY_ADDRESS[route]
  if (!values) return null
  return (h) =>
    values(h).map((value) => ({
      path: url
        .replace(':id', String(value))
        .replace(':account', String(h.person))
        .replace(/:(run|attachment)/, '1'),
    }))
}

/** Questions whose answers must be the same, to the letter, whether or not there is something hidden. */
export const QUESTIONS = [
  ...SETS.flatMap((set) => [`/sta/v1.1/${set}?$count=true`, `/sta/v1.1/${set}?$orderby=id desc&$top=1`]),
  '/sta/v1.1/Things?$expand=Datastreams($expand=Observations,Sensor,ObservedProperty),MultiDatastreams($expand=Observations),Locations,HistoricalLocations&$count=true',
  "/sta/v1.1/Things?$count=true&$filter=startswith(name,'Station V')",
  "/sta/v1.1/Things?$count=true&$filter=startswith(Datastreams/name,'Reihe V')",
  `/sta/v1.1/Things?$count=true&$filter=Datastreams/Observations/result gt ${NUMBER - 1}`,
  "/sta/v1.1/Things?$count=true&$filter=startswith(Locations/description,'Beschreibung V')",
  "/sta/v1.1/Datastreams?$count=true&$filter=startswith(Thing/properties/note,'V')",
  "/sta/v1.1/Sensors?$count=true&$filter=startswith(Datastreams/Thing/name,'Station V')",
  '/sta/v1.1/Datastreams?$orderby=Thing/name desc',
  '/sta/v1.1/Observations?$orderby=result desc&$count=true',
  '/sta/v1.1/Observations?$orderby=Datastream/Thing/name desc',
  '/sta/v1.1/Observations?$filter=result gt 8000000&$count=true',
  '/sta/v1.1/Observations/$count',
  `/sta/v1.1/Tasks?$count=true&$filter=taskingParameters/level gt ${NUMBER - 1}`,
  '/sta/v1.1/Observations?$apply=aggregate($count as n)',
  '/sta/v1.1/Observations?$apply=aggregate(result with max as m)',
  '/sta/v1.1/Observations?$apply=groupby((Datastream/Thing/name),aggregate($count as n))',
  '/sta/v1.1/Observations?$resultFormat=dataArray',
  '/sta/v1.1/Observations?$resultFormat=CSV',
  '/sta/v1.1/Things?$resultFormat=CSV',
  '/sta/v1.1/Things?$resultFormat=GeoJSON',
  '/sta/v1.1/Things?$filter=geo.distance(Locations/location,geography%27POINT(7.6 51.9)%27) lt 1&$count=true',
  '/api/v1/datasets',
  '/api/v1/search?q=Station',
  '/api/v1/datasets/offen/stations.geojson',
  '/datensaetze',
  '/einbetten/stationen/1',
].map((path) => path.replaceAll(' ', '%20'))
