import type { Definition, DefinitionDocument } from './definition.ts'
import type { RunFigures, RunReport } from './model.ts'

/** What is in `from` of a definition; the others are called by their role. */
export const MAIN = 'main'

type Companion = NonNullable<DefinitionDocument['with']>[number]

/** A part of a source: what is fetched and read by itself, with a state of its own. */
export interface SourcePart {
  name: string
  /** What is run: the definition as if it had only this part. */
  definition: Definition
  /** It has a schedule of its own; else it is read right after the main part. */
  own: boolean
}

/** Is this further file a part that runs by itself, or read together with the main one? */
export function isPart({ format }: Pick<DefinitionDocument, 'format'>, companion: Companion): boolean {
  if (companion.format !== undefined || companion.schedule !== undefined) return true
  return format.type === 'gtfs' && companion.role !== 'static'
}

/** The parts of a source, the main one first; most have only that. */
export function partsOf(definition: Definition): SourcePart[] {
  const companions = definition.with ?? []
  const parts = companions.filter((one) => isPart(definition, one))
  if (parts.length === 0) return [{ name: MAIN, definition, own: true }]
  const together = companions.filter((one) => !parts.includes(one))
  const { with: _, ...rest } = definition
  return [
    { name: MAIN, definition: together.length > 0 ? { ...rest, with: together } : rest, own: true },
    ...parts.map(({ role, http, file, format, schedule }): SourcePart => {
      const { from: __, format: own, schedule: main, ...others } = rest
      const alone: Definition = {
        ...others,
        part: role,
        from: http ? { http } : { file: file! },
        format: (format ?? (own.type === 'gtfs' ? { type: 'gtfs-rt' } : own)) as Definition['format'],
      }
      const when = schedule ?? main
      return {
        name: role,
        definition: when ? { ...alone, schedule: when } : alone,
        own: schedule !== undefined,
      }
    }),
  ]
}

/** The runs of several parts as one: their sums, and the worst of their ends. */
export function together(reports: readonly RunReport[]): RunReport {
  const [first] = reports
  if (reports.length === 1) return first!
  const sum = (field: Exclude<keyof RunFigures, 'rejections'> | 'seconds') =>
    reports.reduce((all, report) => all + report[field], 0)
  const failed = reports.filter(({ outcome }) => outcome === 'failed')
  const outcome = (['failed', 'interrupted', 'rejections', 'ok'] as const).find((one) =>
    reports.some((report) => report.outcome === one),
  )
  const newest = reports.map((report) => report.newest ?? '').sort()
  return {
    source: first!.source,
    dataset: first!.dataset,
    run: first!.run,
    outcome: outcome ?? 'unmodified',
    ...(failed.length > 0 ? { error: failed.map(({ part, error }) => `${part}: ${error}`).join('; ') } : {}),
    read: sum('read'),
    accepted: sum('accepted'),
    unchanged: sum('unchanged'),
    corrected: sum('corrected'),
    rejected: sum('rejected'),
    rejections: reports.flatMap(({ rejections }) => rejections),
    seconds: sum('seconds'),
    newest: newest.at(-1) || null,
    parts: reports,
  }
}
