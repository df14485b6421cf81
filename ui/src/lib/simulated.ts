import { app } from './state.svelte.ts'

/** The name with "(simuliert)" behind it, unless it says so itself: for titles of windows, pictures and files. */
export function markedName(name: string, simulated: boolean): string {
  if (!simulated || /simuliert|simulated/i.test(name)) return name
  return `${name} (${app.t('simulated.short')})`
}

/** The name without "(simuliert)", for where the mark stands beside it. */
export const plainName = (name: string): string => name.replace(/\s*\((simuliert|simulated)\)$/i, '')
