import type { DatasetSpec } from '../catalog/index.ts'

export const CITY = 'Beispielstadt'
/** Stands behind every name people see. */
export const SIMULATED = '(simuliert)'
export const ATTRIBUTION = 'Simulierte Daten – keine Messung'
/** West, south, east, north: around the middle of Germany, where no city of this name is. */
export const BOUNDS: [number, number, number, number] = [10.412, 51.14, 10.488, 51.181]

export type DatasetId =
  | 'beispiel-radverkehr'
  | 'beispiel-fussverkehr'
  | 'beispiel-kfz-verkehr'
  | 'beispiel-parken'
  | 'beispiel-wetter'
  | 'beispiel-pegel'
  | 'beispiel-raumklima'

interface Subject {
  dataset: DatasetSpec
  /** All but one are public. */
  released: boolean
  sensor: { name: string; description: string }
  /** "Was dieser Sensor nicht sieht". */
  blindSpots: { de: string; en: string }
}

const subject = (
  id: DatasetId,
  title: string,
  description: string,
  sensor: Subject['sensor'],
  blindSpots: Subject['blindSpots'],
  released = true,
): [DatasetId, Subject] => [
  id,
  {
    released,
    sensor,
    blindSpots,
    dataset: {
      id,
      title: `${title} ${CITY} ${SIMULATED}`,
      description: `${description} Alle Werte sind gerechnet, keiner ist gemessen; ${CITY} gibt es nicht.`,
      publisher: `${CITY} ${SIMULATED}`,
      licence: 'cc-zero',
      attribution: ATTRIBUTION,
      properties: { simulated: true },
    },
  },
]

/** What the example city measures: a dataset for each subject. */
export const SUBJECTS: ReadonlyMap<DatasetId, Subject> = new Map([
  subject(
    'beispiel-radverkehr',
    'Radverkehr',
    'Acht Dauerzählstellen für Fahrräder in Schritten von 15 Minuten.',
    { name: 'Induktionsschleife (simuliert)', description: 'Zählt Fahrräder, die darüber rollen.' },
    {
      de: 'Gezählt wird, was über die Schleife im Radweg rollt. Wer auf der Fahrbahn daneben fährt, fehlt; dicht nebeneinander Fahrende können als ein Rad gelten. Personen werden nicht erkannt.',
      en: 'Counted is what rolls over the loop in the cycle path. Those on the carriageway beside it are missing; riders close together may count as one. Nobody is identified.',
    },
  ),
  subject(
    'beispiel-fussverkehr',
    'Fußverkehr',
    'Sieben Zählstellen für Menschen zu Fuß in Schritten von 15 Minuten.',
    { name: 'Laserschranke (simuliert)', description: 'Zählt Menschen, die unter dem Gerät hindurchgehen.' },
    {
      de: 'Gezählt werden Durchgänge, nicht Menschen: Wer zurückkommt, zählt zweimal. Kinderwagen und eng gehende Gruppen werden zu niedrig gezählt. Es entstehen keine Bilder und keine Kennungen von Telefonen.',
      en: 'Counted are passages, not people: who comes back counts twice. Prams and close groups are counted too low. No pictures and no identifiers of phones are taken.',
    },
  ),
  subject(
    'beispiel-kfz-verkehr',
    'Kfz-Verkehr',
    'Fünf Zählstellen für Kraftfahrzeuge in Schritten von 15 Minuten.',
    { name: 'Radar am Mast (simuliert)', description: 'Zählt Kraftfahrzeuge je Richtung.' },
    {
      de: 'Krafträder neben Lastwagen werden verdeckt, bei Stau fehlen einzelne Fahrzeuge. Kennzeichen werden nicht gelesen.',
      en: 'Motorcycles beside lorries are hidden, in congestion single vehicles are missing. Number plates are not read.',
    },
  ),
  subject(
    'beispiel-parken',
    'Parken',
    'Freie Stellplätze in acht Parkhäusern und auf Parkplätzen.',
    { name: 'Schrankenanlage (simuliert)', description: 'Zählt Ein- und Ausfahrten.' },
    {
      de: 'Frei ist, was die Schranken übrig lassen. Falsch abgestellte Fahrzeuge und für Dauerparkende freigehaltene Plätze sieht die Anlage nicht; der Stand wird nachts von Hand berichtigt.',
      en: 'Free is what the barriers leave. The system does not see badly parked vehicles or spaces kept for tenants; the figure is corrected by hand at night.',
    },
  ),
  subject(
    'beispiel-wetter',
    'Stadtklima',
    'Sechs Wetterstationen: Lufttemperatur, Luftfeuchte, Niederschlag und Wind.',
    { name: 'Wetterstation (simuliert)', description: 'Temperatur und Feuchte im Strahlungsschutz, Regenwippe, Wind.' },
    {
      de: 'Die Station misst an einem Ort, nicht auf der Straße nebenan. Die Regenwippe erfasst Schnee erst, wenn er schmilzt; Gebäude bremsen den Wind.',
      en: 'The station measures one place, not the street next to it. The rain gauge sees snow only when it melts; buildings slow the wind.',
    },
  ),
  subject(
    'beispiel-pegel',
    'Wasserstände',
    'Zwei Pegel an der Beispielach und am Mühlbach.',
    { name: 'Pegelsonde (simuliert)', description: 'Misst den Druck des Wassers über der Sonde.' },
    {
      de: 'Gemessen wird die Höhe des Wassers an einer Stelle, nicht wie viel fließt. Eis und Treibgut am Pegel verfälschen den Stand.',
      en: 'Measured is the height of the water at one place, not how much flows. Ice and driftwood at the gauge distort it.',
    },
  ),
  subject(
    'beispiel-raumklima',
    'Raumklima im Rathaus',
    'Temperatur und Feuchte in zwei Räumen. Nicht freigegeben: Aus den Werten ließe sich lesen, wann jemand da ist.',
    { name: 'Raumfühler (simuliert)', description: 'Temperatur und Feuchte in einem Raum.' },
    {
      de: 'Der Fühler hängt an einer Wand; am Fenster oder in der Sonne ist es anders.',
      en: 'The sensor hangs on one wall; by the window or in the sun it is different.',
    },
    false,
  ),
])

export const RETENTION = {
  de: 'Bleibt, bis die Beispielstadt entfernt wird. Es sind keine Daten über Menschen darin.',
  en: 'Kept until the example city is removed. There are no data about people in it.',
}
