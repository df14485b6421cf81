import { checkDefinition } from './check.ts'
import type { Definition } from './definition.ts'
import { type Health, type HealthState, healthOf } from './health.ts'
import { MAIN, partsOf } from './parts.ts'
import type { PartRow, SourceRow } from './store.ts'

/** A part of a source and how it is. */
export interface PartInfo {
  /** `main`, or its role in the definition. */
  name: string
  /** `format.type`. */
  format: string
  /** Address, path or topic it comes from. */
  origin: string
  /** Of its own; null = together with the main part, by hand or pushed to. */
  schedule: string | null
  health: Health
  nextRun: string | null
  lastGood: string | null
  /** The time of what it brought last, by its own word; null where it says none. */
  contentAt: string | null
}

export interface SourceInfo {
  id: string
  title: string
  dataset: string
  kind: 'http' | 'file' | 'mqtt' | 'webhook'
  version: number
  paused: boolean
  /** Scheduled by itself; false = manual or pushed to. */
  scheduled: boolean
  /** Of the worst of its parts. */
  health: Health
  /** Which part that is, where it has several and not all is well. */
  ailing: string | null
  /** The soonest of its parts. */
  nextRun: string | null
  /** The latest of its parts. */
  lastGood: string | null
  /** What is fetched and read by itself, the main part first; most sources have only that. */
  parts: PartInfo[]
  definition: Definition
}

const BADNESS: readonly HealthState[] = ['broken', 'late', 'new', 'ok']

/** A stored source as others see it: every part with its state, and the whole as its worst part. */
export function sourceInfo(row: SourceRow, states: readonly PartRow[], defaultZone: string): SourceInfo {
  const definition = checkDefinition(row.yaml, row.id)
  const { from } = definition
  const now = Date.now()
  const parts = partsOf(definition).map(({ name, definition: part, own }): PartInfo => {
    const state = name === MAIN ? row : states.find((one) => one.source === row.id && one.part === name)
    const { every, cron } = part.schedule ?? {}
    return {
      name,
      format: part.format.type,
      origin: originOf(part),
      schedule: own ? (every === undefined ? (cron ?? null) : `every ${every}`) : null,
      health: state
        ? healthOf({ ...state, definition: part, defaultZone }, now)
        : { state: 'new', since: row.createdAt, cause: null },
      nextRun: state?.nextRun ?? null,
      lastGood: state?.lastGood ?? null,
      contentAt: state?.contentAt ?? null,
    }
  })
  const worst = BADNESS.flatMap((state) => parts.filter(({ health }) => health.state === state))[0]!
  const sorted = (of: (part: PartInfo) => string | null) => parts.flatMap((part) => of(part) ?? []).sort()
  return {
    id: row.id,
    title: definition.title,
    dataset: definition.dataset.id ?? row.id,
    kind: from.http ? 'http' : from.file ? 'file' : from.mqtt ? 'mqtt' : 'webhook',
    version: row.version,
    paused: row.paused,
    scheduled: parts.some(({ schedule }) => schedule !== null),
    health: worst.health,
    ailing: parts.length > 1 && worst.health.cause !== null ? worst.name : null,
    nextRun: sorted(({ nextRun }) => nextRun)[0] ?? null,
    lastGood: sorted(({ lastGood }) => lastGood).at(-1) ?? null,
    parts,
    definition,
  }
}

function originOf({ from: { http, file, mqtt, webhook }, id }: Definition): string {
  return http?.url ?? file?.path ?? mqtt?.topic ?? (webhook ? `webhook ${id}` : '')
}
