export { Charging } from './charging.ts'
export {
  type ChargerPair,
  chargerPairs,
  decidePair,
  NEAR_METRES,
  type PairDecision,
  type PairSide,
  pairOf,
} from './duplicates.ts'
export * from './model.ts'
