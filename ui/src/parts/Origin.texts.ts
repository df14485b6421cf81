import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    title: 'Herkunft',
    source: 'Quelle',
    dataset: 'Datensatz',
    licence: 'Lizenz',
    noLicence: 'nicht angegeben',
    attribution: 'Namensnennung',
    age: 'Stand',
    noAge: 'ohne Werte',
  },
  en: {
    title: 'Where it comes from',
    source: 'Source',
    dataset: 'Dataset',
    licence: 'Licence',
    noLicence: 'not stated',
    attribution: 'Attribution',
    age: 'As of',
    noAge: 'without values',
  },
})
