export interface PageAddress {
  pattern: RegExp
  /** Name of its component in `ui/src/pages`. */
  source: string
  /** What the page asks for first, by the groups of its address: sent along with it. The city's profile always is. */
  first?: (groups: string[]) => string[]
  /** Sources it loads later than its own script, though nothing is to be seen before. */
  soon?: readonly string[]
}

/** What draws a chart, loaded apart since few pages do. */
const CHART = ['src/lib/chart.ts']

/**
 * Addresses that are pages; anything else that is not a file is answered by the page "not found" with status 404.
 * The pages themselves keep the same list in `ui/src/lib/routes.ts`; `web.test.ts` compares the two.
 */
export const PAGES: readonly PageAddress[] = [
  { pattern: /^\/$/, source: 'Start', first: () => ['/api/v1/stations'] },
  { pattern: /^\/login\/?$/, source: 'Login' },
  { pattern: /^\/impressum\/?$/, source: 'Imprint', first: () => ['/api/v1/city/legal'] },
  { pattern: /^\/datenschutz\/?$/, source: 'Privacy', first: () => ['/api/v1/city/legal'] },
  { pattern: /^\/barrierefreiheit\/?$/, source: 'Accessibility', first: () => ['/api/v1/city/legal'] },
  { pattern: /^\/verwaltung\/rueckmeldungen\/?$/, source: 'StaffFeedback' },
  { pattern: /^\/verwaltung\/datensaetze\/?$/, source: 'StaffDatasets' },
  { pattern: /^\/verwaltung\/datensaetze\/([a-z0-9-]{1,63})\/?$/, source: 'StaffDataset' },
  { pattern: /^\/verwaltung\/datensaetze\/([a-z0-9-]{1,63})\/messstellen\/(\d{1,9})\/?$/, source: 'StaffStation' },
  { pattern: /^\/datensaetze\/?$/, source: 'Datasets', first: () => ['/api/v1/datasets'] },
  { pattern: /^\/datensaetze\/([a-z0-9-]{1,63})\/?$/, source: 'Dataset', first: ([id]) => [`/api/v1/datasets/${id}`] },
  { pattern: /^\/datensaetze\/([a-z0-9-]{1,63})\/fahrplan\/?$/, source: 'Timetable' },
  { pattern: /^\/verwaltung\/stadt\/?$/, source: 'StaffCity' },
  { pattern: /^\/verwaltung\/einrichten\/?$/, source: 'StaffSetup' },
  {
    pattern: /^\/stationen\/(\d{1,10})\/?$/,
    source: 'Station',
    first: ([id]) => [`/api/v1/stations/${id}`],
    soon: CHART,
  },
  { pattern: /^\/tafeln\/?$/, source: 'Boards', first: () => ['/api/v1/boards'] },
  {
    pattern: /^\/tafeln\/([a-z0-9][a-z0-9-]{0,62})\/?$/,
    source: 'Board',
    first: ([id]) => [`/api/v1/boards/${id}`],
    soon: CHART,
  },
  { pattern: /^\/verwaltung\/konto\/?$/, source: 'Account' },
  { pattern: /^\/verwaltung\/pruefung\/?$/, source: 'Reviews' },
  { pattern: /^\/verwaltung\/pruefung\/([a-z0-9-]{1,63})\/?$/, source: 'Review' },
  { pattern: /^\/abfahrten\/([^/]{1,200})\/?$/, source: 'Departures' },
  { pattern: /^\/explore\/?$/, source: 'Explore', first: () => ['/api/v1/sensorthings/model'] },
  { pattern: /^\/jetzt\/?$/, source: 'Now' },
  { pattern: /^\/(parken|leihstationen|laden)\/([^/]{1,300})\/?$/, source: 'Place' },
  { pattern: /^\/haltestellen\/([^/]{1,300})\/?$/, source: 'Stop' },
  { pattern: /^\/haltestellen\/([^/]{1,300})\/aufkleber\/?$/, source: 'StopSticker' },
  { pattern: /^\/baustellen\/?$/, source: 'Roadworks' },
  { pattern: /^\/lieferungen\/?$/, source: 'Deliveries' },
  { pattern: /^\/suche\/?$/, source: 'Search' },
  {
    pattern: /^\/stationen\/(\d{1,10})\/aufkleber\/?$/,
    source: 'Sticker',
    first: ([id]) => [`/api/v1/stations/${id}`],
  },
  {
    pattern: /^\/einbetten\/stationen\/(\d{1,10})\/?$/,
    source: 'Embed',
    first: ([id]) => [`/api/v1/stations/${id}`],
    soon: CHART,
  },
  { pattern: /^\/vergleich\/?$/, source: 'Compare', first: () => ['/api/v1/stations'], soon: CHART },
  { pattern: /^\/verwaltung\/quellen\/?$/, source: 'Sources' },
  { pattern: /^\/verwaltung\/quellen\/(?!neu\/?$)([a-z0-9][a-z0-9-]{0,62})\/?$/, source: 'Source' },
  { pattern: /^\/verwaltung\/quellen\/([a-z0-9][a-z0-9-]{0,62})\/laeufe\/(\d{1,9})\/?$/, source: 'SourceRun' },
  { pattern: /^\/verwaltung\/mobilitaet\/?$/, source: 'Planning' },
  { pattern: /^\/verwaltung\/mobilitaet\/ladepunkte\/?$/, source: 'ChargerPairs' },
  { pattern: /^\/verwaltung\/mobilitaet\/meldepflicht\/?$/, source: 'Duty' },
  { pattern: /^\/verwaltung\/mobilitaet\/baustellen\/?$/, source: 'StaffRoadworks' },
  { pattern: /^\/verwaltung\/mobilitaet\/baustellen\/neu\/?$/, source: 'StaffRoadwork' },
  { pattern: /^\/verwaltung\/mobilitaet\/baustellen\/(?!neu\/?$)([^/]{1,400})\/?$/, source: 'StaffRoadwork' },
  { pattern: /^\/verwaltung\/betrieb\/?$/, source: 'Operation' },
  { pattern: /^\/verwaltung\/auffaellig\/?$/, source: 'Flags' },
  { pattern: /^\/verwaltung\/benachrichtigungen\/?$/, source: 'Alerts' },
  { pattern: /^\/verwaltung\/quellen\/neu\/?$/, source: 'Connect' },
  { pattern: /^\/verwaltung\/quellen\/neu\/([a-z0-9]{12})\/?$/, source: 'Connect' },
  { pattern: /^\/verwaltung\/nutzer\/?$/, source: 'People' },
  { pattern: /^\/verwaltung\/nutzer\/(\d{1,9})\/?$/, source: 'Person' },
  { pattern: /^\/verwaltung\/nutzer\/gruppen\/?$/, source: 'Groups' },
  { pattern: /^\/verwaltung\/nutzer\/gruppen\/(\d{1,9})\/?$/, source: 'Group' },
  { pattern: /^\/verwaltung\/nutzer\/rollen\/?$/, source: 'Grants' },
  { pattern: /^\/verwaltung\/raeume\/?$/, source: 'Spaces' },
  { pattern: /^\/verwaltung\/rechte\/?$/, source: 'Rights' },
  { pattern: /^\/verwaltung\/anfragen\/?$/, source: 'Inbox' },
  { pattern: /^\/verwaltung\/bedingungen\/?$/, source: 'Terms' },
  { pattern: /^\/verwaltung\/protokoll\/?$/, source: 'AuditLog' },
  { pattern: /^\/anfragen\/?$/, source: 'Requests' },
]
