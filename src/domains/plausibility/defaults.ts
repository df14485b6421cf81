import type { Settings } from './model.ts'

const NONE: Settings = { min: null, max: null, stuckHours: null, spikeFactor: null, dropHours: null }

/** Counts are never negative; nights and holidays may be zero, so zero is judged by earlier weeks only. */
const COUNT: Settings = { min: 0, max: null, stuckHours: 6, spikeFactor: 6, dropHours: 6 }
const PERCENT: Settings = { ...NONE, min: 0, max: 100 }
const AIR: Settings = { min: -40, max: 50, stuckHours: 24, spikeFactor: null, dropHours: null }

/**
 * Limits by the key of the observed property. What is not listed has those of {@link COUNT} when its values are
 * summed, else none: a rule that cries wolf is worse than no rule.
 */
const BY_PROPERTY: Readonly<Record<string, Settings>> = {
  air_temperature: AIR,
  apparent_temperature: { ...AIR, min: -60, max: 60 },
  dew_point: { ...AIR, max: 40 },
  temperature: { ...NONE, min: -60, max: 100, stuckHours: 48 },
  water_temperature: { ...NONE, min: -2, max: 40, stuckHours: 72 },
  relative_humidity: { ...PERCENT, stuckHours: 48 },
  cloud_cover: PERCENT,
  moisture: { ...PERCENT, stuckHours: 14 * 24 },
  battery_level: PERCENT,
  precipitation: { ...NONE, min: 0, max: 200 },
  precipitation_rate: { ...NONE, min: 0, max: 300 },
  sunshine_duration: { ...NONE, min: 0 },
  solar_irradiance: { ...NONE, min: -20, max: 1500 },
  uv_index: { ...NONE, min: 0, max: 15 },
  wind_speed: { ...NONE, min: 0, max: 200 },
  wind_gust: { ...NONE, min: 0, max: 300 },
  wind_direction: { ...NONE, min: 0, max: 360, stuckHours: 48 },
  air_pressure: { ...NONE, min: 900, max: 1100, stuckHours: 24 },
  station_pressure: { ...NONE, min: 600, max: 1100, stuckHours: 24 },
  water_level: { ...NONE, stuckHours: 14 * 24 },
  occupancy: { ...NONE, min: 0 },
  parking_free: { ...NONE, min: 0, stuckHours: 72 },
  battery_voltage: { ...NONE, min: 0 },
  electrical_resistance: { ...NONE, min: 0 },
}

/** The limits of a series before anybody changed them. */
export function defaultsOf(property: string | null, aggregate: 'sum' | 'mean'): Settings {
  const known = property !== null && Object.hasOwn(BY_PROPERTY, property) ? BY_PROPERTY[property] : undefined
  return known ?? (aggregate === 'sum' ? COUNT : NONE)
}
