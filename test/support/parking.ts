/** Made-up car parks and other places with a history, for what is worked out of it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONCEPTS, type Concept } from '../../src/domains/features/index.ts'
import { checkDefinition, type Definition } from '../../src/domains/sources/index.ts'

export interface Reading {
  /** Milliseconds since 1970. */
  at: number
  /** By the short names of the concept's series (`free`). */
  values: Record<string, number>
}

/**
 * A source of one place of a concept: writes what it reads (`ID.csv`) and its definition (`ID.yaml`) to `folder`. Answers the
 * definition.
 */
export function placeSource(
  folder: string,
  {
    dataset,
    concept,
    key,
    facts,
  }: { dataset: string; concept: string; key: string; facts: Record<string, string | number> },
  readings: readonly Reading[],
): Definition {
  const { series } = CONCEPTS.get(concept) as Concept
  const names = Object.keys(readings[0]!.values)
  const lines = readings.map(({ at, values }) =>
    [new Date(at).toISOString(), ...names.map((name) => values[name])].join(';'),
  )
  writeFileSync(join(folder, `${dataset}.csv`), [['zeit', ...names].join(';'), ...lines].join('\n'))
  const columns = names.map(
    (name) => `  - { column: ${name}, key: ${name}, name: ${name}, property: ${series[name]!.property} }`,
  )
  const yaml = `title: ${dataset}
dataset: { id: ${dataset}, title: ${dataset}, licence: dl-by-de/2.0, attribution: Stadt }
concept: ${concept}
from: { file: { path: ${dataset}.csv } }
format: { type: csv, separator: ";" }
time: { column: zeit, format: iso }
thing: { key: ${key}, name: Am Dom, location: { lat: "49.019", lon: "12.097" }, properties: ${JSON.stringify(facts)} }
series:
${columns.join('\n')}
`
  writeFileSync(join(folder, `${dataset}.yaml`), yaml)
  return checkDefinition(yaml, dataset)
}
