import { texts } from '../lib/texts.ts'

/** What suggestions and results share. */
export const t = texts({
  de: {
    'kind.station': 'Messstellen',
    'kind.place': 'Haltestellen, Parken, Leihen, Laden',
    'kind.property': 'Was gemessen wird',
    'kind.dataset': 'Datensätze',
    'kind.board': 'Tafeln',
    'kind.page': 'Seiten',
    'kind.source': 'Quellen',
    suggestions: 'Vorschläge',
    'count.one': 'Ein Vorschlag. Pfeiltasten wählen aus.',
    'count.other': '{n} Vorschläge. Pfeiltasten wählen aus.',
    none: 'Nichts gefunden. Eingabetaste zeigt, was Sie tun können.',
    all: 'Alle Ergebnisse zu „{q}“',
    'stations.one': 'eine Messstelle',
    'stations.other': '{n} Messstellen',
  },
  en: {
    'kind.station': 'Stations',
    'kind.place': 'Stops, parking, sharing, charging',
    'kind.property': 'What is measured',
    'kind.dataset': 'Datasets',
    'kind.board': 'Boards',
    'kind.page': 'Pages',
    'kind.source': 'Sources',
    suggestions: 'Suggestions',
    'count.one': 'One suggestion. Choose with the arrow keys.',
    'count.other': '{n} suggestions. Choose with the arrow keys.',
    none: 'Nothing found. Press Enter to see what you can do.',
    all: 'All results for “{q}”',
    'stations.one': 'one station',
    'stations.other': '{n} stations',
  },
})
