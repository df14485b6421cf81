import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    near: 'In meiner Nähe',
    nearHint: 'Ihr Standort bleibt auf diesem Gerät: Er wird nicht gesendet und nicht gespeichert.',
    locating: 'Standort wird bestimmt …',
    you: 'Ihr Standort',
    mapSummary: 'Karte mit {n}: {list}. Dasselbe steht in der Liste daneben.',
  },
  en: {
    near: 'Near me',
    nearHint: 'Your position stays on this device: it is neither sent nor stored.',
    locating: 'Finding your position …',
    you: 'Your position',
    mapSummary: 'Map with {n}: {list}. The list beside it says the same.',
  },
})
