export * from './documents.ts'
export * from './model.ts'
export { type Near, Sharing } from './sharing.ts'
