/** What people call what is observed, beside the data's own name, by the key of the observed property. */
const WORDS: Record<string, string> = {
  bicycle_count: 'Rad Fahrrad Radverkehr Radfahrende Zählstelle bike bicycle cycling',
  pedestrian_count: 'Fuß Fußgänger Passanten Passantenfrequenz Fußverkehr pedestrian footfall',
  car_count: 'Auto Kfz Pkw Verkehr Autoverkehr car traffic',
  air_temperature: 'Temperatur Lufttemperatur Wetter temperature weather',
  water_temperature: 'Temperatur Wassertemperatur temperature',
  water_level: 'Pegel Wasserstand Hochwasser water level',
  humidity: 'Luftfeuchte Feuchtigkeit Wetter humidity',
  relative_humidity: 'Luftfeuchte Feuchtigkeit Wetter humidity',
  soil_moisture: 'Bodenfeuchte Baum soil',
  precipitation: 'Regen Niederschlag Wetter rain',
  wind_speed: 'Wind Wetter',
  parking_free: 'Parken Parkplatz Parkhaus freie Plätze parking',
}

export const otherWords = (key: string | null): string => (key !== null && Object.hasOwn(WORDS, key) ? WORDS[key]! : '')
