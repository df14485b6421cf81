import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    label: 'Lauf {run}',
    begins: 'Die Daten werden geholt.',
    'rows.one': '{n} Zeile',
    'rows.other': '{n} Zeilen',
    perSecond: '{n} Werte je Sekunde',
    left: 'noch etwa {time}',
    since: 'seit {time}',
    stop: 'Anhalten',
    stopping: 'Wird angehalten. Was gespeichert ist, bleibt.',
  },
  en: {
    label: 'Run {run}',
    begins: 'The data are being fetched.',
    'rows.one': '{n} row',
    'rows.other': '{n} rows',
    perSecond: '{n} values a second',
    left: 'about {time} left',
    since: 'for {time}',
    stop: 'Stop',
    stopping: 'Stopping. What is stored stays.',
  },
})
