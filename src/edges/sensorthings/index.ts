export { StaError } from './errors.ts'
export { registerSensorThings } from './http.ts'
export { sensorThingsOpenApi } from './openapi.ts'
export { SensorThings } from './service.ts'
