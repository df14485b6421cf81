export { CONCEPTS, type Concept, type ConceptSeries } from './concepts.ts'
export { geometryProblem } from './geometry.ts'
export * from './model.ts'
export { endFeatures, findFeatures, knownStreams, tieToThings, upsertFeatures } from './store.ts'
