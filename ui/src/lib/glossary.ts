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
  property: {
    word: 'Messgröße',
    text: 'Was gemessen oder gezählt wird, zum Beispiel Lufttemperatur oder Fahrräder. Gleiche Größen lassen sich über alle Messstellen vergleichen.',
  },
  observation: {
    word: 'Beobachtung',
    text: 'Ein einzelner Wert mit seiner Zeit: was ein Gerät einmal gemessen oder in einer Spanne gezählt hat.',
  },
  schedule: {
    word: 'Zeitplan',
    text: 'Wann die Plattform die Quelle von selbst abfragt. Ohne Zeitplan geschieht es nur auf Knopfdruck, oder die Werte werden zugesandt.',
  },
  cron: {
    word: 'Zeitplan als Zeile',
    text: 'Fünf Angaben: Minute, Stunde, Tag, Monat, Wochentag. „30 6 * * 1“ heißt: montags um 6:30 Uhr.',
  },
  expect: {
    word: 'Erwartet spätestens alle',
    text: 'Kommt in dieser Zeit nichts Neues, gilt die Quelle als verspätet, und wer benachrichtigt werden will, erfährt es.',
  },
  run: {
    word: 'Lauf',
    text: 'Ein Abruf der Quelle von Anfang bis Ende. Was an einem Tag zugesandt wird, zählt als ein Lauf.',
  },
  read: { word: 'Gelesen', text: 'So viele Werte standen in dem, was die Quelle lieferte.' },
  accepted: { word: 'Neu', text: 'Werte, die es noch nicht gab und die gespeichert wurden.' },
  unchanged: { word: 'Unverändert', text: 'Werte, die schon genauso gespeichert waren. Sie bleiben, wie sie sind.' },
  corrected: {
    word: 'Berichtigt',
    text: 'Für diese Zeit gab es schon einen anderen Wert. Der neue gilt, der alte bleibt im Verlauf nachlesbar.',
  },
  rejected: {
    word: 'Abgelehnt',
    text: 'Zeilen, die sich nicht lesen ließen, etwa ohne Zeit oder mit Text statt einer Zahl. Jede steht mit ihrem Grund da.',
  },
  definition: {
    word: 'Beschreibung der Quelle',
    text: 'Der Text (YAML), nach dem die Plattform die Quelle liest: woher, wie oft, welche Spalte was bedeutet. Jede frühere Fassung bleibt erhalten.',
  },
  separator: {
    word: 'Trennzeichen',
    text: 'Das Zeichen zwischen zwei Spalten einer Datei, meist Semikolon oder Komma.',
  },
  encoding: {
    word: 'Zeichensatz',
    text: 'Wie Buchstaben in der Datei gespeichert sind. Ist er falsch gewählt, sehen Umlaute seltsam aus.',
  },
  topic: {
    word: 'Thema (MQTT)',
    text: 'Die Adresse, unter der Geräte ihre Nachrichten senden. „+“ steht für einen beliebigen Teil, „#“ für den ganzen Rest.',
  },
  webhook: {
    word: 'Webhook',
    text: 'Eine geheime Adresse dieser Plattform, an die ein anderes System seine Werte von selbst schickt.',
  },
  aggregate: {
    word: 'Summe oder Mittel',
    text: 'Wie Werte zusammengefasst werden: Gezähltes wird addiert, Gemessenes wie eine Temperatur gemittelt.',
  },
  period: {
    word: 'Takt',
    text: 'In welchem Abstand Werte kommen. Daran erkennt die Plattform Lücken und Verspätung.',
  },
  role: {
    word: 'Rolle der Messreihe',
    text: 'Ob sie das Ganze zählt oder einen Teil davon, zum Beispiel eine Richtung. So wird nichts doppelt gezählt.',
  },
  release: {
    word: 'Freigabe',
    text: 'Erst ein freigegebener Datensatz ist für alle zu sehen. Entwürfe sehen nur Angemeldete mit einem Recht daran.',
  },
  officialKey: {
    word: 'Amtlicher Gemeindeschlüssel',
    text: 'Die acht Ziffern, die jede Gemeinde in Deutschland bezeichnen (AGS). Aus den ersten beiden ergeben sich die Feiertage des Landes.',
  },
  apiKey: {
    word: 'Schlüssel',
    text: 'Damit weist sich ein Programm aus wie ein Mensch mit Passwort. Er wird nur einmal gezeigt; behandeln Sie ihn wie ein Passwort.',
  },
  queue: {
    word: 'Warten auf das Speichern',
    text: 'Werte, die angekommen, aber noch nicht geschrieben sind. Bleibt die Zahl hoch, ist die Datenbank zu langsam.',
  },
  mqtt: {
    word: 'MQTT',
    text: 'Das Verfahren, über das Geräte ihre Werte senden und Programme sie laufend mitlesen.',
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
  property: {
    word: 'Observed property',
    text: 'What is measured or counted, such as air temperature or bicycles. Equal ones can be compared across all stations.',
  },
  observation: {
    word: 'Observation',
    text: 'One value with its time: what a device measured once or counted over a span.',
  },
  schedule: {
    word: 'Schedule',
    text: 'When the platform asks the source by itself. Without one it happens at the press of a button, or values are sent here.',
  },
  cron: {
    word: 'Schedule as a line',
    text: 'Five parts: minute, hour, day, month, weekday. “30 6 * * 1” means Mondays at 6:30.',
  },
  expect: {
    word: 'Expected at least every',
    text: 'If nothing new comes within this time the source counts as late, and whoever wants to be told is told.',
  },
  run: {
    word: 'Run',
    text: 'Asking the source once, from beginning to end. All that is sent in a day counts as one run.',
  },
  read: { word: 'Read', text: 'So many values stood in what the source delivered.' },
  accepted: { word: 'New', text: 'Values that were not there yet and were stored.' },
  unchanged: { word: 'Unchanged', text: 'Values that were stored just like that already. They stay as they are.' },
  corrected: {
    word: 'Corrected',
    text: 'There was another value for this time already. The new one counts, the old one stays in the history.',
  },
  rejected: {
    word: 'Rejected',
    text: 'Rows that could not be read, for example without a time or with text instead of a number. Each stands there with its reason.',
  },
  definition: {
    word: 'Definition of the source',
    text: 'The text (YAML) by which the platform reads the source: from where, how often, which column means what. Every earlier version is kept.',
  },
  separator: { word: 'Separator', text: 'The character between two columns of a file, mostly a semicolon or a comma.' },
  encoding: {
    word: 'Character encoding',
    text: 'How letters are stored in the file. If it is chosen wrongly, umlauts look odd.',
  },
  topic: {
    word: 'Topic (MQTT)',
    text: 'The address to which devices send their messages. “+” stands for any one part, “#” for all the rest.',
  },
  webhook: {
    word: 'Webhook',
    text: 'A secret address of this platform to which another system sends its values by itself.',
  },
  aggregate: {
    word: 'Sum or mean',
    text: 'How values are put together: what is counted is added, what is measured, like a temperature, is averaged.',
  },
  period: {
    word: 'Period',
    text: 'At what distance values come. By it the platform recognises gaps and delay.',
  },
  role: {
    word: 'Role of the series',
    text: 'Whether it counts the whole or a part of it, such as one direction. So nothing is counted twice.',
  },
  release: {
    word: 'Release',
    text: 'Only a released dataset is seen by all. Drafts are seen by people who signed in and have a right to them.',
  },
  officialKey: {
    word: 'Official municipality key',
    text: 'The eight digits that name each municipality in Germany (AGS). The first two tell the public holidays of its state.',
  },
  apiKey: {
    word: 'Key',
    text: 'With it a program proves who it is, as a person does with a password. It is shown once; treat it like a password.',
  },
  queue: {
    word: 'Waiting to be stored',
    text: 'Values that have arrived but are not written yet. If the number stays high, the database is too slow.',
  },
  mqtt: { word: 'MQTT', text: 'The way devices send their values and programs read them as they come.' },
}

const glossary: Record<Lang, Record<TermKey, Entry>> = { de, en }

/** What a word means, in the page's language. */
export const entryOf = (key: TermKey, lang: Lang): Entry => glossary[lang][key]
