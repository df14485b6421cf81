/**
 * Addresses that are pages; anything else that is not a file is answered by the page "not found" with status 404.
 * The pages themselves keep the same list in `ui/src/lib/routes.ts`; `web.test.ts` compares the two.
 */
export const PAGES: readonly RegExp[] = [
  /^\/$/,
  /^\/login\/?$/,
  /^\/verwaltung\/datensaetze\/?$/,
  /^\/verwaltung\/datensaetze\/([a-z0-9-]{1,63})\/?$/,
  /^\/verwaltung\/datensaetze\/([a-z0-9-]{1,63})\/messstellen\/(\d{1,9})\/?$/,
  /^\/datensaetze\/?$/,
  /^\/datensaetze\/([a-z0-9-]{1,63})\/?$/,
  /^\/verwaltung\/stadt\/?$/,
  /^\/verwaltung\/einrichten\/?$/,
  /^\/stationen\/(\d{1,10})\/?$/,
  /^\/tafeln\/?$/,
  /^\/tafeln\/([a-z0-9][a-z0-9-]{0,62})\/?$/,
  /^\/verwaltung\/konto\/?$/,
  /^\/verwaltung\/pruefung\/?$/,
  /^\/verwaltung\/pruefung\/([a-z0-9-]{1,63})\/?$/,
  /^\/suche\/?$/,
  /^\/stationen\/(\d{1,10})\/aufkleber\/?$/,
  /^\/einbetten\/stationen\/(\d{1,10})\/?$/,
  /^\/vergleich\/?$/,
  /^\/verwaltung\/quellen\/?$/,
  /^\/verwaltung\/quellen\/(?!neu\/?$)([a-z0-9][a-z0-9-]{0,62})\/?$/,
  /^\/verwaltung\/quellen\/([a-z0-9][a-z0-9-]{0,62})\/laeufe\/(\d{1,9})\/?$/,
  /^\/verwaltung\/betrieb\/?$/,
  /^\/verwaltung\/auffaellig\/?$/,
  /^\/verwaltung\/benachrichtigungen\/?$/,
  /^\/verwaltung\/quellen\/neu\/?$/,
  /^\/verwaltung\/quellen\/neu\/([a-z0-9]{12})\/?$/,
]
