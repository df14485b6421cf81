import type { Lang } from './messages.ts'

/** A word explained: as it stands alone, and what it means in one or two plain sentences. */
export interface Entry {
  word: string
  text: string
}

const de = {
  station: {
    word: 'Messstelle',
    text: 'Ein Ort, an dem die Stadt etwas misst oder zählt, zum Beispiel eine Zählschleife im Radweg oder ein Pegel.',
  },
  series: {
    word: 'Messreihe',
    text: 'Alle Werte einer Größe an einer Messstelle in der Folge der Zeit, etwa „Radfahrende stadteinwärts“.',
  },
  usual: {
    word: 'Üblicher Tag',
    text: 'Der mittlere von bis zu acht gleichen Wochentagen davor, jeweils bis zur selben Uhrzeit. Auffällige Werte zählen dabei nicht.',
  },
  median: {
    word: 'Median',
    text: 'Der Wert in der Mitte, wenn man alle der Größe nach ordnet. Einzelne Ausreißer verschieben ihn kaum.',
  },
  mean: {
    word: 'Mittelwert',
    text: 'Alle Werte zusammengezählt und durch ihre Zahl geteilt.',
  },
  suspect: {
    word: 'Auffälliger Wert',
    text: 'Ein Wert, den das Gerät oder eine Prüfung als unsicher gemeldet hat. Er bleibt sichtbar, zählt aber nicht als „üblich“.',
  },
  source: {
    word: 'Quelle',
    text: 'Woher die Werte kommen: ein Gerät, ein Amt oder ein anderes System, das sie regelmäßig liefert.',
  },
  dataset: {
    word: 'Datensatz',
    text: 'Messstellen und Werte, die zusammengehören: mit einer verantwortlichen Stelle und einer Lizenz.',
  },
  licence: {
    word: 'Lizenz',
    text: 'Sagt, was Sie mit den Daten tun dürfen und wen Sie dabei nennen müssen.',
  },
  attribution: {
    word: 'Namensnennung',
    text: 'Diese Stelle müssen Sie nennen, wenn Sie die Daten veröffentlichen.',
  },
  archive: {
    word: 'Archiv',
    text: 'Diese Werte kommen nicht laufend herein, sondern wurden von Hand eingelesen. Sie sind so alt wie ihr letzter Wert.',
  },
  completeness: {
    word: 'Vollständigkeit',
    text: 'Wie viele der erwarteten Werte wirklich vorliegen. Was fehlt, bleibt eine Lücke und wird nicht geschätzt.',
  },
  gap: {
    word: 'Lücke',
    text: 'Hier wäre ein Wert zu erwarten gewesen, es kam aber keiner. Null wäre etwas anderes: gemessen und nichts gezählt.',
  },
  gauge: {
    word: 'Pegel',
    text: 'Die Höhe des Wassers über einem festen Punkt an dieser Stelle. Sie ist nicht die Tiefe des Flusses.',
  },
  timeZone: {
    word: 'Zeitzone',
    text: 'Alle Zeiten sind die Uhrzeit in der Stadt. Bei der Umstellung der Uhr hat ein Tag 23 oder 25 Stunden.',
  },
  resolution: {
    word: 'Auflösung',
    text: 'Wie fein die Zeit unterteilt ist: einzelne Werte, oder Summen und Mittelwerte je Stunde, Tag, Woche oder Monat.',
  },
  retention: {
    word: 'Aufbewahrung',
    text: 'Wie lange die Werte gespeichert bleiben, bevor sie gelöscht werden.',
  },
  operator: {
    word: 'Betreiber',
    text: 'Wer das Gerät aufgestellt hat und sich darum kümmert.',
  },
  publisher: {
    word: 'Herausgeber',
    text: 'Wer die Daten veröffentlicht und für sie verantwortlich ist.',
  },
  blindSpots: {
    word: 'Was ein Sensor nicht sieht',
    text: 'Jedes Messverfahren hat Grenzen. Sie zu kennen schützt vor falschen Schlüssen.',
  },
  simulated: {
    word: 'Simuliert',
    text: 'Diese Werte hat ein Programm ausgerechnet. Nichts davon wurde gemessen.',
  },
  state: {
    word: 'Zustand',
    text: 'Aktuell: der neueste Wert ist jung genug. Verspätet: er lässt auf sich warten. Gestört: die Quelle meldet einen Fehler.',
  },
  approximate: {
    word: 'Ungefährer Ort',
    text: 'Die genaue Lage ist nicht bekannt oder wird nicht veröffentlicht.',
  },
  openData: {
    word: 'Offene Daten',
    text: 'Daten, die jede und jeder ohne Anmeldung nutzen, weitergeben und verändern darf.',
  },
  interface: {
    word: 'Schnittstelle',
    text: 'Eine Adresse, über die Programme dieselben Daten abrufen, die Sie hier sehen.',
  },
} satisfies Record<string, Entry>

export type TermKey = keyof typeof de

const en: Record<TermKey, Entry> = {
  station: {
    word: 'Station',
    text: 'A place where the city measures or counts something, such as a counting loop in a cycle path or a gauge.',
  },
  series: {
    word: 'Series',
    text: 'All values of one quantity at one station in order of time, such as “cyclists inbound”.',
  },
  usual: {
    word: 'Usual day',
    text: 'The middle one of up to eight equal weekdays before, each up to the same time of day. Suspect values do not count.',
  },
  median: {
    word: 'Median',
    text: 'The value in the middle when all are put in order. Single outliers hardly move it.',
  },
  mean: { word: 'Mean', text: 'All values added up and divided by how many there are.' },
  suspect: {
    word: 'Suspect value',
    text: 'A value the device or a check reported as uncertain. It stays visible but does not count towards “usual”.',
  },
  source: {
    word: 'Source',
    text: 'Where the values come from: a device, an office or another system that delivers them regularly.',
  },
  dataset: {
    word: 'Dataset',
    text: 'Stations and values that belong together, with somebody responsible and a licence.',
  },
  licence: { word: 'Licence', text: 'Says what you may do with the data and whom you must name.' },
  attribution: { word: 'Attribution', text: 'Whom you must name when you publish the data.' },
  archive: {
    word: 'Archive',
    text: 'These values do not come in continuously but were read in by hand. They are as old as the last of them.',
  },
  completeness: {
    word: 'Completeness',
    text: 'How many of the expected values are really there. What is missing stays a gap and is not estimated.',
  },
  gap: {
    word: 'Gap',
    text: 'A value was expected here and none came. Zero would be something else: measured, and nothing counted.',
  },
  gauge: {
    word: 'Gauge',
    text: 'The height of the water above a fixed point at this place. It is not the depth of the river.',
  },
  timeZone: {
    word: 'Time zone',
    text: 'All times are the time of day in the city. When the clocks change a day has 23 or 25 hours.',
  },
  resolution: {
    word: 'Resolution',
    text: 'How finely time is divided: single values, or totals and means per hour, day, week or month.',
  },
  retention: { word: 'Retention', text: 'How long the values are kept before they are deleted.' },
  operator: { word: 'Operator', text: 'Who put up the device and looks after it.' },
  publisher: { word: 'Publisher', text: 'Who publishes the data and is responsible for them.' },
  blindSpots: {
    word: 'What a sensor does not see',
    text: 'Every way of measuring has limits. Knowing them keeps from wrong conclusions.',
  },
  simulated: { word: 'Simulated', text: 'A program calculated these values. None of them was measured.' },
  state: {
    word: 'State',
    text: 'Up to date: the newest value is young enough. Late: it keeps us waiting. Failing: the source reports an error.',
  },
  approximate: { word: 'Approximate place', text: 'The exact position is not known or not published.' },
  openData: { word: 'Open data', text: 'Data that everybody may use, pass on and change without signing in.' },
  interface: { word: 'Interface', text: 'An address at which programs read the same data that you see here.' },
}

const glossary: Record<Lang, Record<TermKey, Entry>> = { de, en }

/** What a word means, in the page's language. */
export const entryOf = (key: TermKey, lang: Lang): Entry => glossary[lang][key]
