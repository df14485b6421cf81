import { get, type StationSummary } from './api.ts'

export type HitKind = 'station' | 'place' | 'property' | 'dataset' | 'board' | 'page' | 'source'
export type Marks = [from: number, to: number][]

export interface Hit {
  kind: HitKind
  id: string
  title: string
  marks: Marks
  note: string | null
  noteMarks: Marks
  path: string
  stations?: number
  station?: StationSummary
}

export interface HitGroup {
  kind: HitKind
  total: number
  hits: Hit[]
}

/** As the interface allows. */
export const MAX_QUERY = 200

export const search = (q: string, limit: number, lang: string, signal?: AbortSignal): Promise<{ groups: HitGroup[] }> =>
  get(`/api/v1/search?q=${encodeURIComponent(q.slice(0, MAX_QUERY))}&limit=${limit}&lang=${lang}`, signal)

/** A text in pieces, those that fit marked. */
export function pieces(text: string, marks: Marks): { text: string; marked: boolean }[] {
  const parts: { text: string; marked: boolean }[] = []
  let at = 0
  for (const [from, to] of marks) {
    if (from > at) parts.push({ text: text.slice(at, from), marked: false })
    parts.push({ text: text.slice(from, to), marked: true })
    at = to
  }
  if (at < text.length) parts.push({ text: text.slice(at), marked: false })
  return parts
}
