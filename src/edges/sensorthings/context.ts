import type { Access, Actor } from '../../domains/access/index.ts'
import type { Catalog } from '../../domains/catalog/index.ts'
import {
  type EntityChanged,
  measuredReader,
  measuredWithin,
  type Sensing,
  type StoredObservation,
} from '../../domains/sensing/index.ts'
import type { Database, Queryable } from '../../kernel/db/index.ts'
import { Builder } from './builder.ts'
import { notFound } from './errors.ts'
import { type Model, SENSING_MODEL, TASKING_MODEL } from './model.ts'
import { chainEnd, describeSteps, type Step } from './path.ts'

/** What the service stands on; given by the wiring. */
export interface Deps {
  db: Database
  access: Access
  catalog: Catalog
  sensing: Sensing
  /** Whether Tasking (OGC 17-079r1) is switched on. */
  tasking?: boolean
  /** Addresses of the MQTT broker (`mqtt://…`), for a service root; none where there is no broker. */
  mqttEndpoints?: (base: string) => readonly string[]
  /** Version of the platform, for the root document. */
  version?: string
}

/** One request that writes: its transaction, and what to tell others once it is committed. */
export interface Work {
  tx: Queryable
  context: Context
  /** Dataset for what is made and has no owner of its own; found out before the transaction. */
  home: number | null
  changed: EntityChanged[]
  stored: StoredObservation[]
}

/** One request: who asks, at which service root. */
export interface Context extends Deps {
  actor: Actor
  /** Address of the service root without trailing slash: `http://…/sta/v1.1`. */
  base: string
  /** What there is to ask for. */
  model: Model
  /** Key of the dataset whose own root this is; null at the general root. */
  root: number | null
  /** Keys of the datasets this request may see. */
  visible: readonly number[]
  /** The transaction this request is one of several of (an atomicity group of a batch); what is read is read in it. */
  group?: Pick<Work, 'tx' | 'changed' | 'stored'>
}

/** Makes the context of a request. `slug` names a dataset's own root: 404 when there is none the actor may see. */
export function makeContext(deps: Deps, actor: Actor, origin: string, slug: string | null): Context {
  const visible = deps.access.visible(actor)
  const model = deps.tasking ? TASKING_MODEL : SENSING_MODEL
  if (slug === null) return { ...deps, actor, model, base: `${origin}/sta/v1.1`, root: null, visible }
  const dataset = deps.catalog.byId(slug)
  if (!dataset || !visible.includes(dataset.key)) throw notFound(`there is no dataset "${slug.slice(0, 64)}"`)
  return { ...deps, actor, model, base: `${origin}/d/${slug}/sta/v1.1`, root: dataset.key, visible: [dataset.key] }
}

/**
 * Where this request reads: in the transaction it is part of, else in the database; there with the values as measured of
 * datasets whose small counts are protected from others.
 */
export function readerOf({ group, db, access, actor }: Context): Queryable {
  const measured = access.measured(actor)
  return group ? measuredWithin(group.tx, measured) : measuredReader(db, measured)
}

export const builderOf = (context: Context): Builder => new Builder(context.visible)

/** Id and dataset of the entity a chain ends at. Throws 404 when a step does not exist, does not belong, or is hidden. */
export async function resolve(context: Context, steps: readonly Step[]): Promise<{ id: number; dataset: number }> {
  const [only] = steps
  const kind = only && { Datastream: 'single', MultiDatastream: 'multi' }[only.type.name]
  if (steps.length === 1 && kind && !context.group) {
    // The hot case answers from memory.
    const info = only.id! <= 2_147_483_647 ? await context.sensing.datastream(only.id!) : null
    if (info && info.kind === kind && context.visible.includes(info.dataset))
      return { id: info.id, dataset: info.dataset }
    throw missing(steps)
  }
  const [row] = await readerOf(context).run(chainEnd(builderOf(context), steps))
  if (!row) throw missing(steps)
  return row
}

export const missing = (steps: readonly Step[]) => notFound(`${describeSteps(steps)} does not exist`)
