import { type EntityChanged, noted, type StoredObservation } from '../../domains/sensing/index.ts'
import type { Queryable } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Context, Work } from './context.ts'
import { StaError } from './errors.ts'

export type { Work } from './context.ts'

/**
 * Runs a change in one transaction: all or nothing. After the commit what is remembered about datastreams is dropped and
 * subscribers are told; no event without a commit.
 */
export async function inTransaction<R>(
  context: Context,
  home: number | null,
  work: (work: Work) => Promise<R>,
): Promise<R> {
  // One of several requests of one transaction: whoever opened it commits and tells.
  if (context.group) return work({ ...context.group, context, home })
  const changed: EntityChanged[] = []
  const stored: StoredObservation[] = []
  const result = await context.db.transaction(
    async (tx) => {
      changed.length = 0
      stored.length = 0
      const result = await work({ tx, context, home, changed, stored })
      changed.push(...noted(tx))
      await audit(context, tx, changed)
      return result
    },
    { timeoutMs: 120_000 },
  )
  await announce(context, changed, stored)
  return result
}

/**
 * Several requests in one transaction (an atomicity group of a batch): all or nothing, and what one makes the next can
 * see. `work` gets the context its requests are to run in.
 */
export async function asGroup<R>(context: Context, work: (context: Context) => Promise<R>): Promise<R> {
  return inTransaction(context, null, ({ tx, changed, stored }) => work({ ...context, group: { tx, changed, stored } }))
}

async function announce(
  context: Context,
  changed: readonly EntityChanged[],
  stored: readonly StoredObservation[],
): Promise<void> {
  if (changed.length > 0) context.sensing.forget()
  context.sensing.tell(changed)
  await context.sensing.announce(stored)
}

const ACTS = { created: 'task.create', updated: 'task.update', deleted: 'task.delete' } as const

/** Notes what was asked of devices: who, what, and when are in the log with the Task, whatever becomes of it. */
async function audit(
  { access, actor, catalog }: Context,
  tx: Queryable,
  changed: readonly EntityChanged[],
): Promise<void> {
  for (const { dataset, type, id, change, detail } of changed) {
    if (type !== 'Task') continue
    const { id: slug } = catalog.byKey(dataset)!
    await access.audit(actor, ACTS[change], `dataset:${slug}`, { task: id, ...detail }, tx)
  }
}

/** Throws 401 or 403 unless the actor may do this in that dataset. */
export function allow(context: Context, action: 'create' | 'update' | 'delete' | 'task', dataset: number): void {
  context.access.require(context.actor, action, { dataset })
}

/**
 * The dataset for new entities without an owner: the root's, else the actor's inbox. Throws 401 when there is none. With a
 * `right` of its own an entity has an owner; null where the actor can make nothing else.
 */
export async function homeOf(context: Context, right?: 'task'): Promise<number | null> {
  if (right) {
    return homeOf(context).catch((error) => {
      if (error instanceof Problem && (error.status === 401 || error.status === 403)) return null
      throw error
    })
  }
  if (context.root !== null) {
    allow(context, 'create', context.root)
    return context.root
  }
  const home = await context.access.inbox(context.actor)
  // The inbox may just have been made: the actor sees it from now on.
  context.visible = context.access.visible(context.actor)
  return home
}

export function mayLink(context: Context, from: number, to: number, where: string): void {
  if (!context.catalog.mayLink(from, to)) {
    throw new StaError(
      400,
      `${where}: the entity is in a dataset that is not released; what is more public must not link to it`,
    )
  }
}
