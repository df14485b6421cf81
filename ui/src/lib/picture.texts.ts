import { texts } from './texts.ts'

export const t = texts({
  de: {
    source: 'Quelle: {source}',
    date: 'Abgerufen: {date} · Zeitzone {zone}',
    mark: 'Simuliert – keine Messung',
    suspect: 'auffälliger Wert',
    gap: 'keine Werte',
    previous: 'Vorjahr',
  },
  en: {
    source: 'Source: {source}',
    date: 'Retrieved: {date} · time zone {zone}',
    mark: 'Simulated – not measured',
    suspect: 'suspect value',
    gap: 'no values',
    previous: 'previous year',
  },
})
