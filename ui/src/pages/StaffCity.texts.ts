import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    title: 'Stadt',
    lead: 'Wessen Plattform das ist. Änderungen gelten sofort, ohne Neustart.',
    file: 'Diese Angaben stehen in der Datei {file} (CITY_FILE). Ändern Sie sie dort und starten Sie die Plattform neu.',
    name: 'Name',
    key: 'Amtlicher Schlüssel',
    zone: 'Zeitzone',
    languages: 'Sprachen',
    contact: 'Kontakt',
    bounds: 'Ausschnitt (W, S, O, N)',
    none: 'keine Angabe',
  },
  en: {
    title: 'City',
    lead: 'Whose platform this is. Changes take effect at once, without a restart.',
    file: 'These details stand in the file {file} (CITY_FILE). Change them there and start the platform again.',
    name: 'Name',
    key: 'Official key',
    zone: 'Time zone',
    languages: 'Languages',
    contact: 'Contact',
    bounds: 'Section (W, S, E, N)',
    none: 'not given',
  },
})
