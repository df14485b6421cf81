/** Things nobody but the administration may see, told apart by words and a number that stand nowhere else. */

import { OWNER } from '../../src/domains/access/index.ts'
import { CONCEPTS } from '../../src/domains/features/index.ts'
import type { Platform } from '../../src/platform.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
export type Json = any
export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<{ status: number; body: Json; text: string }>

/** Hidden names hold this word, hidden values are this number, hidden slugs begin like this. */
export const WORD = 'Verborgen'
export const NUMBER = 8371946
export const SLUG = 'geheim-'
export const LEAK = new RegExp(`${WORD}|8[.,' ]?371[.,' ]?946|8\\.371946e`, 'i')

export const HIDDEN = ['entwurf', 'pruefung', 'zurueck', 'intern'].map((state) => SLUG + state)

export const SETS = [
  'Things',
  'Locations',
  'Datastreams',
  'MultiDatastreams',
  'Sensors',
  'ObservedProperties',
  'Observations',
  'FeaturesOfInterest',
  'HistoricalLocations',
  'Actuators',
  'TaskingCapabilities',
  'Tasks',
] as const

/** Ids of one dataset: those of its entities by set. */
export type Ids = Record<(typeof SETS)[number], number[]> & { dataset: string }

const OM = 'http://www.opengis.net/def/observationType/OGC-OM/2.0'
const UNIT = { name: 'Anzahl', symbol: '1', definition: 'http://unitsofmeasure.org/ucum.html' }

/** A dataset with a station, a series, a series of two values, and one value each. */
export async function datasetOf(ask: Ask, id: string, word: string, value: number, title?: string): Promise<Ids> {
  const done = async (method: string, path: string, body?: unknown) => {
    const answer = await ask(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body
  }
  const described = (name: string) => ({ name: `${name} ${word}`, description: `Beschreibung ${word}` })
  const property = (name: string) => ({ ...described(name), definition: `http://example.org/${name}/${word}` })
  const sensor = { ...described('Sensor'), encodingType: 'text/html', metadata: word }
  const phenomenonTime = '2026-11-01T00:00:00Z'
  await done('POST', '/api/v1/datasets', { id, title: title ?? `Titel ${word}` })
  await done('POST', `/d/${id}/sta/v1.1/Things`, {
    ...described('Station'),
    properties: { note: word },
    Locations: [
      {
        ...described('Ort'),
        encodingType: 'application/geo+json',
        location: { type: 'Point', coordinates: [7.6, 51.9] },
      },
    ],
    Datastreams: [
      {
        ...described('Reihe'),
        observationType: `${OM}/OM_Measurement`,
        unitOfMeasurement: UNIT,
        Sensor: sensor,
        ObservedProperty: property('Menge'),
        Observations: [{ result: value, phenomenonTime, parameters: { note: word } }],
      },
    ],
    MultiDatastreams: [
      {
        ...described('Doppelreihe'),
        observationType: `${OM}/OM_ComplexObservation`,
        multiObservationDataTypes: [`${OM}/OM_Measurement`, `${OM}/OM_Measurement`],
        unitOfMeasurements: [UNIT, UNIT],
        Sensor: { ...sensor, name: `Doppelsensor ${word}` },
        ObservedProperties: [property('Eins'), property('Zwei')],
        Observations: [{ result: [value, value], phenomenonTime }],
      },
    ],
    TaskingCapabilities: [
      {
        ...described('Aufträge'),
        taskingParameters: { type: 'DataRecord', field: [{ name: 'level', type: 'Quantity' }] },
        Actuator: { ...sensor, name: `Aktor ${word}` },
        Tasks: [{ taskingParameters: { level: value } }],
      },
    ],
  })
  const ids = { dataset: id } as Ids
  for (const set of SETS) {
    const { value: rows } = await done('GET', `/d/${id}/sta/v1.1/${set}`)
    ids[set] = rows.map((row: Json) => row['@iot.id'])
  }
  return ids
}

/** What is hidden beside the datasets: people, a source, a board, a draft, a channel. */
export interface Hidden {
  sets: Ids[]
  person: number
  group: number
  grant: number
  request: number
  /** Terms of a dataset nobody knows of. */
  terms: number
  boards: string[]
  source: string
  draft: string
  channel: number
  /** Proof of what was delivered to the hidden source. */
  receipt: string
  /** Of the hidden person. */
  session: number
  /** Keys of others. */
  keys: number[]
}

/** Where every hidden feature lies: longitude and latitude. */
export const HIDDEN_PLACE = '7.6,51.9'

/** A feature of each kind in every hidden dataset, and what a feed keeps without history. */
async function hideFeatures({ db }: Platform): Promise<void> {
  const evse = { uid: WORD, evse_id: `DE*${WORD}`, status: 'AVAILABLE', last_updated: '2026-01-01T00:00:00Z' }
  const properties = {
    id: WORD,
    description: WORD,
    capacity: NUMBER,
    operator: { name: WORD },
    evses: [{ ...evse, connectors: [] }],
  }
  await db.query(
    `insert into feature (dataset, concept, natural_key, name, properties, geom, thing)
     select d.key, c.concept, 'x1', $1, $2::jsonb, st_setsrid(st_makepoint(7.6, 51.9), 4326),
       (select min(t.id) from thing t where t.dataset = d.key)
     from dataset d cross join unnest($3::text[]) as c(concept) where d.id like $4`,
    [WORD, JSON.stringify(properties), [...CONCEPTS.keys()], `${SLUG}%`],
  )
  await db.query(
    `insert into feature_attachment (feature, name, media_type, size, digest, body)
     select id, $1, 'application/pdf', 9, 'x', $2 from feature where concept = 'roadworks' and name = $1`,
    [WORD, Buffer.from(`%PDF-${WORD}`)],
  )
  const vehicle = {
    vehicle_id: WORD,
    lat: 51.9,
    lon: 7.6,
    is_reserved: false,
    is_disabled: false,
    vehicle_type_id: WORD,
  }
  await db.query(
    `insert into feed_document (dataset, concept, name, body)
     select key, 'sharing', 'vehicle_status', $1::jsonb from dataset where id like $2`,
    [JSON.stringify({ records: [vehicle] }), `${SLUG}%`],
  )
}

/** Brings all of it in; `admin` may do everything. */
export async function hide(platform: Platform, admin: Ask): Promise<Hidden> {
  const done = async (method: string, path: string, body?: unknown) => {
    const answer = await admin(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.body
  }
  const sets: Ids[] = []
  // People with an account may know that a restricted dataset exists: they can ask for it.
  for (const id of HIDDEN)
    sets.push(await datasetOf(admin, id, WORD, NUMBER, id === `${SLUG}intern` ? 'Auf Anfrage' : undefined))
  for (const [id, body] of [
    ['pruefung', { state: 'review' }],
    ['zurueck', { state: 'released' }],
    ['zurueck', { state: 'withdrawn' }],
    ['intern', { state: 'released', audience: 'restricted' }],
  ] as const)
    await done('POST', `/api/v1/datasets/${SLUG}${id}/state`, body)
  await hideFeatures(platform)
  await done('PUT', `/api/v1/spaces/${SLUG}raum`, { title: `Raum ${WORD}`, description: '' })
  await done('PUT', `/api/v1/datasets/${SLUG}entwurf/space`, { space: `${SLUG}raum` })
  const { id: person } = await done('POST', '/api/v1/people', { email: `${WORD}@stadt.example`, name: WORD })
  const { id: group } = await done('POST', '/api/v1/groups', {
    ...{ slug: `${SLUG}amt`, title: `Amt ${WORD}`, kind: 'department', claim: null },
  })
  const { id: grant } = await done('POST', '/api/v1/grants', {
    ...{ group, role: 'owner', on: `dataset:${SLUG}intern`, until: null, note: WORD },
  })
  await platform.db.query(
    `insert into access_request (dataset, account, purpose, until)
     select key, $1, $2, now() + interval '9 days' from dataset where id = $3`,
    [person, `Zweck ${WORD}`, `${SLUG}intern`],
  )
  const [request] = await platform.db.query<{ id: number }>('select id from access_request')
  const { id: terms } = await done('POST', '/api/v1/terms', {
    ...{ dataset: `${SLUG}entwurf`, body: `Bedingungen ${WORD}`, odrl: null },
  })
  const boards: string[] = []
  for (const visibility of ['draft', 'published']) {
    const items = sets.map((ids) => ({
      ...{ kind: 'chart', width: 2, height: 2, series: [ids.Datastreams[0]], range: '7d', resolution: 'hour' },
      compare: false,
    }))
    const title = visibility === 'draft' ? `Tafel ${WORD}` : 'Tafel für alle'
    boards.push((await done('POST', '/api/v1/boards', { title, visibility, items })).id)
  }
  const source = `${SLUG}quelle`
  const yaml = `id: ${source}
title: Quelle ${WORD}
dataset: { id: ${SLUG}entwurf, title: Titel ${WORD} }
from: { mqtt: { topic: ${SLUG}thema } }
format: { type: json }
time: { column: zeit, format: iso }
thing: { key: "{ort}" }
series: [{ column: anzahl, property: bicycle_count }]
`
  await platform.sources.add(platform.sources.check(yaml), OWNER)
  const receipt = 'f'.repeat(24)
  await platform.db.query(
    `insert into delivery (receipt, source, dataset, way, actor, topic, messages, bytes, read, accepted, unchanged, corrected, rejected)
     select $1, $2, key, 'mqtt', $3, $3, 1, 1, 1, 1, 0, 0, 0 from dataset where id = $4`,
    [receipt, source, WORD, `${SLUG}entwurf`],
  )
  const { id: draft } = await done('POST', '/api/v1/source-drafts', { topic: `${SLUG}entwurfsthema` })
  const { id: channel } = await done('POST', '/api/v1/alerts/channels', {
    ...{ name: `Kanal ${WORD}`, kind: 'email', targets: [`kanal-${WORD}@stadt.example`], events: ['late'] },
    ...{ datasets: [], sources: [], quietFrom: null, quietTo: null, groupMinutes: 0, perHour: 5, active: true },
  })
  const { token } = await platform.access.accounts.link(person, OWNER)
  await platform.access.accounts.redeemLink(token, 'Neun Kähne am Kai', { from: '127.0.0.1', agent: WORD })
  const [session] = await platform.db.query<{ id: number }>('select id from session where account = $1', [person])
  const keys = (await platform.db.query<{ id: number }>('select id from api_key')).map((key) => key.id)
  return {
    session: session!.id,
    keys,
    sets,
    person,
    group,
    grant,
    request: request!.id,
    terms,
    boards,
    source,
    receipt,
    draft,
    channel,
  }
}
