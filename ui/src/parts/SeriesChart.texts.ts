import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    gap: 'Lücke: Es kamen keine Werte.',
    holiday: 'Feiertag: {name}',
    thinned:
      'Mehr Werte als Bildpunkte: Gezeichnet sind in jedem Abschnitt der kleinste und der größte Wert, alle Lücken und auffälligen Werte. Alle Werte stehen in der CSV-Datei.',
    'cause.failed': 'Lücke, die Quelle war gestört: {cause}',
    'cause.idle': 'Lücke: Die Quelle wurde in dieser Zeit nicht abgefragt.',
    'cause.silent': 'Lücke: Das Gerät hat keine Werte gesendet.',
    'cause.empty': 'Lücke: In der Quelle stehen für diese Zeit keine Werte.',
    'cause.broken': 'Quelle gestört: {cause}',
    'cause.brokenUnknown': 'Quelle gestört.',
    'cause.late': 'Verspätet: Neue Werte stehen noch aus.',
    'cause.lateSource': 'Verspätet: Die Quelle hat zuletzt {age} geliefert.',
  },
  en: {
    gap: 'Gap: no values came.',
    holiday: 'Public holiday: {name}',
    thinned:
      'More values than pixels: drawn are the smallest and the largest value of each stretch, all gaps and suspect values. The CSV file holds all values.',
    'cause.failed': 'Gap, the source was failing: {cause}',
    'cause.idle': 'Gap: the source was not asked during this time.',
    'cause.silent': 'Gap: the device sent no values.',
    'cause.empty': 'Gap: the source holds no values for this time.',
    'cause.broken': 'Source failing: {cause}',
    'cause.brokenUnknown': 'Source failing.',
    'cause.late': 'Late: new values are still to come.',
    'cause.lateSource': 'Late: the source last delivered {age}.',
  },
})
