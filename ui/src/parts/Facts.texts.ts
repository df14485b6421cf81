import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    kept: 'Gespeichert',
    keptEvery: 'Je Messreihe eine Zahl alle {period}, mit Zeit und Prüfvermerk',
    keptHourly: 'Je Messreihe eine Zahl je Stunde, mit Zeit und Prüfvermerk',
    keptDaily: 'Je Messreihe eine Zahl je Tag, mit Zeit und Prüfvermerk',
    keptEach: 'Je Messreihe eine Zahl je Meldung, mit Zeit und Prüfvermerk',
    retention: 'Wie lange',
    small: 'Kleine Zahlen',
    smallText:
      'Zum Schutz von Personen stehen Anzahlen unter {k} öffentlich als 0 oder {k} da; Summen stimmen im Mittel.',
    noRetention: 'Keine Frist angegeben: Die Werte bleiben gespeichert.',
    unlimited: 'Ohne Frist: Die Werte bleiben gespeichert.',
    'days.one': '{n} Tag, dann werden die Werte gelöscht.',
    'days.other': '{n} Tage, dann werden die Werte gelöscht.',
    noOperator: 'nicht angegeben',
  },
  en: {
    kept: 'Kept',
    keptEvery: 'One number per series every {period}, with time and quality mark',
    keptHourly: 'One number per series and hour, with time and quality mark',
    keptDaily: 'One number per series and day, with time and quality mark',
    keptEach: 'One number per series and report, with time and quality mark',
    retention: 'For how long',
    small: 'Small counts',
    smallText: 'To protect people, counts below {k} are published as 0 or {k}; sums are right on average.',
    noRetention: 'No period stated: the values stay.',
    unlimited: 'Without end: the values stay.',
    'days.one': '{n} day, then the values are deleted.',
    'days.other': '{n} days, then the values are deleted.',
    noOperator: 'not stated',
  },
})
