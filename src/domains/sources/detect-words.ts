import type { Measure, OwnProperty } from './detect-model.ts'
import { NO_UNIT, PROPERTIES, type Unit } from './vocabulary.ts'

/** `Location Name` → `location name`; umlauts and signs as the rules below write them. */
export function plain(text: string): string {
  return text
    .replaceAll(/([a-zäöüß])([A-ZÄÖÜ])/g, '$1 $2')
    .toLowerCase()
    .replaceAll('ä', 'ae')
    .replaceAll('ö', 'oe')
    .replaceAll('ü', 'ue')
    .replaceAll('ß', 'ss')
    .normalize('NFKD')
    .replaceAll(/[^a-z0-9]+/g, ' ')
    .trim()
}

/** A name for keys and addresses: `Passanten ltr` → `passanten-ltr`. */
export function slug(text: string, join = '-'): string {
  const letters = plain(text.toLowerCase())
  return letters.replaceAll(' ', join).slice(0, 60) || 'quelle'
}

const count: Unit = { name: 'Anzahl', symbol: '', definition: 'ucum:{count}' }
const micrograms: Unit = { name: 'Mikrogramm pro Kubikmeter', symbol: 'µg/m³', definition: 'ucum:ug/m3' }
const decibels: Unit = { name: 'Dezibel', symbol: 'dB', definition: 'ucum:dB' }
const millimetres: Unit = { name: 'Millimeter', symbol: 'mm', definition: 'ucum:mm' }

/** Properties that headers often speak of and the vocabulary has no word for: they come along in the definition. */
const OWN: Record<string, OwnProperty> = {
  adult_count: { name: 'Erwachsene', unit: count, aggregate: 'sum' },
  child_count: { name: 'Kinder', unit: count, aggregate: 'sum' },
  truck_count: { name: 'Lkw-Verkehr', unit: count, aggregate: 'sum' },
  free_spaces: { name: 'Freie Plätze', unit: count, aggregate: 'mean' },
  occupied_spaces: { name: 'Belegte Plätze', unit: count, aggregate: 'mean' },
  precipitation_total: { name: 'Niederschlag, laufende Summe', unit: millimetres, aggregate: 'mean' },
  snow_depth: {
    name: 'Schneehöhe',
    unit: { name: 'Zentimeter', symbol: 'cm', definition: 'ucum:cm' },
    aggregate: 'mean',
  },
  vapour_pressure: {
    name: 'Dampfdruck',
    unit: { name: 'Hektopascal', symbol: 'hPa', definition: 'ucum:hPa' },
    aggregate: 'mean',
  },
  discharge: {
    name: 'Abfluss',
    unit: { name: 'Kubikmeter pro Sekunde', symbol: 'm³/s', definition: 'ucum:m3/s' },
    aggregate: 'mean',
  },
  pm10: { name: 'Feinstaub PM10', unit: micrograms, aggregate: 'mean' },
  pm25: { name: 'Feinstaub PM2,5', unit: micrograms, aggregate: 'mean' },
  no2: { name: 'Stickstoffdioxid', unit: micrograms, aggregate: 'mean' },
  o3: { name: 'Ozon', unit: micrograms, aggregate: 'mean' },
  co2: {
    name: 'Kohlendioxid',
    unit: { name: 'Teile pro Million', symbol: 'ppm', definition: 'ucum:[ppm]' },
    aggregate: 'mean',
  },
  sound_level: { name: 'Schallpegel', unit: decibels, aggregate: 'mean' },
}

/** Header words → observed property; the first rule that fits. Patterns see the plain form, with a blank at both ends. */
const RULES: readonly [RegExp, string][] = [
  [/ uvi? $| uv ?index/, 'uv_index'],
  [/batter\w*.*(prozent|percent|level|stand)/, 'battery_level'],
  [/batter|capacitor/, 'battery_voltage'],
  [/widerstand|resistance|resis /, 'electrical_resistance'],
  [/ rssi |empfangsst|signalst/, 'signal_strength'],
  [/ snr |lorasnr/, 'signal_to_noise'],
  [/erwachsene| adults? /, 'adult_count'],
  [/ kinder | child/, 'child_count'],
  [/passant|fussg|fussverk|pedestrian|footfall|zufuss| fuss /, 'pedestrian_count'],
  [
    / (e ?)?bikes? |bicycle|cyclist|fahrrad|fahrraeder|radfahr|radverk|radzaehl|radler|raeder| rad | velo/,
    'bicycle_count',
  ],
  [/ lkw | trucks? |lastwagen/, 'truck_count'],
  [/ (kfz|pkw|autos?|cars?|vehicles?) |fahrzeug|kfz/, 'car_count'],
  [/person|besucher|visitor| people /, 'person_count'],
  [/ (frei|freie|free|available|verfuegbar)(e|er)? |freeplaces|free spaces/, 'free_spaces'],
  [/ (belegt|belegte|besetzt|occupied) |occupied spaces/, 'occupied_spaces'],
  [/ (belegung|occupancy|auslastung) /, 'occupancy'],
  [/wassertemp|water temp/, 'water_temperature'],
  [/wasserstand|pegelstand|water level|waterlevel| pegel /, 'water_level'],
  [/abfluss|discharge/, 'discharge'],
  [/taupunkt|dew ?point/, 'dew_point'],
  [/gefuehlt|feels like|apparent|app temp|windchill/, 'apparent_temperature'],
  [/(windrichtung|wind direction|wind dir)/, 'wind_direction'],
  [/(boe|boeen|gust|windspitze)/, 'wind_gust'],
  [/(windgeschw|wind speed|windspeed| wind )/, 'wind_speed'],
  [/schnee|snow/, 'snow_depth'],
  [/(rain rate|rainrate|niederschlagsrate|regenrate|intensitaet)/, 'precipitation_rate'],
  [
    /(rain|precip|niederschlag|regen).*(daily|event|hourly|weekly|monthly|yearly|total|heute|today)/,
    'precipitation_total',
  ],
  [/niederschlag(?!sform)|regen|precip|rain/, 'precipitation'],
  [/sonnens|sunshine|sonnenschein/, 'sunshine_duration'],
  [/bewoelk|bedeckung|cloud/, 'cloud_cover'],
  [/globalstrahl|solar|irradian|strahlung/, 'solar_irradiance'],
  [/dampfdruck|vapou?r pressure/, 'vapour_pressure'],
  [/(luftdruck|pressure|barometer).*(absolut|station|ort)|(absolut|station).*(druck|pressure)/, 'station_pressure'],
  [/luftdruck|pressure|barometer/, 'air_pressure'],
  [/(boden|baum|holz)feucht|moisture|soil moist/, 'moisture'],
  [
    /(innen|indoor|stamm|boden|soil|tree|erdboden|water|gehaeuse).*temp|temp.*(innen|indoor|stamm|boden|gehaeuse)/,
    'temperature',
  ],
  [/temp/, 'air_temperature'],
  [/feucht|humidity/, 'relative_humidity'],
  [/ pm ?10 |feinstaub(?!.*2)/, 'pm10'],
  [/ pm ?2 ?5 |feinstaub.*2/, 'pm25'],
  [/ no2 |stickstoffdioxid/, 'no2'],
  [/ o3 |ozon/, 'o3'],
  [/ co2 |kohlendioxid/, 'co2'],
  [/laerm|schall|noise|sound| db a /, 'sound_level'],
]

/** Words that count something without saying what: direction, total, number. The file's name or its other columns say it. */
const GENERIC =
  / (gesamt|total|summe|sum|anzahl|count|zaehlung|zaehlwert|richtung|direction|ltr|rtl|ein|aus|in|out|wert|value|menge|links|rechts|einwaerts|auswaerts|stadteinwaerts|stadtauswaerts|nord|sued|ost|west|fr|kanal|channel) /

/** Of these, what is no count by itself: a bare "value" may be anything. */
const BARE = / (wert|value|menge) /

export const isBare = (text: string): boolean => BARE.test(` ${plain(text)} `)
export const isGeneric = (text: string): boolean => GENERIC.test(` ${plain(text)} `)

/** The observed property some words speak of. */
export function propertyOf(text: string): string | null {
  const letters = ` ${plain(text)} `
  return RULES.find(([pattern]) => pattern.test(letters))?.[1] ?? null
}

const UNITS: readonly [RegExp, Unit][] = [
  [/^(°c|grad c(elsius)?|celsius|c)$/i, { name: 'Grad Celsius', symbol: '°C', definition: 'ucum:Cel' }],
  [/^(%|prozent|percent)$/i, { name: 'Prozent', symbol: '%', definition: 'ucum:%' }],
  [/^mm$/i, millimetres],
  [/^cm$/i, { name: 'Zentimeter', symbol: 'cm', definition: 'ucum:cm' }],
  [/^m$/, { name: 'Meter', symbol: 'm', definition: 'ucum:m' }],
  [/^km\/h$/i, { name: 'Kilometer pro Stunde', symbol: 'km/h', definition: 'ucum:km/h' }],
  [/^m\/s(ec)?$/i, { name: 'Meter pro Sekunde', symbol: 'm/s', definition: 'ucum:m/s' }],
  [/^(hpa|mbar)$/i, { name: 'Hektopascal', symbol: 'hPa', definition: 'ucum:hPa' }],
  [/^w\/m(²|2|\^2)$/i, { name: 'Watt pro Quadratmeter', symbol: 'W/m²', definition: 'ucum:W/m2' }],
  [/^m(³|3)\/s$/i, { name: 'Kubikmeter pro Sekunde', symbol: 'm³/s', definition: 'ucum:m3/s' }],
  [/^(µ|μ|u)g\/m(³|3)$/i, micrograms],
  [/^db(\(a\))?$/i, decibels],
  [/^v(olt)?$/i, { name: 'Volt', symbol: 'V', definition: 'ucum:V' }],
  [/^(h|stunden?)$/i, { name: 'Stunde', symbol: 'h', definition: 'ucum:h' }],
  [/^(achtel|octas?)$/i, { name: 'Achtel', symbol: '⅛', definition: 'ucum:{octa}' }],
  [/^kwh$/i, { name: 'Kilowattstunde', symbol: 'kWh', definition: 'ucum:kW.h' }],
  [/^kw$/i, { name: 'Kilowatt', symbol: 'kW', definition: 'ucum:kW' }],
  [/^ppm$/i, { name: 'Teile pro Million', symbol: 'ppm', definition: 'ucum:[ppm]' }],
]

/** The unit in brackets at the end of a header (`Wasserstand [cm]`), or after "in". */
export function unitOf(text: string): Unit | null {
  const bracket = /[[(]\s*([^[\]()]+(?:\([Aa]\))?)\s*[\])]\s*$/.exec(text)?.[1] ?? /\sin\s+(\S+)$/.exec(text)?.[1]
  return bracket === undefined ? null : unitBySymbol(bracket.trim())
}

/** A unit people write with this symbol or name. */
export function unitBySymbol(symbol: string): Unit | null {
  return UNITS.find(([pattern]) => pattern.test(symbol))?.[1] ?? null
}

/** A header as a name people read: without unit, underscores and shouting. */
export function nameOf(header: string): string {
  const bare = header.replace(/\s*[[(][^[\]()]*[\])]\s*$/, '') || header
  const spaced = bare.replaceAll(/[_.]+/g, ' ').replaceAll(/\s+/g, ' ').trim()
  return spaced === '' ? header : spaced[0]!.toUpperCase() + spaced.slice(1)
}

export const isKnown = (property: string): boolean => PROPERTIES.has(property)
export const ownProperty = (property: string): OwnProperty | undefined =>
  Object.hasOwn(OWN, property) ? OWN[property] : undefined

/** How values of a property combine: counts add up. */
export function aggregateOf({ property, own }: Pick<Measure, 'property' | 'own'>): 'sum' | 'mean' {
  return own?.aggregate ?? PROPERTIES.get(property)?.aggregate ?? 'mean'
}

export function unitOfMeasure({ property, own, unit }: Measure): Unit {
  return unit ?? own?.unit ?? PROPERTIES.get(property)?.unit ?? NO_UNIT
}

/** What people call the property of a measure. */
export function propertyName({ property, own }: Pick<Measure, 'property' | 'own'>): string {
  return own?.name ?? PROPERTIES.get(property)?.name ?? property
}

/** Everything the form offers to choose from: the vocabulary, then what only headers know. */
export function offeredProperties(): { key: string; name: string; unit: Unit; aggregate: 'sum' | 'mean' }[] {
  const shared = [...PROPERTIES].map(([key, { name, unit, aggregate }]) => ({ key, name, unit, aggregate }))
  return [...shared, ...Object.entries(OWN).map(([key, own]) => ({ key, ...own }))]
}
