import type { ColumnFacts } from './detect-columns.ts'

const LEAST_ROWS = 12
const SHARE = 0.97
const MOST_COLUMNS = 40

export interface Total {
  total: ColumnFacts
  parts: ColumnFacts[]
}

/** Columns that are the sum of others in (nearly) every row where all are filled. A part has one total at most. */
export function totalsOf(columns: readonly ColumnFacts[]): Total[] {
  if (columns.length < 3 || columns.length > MOST_COLUMNS) return []
  const found: Total[] = []
  const used = new Set<number>()
  for (const total of columns) {
    const others = columns.filter((column) => column !== total && !used.has(column.index))
    if (used.has(total.index) || others.length < 2) continue
    const parts = [others, ...pairs(others, total)].find((set) => addsUp(total, set))
    if (!parts) continue
    found.push({ total, parts })
    used.add(total.index)
    for (const part of parts) used.add(part.index)
  }
  return found
}

/** Two directions: those whose names are nearest to the total's first, `Passanten ltr` before `Erwachsene ltr`. */
function pairs(others: readonly ColumnFacts[], total: ColumnFacts): ColumnFacts[][] {
  const sets: ColumnFacts[][] = []
  for (let a = 0; a < others.length; a++) {
    for (let b = a + 1; b < others.length; b++) sets.push([others[a]!, others[b]!])
  }
  const stem = total.letters.trim()
  const near = (column: ColumnFacts) => (column.letters.trim().startsWith(stem) ? column.letters.length : 100)
  return sets.sort((x, y) => near(x[0]!) + near(x[1]!) - near(y[0]!) - near(y[1]!))
}

function addsUp(total: ColumnFacts, parts: readonly ColumnFacts[]): boolean {
  let rows = 0
  let fits = 0
  let several = 0
  for (let at = 0; at < total.numbers.length; at++) {
    const wanted = total.numbers[at]!
    if (Number.isNaN(wanted)) continue
    let sum = 0
    let filled = 0
    let positive = 0
    for (const { numbers } of parts) {
      const value = numbers[at]!
      if (Number.isNaN(value)) continue
      filled++
      sum += value
      if (value > 0) positive++
    }
    if (filled < parts.length) continue
    rows++
    if (positive > 1) several++
    if (Math.abs(sum - wanted) < 1e-6 * Math.max(1, Math.abs(wanted))) fits++
    // Most sets are wrong from the first rows on.
    if (rows === 40 && fits < 20) return false
  }
  return rows >= LEAST_ROWS && fits >= rows * SHARE && several >= Math.min(LEAST_ROWS, rows / 4)
}
