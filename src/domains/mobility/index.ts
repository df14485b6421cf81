export * from './transit/index.ts'
