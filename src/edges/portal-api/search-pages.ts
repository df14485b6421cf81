import type { NamedPage } from '../../domains/search/index.ts'

interface Named {
  path: string
  de: string
  en: string
  /** What people also call it, in both languages. */
  words: string
  staff?: true
}

/** What of the platform itself can be found by its name; those without a page are left out. */
const NAMED: readonly Named[] = [
  { path: '/', de: 'Stadt jetzt', en: 'City now', words: 'Start Startseite Übersicht Karte home map overview' },
  { path: '/datensaetze', de: 'Datensätze', en: 'Datasets', words: 'Daten Katalog Open Data Download catalogue' },
  { path: '/tafeln', de: 'Tafeln', en: 'Boards', words: 'Dashboard Auswertung' },
  { path: '/vergleich', de: 'Vergleich', en: 'Comparison', words: 'Messstellen vergleichen compare' },
  { path: '/impressum', de: 'Impressum', en: 'Legal notice', words: 'Kontakt Anbieter imprint contact' },
  { path: '/datenschutz', de: 'Datenschutz', en: 'Privacy', words: 'Datenschutzerklärung DSGVO privacy policy' },
  { path: '/barrierefreiheit', de: 'Barrierefreiheit', en: 'Accessibility', words: 'Erklärung Barriere melden' },
  {
    path: '/schnittstellen',
    de: 'Schnittstellen',
    en: 'Interfaces',
    words: 'API Entwickler SensorThings MQTT developer',
  },
  { path: '/login', de: 'Anmelden', en: 'Sign in', words: 'Login Verwaltung' },
  { path: '/verwaltung/quellen', de: 'Quellen', en: 'Sources', words: 'anbinden Import connect', staff: true },
  {
    path: '/verwaltung/datensaetze',
    de: 'Datensätze verwalten',
    en: 'Manage datasets',
    words: 'freigeben',
    staff: true,
  },
  { path: '/verwaltung/betrieb', de: 'Betrieb', en: 'Operation', words: 'Zustand Protokoll Sicherung', staff: true },
  { path: '/verwaltung/stadt', de: 'Stadt', en: 'City', words: 'Profil Einstellungen Karte settings', staff: true },
  { path: '/anfragen', de: 'Anfragen und Freigaben', en: 'Requests and access', words: 'Zugang Antrag Partner ask' },
  {
    path: '/verwaltung/anfragen',
    de: 'Anfragen entscheiden',
    en: 'Decide on requests',
    words: 'Zugang Bedingungen ODRL terms',
    staff: true,
  },
  { path: '/verwaltung/raeume', de: 'Datenräume', en: 'Data spaces', words: 'Rechte Themen', staff: true },
  { path: '/verwaltung/rechte', de: 'Warum darf jemand etwas?', en: 'Why may somebody?', words: 'Rechte', staff: true },
  { path: '/verwaltung/protokoll', de: 'Protokoll', en: 'Log', words: 'Audit Nachweis Kette chain', staff: true },
  { path: '/verwaltung/nutzer', de: 'Nutzer', en: 'Users', words: 'Rechte Gruppen Schlüssel Konten keys', staff: true },
]

export const namedPages = (isPage: (path: string) => boolean, lang: 'de' | 'en'): NamedPage[] =>
  NAMED.filter(({ path }) => isPage(path)).map(({ path, de, en, words, staff }) => ({
    path,
    title: lang === 'en' ? en : de,
    words: `${words} ${lang === 'en' ? de : en}`,
    staff: staff ?? false,
  }))
