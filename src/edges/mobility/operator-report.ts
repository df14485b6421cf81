import { randomUUID } from 'node:crypto'
import type { Supplied } from './service.ts'

/** A letter to the operator of a dataset on how reliably it was supplied; plain text, German. */
export function operatorReport(
  { dataset, level }: Supplied,
  { city, timeZone, days, origin, to }: { city: string; timeZone: string; days: number; origin: string; to: string },
): { messageId: string; to: string[]; subject: string; text: string } {
  /** A figure and what it is of; without one that alone is said. */
  const share = (value: number | null, of: string) =>
    value === null ? 'nicht messbar' : `${(value * 100).toFixed(1).replace('.', ',')} % ${of}`
  const time = (seconds: number) =>
    seconds < 90
      ? `${Math.round(seconds)} Sekunden`
      : seconds < 5_400
        ? `${Math.round(seconds / 60)} Minuten`
        : `${Math.round(seconds / 3_600)} Stunden`
  const lateness =
    level.latency === null || level.latency90 === null
      ? 'nicht messbar'
      : `${time(level.latency)} im Median, ${time(level.latency90)} bei den langsamsten zehn von hundert Reihen`
  const day = (iso: string | null) =>
    iso === null
      ? 'noch keiner'
      : new Intl.DateTimeFormat('de-DE', { dateStyle: 'medium', timeZone }).format(Date.parse(iso))
  return {
    messageId: `${randomUUID()}@zahnrad`,
    to: [to],
    // A title can hold no line break here: what follows one would be read as a header of its own.
    subject: `${city}: Datenqualität „${dataset.title}“`.replace(/\s+/g, ' '),
    text: [
      'Guten Tag,',
      `so verlässlich kamen Ihre Daten „${dataset.title}“ in den letzten ${days} Tagen bei der Datenplattform ${city} an:`,
      [
        `Verfügbar:     ${share(level.uptime, 'der Zeit war die letzte gute Lieferung nicht älter als vereinbart')}`,
        `Lieferungen:   ${level.deliveries}, davon fehlgeschlagen: ${level.failed}`,
        `Verzug:        ${lateness}`,
        `Vollständig:   ${share(level.completeness, 'der erwarteten Werte')}`,
        `Neuester Wert: ${day(level.newest)}`,
      ].join('\n'),
      `Was Sie geliefert haben und was nicht angenommen wurde, sehen Sie hier:\n${origin}/lieferungen`,
      'Freundliche Grüße',
      city,
    ].join('\n\n'),
  }
}
