import type { Actor } from '../../domains/access/index.ts'
import type { EntityChanged, StoredObservation } from '../../domains/sensing/index.ts'

/** What the broker needs of the SensorThings service; the wiring hands it in (edges never meet). */
export interface TopicPort {
  /** Makes what a message on a topic carries (`v1.1/Things`, `d/{dataset}/v1.1/Datastreams(7)/Observations`); resolves after the commit. */
  create(actor: Actor, topic: string, body: unknown, delivery: { again: boolean }): Promise<void>
  /** What a topic delivers. Throws an error that says why when there is no such topic, or not for this actor. */
  open(actor: Actor, topic: string): Promise<Feed>
  /** Every set, and where entities of it are told beside it; see `edges/sensorthings/spread.ts`. */
  spreads(): { set: string; spread: Spread }[]
}

/** An entity as JSON. */
export type Entity = Record<string, unknown>

export interface Spread {
  readonly options: string
  split(found: Entity): { entity: Entity; topics: string[] }
}

/** What a topic delivers; see `edges/sensorthings/feed.ts`. */
export interface Feed {
  readonly type: string
  readonly id: number | null
  readonly root: number | null
  readonly plain: { datastream: number | null } | null
  readonly form: string
  readonly property: boolean
  readonly derived: boolean
  format(row: StoredObservation): object
  read(actor: Actor, changes: readonly Change[]): Promise<object[]>
}

export type Change = Pick<EntityChanged, 'id'> & Partial<Pick<StoredObservation, 'datastream' | 't'>>

/** Takes what is published to topics of sources; answers false when no source wants the topic. */
export type SourcePort = (topic: string, payload: Buffer, actor: Actor) => Promise<boolean>
