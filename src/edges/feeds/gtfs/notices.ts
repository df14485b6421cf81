import { type NoticeCode, SEVERITY, type Severity } from './notice-codes.ts'

/** What a notice says: MobilityData's names where it has one (`filename`, `csvRowNumber`, `fieldName`, `fieldValue`). */
export type NoticeFacts = Record<string, string | number | null>

export interface NoticeGroup {
  code: string
  severity: Severity
  n: number
  examples: NoticeFacts[]
}

const EXAMPLES = 50
const VALUE_CHARACTERS = 200

/** Counts notices by code and keeps the first examples of each; bounded whatever arrives. */
export class Notices {
  readonly #groups = new Map<NoticeCode, NoticeGroup>()

  add(code: NoticeCode, facts: NoticeFacts): void {
    const group = this.#group(code)
    group.n++
    if (group.examples.length < EXAMPLES) group.examples.push(shortened(facts))
  }

  /** Adds what another tally counted. */
  merge(other: Notices): void {
    for (const { code, n, examples } of other.list()) this.addMany(code as NoticeCode, n, examples)
  }

  /** Adds what the database counted. */
  addMany(code: NoticeCode, n: number, examples: readonly NoticeFacts[]): void {
    if (n === 0) return
    const group = this.#group(code)
    group.n += n
    group.examples.push(...examples.slice(0, EXAMPLES - group.examples.length).map(shortened))
  }

  #group(code: NoticeCode): NoticeGroup {
    let group = this.#groups.get(code)
    if (!group) {
      group = { code, severity: SEVERITY.get(code)!, n: 0, examples: [] }
      this.#groups.set(code, group)
    }
    return group
  }

  has(code: NoticeCode): boolean {
    return this.#groups.has(code)
  }

  /** Errors first, then warnings, then what is only said. */
  list(): NoticeGroup[] {
    const rank = { ERROR: 0, WARNING: 1, INFO: 2 }
    return [...this.#groups.values()].sort((a, b) => rank[a.severity] - rank[b.severity] || (a.code < b.code ? -1 : 1))
  }
}

function shortened(facts: NoticeFacts): NoticeFacts {
  const result: NoticeFacts = {}
  for (const [name, value] of Object.entries(facts)) {
    result[name] =
      typeof value === 'string'
        ? (value.length > VALUE_CHARACTERS ? `${value.slice(0, VALUE_CHARACTERS)}…` : value).replaceAll('\0', '\ufffd')
        : value
  }
  return result
}
