import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    away: '{distance} entfernt',
    sorted:
      'Nach Entfernung sortiert. Ihr Standort bleibt auf diesem Gerät: Er wird nicht gesendet und nicht gespeichert.',
    far: 'Die nächste Messstelle ist {distance} entfernt.',
    end: 'Ohne Standort',
    'no.denied':
      'Der Browser gibt den Standort nicht frei. Sie können das in seinen Einstellungen für diese Seite ändern.',
    'no.unavailable': 'Ihr Gerät weiß gerade nicht, wo es ist.',
    'no.timeout': 'Ihr Gerät hat zu lange gebraucht, um den Standort zu bestimmen. Bitte versuchen Sie es noch einmal.',
    'no.insecure': 'Der Standort lässt sich nur über eine sichere Verbindung (https) bestimmen.',
    filter: 'Messstellen filtern',
    noneOf: 'Keine Messstelle passt zu „{words}“.',
    choose: 'Vergleichen',
    chooseHint: 'Wählen Sie bis zu sechs Messstellen.',
    pick: '{name} vergleichen',
    go: 'Vergleichen ({n})',
    cancel: 'Abbrechen',
  },
  en: {
    away: '{distance} away',
    sorted: 'Sorted by distance. Your position stays on this device: it is neither sent nor stored.',
    far: 'The nearest station is {distance} away.',
    end: 'Without position',
    'no.denied': 'The browser does not reveal the position. You can change that in its settings for this site.',
    'no.unavailable': 'Your device does not know where it is at the moment.',
    'no.timeout': 'Your device took too long to find its position. Please try again.',
    'no.insecure': 'The position can only be found over a secure connection (https).',
    filter: 'Filter stations',
    noneOf: 'No station matches “{words}”.',
    choose: 'Compare',
    chooseHint: 'Choose up to six stations.',
    pick: 'Compare {name}',
    go: 'Compare ({n})',
    cancel: 'Cancel',
  },
})
