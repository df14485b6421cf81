import type { EntityChanged, StoredObservation } from '../../domains/sensing/index.ts'
import type { Queryable } from '../../kernel/db/index.ts'
import type { Context } from './context.ts'
import { StaError } from './errors.ts'

/** One request that writes: its transaction, and what to tell others once it is committed. */
export interface Work {
  tx: Queryable
  context: Context
  /** Dataset for what is made and has no owner of its own; found out before the transaction. */
  home: number | null
  changed: EntityChanged[]
  stored: StoredObservation[]
}

/**
 * Runs a change in one transaction: all or nothing. After the commit what is remembered about datastreams is dropped and
 * subscribers are told; no event without a commit.
 */
export async function inTransaction<R>(
  context: Context,
  home: number | null,
  work: (work: Work) => Promise<R>,
): Promise<R> {
  const changed: EntityChanged[] = []
  const stored: StoredObservation[] = []
  const result = await context.db.transaction(
    async (tx) => {
      changed.length = 0
      stored.length = 0
      return work({ tx, context, home, changed, stored })
    },
    { timeoutMs: 120_000 },
  )
  if (changed.length > 0) context.sensing.forget()
  for (const change of changed) context.sensing.changed.emit(change)
  context.sensing.announce(stored)
  return result
}

/** Throws 401 or 403 unless the actor may do this in that dataset. */
export function allow(context: Context, action: 'create' | 'update' | 'delete', dataset: number): void {
  context.access.require(context.actor, action, { dataset })
}

/** The dataset for new entities without an owner: the root's, else the actor's inbox. Throws 401 when there is none. */
export async function homeOf(context: Context): Promise<number> {
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
