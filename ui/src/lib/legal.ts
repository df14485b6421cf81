/** What the legal pages say; `/api/v1/city/legal`. */
export interface Legal {
  body: string | null
  address: string | null
  representative: string | null
  email: string | null
  phone: string | null
  dataProtectionOfficer: string | null
  supervisoryAuthority: string | null
  accessibilityContact: string | null
  enforcementBody: string | null
  statementDate: string | null
  statementMethod: 'self' | 'external' | null
  knownBarriers: string | null
}

export interface LegalAnswer {
  name: string
  legal: Legal
  kept: { auditDays: number; feedbackDays: number }
}

/** A message of a visitor about a barrier. */
export interface Feedback {
  id: number
  at: string
  page: string
  message: string
  email: string | null
  doneAt: string | null
  doneBy: string | null
}
