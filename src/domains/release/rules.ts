import { type Dataset, type DatasetState, licenceOf } from '../catalog/index.ts'
import type { Sheet, Step, Unprotected } from './model.ts'

/** What is not answered yet: fields of the sheet, and the dataset's licence. */
export function missingOf(sheet: Sheet, dataset: Pick<Dataset, 'licence'>): string[] {
  const missing: string[] = []
  if (!sheet.purpose) missing.push('purpose')
  if (!sheet.legalBasis) missing.push('legalBasis')
  if (sheet.personal === null) missing.push('personal')
  if (sheet.personal && !sheet.personalWhat) missing.push('personalWhat')
  if (!licenceOf(dataset.licence)) missing.push('licence')
  if (sheet.retentionDays === null) missing.push('retentionDays')
  if (sheet.k === null) missing.push('k')
  return missing
}

/** Why a dataset with a smallest publishable count cannot be public, and what helps. */
export function whyUnprotected({ kind, datastream, name }: Unprotected): string {
  const series = `"${name}" (${kind === 'multi' ? 'MultiDatastream' : 'Datastream'} ${datastream})`
  const why = {
    multi: 'has several values in one result, which cannot be rounded: make Datastreams of its components',
    count: 'counts, but its values combine by mean: let them combine by sum',
    mean: 'is a mean of what another series of the same station counts, and would tell their sum: remove it, or let it combine by sum if it counts',
  }[kind]
  return `With a smallest publishable count this cannot be public: ${series} ${why}; or set the smallest count to 1.`
}

/** What a move between states is: it decides who may make it and how it is noted. */
export type Move = 'submit' | 'release' | 'refuse' | 'takeBack' | 'withdraw' | 'redraft'

/** Draft → in review → released → withdrawn; back to draft by refusal, by taking back, or to begin anew. */
export function moveOf(from: DatasetState, to: DatasetState): Move | null {
  if (from === to) return null
  if (to === 'released') return 'release'
  if (to === 'review') return from === 'released' ? 'withdraw' : 'submit'
  if (to === 'withdrawn') return 'withdraw'
  if (from === 'review') return 'refuse'
  return from === 'released' ? 'withdraw' : 'redraft'
}

/**
 * Who prepared what is to be released: whoever made the dataset and whoever last submitted it. Whoever releases without
 * a submission by another has prepared it as well.
 */
export function preparers(
  dataset: Pick<Dataset, 'state' | 'createdBy'>,
  steps: readonly Step[],
  actor: string,
): string[] {
  const submitted = steps.findLast((step) => step.to === 'review')
  const names = [dataset.createdBy, dataset.state === 'review' && submitted ? submitted.actor : actor]
  return names.filter((name) => name !== null)
}
