import { isMap, isSeq, parseDocument } from 'yaml'
import { Problem } from '../../kernel/problem.ts'
import type { Definition } from './definition.ts'
import { LIVE, type RecognisedFeed } from './detect-feed.ts'
import { isPart } from './parts.ts'

/** A further address of a source on its way. */
export interface DraftPart {
  role: string
  origin: string
  /** It is read by itself, this often; null: together with the source. */
  schedule: string | null
}

/** The further addresses and files a definition names. */
export function partsIn(definition: Definition): DraftPart[] {
  return (definition.with ?? []).map((one) => ({
    role: one.role,
    origin: one.http?.url ?? one.file?.path ?? '',
    schedule: isPart(definition, one) ? scheduleOf(one.schedule) : null,
  }))
}

const scheduleOf = (schedule: { every?: string; cron?: string } | undefined): string | null =>
  schedule?.every === undefined ? (schedule?.cron ?? null) : `every ${schedule.every}`

/**
 * Adds what was recognised at an address to the text of a definition, which otherwise stays as it is. Throws Problem 422
 * where it does not belong to the feed.
 */
export function withPart(text: string, definition: Definition, found: RecognisedFeed | undefined, url: string): string {
  const { type } = definition.format
  const isLive = type === 'gtfs' && found?.feed.id === 'gtfs-rt'
  const role = found?.files[0]?.guess.role
  const taken = new Set((definition.with ?? []).map((one) => one.role))
  if (!found || role === undefined || (!isLive && (found.feed.id !== type || type === 'gtfs'))) {
    const is = found ? `of the format ${found.feed.id}` : 'no feed'
    throw new Problem(422, 'not-a-part', `${url} is ${is}: it does not belong to a source of type ${type}.`)
  }
  let name = isLive && role === 'main' ? 'live' : role
  for (let n = 2; isLive && taken.has(name); n++) name = `${role}-${n}`
  const document = parseDocument(text)
  if (isLive && definition.schedule === undefined && definition.from.http)
    document.set('schedule', document.createNode({ every: '1d' }))
  const part = { role: name, http: { url }, ...(isLive ? { schedule: { every: LIVE } } : {}) }
  if (isSeq(document.get('with'))) document.addIn(['with'], document.createNode(part))
  else document.set('with', document.createNode([part]))
  return document.toString({ lineWidth: 0 })
}

/** Takes a further address out of the text of a definition. Throws Problem 404 where it has none of that role. */
export function withoutPart(text: string, role: string): string {
  const document = parseDocument(text)
  const list = document.get('with')
  const at = isSeq(list) ? list.items.findIndex((one) => isMap(one) && one.get('role') === role) : -1
  if (!isSeq(list) || at < 0) throw new Problem(404, 'part-unknown', `The draft has no part "${role}".`)
  list.delete(at)
  if (list.items.length === 0) document.delete('with')
  return document.toString({ lineWidth: 0 })
}
