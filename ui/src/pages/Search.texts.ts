import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    title: 'Suche',
    titleFor: '„{q}“ – Suche',
    lead: 'Messstellen, Haltestellen, Parken, Leihen, Laden, Datensätze, Tafeln und Seiten. Umlaute, Wortteile und kleine Tippfehler sind erlaubt.',
    label: 'Wonach suchen Sie?',
    searching: 'Wird gesucht …',
    'found.one': 'Ein Ergebnis',
    'found.other': '{n} Ergebnisse',
    more: 'Weitere zeigen',
    'moreHidden.one': 'Eines von {kind} wird nicht gezeigt: Nennen Sie ein weiteres Wort.',
    'moreHidden.other': '{n} weitere {kind} werden nicht gezeigt: Nennen Sie ein weiteres Wort.',
    none: 'Nichts gefunden zu „{q}“.',
    nonePlace:
      'Gesucht wird in dem, was diese Stadt veröffentlicht – nicht im Stadtplan. Eine Straße wird nur gefunden, wenn eine Messstelle nach ihr heißt oder dort steht.',
    noneWords: 'Es muss jedes Wort vorkommen: Versuchen Sie es mit einem Wort weniger, etwa „{word}“.',
    noneTry: 'Das können Sie tun',
    noneMap: 'Auf der Karte nachsehen, was in der Nähe gemessen wird',
    noneData: 'Alle Datensätze ansehen',
    begin: 'Zum Beispiel der Name einer Straße, „Fahrrad“, „Pegel“ oder „Impressum“.',
  },
  en: {
    title: 'Search',
    titleFor: '“{q}” – search',
    lead: 'Stations, stops, parking, sharing, charging, datasets, boards and pages. Parts of words and small slips are fine, and umlauts may be written as ae, oe, ue.',
    label: 'What are you looking for?',
    searching: 'Searching …',
    'found.one': 'One result',
    'found.other': '{n} results',
    more: 'Show more',
    'moreHidden.one': 'One of {kind} is not shown: add another word.',
    'moreHidden.other': '{n} more {kind} are not shown: add another word.',
    none: 'Nothing found for “{q}”.',
    nonePlace:
      'This searches what the city publishes, not a street map. A street is found only if a station is named after it or stands there.',
    noneWords: 'Every word must occur: try with one word less, such as “{word}”.',
    noneTry: 'What you can do',
    noneMap: 'See on the map what is measured nearby',
    noneData: 'Look at all datasets',
    begin: 'For example the name of a street, “bike”, “water level” or “privacy”.',
  },
})
