/** What the database knows of one reading of a timetable (GTFS Schedule). */
export interface TransitVersion {
  /** Number of the version: the partition its rows lie in. */
  version: number
  /** Key of the dataset. */
  dataset: number
  source: string
  /** Run of the source that brought it. */
  run: number | null
  /** loading: being filled · current: serves · old: was replaced · refused: hopeless, kept for its report only. */
  state: 'loading' | 'current' | 'old' | 'refused'
  /** Address or path it was read from. */
  origin: string
  createdAt: string
  /** Since when it serves; for a refused one, when that was clear. */
  completedAt: string | null
  replacedAt: string | null
  /** `agency_timezone`: all times of the feed are in it. */
  timeZone: string | null
  /** First and last day with service, `YYYY-MM-DD`. */
  firstDay: string | null
  lastDay: string | null
  /** `feed_info.txt`, column by column. */
  feedInfo: Record<string, string> | null
  /** Rows used and rows read, by file. */
  counts: Record<string, number>
  read: Record<string, number>
  /** Columns by file, as the feed had them. */
  headers: Record<string, string[]>
  /** Against the version it replaced. */
  diff: VersionDiff | null
  seconds: number | null
}

/** What changed between two versions, by the feed's own ids. */
export interface VersionDiff {
  /** The version it is compared with. */
  from: number
  tables: Record<'agency' | 'routes' | 'stops' | 'trips' | 'services', TableDiff>
}

export interface TableDiff {
  added: number
  removed: number
  changed: number
  /** A few ids each. */
  examples: { added: string[]; removed: string[]; changed: string[] }
}

/** What validation found, by MobilityData's code and severity; the first examples only. */
export interface TransitNotice {
  code: string
  severity: 'ERROR' | 'WARNING' | 'INFO'
  /** How often. */
  n: number
  /** In MobilityData's words: `filename`, `csvRowNumber`, `fieldName`, `fieldValue` … */
  examples: Record<string, string | number | null>[]
}
