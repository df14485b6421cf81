export * from './charging/index.ts'
export { type ParkingState, parkingStates } from './parking/state.ts'
export * from './sharing/index.ts'
export * from './transit/index.ts'
