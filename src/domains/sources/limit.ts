import type { Definition } from './definition.ts'

/** Were more values rejected than the definition allows (`limits.rejected`, default 1 %)? Then a command ends with code 3. */
export function beyondLimit({ limits }: Definition, read: number, rejected: number): boolean {
  const allowed = limits?.rejected ?? '1%'
  if (typeof allowed === 'number') return rejected > allowed
  return rejected > (Number.parseFloat(allowed) / 100) * read
}
