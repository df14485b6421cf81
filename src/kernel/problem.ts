/** An error people and programs can act on, rendered as RFC 9457 `application/problem+json` by the HTTP layer. */
export class Problem extends Error {
  override name = 'Problem'
  readonly status: number
  /** Stable, kebab-case; documented with the operation that raises it. */
  readonly code: string
  readonly extra: Readonly<Record<string, unknown>>

  constructor(status: number, code: string, detail: string, extra: Record<string, unknown> = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.extra = extra
  }
}

/** A mistake of whoever set the platform up: one sentence that says what is wrong and what to do. No stack is shown. */
export class SetupError extends Error {
  override name = 'SetupError'
  readonly exitCode: number
  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}
