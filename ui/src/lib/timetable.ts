/** Shape of `/api/v1/mobility/transit/{dataset}/report`; `/api/v1/openapi.json` is the reference. */
export type Severity = 'ERROR' | 'WARNING' | 'INFO'

export interface TimetableNotice {
  code: string
  severity: Severity
  totalNotices: number
  sampleNotices: Record<string, string | number | null>[]
}

interface TableChange {
  added: number
  removed: number
  changed: number
}

export interface TimetableVersion {
  version: number
  state: 'current' | 'old' | 'refused'
  firstDay: string | null
  lastDay: string | null
  timeZone: string | null
  counts: Record<string, number>
  createdAt: string
  completedAt: string | null
  replacedAt: string | null
  diff: { tables: Record<'agency' | 'routes' | 'stops' | 'trips' | 'services', TableChange> } | null
}

export interface TimetableReport extends TimetableVersion {
  dataset: string
  title: string
  summary: { errors: number; warnings: number; infos: number }
  notices: TimetableNotice[]
  versions: TimetableVersion[]
}

/** What an example says beside file, row, field and value. */
export function restOf(example: TimetableNotice['sampleNotices'][number]): string {
  const shown = new Set(['filename', 'childFilename', 'csvRowNumber', 'fieldName', 'childFieldName', 'fieldValue'])
  return Object.entries(example)
    .filter(([name, value]) => !shown.has(name) && value !== null && value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')
}
