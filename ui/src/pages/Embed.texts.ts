import { texts } from '../lib/texts.ts'

export const t = texts({
  de: { source: 'Quelle: {source}', full: 'Ganze Seite der Messstelle' },
  en: { source: 'Source: {source}', full: 'Full page of the station' },
})
