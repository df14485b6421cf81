/** A right as it reaches somebody. */
export interface Right {
  id: number
  role: string
  /** `platform`, `space:ID` or `dataset:ID`. */
  on: string
  until: string | null
  note: string
  through: { id: number; title: string } | null
}

export interface OwnAccount {
  id: number
  email: string
  name: string
  hasPassword: boolean
  issuer: string | null
  groups: { id: number; title: string; kind: string }[]
  sessions: {
    id: number
    method: string
    createdAt: string
    seenAt: string
    origin: string | null
    agent: string | null
    current: boolean
  }[]
  keys: {
    id: number
    name: string
    createdAt: string
    expiresAt: string | null
    lastUsedAt: string | null
    revokedAt: string | null
    grants: Right[]
  }[]
  grants: Right[]
}

/** A browser and a system people recognise, from what the browser calls itself. */
export function deviceOf(agent: string | null): string {
  if (!agent) return '–'
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\//.exec(agent)?.[1]
  const system = /(Windows|Android|iPhone|iPad|Mac OS X|Linux)/.exec(agent)?.[1]
  const named = browser === 'Edg' ? 'Edge' : browser === 'OPR' ? 'Opera' : browser
  return [named, system?.replace('Mac OS X', 'macOS')].filter(Boolean).join(', ') || agent.slice(0, 40)
}

export interface Sheet {
  purpose: string | null
  legalBasis: string | null
  personal: boolean | null
  personalWhat: string | null
  retentionDays: number | null
  k: number | null
}

type State = 'draft' | 'review' | 'released' | 'withdrawn'

export interface Review {
  id: string
  title: string
  state: State
  stateSince: string
  audience: 'public' | 'restricted'
  licence: string | null
  sheet: Sheet
  missing: string[]
  /** Series worked through while stored values are brought in line with another k; else null. */
  protecting: { done: number; total: number } | null
  /** The first series that a smallest count cannot protect: the dataset then is public for nobody. */
  unprotected: { kind: 'multi' | 'count' | 'mean'; datastream: number; name: string } | null
  steps: { at: string; actor: string; from: State; to: State; reason: string | null }[]
  may: { update: boolean; release: boolean }
  fourEyes: boolean
}
