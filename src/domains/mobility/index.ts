export * from './charging/index.ts'
export * from './departures/index.ts'
export { ACCESS_POINT, DUTIES, type Duty } from './duty.ts'
export { type Forecast, Forecasts, forecastsAt } from './forecast/index.ts'
export { type ParkingState, parkingStates } from './parking/state.ts'
export { mobilityOf, type NamedPlace, placeOfThing, placePage, placesNamed } from './places.ts'
export {
  ModesByMonth,
  occupancyByPrice,
  punctualityByStop,
} from './planning.ts'
export * from './profile/index.ts'
export * from './realtime/index.ts'
export { type ServiceLevel, type Supplier, serviceLevels } from './service-level.ts'
export * from './sharing/index.ts'
export * from './transit/index.ts'
