import type { Platform } from '../platform.ts'

/** What a command gets: it may run in the terminal's own process or, sent over the socket, in the running platform. */
export interface CommandContext {
  /** Opens the platform (or answers with the running one). Throws SetupError, exit code 4, when it is out of reach. */
  platform(): Promise<Platform>
  /** The folder the command was called in: relative paths mean this one. */
  cwd: string
  /** Results. With `--json` exactly one JSON value. */
  stdout(text: string): void
  /** Progress and messages. */
  stderr(text: string): void
  /** Aborted when the caller gives up (Ctrl-C). */
  signal: AbortSignal
  isTTY: boolean
  /** Sets the exit code: 0 done · 1 failed · 2 wrong usage · 3 done with too many rejections · 4 out of reach. */
  exit(code: number): void
}

/** Left-aligned columns for people; numbers right-aligned. */
export function table(head: string[], rows: (string | number | null)[][]): string {
  const text = rows.map((row) => row.map((cell) => (cell === null ? '–' : String(cell))))
  const width = head.map((title, i) => Math.max(title.length, ...text.map((row) => row[i]!.length)))
  const line = (cells: string[], from?: (string | number | null)[]) =>
    cells
      .map((cell, i) => (typeof from?.[i] === 'number' ? cell.padStart(width[i]!) : cell.padEnd(width[i]!)))
      .join('  ')
      .trimEnd()
  return `${[line(head), ...text.map((cells, r) => line(cells, rows[r]))].join('\n')}\n`
}
