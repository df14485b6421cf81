import type { Component } from 'svelte'

/** A page: its address, what loads it, and whether it is for staff. Groups of the pattern become its `params`. */
export interface Route {
  pattern: RegExp
  /** Loaded when somebody goes there: the first page stays small. Each page takes `params`. */
  // biome-ignore lint/suspicious/noExplicitAny: some pages have no use for params, and that is fine
  load: () => Promise<{ default: Component<any> }>
  staff?: boolean
  /** Without header and footer: for frames on other sites and screens in a hall; where it depends, on the query. */
  bare?: boolean | ((query: URLSearchParams) => boolean)
}

/** Every page. The server keeps the same list (`src/edges/web/pages.ts`) and names the files of a page in its HTML. */
export const routes: readonly Route[] = [
  { pattern: /^\/$/, load: () => import('../pages/Start.svelte') },
  { pattern: /^\/verwaltung\/datensaetze\/?$/, load: () => import('../pages/StaffDatasets.svelte'), staff: true },
  {
    pattern: /^\/verwaltung\/datensaetze\/([a-z0-9-]{1,63})\/?$/,
    load: () => import('../pages/StaffDataset.svelte'),
    staff: true,
  },
  {
    pattern: /^\/verwaltung\/datensaetze\/([a-z0-9-]{1,63})\/messstellen\/(\d{1,9})\/?$/,
    load: () => import('../pages/StaffStation.svelte'),
    staff: true,
  },
  { pattern: /^\/impressum\/?$/, load: () => import('../pages/Imprint.svelte') },
  { pattern: /^\/datenschutz\/?$/, load: () => import('../pages/Privacy.svelte') },
  { pattern: /^\/barrierefreiheit\/?$/, load: () => import('../pages/Accessibility.svelte') },
  { pattern: /^\/verwaltung\/rueckmeldungen\/?$/, load: () => import('../pages/StaffFeedback.svelte'), staff: true },
  { pattern: /^\/login\/?$/, load: () => import('../pages/Login.svelte') },
  { pattern: /^\/datensaetze\/?$/, load: () => import('../pages/Datasets.svelte') },
  { pattern: /^\/datensaetze\/([a-z0-9-]{1,63})\/?$/, load: () => import('../pages/Dataset.svelte') },
  { pattern: /^\/datensaetze\/([a-z0-9-]{1,63})\/fahrplan\/?$/, load: () => import('../pages/Timetable.svelte') },
  { pattern: /^\/verwaltung\/stadt\/?$/, staff: true, load: () => import('../pages/StaffCity.svelte') },
  { pattern: /^\/verwaltung\/einrichten\/?$/, staff: true, load: () => import('../pages/StaffSetup.svelte') },
  { pattern: /^\/stationen\/(\d{1,10})\/?$/, load: () => import('../pages/Station.svelte') },
  { pattern: /^\/tafeln\/?$/, load: () => import('../pages/Boards.svelte') },
  {
    pattern: /^\/tafeln\/([a-z0-9][a-z0-9-]{0,62})\/?$/,
    load: () => import('../pages/Board.svelte'),
    bare: (query) => query.get('vollbild') === '1',
  },
  { pattern: /^\/verwaltung\/konto\/?$/, load: () => import('../pages/Account.svelte') },
  { pattern: /^\/verwaltung\/pruefung\/?$/, load: () => import('../pages/Reviews.svelte'), staff: true },
  {
    pattern: /^\/verwaltung\/pruefung\/([a-z0-9-]{1,63})\/?$/,
    load: () => import('../pages/Review.svelte'),
    staff: true,
  },
  { pattern: /^\/verwaltung\/nutzer\/?$/, load: () => import('../pages/People.svelte'), staff: true },
  { pattern: /^\/verwaltung\/nutzer\/(\d{1,9})\/?$/, load: () => import('../pages/Person.svelte'), staff: true },
  { pattern: /^\/verwaltung\/nutzer\/gruppen\/?$/, load: () => import('../pages/Groups.svelte'), staff: true },
  {
    pattern: /^\/verwaltung\/nutzer\/gruppen\/(\d{1,9})\/?$/,
    load: () => import('../pages/Group.svelte'),
    staff: true,
  },
  { pattern: /^\/verwaltung\/nutzer\/rollen\/?$/, load: () => import('../pages/Grants.svelte'), staff: true },
  { pattern: /^\/verwaltung\/raeume\/?$/, load: () => import('../pages/Spaces.svelte'), staff: true },
  { pattern: /^\/verwaltung\/rechte\/?$/, load: () => import('../pages/Rights.svelte'), staff: true },
  { pattern: /^\/verwaltung\/anfragen\/?$/, load: () => import('../pages/Inbox.svelte'), staff: true },
  { pattern: /^\/verwaltung\/bedingungen\/?$/, load: () => import('../pages/Terms.svelte'), staff: true },
  { pattern: /^\/verwaltung\/protokoll\/?$/, load: () => import('../pages/AuditLog.svelte'), staff: true },
  { pattern: /^\/anfragen\/?$/, load: () => import('../pages/Requests.svelte') },
  { pattern: /^\/abfahrten\/([^/]{1,200})\/?$/, load: () => import('../pages/Departures.svelte'), bare: true },
  { pattern: /^\/explore\/?$/, load: () => import('../pages/Explore.svelte') },
  { pattern: /^\/jetzt\/?$/, load: () => import('../pages/Now.svelte') },
  { pattern: /^\/(parken|leihstationen|laden)\/([^/]{1,300})\/?$/, load: () => import('../pages/Place.svelte') },
  { pattern: /^\/haltestellen\/([^/]{1,300})\/?$/, load: () => import('../pages/Stop.svelte') },
  {
    pattern: /^\/haltestellen\/([^/]{1,300})\/aufkleber\/?$/,
    load: () => import('../pages/StopSticker.svelte'),
    bare: true,
  },
  { pattern: /^\/baustellen\/?$/, load: () => import('../pages/Roadworks.svelte') },
  { pattern: /^\/lieferungen\/?$/, load: () => import('../pages/Deliveries.svelte') },
  { pattern: /^\/suche\/?$/, load: () => import('../pages/Search.svelte') },
  { pattern: /^\/stationen\/(\d{1,10})\/aufkleber\/?$/, load: () => import('../pages/Sticker.svelte'), bare: true },
  { pattern: /^\/einbetten\/stationen\/(\d{1,10})\/?$/, load: () => import('../pages/Embed.svelte'), bare: true },
  { pattern: /^\/vergleich\/?$/, load: () => import('../pages/Compare.svelte') },
  { pattern: /^\/verwaltung\/quellen\/?$/, load: () => import('../pages/Sources.svelte'), staff: true },
  {
    pattern: /^\/verwaltung\/quellen\/(?!neu\/?$)([a-z0-9][a-z0-9-]{0,62})\/?$/,
    load: () => import('../pages/Source.svelte'),
    staff: true,
  },
  {
    pattern: /^\/verwaltung\/quellen\/([a-z0-9][a-z0-9-]{0,62})\/laeufe\/(\d{1,9})\/?$/,
    load: () => import('../pages/SourceRun.svelte'),
    staff: true,
  },
  { pattern: /^\/verwaltung\/mobilitaet\/?$/, load: () => import('../pages/Planning.svelte'), staff: true },
  {
    pattern: /^\/verwaltung\/mobilitaet\/ladepunkte\/?$/,
    load: () => import('../pages/ChargerPairs.svelte'),
    staff: true,
  },
  { pattern: /^\/verwaltung\/mobilitaet\/meldepflicht\/?$/, load: () => import('../pages/Duty.svelte'), staff: true },
  {
    pattern: /^\/verwaltung\/mobilitaet\/baustellen\/?$/,
    load: () => import('../pages/StaffRoadworks.svelte'),
    staff: true,
  },
  {
    pattern: /^\/verwaltung\/mobilitaet\/baustellen\/neu\/?$/,
    load: () => import('../pages/StaffRoadwork.svelte'),
    staff: true,
  },
  {
    pattern: /^\/verwaltung\/mobilitaet\/baustellen\/(?!neu\/?$)([^/]{1,400})\/?$/,
    load: () => import('../pages/StaffRoadwork.svelte'),
    staff: true,
  },
  { pattern: /^\/verwaltung\/betrieb\/?$/, load: () => import('../pages/Operation.svelte'), staff: true },
  { pattern: /^\/verwaltung\/auffaellig\/?$/, load: () => import('../pages/Flags.svelte'), staff: true },
  { pattern: /^\/verwaltung\/benachrichtigungen\/?$/, load: () => import('../pages/Alerts.svelte'), staff: true },
  { pattern: /^\/verwaltung\/quellen\/neu\/?$/, load: () => import('../pages/Connect.svelte'), staff: true },
  {
    pattern: /^\/verwaltung\/quellen\/neu\/([a-z0-9]{12})\/?$/,
    load: () => import('../pages/Connect.svelte'),
    staff: true,
  },
]

export function routeOf(path: string): { route: Route; params: string[] } | null {
  for (const route of routes) {
    const match = route.pattern.exec(path)
    if (match) return { route, params: match.slice(1).map(decodeURIComponent) }
  }
  return null
}

/** Whether a page stands alone, without header and footer. */
export function isBare(route: Route | undefined, search: string): boolean {
  return typeof route?.bare === 'function' ? route.bare(new URLSearchParams(search)) : route?.bare === true
}

/** Is this a page of ours (and not an interface or a file)? */
export const isPage = (path: string): boolean => routeOf(path) !== null
