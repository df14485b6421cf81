import type { FeedMessage } from './model.ts'

/** A DIFFERENTIAL message on what was there: its entities replace those of the same id, deleted ones go. */
export function applyDifference(before: FeedMessage | undefined, difference: FeedMessage): FeedMessage {
  const entities = new Map(before?.entity.map((entity) => [entity.id, entity]))
  for (const entity of difference.entity) {
    if (entity.isDeleted) entities.delete(entity.id)
    else entities.set(entity.id, entity)
  }
  return { header: { ...difference.header, incrementality: 'FULL_DATASET' }, entity: [...entities.values()] }
}
