export {
  ATTACHMENT_BYTES,
  ATTACHMENTS_MOST,
  type Attachment,
  addAttachment,
  attachmentBytes,
  attachmentsOf,
  setAttachmentRemoved,
} from './attachments.ts'
export { CONCEPTS, type Concept, type ConceptSeries } from './concepts.ts'
export { documentsOf, type FeedDocument, keepDocument } from './documents.ts'
export { geometryProblem } from './geometry.ts'
export { type Latest, latestAt } from './latest.ts'
export * from './model.ts'
export {
  endFeatures,
  findFeatures,
  knownStreams,
  removeFeature,
  restoreFeature,
  tieToThings,
  upsertFeatures,
} from './store.ts'
export {
  featureRows,
  MOST_ZOOM,
  TILE_EXTENT,
  type TileRows,
  type TileShape,
  tileShapes,
} from './tiles.ts'
