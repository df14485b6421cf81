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

const publication = (inside: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<d2LogicalModel xmlns="http://datex2.eu/schema/2/2_0" modelBaseVersion="2">${inside}</d2LogicalModel>`

/** A table of car parks as the German profile of version 2 has it. */
export const facilityTable = (parks: readonly { id: string; name: string; spaces: number }[]): string =>
  publication(
    `<payloadPublication><genericPublicationExtension><parkingFacilityTablePublication><parkingFacilityTable>${parks
      .map(
        ({ id, name, spaces }) =>
          `<parkingFacility id="${id}" version="1"><parkingFacilityName><values><value lang="de">${name}</value></values></parkingFacilityName><totalParkingCapacity>${spaces}</totalParkingCapacity></parkingFacility>`,
      )
      .join(
        '',
      )}</parkingFacilityTable></parkingFacilityTablePublication></genericPublicationExtension></payloadPublication>`,
  )

/** The states of such car parks at a time (ISO 8601). */
export const facilityStatus = (parks: readonly { id: string; vacant: number }[], time: string): string =>
  publication(
    `<payloadPublication><publicationTime>${time}</publicationTime><genericPublicationExtension><parkingFacilityTableStatusPublication>${parks
      .map(
        ({ id, vacant }) =>
          `<parkingFacilityStatus><parkingFacilityReference id="${id}" version="1"/><totalNumberOfVacantParkingSpaces>${vacant}</totalNumberOfVacantParkingSpaces></parkingFacilityStatus>`,
      )
      .join('')}</parkingFacilityTableStatusPublication></genericPublicationExtension></payloadPublication>`,
  )
