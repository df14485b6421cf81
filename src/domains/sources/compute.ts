import jsonata from 'jsonata'
import type { Batch, Cell } from './model.ts'

/** One evaluation may take this long and nest this deep: a definition's slip must not stop the platform. */
const LIMITS = { timeout: 2000, stack: 500, sequence: 1_000_000 }

export type Evaluate = (input: unknown, bindings: Record<string, unknown>) => Promise<unknown>

/**
 * Compiles a JSONata expression with helpers for what sensors send packed: `$bytes(base64)` → array of byte values,
 * `$uint(bytes, offset, length)` and `$int(…)` read little-endian numbers. Throws Error naming the position.
 */
export function compileExpression(source: string): Evaluate {
  let expression: jsonata.Expression
  try {
    expression = jsonata(source, LIMITS)
  } catch (error) {
    const { message, position } = error as jsonata.JsonataError
    throw new Error(`is not a valid expression at character ${position}: ${message}`)
  }
  expression.registerFunction('bytes', bytesOf, '<s-:a<n>>')
  expression.registerFunction('uint', readUnsigned, '<a<n>nn:n>')
  expression.registerFunction('int', readSigned, '<a<n>nn:n>')
  return (input, bindings) => expression.evaluate(input, bindings)
}

function bytesOf(text: string): number[] {
  return [...Buffer.from(text, /^([0-9a-fA-F]{2})+$/.test(text) && text.length % 4 !== 0 ? 'hex' : 'base64')]
}

function readUnsigned(bytes: number[], offset: number, length: number): number | undefined {
  if (offset < 0 || length < 1 || length > 6 || offset + length > bytes.length) return undefined
  let value = 0
  for (let index = length - 1; index >= 0; index--) value = value * 256 + bytes[offset + index]!
  return value
}

function readSigned(bytes: number[], offset: number, length: number): number | undefined {
  const value = readUnsigned(bytes, offset, length)
  return value === undefined || value < 2 ** (8 * length - 1) ? value : value - 2 ** (8 * length)
}

export interface Computed {
  name: string
  evaluate: Evaluate
}

/** Reports that an expression failed on a row. */
export type ComputeFailure = (row: number, name: string, reason: string) => void

/**
 * Adds the computed columns to a batch. Expressions see the row as an object (JSON: the object it was; else its cells by
 * name) and the file's placeholders as variables (`$site`). A failing one leaves its cell empty and is reported.
 */
export async function computeColumns(
  batch: Batch,
  header: readonly string[],
  computed: readonly Computed[],
  constants: Record<string, string>,
  failed: ComputeFailure,
): Promise<Batch> {
  const rows: Cell[][] = []
  for (let index = 0; index < batch.rows.length; index++) {
    const cells = batch.rows[index]!
    const input =
      batch.objects?.[index] ?? Object.fromEntries(batch.header.map((name, column) => [name, cells[column]]))
    const row: Cell[] = [...cells]
    while (row.length < batch.header.length) row.push(undefined)
    for (const { name, evaluate } of computed) {
      try {
        row.push(asCell(await evaluate(input, constants)))
      } catch (error) {
        failed(batch.firstRow + index, name, `the expression for "${name}" failed: ${(error as Error).message}`)
        row.push(undefined)
      }
    }
    rows.push(row)
  }
  return { ...batch, header, rows }
}

function asCell(value: unknown): Cell {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : (value as Cell)
}
