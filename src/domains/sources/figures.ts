import { counter } from '../../kernel/metrics.ts'
import type { RunFigures, RunOutcome } from './model.ts'

const values = counter('zahnrad_source_values_total', 'Values sources read, by what became of them', [
  'source',
  'result',
])
const runs = counter('zahnrad_source_runs_total', 'Runs of sources by outcome; a message pushed counts as one', [
  'source',
  'outcome',
])

/** Adds a finished run, or a group of pushed messages, to the figures of /metrics. */
export function countRun(source: string, outcome: RunOutcome, figures: RunFigures, times = 1): void {
  runs.inc({ source, outcome }, times)
  for (const result of ['accepted', 'unchanged', 'corrected', 'rejected'] as const) {
    if (figures[result] > 0) values.inc({ source, result }, figures[result])
  }
}
