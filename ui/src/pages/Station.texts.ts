import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    compare: '+ Vergleichen',
    compareThinned:
      'Einzelwerte so vieler Tage lassen sich nicht mit dem Vorjahr vergleichen: wählen Sie Stundenwerte.',
    embed: 'Einbetten',
    share: 'Teilen',
  },
  en: {
    compare: '+ Compare',
    compareThinned: 'Single values of so many days cannot be compared with the previous year: choose hourly values.',
    embed: 'Embed',
    share: 'Share',
  },
})
