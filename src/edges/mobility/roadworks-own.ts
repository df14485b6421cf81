import type { Access, Actor } from '../../domains/access/index.ts'
import type { Dataset } from '../../domains/catalog/index.ts'
import type { Attachment, Feature } from '../../domains/features/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { MobilityDeps } from './deps.ts'
import { featureById } from './place.ts'

/** The state of roadworks, for `If-Match`. */
export const etagOf = ({ changedAt }: Feature) => `"${changedAt}"`

/** A file as answers name it; `url` is a path of this server. */
export const asFile = (id: string, { id: number, name, mediaType, size, addedAt }: Attachment) => ({
  id: number,
  name,
  mediaType,
  size,
  added: addedAt,
  url: `/api/v1/mobility/roadworks/${encodeURIComponent(id)}/attachments/${number}`,
})

/** Roadworks that the asker may change: entered here, seen in the state the `If-Match` names. */
export async function ownRoadworks(
  deps: MobilityDeps,
  request: { actor: Actor; params: { id: string }; headers: { 'if-match'?: string } },
  action: Parameters<Access['require']>[1],
  { gone = false } = {},
): Promise<{ dataset: Dataset; feature: Feature }> {
  const { access } = deps
  const found = await featureById(deps, access.visible(request.actor), 'roadworks', request.params.id, { gone })
  access.require(request.actor, action, { dataset: found.dataset.key })
  if (found.feature.source !== null)
    throw new Problem(409, 'fed-by-source', `The source "${found.feature.source}" says this: change it there.`)
  const wanted = request.headers['if-match']
  if (wanted !== undefined && wanted !== '*' && wanted !== etagOf(found.feature))
    throw new Problem(412, 'changed-meanwhile', 'Somebody changed these roadworks meanwhile: read them again.')
  return found
}

/** From when to when; null leaves a side open. Throws Problem 400 `time-invalid`. */
export function period(from: string | null, to: string | null): { from: string | null; to: string | null } {
  for (const [name, text] of [
    ['validFrom', from],
    ['validTo', to],
  ] as const)
    if (text !== null && (Number.isNaN(Date.parse(text)) || !/([zZ]|[+-]\d\d:?\d\d)$/.test(text)))
      throw new Problem(
        400,
        'time-invalid',
        `${name} is not a time with its offset, for example 2026-05-04T07:00:00+02:00.`,
      )
  if (from !== null && to !== null && Date.parse(from) >= Date.parse(to))
    throw new Problem(400, 'time-invalid', 'validTo must be later than validFrom.')
  return { from, to }
}
