import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    when: '{day}, {from}–{to} Uhr',
    nothing: 'keine Werte',
    legend: 'Zeichen des Bildes',
  },
  en: {
    when: '{day}, {from}:00–{to}:00',
    nothing: 'no values',
    legend: 'Signs of the picture',
  },
})
