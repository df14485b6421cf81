/** What our reader of DATEX II makes of a publication: so it is seen that what goes out can come in. */
import assert from 'node:assert/strict'
import type { FeedItem } from '../../src/domains/sources/index.ts'
import { feeds } from '../../src/edges/feeds/index.ts'

/** The items of some publications that belong together, each given with the role it must be recognised by. */
export async function readDatex2(...publications: { role: string; text: string }[]): Promise<FeedItem[]> {
  const datex2 = feeds.find(({ id }) => id === 'datex2')!
  assert.ok('read' in datex2)
  const inputs = publications.map(({ role, text }) => {
    const head = Buffer.from(text)
    assert.equal(datex2.detect({ name: 'x.xml', head })?.role, role)
    const bytes = (async function* () {
      yield head
    })()
    return { role, name: role, bytes }
  })
  const items: FeedItem[] = []
  for await (const item of datex2.read(inputs, { type: 'datex2' }, { name: 'x', maxDocumentBytes: 1e6 }))
    items.push(item)
  return items
}

/** The features among them. */
export const featuresOf = (items: readonly FeedItem[]) => items.filter((item) => item.kind === 'feature')
