import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    title: 'Aufkleber für die Messstelle',
    back: 'Zur Messstelle',
    lead: 'Format A6. Wer davorsteht, erfährt, was hier gemessen wird und was nicht – der Code führt zum Steckbrief.',
    print: 'Drucken',
    svg: 'Als SVG',
    operator: 'Betreiber: {operator}',
    noOperator: 'Betreiber nicht angegeben',
    hint: 'Was wird gespeichert, wie lange, und die Werte von heute',
    mark: 'Simuliert – keine Messung',
  },
  en: {
    title: 'Sticker for the station',
    back: 'To the station',
    lead: 'Size A6. Those who stand in front of it learn what is measured here and what is not – the code leads to the profile.',
    print: 'Print',
    svg: 'As SVG',
    operator: 'Operator: {operator}',
    noOperator: 'Operator not stated',
    hint: 'What is kept, for how long, and today’s values',
    mark: 'Simulated – not measured',
  },
})
