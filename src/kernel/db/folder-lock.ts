import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * Takes the data folder for this process, or returns null when another one holds it.
 *
 * PGlite takes no lock of its own and two processes would ruin the folder. The lock is a write transaction on a tiny
 * SQLite file: the operating system releases it when the process dies, however it dies, and no process number can be
 * mistaken for another (as with a pid file in containers, where everything is process 1).
 */
export function lockFolder(folder: string): { release(): void } | null {
  const file = new DatabaseSync(join(folder, 'lock'), { timeout: 0 })
  try {
    file.exec('pragma journal_mode = delete; begin exclusive')
  } catch (error) {
    file.close()
    if (/locked|busy/i.test((error as Error).message)) return null
    throw error
  }
  return { release: () => file.close() }
}
