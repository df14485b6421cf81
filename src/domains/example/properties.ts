/** Observed properties under the keys, names and units ready sources use, so that real stations join the same groups. */
export interface Property {
  name: string
  definition: string
  description: string
  unit: { name: string; symbol: string; definition: string }
  aggregate: 'sum' | 'mean'
}

const COUNT = { name: 'Anzahl', symbol: '', definition: 'ucum:{count}' }
const CELSIUS = { name: 'Grad Celsius', symbol: '°C', definition: 'ucum:Cel' }

const property = (
  key: string,
  name: string,
  unit: Property['unit'],
  aggregate: 'sum' | 'mean',
  description = '',
): Property => ({ name, definition: `urn:zahnrad:property:${key}`, description, unit, aggregate })

export const PROPERTIES = {
  bicycle_count: property('bicycle_count', 'Radverkehr', COUNT, 'sum', 'Gezählte Fahrräder im Zeitraum.'),
  pedestrian_count: property('pedestrian_count', 'Fußverkehr', COUNT, 'sum', 'Gezählte Personen zu Fuß im Zeitraum.'),
  car_count: property('car_count', 'Kfz-Verkehr', COUNT, 'sum', 'Gezählte Kraftfahrzeuge im Zeitraum.'),
  parking_free: property(
    'parking_free',
    'Freie Stellplätze',
    { name: 'Stellplätze', symbol: '', definition: 'ucum:{count}' },
    'mean',
    'Stellplätze, die zu dieser Zeit nicht belegt sind.',
  ),
  air_temperature: property('air_temperature', 'Lufttemperatur', CELSIUS, 'mean'),
  relative_humidity: property(
    'relative_humidity',
    'Luftfeuchte',
    { name: 'Prozent', symbol: '%', definition: 'ucum:%' },
    'mean',
  ),
  precipitation: property(
    'precipitation',
    'Niederschlag',
    { name: 'Millimeter', symbol: 'mm', definition: 'ucum:mm' },
    'sum',
    'Menge im Zeitraum.',
  ),
  wind_speed: property(
    'wind_speed',
    'Windgeschwindigkeit',
    { name: 'Kilometer pro Stunde', symbol: 'km/h', definition: 'ucum:km/h' },
    'mean',
  ),
  water_level: property(
    'water_level',
    'Wasserstand',
    { name: 'Zentimeter', symbol: 'cm', definition: 'ucum:cm' },
    'mean',
    'Höhe über dem Pegelnullpunkt.',
  ),
  temperature: property('temperature', 'Temperatur', CELSIUS, 'mean'),
} as const satisfies Record<string, Property>

export type PropertyKey = keyof typeof PROPERTIES
