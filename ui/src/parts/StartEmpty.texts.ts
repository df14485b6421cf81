import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    title: 'Hier wird stehen, was {city} misst',
    text: 'Noch sind keine Daten veröffentlicht. Sobald es so weit ist, sehen Sie hier eine Karte der Messstellen, ihre neuesten Werte und den Verlauf, ohne Anmeldung.',
    staffTitle: 'Noch keine Messstellen',
    staffText:
      'Schließen Sie eine Quelle an: eine Datei, eine Webadresse, MQTT oder Webhook. Öffentlich wird ein Datensatz erst, wenn Sie ihn freigeben.',
    connect: 'Quelle anschließen',
    example: 'Beispielstadt anlegen',
    exampleHint: 'Mit der Beispielstadt (simuliert) probieren Sie alles aus. Ein Klick entfernt sie wieder.',
    making: 'Wird angelegt …',
    failed: 'Die Beispielstadt ließ sich nicht anlegen: {why}',
  },
  en: {
    title: 'What {city} measures will stand here',
    text: 'No data has been published yet. As soon as there is, you will see a map of the stations, their newest values and their course here, without signing in.',
    staffTitle: 'No stations yet',
    staffText:
      'Connect a source: a file, a web address, MQTT or a webhook. A dataset becomes public only when you release it.',
    connect: 'Connect a source',
    example: 'Make the example city',
    exampleHint: 'Try everything with the example city (simulated). One click takes it away again.',
    making: 'Being made …',
    failed: 'The example city could not be made: {why}',
  },
})
