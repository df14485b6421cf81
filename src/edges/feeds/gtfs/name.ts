import { FileError } from '../../../domains/sources/index.ts'
import { openFiles } from './files.ts'
import { Notices } from './notices.ts'
import { openTable } from './table.ts'

const LIMITS = { maxEntries: 100_000, maxBytes: 8_000_000_000 }
const LONGEST = 80

/** The name of the only agency, else that of the publisher of the feed, else of the first agency; null without any. */
export async function nameOf(inputs: readonly { path: string; name: string }[]): Promise<string | null> {
  try {
    const files = await openFiles(inputs, LIMITS)
    const column = async (file: string, field: string): Promise<string[]> => {
      if (!files.names.includes(file)) return []
      const table = await openTable(undefined, file, files.open(file), new Notices())
      if ('reason' in table) return []
      const at = table.header.indexOf(field)
      for await (const { rows } of table.blocks) return rows.map((cells) => cells[at]?.trim() ?? '').filter(Boolean)
      return []
    }
    const agencies = [...new Set(await column('agency.txt', 'agency_name'))]
    const [publisher] = agencies.length === 1 ? [] : await column('feed_info.txt', 'feed_publisher_name')
    return (publisher ?? agencies[0])?.slice(0, LONGEST) ?? null
  } catch (error) {
    // What cannot be opened is told by the run.
    if (error instanceof FileError) return null
    throw error
  }
}
