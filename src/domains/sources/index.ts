export { checkDefinition, jsonSchemaText } from './check.ts'
export { KNOWN_SYSTEMS, toDegrees } from './crs.ts'
export type { Definition } from './definition.ts'
export { type Delivery, deliveriesOf, type Whose } from './deliveries.ts'
export type { Confidence, Detection, Guess, Mapping, Measure, Words } from './detect-model.ts'
export { offeredProperties } from './detect-words.ts'
export type { DraftRow } from './draft-store.ts'
export { type Draft, fileTooLarge, MOST_BYTES } from './drafts.ts'
export { parseDuration } from './duration.ts'
export type {
  ApplyContext,
  ApplyInput,
  ApplyingFeed,
  Feed,
  FeedGuess,
  FeedInput,
  FeedItem,
  FeedSample,
  ItemFeed,
} from './feed.ts'
export { type Health, type HealthState, patienceMs } from './health.ts'
export { Mapper } from './mapper.ts'
export * from './model.ts'
export { outagesOf } from './outages.ts'
export { MAIN, partsOf, together } from './parts.ts'
export { plainCause } from './plain-cause.ts'
export { plainRejection } from './plain-rejection.ts'
export type { PreviewRow, PreviewValue } from './preview.ts'
export { type PushExample, pushExample } from './push-example.ts'
export type { PushedSource, WantedTopic } from './pushed.ts'
export type { Delivered } from './pushes.ts'
export { ReadySources } from './ready.ts'
export { Rejections } from './rejections.ts'
export { type RejectedPage, rejectedRows, runOf, sourceRates, versionsOf, yamlOf } from './run-log.ts'
export type { RunningRun } from './running.ts'
export { type RunOptions, Sources, type SourcesDeps } from './service.ts'
export type { PartInfo, SourceInfo } from './source-info.ts'
export type { RunRow } from './store.ts'
export type { Survey } from './survey.ts'
