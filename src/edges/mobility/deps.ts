import type { Access } from '../../domains/access/index.ts'
import type { Catalog, City, Dataset } from '../../domains/catalog/index.ts'
import type { Realtime } from '../../domains/mobility/index.ts'
import type { Database } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'

export interface MobilityDeps {
  db: Database
  access: Access
  catalog: Catalog
  city: City
  realtime: Realtime
}

/** The same answer for what is not there and what is not to be seen. */
export const noDataset = (id: string): Problem =>
  new Problem(404, 'not-found', `There is no dataset "${id}", or it is not public.`)

/** What every answer says of where it is from. */
export function provenance(datasets: readonly Dataset[]) {
  return {
    licences: [...new Set(datasets.flatMap(({ licence }) => licence ?? []))],
    attribution: [...new Set(datasets.flatMap(({ attribution }) => attribution ?? []))].join(' · ') || null,
  }
}

/** Whole seconds since an instant; null where there is none. */
export const ageOf = (time: string | null | undefined): number | null =>
  time ? Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000)) : null
