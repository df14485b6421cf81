import { valueIn } from './format.ts'
import type { Row } from './model.ts'
import type { Shape } from './select.ts'

interface Group {
  'Datastream@iot.navigationLink'?: string
  'MultiDatastream@iot.navigationLink'?: string
  components: string[]
  'dataArray@iot.count': number
  dataArray: unknown[][]
}

/** Observations as arrays of values, grouped by Datastream (OGC 18-088 §12.1). */
export function formatDataArray(shape: Shape, rows: readonly Row[], base: string): Group[] {
  const readers: { name: string; read: (row: Row) => unknown }[] = []
  if (shape.showId) readers.push({ name: 'id', read: (row) => row.id })
  for (const property of shape.properties)
    readers.push({ name: property.name, read: (row) => valueIn(shape, property, row) ?? null })
  const groups = new Map<unknown, Group>()
  for (const row of rows) {
    let group = groups.get(row.datastream)
    if (!group) {
      group = {
        ...linkOf(row, base),
        components: readers.map((reader) => reader.name),
        'dataArray@iot.count': 0,
        dataArray: [],
      }
      groups.set(row.datastream, group)
    }
    group.dataArray.push(readers.map((reader) => reader.read(row)))
    group['dataArray@iot.count']++
  }
  return [...groups.values()]
}

const linkOf = (row: Row, base: string): Partial<Group> =>
  (row.x as { m?: 1 } | null)?.m === 1
    ? { 'MultiDatastream@iot.navigationLink': `${base}/MultiDatastreams(${row.datastream})` }
    : { 'Datastream@iot.navigationLink': `${base}/Datastreams(${row.datastream})` }
