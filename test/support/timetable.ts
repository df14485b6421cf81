import { parse } from 'csv-parse/sync'
import { unpack } from '../../src/edges/feeds/index.ts'

type Cells = Record<string, string>

/** The tables of a GTFS zip as they stand in it. */
export async function readGtfs(path: string): Promise<Record<string, Cells[]>> {
  const tables: Record<string, Cells[]> = {}
  const limits = { maxEntries: 100, maxBytes: 1e9 }
  for await (const { path: name, bytes } of unpack(
    { path, name: path, keepZip: false },
    limits,
    () => {},
    () => true,
  )) {
    const parts: Uint8Array[] = []
    for await (const part of bytes) parts.push(part)
    const options = {
      columns: (header: string[]) => header.map((one) => one.trim()),
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
    }
    tables[name.replace(/\.txt$/, '')] = parse(Buffer.concat(parts), options) as unknown as Cells[]
  }
  return tables
}
