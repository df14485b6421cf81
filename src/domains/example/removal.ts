import type { Database } from '../../kernel/db/index.ts'
import type { Catalog } from '../catalog/index.ts'
import { iso, type Sensing } from '../sensing/index.ts'
import { SUBJECTS } from './datasets.ts'
import * as store from './store.ts'
import { BROKEN } from './town.ts'

/** Most rows one statement deletes. */
const ROWS = 10_000

/**
 * Removes the city in steps that each take a fraction of a second: first nobody sees it, then its values go, then what
 * they belonged to. Every step can be repeated.
 */
export async function removeCity(deps: {
  db: Database
  catalog: Catalog
  sensing: Sensing
  /** The profile is not what it was. */
  changed?: () => Promise<unknown> | unknown
}): Promise<void> {
  const { db, catalog, sensing } = deps
  const datasets = [...SUBJECTS.keys()].flatMap((id) => catalog.byId(id) ?? [])
  for (const { id } of datasets) await catalog.setState(id, 'withdrawn')
  const state = await store.readState(db)
  if (state?.profile) await store.withdrawProfile(db, state.profile)
  const things = await store.thingsOf(db)
  const doomed = await store.doomedSeries(db)
  for (const { id, n, from, to } of doomed) {
    if (from !== null && to !== null) await deleteValues(db, id, n, Date.parse(from), Date.parse(to))
    await db.transaction((tx) => store.deleteDatastream(tx, id))
  }
  await db.transaction((tx) => store.deleteRest(tx, [store.RUN_SOURCE, BROKEN.source]))
  sensing.forget()
  await catalog.reload()
  for (const dataset of datasets) catalog.changed.emit({ ...dataset, state: 'withdrawn' })
  for (const { id, dataset } of things) sensing.changed.emit({ dataset, type: 'Thing', id, change: 'deleted' })
  // Whoever hears that the example is gone finds the city as it is without it.
  await deps.changed?.()
  await store.deleteState(db)
}

/** Values of one datastream between two times, in stretches that hold about {@link ROWS} each. */
async function deleteValues(db: Database, datastream: number, n: number, from: number, to: number): Promise<void> {
  const parts = Math.max(1, Math.ceil(n / ROWS))
  const length = Math.ceil((to - from + 1) / parts)
  for (let at = from; at <= to; at += length) await store.deleteObservations(db, datastream, iso(at), iso(at + length))
}
