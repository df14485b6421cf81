import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkDefinition } from './check.ts'
import { Mapper } from './mapper.ts'
import type { Cell } from './model.ts'

const base = `title: T
dataset: { title: D }
from: { file: { path: x.csv } }
timeZone: Europe/Berlin
`

interface Mapped {
  thing: string
  series: string
  t: string
  end: string | null
  v: unknown
  q: number | null
}

async function map(yaml: string, header: string[], rows: Cell[][], path = 'x.csv', preamble: string[] = []) {
  const mapper = new Mapper(checkDefinition(base + yaml, 'test'), 'Europe/Berlin')
  const file = mapper.file(path, new Map(), Date.parse('2026-01-01T00:00:00Z'))
  await file.map({ header, rows, firstRow: 2, preamble })
  file.end()
  const values = mapper.waiting.map(({ observation, stream }): Mapped => {
    const { t, tEnd, v, q, x } = observation
    return { thing: stream.thing.key, series: stream.key, t, end: tEnd, v: v ?? x?.r, q: q ?? null }
  })
  assert.equal(mapper.read, values.length + mapper.rejections.total)
  return { values, mapper, rejections: mapper.rejections.list() }
}

const wide = `format: { type: csv }
time: { column: zeit, period: 15m }
thing: { key: "{site}", name: "Ort {site}" }
series:
  - { columns: '^{site} ', key: sum, property: bicycle_count, role: total, quality: { column: "{site}-status", good: 0 } }
  - { columns: '^(?<channel>\\d+) \\((?<label>.*)\\)', property: bicycle_count, role: part, name: "{label}", quality: { column: "{channel}-status", good: 0, missing: [9] } }
`

describe('mapping wide tables', () => {
  const header = ['zeit', '7 (Ort)', '71 (Nord)', '72 (Süd)', '7-status', '71-status', '72-status']
  it('makes a series of each column, with its own status', async () => {
    const fromFolder = base.replace('path: x.csv }', `path: x }, files: '(?<site>\\d+)/'`)
    const definition = checkDefinition(fromFolder + wide, 'test')
    const mapper = new Mapper(definition, 'UTC')
    const file = mapper.file('7/a.csv')
    await file.map({
      header,
      firstRow: 2,
      rows: [
        ['2025-07-01 00:00', '3', '1', '2', '0', '0', '4'],
        ['2025-07-01 00:15', '5', '', '5', '0', '0', '9'],
      ],
    })
    file.end()
    const values = mapper.waiting.map(({ observation: { t, tEnd, v, q }, stream }) => [
      stream.key,
      stream.role,
      t,
      tEnd,
      v,
      q,
    ])
    assert.deepEqual(values, [
      ['sum', 'total', '2025-06-30T22:00:00Z', '2025-06-30T22:15:00Z', 3, null],
      ['71', 'part', '2025-06-30T22:00:00Z', '2025-06-30T22:15:00Z', 1, null],
      ['72', 'part', '2025-06-30T22:00:00Z', '2025-06-30T22:15:00Z', 2, 1],
      ['sum', 'total', '2025-06-30T22:15:00Z', '2025-06-30T22:30:00Z', 5, null],
    ])
    assert.equal(mapper.read, 4)
    assert.equal(mapper.things.get('7')?.name, 'Ort 7')
    assert.deepEqual(
      [...mapper.things.get('7')!.streams.values()].map(({ name }) => name),
      ['Radverkehr sum', 'Nord', 'Süd'],
    )
  })
  it('needs the placeholders of the path', async () => {
    await assert.rejects(
      map(wide, header, [['2025-07-01 00:00', '3', '1', '2', '0', '0', '0']]),
      /\{site\} is neither a column nor a placeholder/,
    )
  })
})

const long = `format: { type: csv, decimal: ",", empty: [n/a] }
time: { value: "{tag} {zeit}", format: DD.MM.YYYY HH:mm }
thing:
  key: "{ort}"
  name: "{station.name|ort}"
  location: { lat: "{station.lat}", lon: "{station.lon}", properties: { approximate: true } }
  properties: { indoor: "{station.indoor}", note: "{station.note}" }
lookups:
  station: { by: "{ort}", entries: { A: { name: Alpha, lat: 52, lon: 7.5, indoor: false }, C: { note: N } } }
series:
  - { column: wert, when: { groesse: temp }, key: temp, property: air_temperature, quality: { range: [-40, 50] } }
  - { column: wert, when: { groesse: [regen] }, key: regen, property: precipitation, factor: 0.1 }
`

describe('mapping long tables', () => {
  const header = ['tag', 'zeit', 'ort', 'groesse', 'wert']
  it('makes a series of each kind of row, and looks stations up', async () => {
    const { values, mapper } = await map(long, header, [
      ['01.07.2025', '12:00', 'A', 'temp', '21,5'],
      ['01.07.2025', '12:00', 'A', 'regen', '12'],
      ['01.07.2025', '12:00', 'B', 'temp', '99,0'],
      ['01.07.2025', '12:00', 'B', 'wind', '3'],
      ['01.07.2025', '12:00', 'B', 'temp', 'n/a'],
    ])
    assert.deepEqual(
      values.map(({ thing, series, v, q }) => [thing, series, v, q]),
      [
        ['A', 'temp', 21.5, null],
        ['A', 'regen', 1.2000000000000002, null],
        ['B', 'temp', 99, 1],
      ],
    )
    const a = mapper.things.get('A')!
    assert.deepEqual(
      [a.name, a.location?.geometry, a.location?.properties],
      ['Alpha', { type: 'Point', coordinates: [7.5, 52] }, { approximate: true }],
    )
    assert.deepEqual(a.properties, { indoor: false })
    assert.equal(mapper.things.get('B')?.location, null)
    assert.equal(mapper.things.get('B')?.properties, null)
  })

  it('rejects with reason, row, column and value', async () => {
    const { values, rejections } = await map(long, header, [
      ['01.07.2025', '12:00', 'A', 'temp', 'warm'],
      ['31.02.2025', '12:00', 'A', 'temp', '1'],
      ['30.03.2025', '02:30', 'A', 'temp', '1'],
      ['01.07.2025', '12:00', '', 'temp', '1'],
      ['01.07.2025', '12:00', 'A', 'temp'],
      ['01.07.2025', '12:00', 'A', 'temp', '1', 'x'],
      ['01.07.2025', '12:00', 'A', 'temp', '2', ''],
      [''],
      ['01.07.2025', '12:15', 'A', 'temp', '1.5'],
    ])
    assert.deepEqual(
      values.map(({ v }) => v),
      [2],
    )
    const seen = rejections.map(({ reason, count, examples }) => [reason, count, examples[0]!.row, examples[0]!.column])
    assert.deepEqual(seen, [
      ['not a number', 2, 2, 'wert'],
      ['not a time of the form DD.MM.YYYY HH:mm', 1, 3, '{tag} {zeit}'],
      ['a local time that does not exist in Europe/Berlin: the clocks went forward', 1, 4, '{tag} {zeit}'],
      ["the thing's key is empty", 1, 5, '{ort}'],
      ['the row has fewer cells than the header', 1, 6, ''],
      ['the row has more cells than the header', 1, 7, ''],
    ])
  })
})

describe('the hour that happens twice', () => {
  const yaml = `format: { type: csv }
time: { column: t, period: 1h }
thing: { key: "{k}" }
series: [{ column: v, property: bicycle_count }]
`
  const header = ['t', 'k', 'v']
  it('is the earlier where the file has it once, and both, in order, where it has it twice', async () => {
    const rows = [
      ['2025-10-26 01:00', 'a', '1'],
      ['2025-10-26 02:00', 'a', '2'],
      ['2025-10-26 02:00', 'b', '20'],
      ['2025-10-26 02:00', 'a', '3'],
      ['2025-10-26 03:00', 'a', '4'],
    ]
    const { values } = await map(yaml, header, rows)
    const byValue = new Map(values.map(({ v, t, end }) => [v, [t, end]]))
    assert.deepEqual(byValue.get(2), ['2025-10-26T00:00:00Z', '2025-10-26T01:00:00Z'])
    assert.deepEqual(byValue.get(3), ['2025-10-26T01:00:00Z', '2025-10-26T02:00:00Z'])
    assert.deepEqual(byValue.get(20), ['2025-10-26T00:00:00Z', '2025-10-26T01:00:00Z'])
    assert.deepEqual(byValue.get(4), ['2025-10-26T02:00:00Z', '2025-10-26T03:00:00Z'])
    const later = await map(`ambiguous: later\n${yaml}`, header, rows)
    const turned = new Map(later.values.map(({ v, t }) => [v, t]))
    assert.equal(turned.get(20), '2025-10-26T01:00:00Z')
    assert.equal(turned.get(2), '2025-10-26T00:00:00Z')
    assert.equal(turned.get(3), '2025-10-26T01:00:00Z')
  })
})

describe('mapping with expressions, typed results and header lines', () => {
  it('computes columns only from expressions, and goes on where one fails', async () => {
    const yaml = `format: { type: csv }
compute: { celsius: "($number(f) - 32) / 1.8", ok: "$number(f) > 0" }
where: { ok: "true" }
time: { arrival: true }
thing: { key: x }
series: [{ column: celsius, property: air_temperature }]
`
    const { values, rejections } = await map(yaml, ['f'], [['50'], ['-4'], ['x']])
    assert.deepEqual(
      values.map(({ v, t }) => [v, t]),
      [[10, '2026-01-01T00:00:00Z']],
    )
    assert.equal(
      rejections.reduce((sum, { count }) => sum + count, 0),
      2,
    )
    assert.match(rejections[0]!.reason, /the expression for "celsius" failed/)
  })

  it('keeps texts, truth values and mapped texts', async () => {
    const yaml = `format: { type: csv }
time: { column: t }
thing: { key: "{place}" }
preamble: { place: 'Ort: (.*)' }
series:
  - { column: text, property: weather_condition, type: text }
  - { column: flag, property: occupancy, type: boolean }
  - { column: state, property: occupancy, key: state, values: { belegt: 1, frei: 0 } }
  - { column: any, property: other, type: auto }
properties: { other: { name: Anderes } }
`
    const withSkip = yaml.replace('type: csv', 'type: csv, skip: 2')
    const header = ['t', 'text', 'flag', 'state', 'any']
    const { values, rejections } = await map(
      withSkip,
      header,
      [
        ['2025-01-01', 'rain', 'true', 'belegt', '1.5'],
        ['2025-01-02', 'fog', 'maybe', 'kaputt', 'text'],
      ],
      'x.csv',
      ['Quelle: x', 'Ort: Mitte'],
    )
    assert.deepEqual(
      values.map(({ v }) => v),
      ['rain', true, 1, 1.5, 'fog', 'text'],
    )
    assert.equal(values[0]!.thing, 'Mitte')
    assert.deepEqual(rejections.map(({ reason }) => reason).sort(), ['not a boolean value', 'not a number'])
  })
})
