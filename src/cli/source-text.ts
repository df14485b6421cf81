import type { PreviewRow, Progress, RunReport } from '../domains/sources/index.ts'

const LINE_EVERY_MS = 5000
const TTY_EVERY_MS = 500

/** Progress of a long run on stderr: one line that is rewritten in a terminal, a line every few seconds elsewhere. */
export function progressPrinter(
  write: (text: string) => void,
  isTTY: boolean,
): { show(progress: Progress): void; done(): void } {
  let last = Date.now()
  let shown = false
  return {
    show(progress) {
      const now = Date.now()
      if (now - last < (isTTY ? TTY_EVERY_MS : LINE_EVERY_MS)) return
      last = now
      shown = true
      write(isTTY ? `\r\x1b[K${progressText(progress)}` : `${progressText(progress)}\n`)
    },
    done() {
      if (shown && isTTY) write('\r\x1b[K')
    },
  }
}

function progressText({ rows, values, seconds, share, file }: Progress): string {
  const rate = seconds > 0 ? Math.round(values / seconds) : 0
  const parts = [`${number(rows)} rows`, `${number(values)} values`, `${number(rate)}/s`]
  if (share !== undefined && share > 0.01)
    parts.push(`${Math.round(share * 100)} %`, `about ${duration((seconds * (1 - share)) / share)} left`)
  if (file) parts.push(file)
  return parts.join(' · ')
}

const number = (value: number) => value.toLocaleString('en-US')

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

/** The figures of a run for people. */
export function describeRun(report: RunReport): string {
  const { source, dataset, outcome, read, accepted, unchanged, corrected, rejected, rejections, seconds } = report
  const lines = [`${source} → dataset "${dataset}": ${outcome}, ${seconds.toFixed(1)} s`]
  lines.push(
    `  read ${number(read)} values: ${number(accepted)} new, ${number(unchanged)} unchanged, ${number(corrected)} corrected, ${number(rejected)} rejected`,
  )
  for (const { reason, count, examples } of rejections) {
    lines.push(`  rejected ${number(count)} × ${reason}`)
    for (const { row, column, value, file } of examples) {
      lines.push(`    ${file ? `${file} ` : ''}row ${row}${column ? `, ${column}` : ''}: ${JSON.stringify(value)}`)
    }
  }
  return `${lines.join('\n')}\n`
}

/** Rows and, indented below each, what became of them. */
export function previewText(rows: readonly PreviewRow[]): string {
  if (rows.length === 0) return 'There are no rows.\n'
  const lines: string[] = []
  for (const { file, row, cells, values, rejected } of rows) {
    const shown = Object.entries(cells).map(([name, cell]) => `${name}=${cell ?? ''}`)
    lines.push(`${file} row ${row}: ${shown.slice(0, 12).join(' | ')}${shown.length > 12 ? ' | …' : ''}`)
    for (const { thing, series, time, end, value, unit, quality } of values) {
      const when = end === null ? time : `${time} – ${end}`
      lines.push(
        `  → ${thing} · ${series}: ${JSON.stringify(value)} ${unit}, ${when}${quality === 'suspect' ? ', suspect' : ''}`,
      )
    }
    for (const { reason, column, value } of rejected)
      lines.push(`  ✗ ${column || 'row'} ${JSON.stringify(value)}: ${reason}`)
    if (values.length === 0 && rejected.length === 0) lines.push('  (no values)')
  }
  return `${lines.join('\n')}\n`
}
