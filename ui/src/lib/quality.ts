import type { QualityDay } from './datasets.ts'

/**
 * What a day looks like: full, part (with the share that came), missing, came (of series that owe no number), or
 * nothing, where nothing was owed and nothing came.
 */
export type DayKind = 'full' | 'part' | 'missing' | 'came' | 'nothing'

export interface Cell extends QualityDay {
  /** Position among all days. */
  index: number
  month: number
  date: number
  kind: DayKind
  /** Values that came of those owed, 0 to 1; null where none were owed. */
  share: number | null
  notable: boolean
}

export interface YearOfDays {
  year: number
  cells: Cell[]
  n: number
  present: number
  expected: number
  missing: number
  suspect: number
}

/** From this share of suspect values on a day is marked. */
export const NOTABLE = 0.01
/** A day is full although one value in two hundred is lost. */
const FULL = 0.995

function kindOf({ n, present, expected }: QualityDay): DayKind {
  if (!expected) return n > 0 ? 'came' : 'nothing'
  if (present === 0) return 'missing'
  return present / expected >= FULL ? 'full' : 'part'
}

/** The days by year, the newest year first: one picture each. */
export function yearsOf(days: readonly QualityDay[]): YearOfDays[] {
  const years: YearOfDays[] = []
  for (const [index, day] of days.entries()) {
    const year = Number(day.day.slice(0, 4))
    let last = years[0]
    if (last?.year !== year) {
      last = { year, cells: [], n: 0, present: 0, expected: 0, missing: 0, suspect: 0 }
      years.unshift(last)
    }
    const kind = kindOf(day)
    last.cells.push({
      ...day,
      index,
      month: Number(day.day.slice(5, 7)) - 1,
      date: Number(day.day.slice(8)),
      kind,
      share: day.expected ? day.present / day.expected : null,
      notable: day.n > 0 && day.suspect / day.n >= NOTABLE,
    })
    last.n += day.n
    last.present += day.present
    last.expected += day.expected ?? 0
    last.suspect += day.suspect
    if (kind === 'missing') last.missing++
  }
  return years
}

/** Summed by month, for the table. */
export function monthsOf(
  cells: readonly Cell[],
): (Omit<YearOfDays, 'year' | 'cells'> & { month: number; first: string })[] {
  const months = new Map<number, ReturnType<typeof monthsOf>[number]>()
  for (const cell of cells) {
    let month = months.get(cell.month)
    if (!month) {
      month = { month: cell.month, first: cell.day, n: 0, present: 0, expected: 0, missing: 0, suspect: 0 }
      months.set(cell.month, month)
    }
    month.n += cell.n
    month.present += cell.present
    month.expected += cell.expected ?? 0
    month.suspect += cell.suspect
    if (cell.kind === 'missing') month.missing++
  }
  return [...months.values()]
}

/** Distance of the cells: across (days) and down (months); `month` is the uppermost row. */
export interface Grid {
  across: number
  down: number
  month: number
}

/** Paths for a year's cells; each kind has a shape of its own, colour only helps. */
export function shapesOf(
  cells: readonly Cell[],
  { across, down, month: top }: Grid,
): Record<'full' | 'part' | 'frame' | 'slash' | 'came' | 'notable', string> {
  const [width, height] = [across - 2, down - 2]
  const paths = { full: '', part: '', frame: '', slash: '', came: '', notable: '' }
  const circle = (x: number, y: number, r: number) =>
    `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`
  for (const { kind, share, month, date, notable } of cells) {
    const x = (date - 1) * across
    const y = (month - top) * down
    const frame = `M${x + 0.5} ${y + 0.5}h${width - 1}v${height - 1}h${1 - width}z`
    if (kind === 'full') paths.full += `M${x} ${y}h${width}v${height}h${-width}z`
    else if (kind === 'part') {
      const filled = Math.max(1, Math.min(height - 1, Math.round(height * share!)))
      paths.frame += frame
      paths.part += `M${x} ${y + height - filled}h${width}v${filled}h${-width}z`
    } else if (kind === 'missing') {
      paths.frame += frame
      paths.slash += `M${x + 1} ${y + height - 1}L${x + width - 1} ${y + 1}`
    } else if (kind === 'came') paths.came += circle(x + width / 2, y + height / 2, Math.min(width, height) / 2)
    if (notable) paths.notable += circle(x + width / 2, y + height / 2, Math.max(1.4, width / 6))
  }
  return paths
}
