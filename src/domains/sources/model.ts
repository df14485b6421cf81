/** One cell of a row as a format hands it on: text from CSV, typed values from JSON and XLSX. */
export type Cell = string | number | boolean | null | undefined

/**
 * Rows as a format reads them, some hundred at a time. `header` names the cells of every row and is the *same array*
 * as long as nothing about it changed, so a reader compiles its plan only when it gets another one.
 */
export interface Batch {
  header: readonly string[]
  rows: readonly (readonly Cell[])[]
  /** Number of the first row as a person counts them in the file (CSV: line of the file, where it is one row a line). */
  firstRow: number
  /** Text lines above the header (`format.skip`). */
  preamble?: readonly string[]
  /** The rows as the objects they were, where the format has objects (JSON); expressions see these. */
  objects?: readonly unknown[]
}

/** What a format is told beside its own options. */
export interface ParseContext {
  /** Name of the file inside its folder or archive, for error messages. */
  name: string
  /** Largest document that may be held in memory, bytes; only formats that cannot stream look at it. */
  maxDocumentBytes: number
  signal?: AbortSignal
}

/** A way to read bytes as rows. The wiring registers those of `edges/feeds`. */
export interface Format {
  readonly id: string
  /** Reads one file. Throws {@link FileError} when the bytes are not what the options say. */
  parse(bytes: AsyncIterable<Uint8Array>, options: FormatOptions, context: ParseContext): AsyncIterable<Batch>
}

/** The `format:` section of a definition; each format looks at what concerns it. */
export interface FormatOptions {
  type: string
  separator?: string
  encoding?: string
  quote?: string
  skip?: number
  headerLine?: string
  header?: string[]
  comment?: string
  sheet?: string | number
  rows?: string
  lines?: boolean
  crs?: string
  properties?: boolean
  validity?: string
}

/** One file: a plain one, a member of a folder or of an archive. */
export interface Entry {
  /** Path inside the folder or archive, with `/`; a plain file's own name. */
  path: string
  bytes: AsyncIterable<Uint8Array>
}

export interface UnpackLimits {
  /** Members of one archive. */
  maxEntries: number
  /** Bytes of everything unpacked. */
  maxBytes: number
}

/** Opens a file on disk: plain, gzip, xz, zip, tar and what is packed in one another. Members come one after another. */
export type Unpack = (
  file: { path: string; name: string; keepZip: boolean },
  limits: UnpackLimits,
  progress: (bytesRead: number) => void,
  wanted: (path: string) => boolean,
) => AsyncIterable<Entry>

/** Steps into a definition: `['series', 0, 'column']`. */
export type Path = (string | number)[]

/** A whole file is unusable: wrong encoding, not the format it should be, a column the definition needs is missing. */
export class FileError extends Error {
  override name = 'FileError'
}

/** The definition is wrong; one entry for each mistake. */
export class DefinitionError extends Error {
  override name = 'DefinitionError'
  readonly issues: readonly DefinitionIssue[]
  constructor(issues: readonly DefinitionIssue[]) {
    super(issues.map(formatIssue).join('\n'))
    this.issues = issues
  }
}

export interface DefinitionIssue {
  line?: number
  /** Where in the document, `series[0].column`. */
  field: string
  message: string
}

/** `line 12, series[0].unti: there is no such field (did you mean "unit"?)` */
export function formatIssue({ line, field, message }: DefinitionIssue): string {
  return `${line === undefined ? '' : `line ${line}, `}${field}: ${message}`
}

export interface RejectionExample {
  row: number
  column: string
  value: unknown
  /** The file inside a folder or archive. */
  file?: string
}

/** A rejected row as it was met; `values` says how many values were lost by it. */
export interface RejectedRow extends RejectionExample {
  reason: string
  values: number
}

/** `count` is in values, like every figure of a run. */
export interface Rejection {
  reason: string
  count: number
  examples: RejectionExample[]
}

/** `read = accepted + unchanged + corrected + rejected`, all in values (one number, text or truth value of one cell). */
export interface RunFigures {
  read: number
  accepted: number
  unchanged: number
  corrected: number
  rejected: number
  rejections: Rejection[]
}

export type RunOutcome = 'ok' | 'unmodified' | 'rejections' | 'failed' | 'interrupted'

export interface RunReport extends RunFigures {
  source: string
  /** Of a source with several parts: the one that ran. */
  part?: string
  dataset: string
  run: number
  outcome: RunOutcome
  error?: string
  seconds: number
  /** Largest time among the accepted, unchanged and corrected values; null when there were none. */
  newest: string | null
  /** Of a run of several parts: each of them; the figures are their sums. */
  parts?: readonly RunReport[]
}

export interface Progress {
  rows: number
  values: number
  seconds: number
  /** Share of the input's bytes that are read, 0–1; undefined when the size is unknown. */
  share?: number
  file?: string
}

/** A series of a thing that a run has met; `id` is 0 until the database knows it. */
export interface StreamRef {
  id: number
  key: string
  thing: ThingRef
  name: string
  description: string
  observedProperty: { key: string; name: string; definition: string; description: string }
  unit: { name: string; symbol: string; definition: string }
  observationType: string
  aggregate: 'sum' | 'mean'
  periodSeconds: number | null
  role: 'total' | 'part' | null
  properties: Record<string, unknown> | null
}

export interface ThingRef {
  id: number
  key: string
  name: string
  description: string
  properties: Record<string, unknown> | null
  location: { name?: string; description?: string; geometry: object; properties?: Record<string, unknown> } | null
  streams: Map<string, StreamRef>
}
