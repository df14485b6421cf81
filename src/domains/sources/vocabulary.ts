import { CONCEPTS } from '../features/index.ts'

/** Units and observed properties definitions share, so that the same thing is called the same in every dataset. */

export interface Unit {
  name: string
  symbol: string
  definition: string
}

export interface Property {
  name: string
  definition: string
  description: string
  unit: Unit
  aggregate: 'sum' | 'mean'
}

const count: Unit = { name: 'Anzahl', symbol: '', definition: 'ucum:{count}' }
const celsius: Unit = { name: 'Grad Celsius', symbol: '°C', definition: 'ucum:Cel' }
const percent: Unit = { name: 'Prozent', symbol: '%', definition: 'ucum:%' }
const millimetre: Unit = { name: 'Millimeter', symbol: 'mm', definition: 'ucum:mm' }
const kilometresPerHour: Unit = { name: 'Kilometer pro Stunde', symbol: 'km/h', definition: 'ucum:km/h' }
const hectopascal: Unit = { name: 'Hektopascal', symbol: 'hPa', definition: 'ucum:hPa' }
export const NO_UNIT: Unit = { name: 'ohne Einheit', symbol: '', definition: 'ucum:1' }

const counted = (name: string, key: string, description: string): [string, Property] => [
  key,
  { name, definition: `urn:zahnrad:property:${key}`, description, unit: count, aggregate: 'sum' },
]
const measured = (
  name: string,
  key: string,
  unit: Unit,
  description = '',
  aggregate: 'sum' | 'mean' = 'mean',
): [string, Property] => [key, { name, definition: `urn:zahnrad:property:${key}`, description, unit, aggregate }]

/** Observed properties by key. Names are what people read (German first); keys are what definitions and queries use. */
export const PROPERTIES: ReadonlyMap<string, Property> = new Map([
  counted('Radverkehr', 'bicycle_count', 'Gezählte Fahrräder im Zeitraum.'),
  counted('Fußverkehr', 'pedestrian_count', 'Gezählte Personen zu Fuß im Zeitraum.'),
  counted('Kfz-Verkehr', 'car_count', 'Gezählte Kraftfahrzeuge im Zeitraum.'),
  counted('Personenzahl', 'person_count', 'Gezählte Personen im Zeitraum.'),
  measured(
    'Wasserstand',
    'water_level',
    { name: 'Zentimeter', symbol: 'cm', definition: 'ucum:cm' },
    'Höhe über dem Pegelnullpunkt.',
  ),
  measured('Wassertemperatur', 'water_temperature', celsius),
  measured('Lufttemperatur', 'air_temperature', celsius),
  measured('Gefühlte Temperatur', 'apparent_temperature', celsius),
  measured('Taupunkt', 'dew_point', celsius),
  measured('Luftfeuchte', 'relative_humidity', percent),
  measured('Niederschlag', 'precipitation', millimetre, 'Menge im Zeitraum.', 'sum'),
  measured('Niederschlagsrate', 'precipitation_rate', {
    name: 'Millimeter pro Stunde',
    symbol: 'mm/h',
    definition: 'ucum:mm/h',
  }),
  measured('Bewölkung', 'cloud_cover', percent),
  measured('Sonnenscheindauer', 'sunshine_duration', { name: 'Stunde', symbol: 'h', definition: 'ucum:h' }, '', 'sum'),
  measured('Globalstrahlung', 'solar_irradiance', {
    name: 'Watt pro Quadratmeter',
    symbol: 'W/m²',
    definition: 'ucum:W/m2',
  }),
  measured('UV-Index', 'uv_index', NO_UNIT),
  measured('Windgeschwindigkeit', 'wind_speed', kilometresPerHour),
  measured('Windböen', 'wind_gust', kilometresPerHour),
  measured('Windrichtung', 'wind_direction', { name: 'Grad', symbol: '°', definition: 'ucum:deg' }),
  measured('Luftdruck', 'air_pressure', hectopascal, 'Auf Meereshöhe bezogen.'),
  measured('Luftdruck am Ort', 'station_pressure', hectopascal),
  measured('Wetterlage', 'weather_condition', NO_UNIT, 'Wetter in Worten.'),
  measured('Elektrischer Widerstand', 'electrical_resistance', {
    name: 'Kiloohm',
    symbol: 'kΩ',
    definition: 'ucum:kOhm',
  }),
  measured('Feuchte', 'moisture', percent),
  measured('Temperatur', 'temperature', celsius),
  measured('Belegung', 'occupancy', NO_UNIT, '1 = belegt, 0 = frei.'),
  measured('Batteriespannung', 'battery_voltage', { name: 'Volt', symbol: 'V', definition: 'ucum:V' }),
  measured('Batteriestand', 'battery_level', percent),
  measured(
    'Empfangsstärke',
    'signal_strength',
    { name: 'Dezibel Milliwatt', symbol: 'dBm', definition: 'ucum:dB[mW]' },
    'Am besten empfangenden Gateway.',
  ),
  measured('Signal-Rausch-Abstand', 'signal_to_noise', { name: 'Dezibel', symbol: 'dB', definition: 'ucum:dB' }),
  ...[...CONCEPTS.values()].flatMap(({ series }) =>
    Object.values(series).map(({ property, name, unit, description, aggregate }) =>
      measured(name, property, unit, description, aggregate),
    ),
  ),
])
