import { CONCEPTS } from '../features/index.ts'
import type { Definition } from './definition.ts'

/** A message as a source expects it, to be copied. */
export interface PushExample {
  contentType: string
  body: string
  /** For MQTT: a topic that fits. */
  topic: string | null
}

const NOW = '2026-11-24T08:15:00Z'

const DATEX2 = `<?xml version="1.0" encoding="UTF-8"?>
<d2:payload xmlns:d2="http://datex2.eu/schema/3/d2Payload" xmlns:com="http://datex2.eu/schema/3/common"
  xmlns:par="http://datex2.eu/schema/3/parking" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:type="par:ParkingStatusPublication" lang="de" modelBaseVersion="3">
  <com:publicationTime>${NOW}</com:publicationTime>
  <com:publicationCreator><com:country>de</com:country><com:nationalIdentifier>Stadtwerk</com:nationalIdentifier></com:publicationCreator>
  <par:parkingRecordStatus xsi:type="par:ParkingSiteStatus">
    <par:parkingRecordReference targetClass="par:ParkingRecord" id="parkhaus-1" version="1"/>
    <par:parkingStatusOriginTime>${NOW}</par:parkingStatusOriginTime>
    <par:parkingOccupancy><par:parkingNumberOfVacantSpaces>87</par:parkingNumberOfVacantSpaces></par:parkingOccupancy>
  </par:parkingRecordStatus>
</d2:payload>
`

const PARKAPI = {
  last_updated: NOW,
  lots: [
    {
      id: 'parkhaus-1',
      name: 'Parkhaus 1',
      coords: { lat: 49.0195, lng: 12.0974 },
      total: 400,
      free: 87,
      state: 'open',
    },
  ],
}

/** An example for this source, made of what its definition asks for; null where there is none. */
export function pushExample(definition: Definition): PushExample | null {
  const { from, format } = definition
  const topic = from.mqtt ? from.mqtt.topic.replaceAll('+', 'a').replace('#', 'a') : null
  if (format.type === 'datex2') return { contentType: 'application/xml', body: DATEX2, topic }
  if (format.type === 'parkapi')
    return { contentType: 'application/json', body: JSON.stringify(PARKAPI, null, 2), topic }
  const row = exampleRow(definition)
  if (!row) return null
  if (format.type === 'json') {
    const rows = typeof format.rows === 'string' ? format.rows.replace(/^\$\.?/, '').replace(/\[\*\]$/, '') : ''
    const message = rows === '' || !/^[\w.]+$/.test(rows) ? nested(row) : nested({ [rows]: [nested(row)] })
    return { contentType: 'application/json', body: JSON.stringify(message, null, 2), topic }
  }
  if (format.type === 'csv') {
    const separator = format.separator ?? ','
    const names = Object.keys(row)
    return {
      contentType: 'text/csv',
      body: `${names.join(separator)}\n${names.map((name) => row[name]).join(separator)}\n`,
      topic,
    }
  }
  return null
}

/** A value for each column the definition names, of the kind it is used as. */
function exampleRow({ time, thing, series, concept }: Definition): Record<string, string | number> | null {
  const row: Record<string, string | number> = {}
  const columnsIn = (text: unknown): string[] =>
    [...JSON.stringify(text ?? '').matchAll(/\{([^{}"]+)\}/g)]
      .map(([, inner]) => inner!.split('|')[0]!.trim())
      .filter((name) => !/^(topic|file|path|today)\b/.test(name))
  const put = (text: unknown, value: string | number) => {
    for (const name of columnsIn(text)) row[name] ??= value
  }
  const terms = CONCEPTS.get(concept ?? '')?.properties
  const { location, properties } = (thing ?? {}) as { location?: Record<string, unknown>; properties?: object }
  put(location?.lat, 49.0195)
  put(location?.lon, 12.0974)
  for (const [name, text] of Object.entries(properties ?? {}))
    put(text, terms?.[name]?.type === 'number' ? 400 : (terms?.[name]?.values?.[0] ?? 'Beispiel'))
  put(thing, 'parkhaus-1')
  const timeFormat = time && 'format' in time ? time.format : undefined
  if (time?.column) row[time.column] = typeof timeFormat === 'string' ? asTime(timeFormat) : NOW
  for (const one of series ?? []) if (typeof one.column === 'string') row[one.column] ??= 87
  return Object.keys(row).length > 0 ? row : null
}

const asTime = (form: string): string | number =>
  form === 'epoch' ? Date.parse(NOW) / 1000 : form === 'epoch-ms' ? Date.parse(NOW) : written(form)

const written = (form: string): string =>
  form === 'iso'
    ? NOW
    : form
        .replace('YYYY', '2026')
        .replace('MM', '11')
        .replace('DD', '24')
        .replace('HH', '08')
        .replace('mm', '15')
        .replace('ss', '00')

/** Dots in the names of columns are levels of the object. */
function nested(row: Record<string, unknown>): Record<string, unknown> {
  const whole: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(row)) {
    const levels = name.split('.')
    let at = whole
    for (const level of levels.slice(0, -1)) {
      if (typeof at[level] !== 'object' || at[level] === null) at[level] = {}
      at = at[level] as Record<string, unknown>
    }
    at[levels.at(-1)!] = value
  }
  return whole
}
