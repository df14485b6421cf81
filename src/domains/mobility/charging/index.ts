export { Charging } from './charging.ts'
export * from './model.ts'
