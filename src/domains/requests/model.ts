/** Under what conditions a restricted dataset is given: a text for people, and the same as W3C ODRL for machines. */
export interface Terms {
  id: number
  /** Id of the dataset they are for; null = for all without terms of their own. */
  dataset: string | null
  body: string
  odrl: Record<string, unknown> | null
  createdAt: string
}

export interface TermsVersion extends Terms {
  /** As the audit log names people; only for whoever may change them. */
  createdBy: string
}

/** `ended`: the right was given and has ended, by its day or because it was taken back. */
export type RequestState = 'open' | 'granted' | 'refused' | 'withdrawn' | 'ended'

export interface AccessRequest {
  id: number
  dataset: string
  title: string
  account: { id: number; name: string; email: string }
  purpose: string
  until: string
  /** The version that was accepted, and since when it is there. */
  terms: number | null
  termsAt: string | null
  state: RequestState
  reason: string | null
  decidedBy: string | null
  decidedAt: string | null
  createdAt: string
}
