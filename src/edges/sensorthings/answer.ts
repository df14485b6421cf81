/** An answer: JSON (`body`), raw text (`text`), or nothing. */
export interface Answer {
  status: number
  body?: unknown
  text?: string
  /** Content type of `text`; plain text where it is left out. */
  type?: string
  headers?: Record<string, string>
}
