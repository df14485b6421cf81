import { FileError } from '../../sources/index.ts'
import type { FeedEntity, FeedHeader, FeedMessage } from './model.ts'
import { FeedEntityType, FeedHeaderType, FeedMessageType, Reader } from './schema.ts'

/** Bounds of one message; the largest feeds of whole countries stay well below. */
export const FEED_LIMITS = { bytes: 32 * 1024 * 1024, entities: 200_000, entityBytes: 1024 * 1024 }

const AS_OBJECT = { longs: Number, enums: String }
const JSON_START = /^\uFEFF?\s*\{/

/**
 * Reads a FeedMessage from its protobuf or JSON form. Entity by entity, so that a small file which stands for millions of
 * empty objects is refused before they are made. Throws {@link FileError} when the bytes are no GTFS Realtime.
 */
export function decodeFeed(bytes: Uint8Array): FeedMessage {
  if (bytes.length === 0) throw new FileError('the feed is empty: no byte came')
  if (bytes.length > FEED_LIMITS.bytes) throw tooLarge()
  const message = isJson(bytes) ? fromJson(bytes) : fromProtobuf(bytes)
  if (!message.header) throw new FileError('this is no GTFS Realtime: there is no header')
  const { gtfsRealtimeVersion: version } = message.header
  if (!/^[12](\.\d)?$/.test(version ?? ''))
    throw new FileError(
      `this is no GTFS Realtime of a known version: the header says "${printable(version ?? '')}", known are 1.0 and 2.0`,
    )
  const entity = message.entity ?? []
  for (const { vehicle } of entity) if (vehicle?.position) shorten(vehicle.position as Record<string, number>)
  return { header: message.header, entity }
}

/** Single precision as people write it: 37.34836, not 37.348358154296875. */
function shorten(position: Record<string, number>): void {
  for (const [name, value] of Object.entries(position)) {
    if (name === 'odometer') continue
    const single = Math.fround(value)
    if (!Number.isFinite(single)) continue
    for (let digits = 6; digits <= 9; digits++) {
      position[name] = Number(single.toPrecision(digits))
      if (Math.fround(position[name]) === single) break
    }
  }
}

/** Is this the beginning of a feed? Looks at no more than what is given; a cut off entity at its end is no matter. */
export function looksLikeFeed(head: Uint8Array): { kinds: FeedKind[] } | null {
  try {
    if (isJson(head)) {
      const text = new TextDecoder().decode(head)
      if (!/"(gtfsRealtimeVersion|gtfs_realtime_version)"/.test(text)) return null
      return {
        kinds: KINDS.filter((kind) => new RegExp(`"(${kind.json.join('|')})"\\s*:\\s*\\{`).test(text)).map(kindName),
      }
    }
    const { header, entities } = split(head, true)
    if (!header || !/^[12](\.\d)?$/.test((decodeHeader(header).gtfsRealtimeVersion as string) ?? '')) return null
    const found = entities.slice(0, 100).map(decodeEntity)
    return { kinds: KINDS.filter(({ field }) => found.some((entity) => entity[field] !== undefined)).map(kindName) }
  } catch {
    return null
  }
}

export type FeedKind = 'trip-updates' | 'vehicle-positions' | 'alerts'

const KINDS = [
  { name: 'trip-updates', field: 'tripUpdate', json: ['tripUpdate', 'trip_update'] },
  { name: 'vehicle-positions', field: 'vehicle', json: ['position'] },
  { name: 'alerts', field: 'alert', json: ['alert'] },
] as const
const kindName = ({ name }: (typeof KINDS)[number]): FeedKind => name

/** The protobuf form of a feed. */
export function encodeFeed(message: FeedMessage): Uint8Array {
  return FeedMessageType.encode(FeedMessageType.fromObject(message)).finish()
}

const decodeHeader = (bytes: Uint8Array) => FeedHeaderType.toObject(FeedHeaderType.decode(bytes), AS_OBJECT)
const decodeEntity = (bytes: Uint8Array) =>
  FeedEntityType.toObject(FeedEntityType.decode(bytes), AS_OBJECT) as FeedEntity

function fromProtobuf(bytes: Uint8Array): Partial<FeedMessage> {
  try {
    const { header, entities } = split(bytes, false)
    return {
      ...(header && { header: decodeHeader(header) as FeedHeader }),
      entity: entities.map(decodeEntity),
    }
  } catch (error) {
    if (error instanceof FileError) throw error
    throw new FileError(`this is no GTFS Realtime: ${(error as Error).message}`)
  }
}

/** The fields of a FeedMessage without looking into them. A last field that is cut off is left out where `cut`. */
function split(bytes: Uint8Array, cut: boolean): { header?: Uint8Array; entities: Uint8Array[] } {
  const reader = Reader.create(bytes)
  const entities: Uint8Array[] = []
  let header: Uint8Array | undefined
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    if ((tag & 7) !== 2) {
      reader.skipType(tag & 7)
      continue
    }
    const length = reader.uint32()
    const from = reader.pos
    if (length > reader.len - from) {
      if (cut) break
      throw new Error('it ends in the middle of an entity')
    }
    const part = bytes.subarray(from, from + length)
    reader.skip(length)
    if (tag >>> 3 === 1) header = part
    if (tag >>> 3 !== 2) continue
    if (length > FEED_LIMITS.entityBytes)
      throw new FileError(`entity ${entities.length + 1} has ${length} bytes, more than ${FEED_LIMITS.entityBytes}`)
    if (entities.length >= FEED_LIMITS.entities)
      throw new FileError(`the feed has more than ${FEED_LIMITS.entities} entities`)
    entities.push(part)
  }
  return { header, entities }
}

function fromJson(bytes: Uint8Array): Partial<FeedMessage> {
  let document: unknown
  try {
    document = camelCase(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
  } catch (error) {
    throw new FileError(`this is no GTFS Realtime in JSON: ${(error as Error).message}`)
  }
  const { header, entity } = document as { header?: object; entity?: unknown }
  if (!header) return {}
  if (entity !== undefined && !Array.isArray(entity)) throw new FileError('"entity" of the feed is no list')
  if ((entity?.length ?? 0) > FEED_LIMITS.entities)
    throw new FileError(`the feed has more than ${FEED_LIMITS.entities} entities`)
  try {
    return FeedMessageType.toObject(FeedMessageType.fromObject({ header, entity: entity ?? [] }), AS_OBJECT)
  } catch (error) {
    throw new FileError(`this is no GTFS Realtime in JSON: ${(error as Error).message}`)
  }
}

const isJson = (bytes: Uint8Array) => JSON_START.test(new TextDecoder().decode(bytes.subarray(0, 64)))

/** Both spellings of the JSON form: `tripUpdate` and `trip_update` (protobuf, "JSON Mapping"). */
function camelCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelCase)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelCase(item),
    ]),
  )
}

/** Collects a feed's bytes. Throws {@link FileError} once there are more than a feed may have. */
export async function feedBytes(bytes: AsyncIterable<Uint8Array>, limit = FEED_LIMITS.bytes): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of bytes) {
    size += part.length
    if (size > Math.min(limit, FEED_LIMITS.bytes)) throw tooLarge()
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function tooLarge(): FileError {
  return new FileError(`the feed is larger than ${FEED_LIMITS.bytes / 1024 / 1024} MB`)
}

const printable = (text: string) => text.replaceAll(/[^\x20-\x7E\u00A0-\uFFFF]/g, '?').slice(0, 40)
