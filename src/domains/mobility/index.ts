export * from './charging/index.ts'
export * from './sharing/index.ts'
export * from './transit/index.ts'
