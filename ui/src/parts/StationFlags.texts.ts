import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    'title.one': '{n} Stelle ist auffällig',
    'title.other': '{n} Stellen sind auffällig',
    hint: 'Die Werte stehen da, wie sie gemessen wurden.',
    ok: 'In Ordnung',
    okOf: 'In Ordnung: {text}',
    done: 'Als in Ordnung vermerkt.',
    'more.one': 'und {n} weitere',
    'more.other': 'und {n} weitere',
  },
  en: {
    'title.one': '{n} stretch is odd',
    'title.other': '{n} stretches are odd',
    hint: 'The values stand as they were measured.',
    ok: 'All right',
    okOf: 'All right: {text}',
    done: 'Noted as all right.',
    'more.one': 'and {n} more',
    'more.other': 'and {n} more',
  },
})
