import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { pack } from 'tar-stream'
import { zipOf } from '../../../test/support/zip.ts'
import type { Batch, Cell, FormatOptions } from '../../domains/sources/index.ts'
import { formats, unpack } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'zahnrad-feeds-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const DATA = join(import.meta.dirname, '../../../../shared/data')

/** The bytes in pieces of a size, so that every boundary is met. */
async function* pieces(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(type: string, bytes: Buffer | string, options: Partial<FormatOptions> = {}, size = 1 << 16) {
  const format = formats.find(({ id }) => id === type)!
  const batches: Batch[] = []
  const context = { name: 'x', maxDocumentBytes: 1_000_000 }
  for await (const batch of format.parse(pieces(Buffer.from(bytes), size), { type, ...options }, context))
    batches.push(batch)
  return {
    header: batches.at(-1)?.header,
    rows: batches.flatMap(({ rows }) => rows as Cell[][]),
    first: batches[0]?.firstRow,
    preamble: batches[0]?.preamble,
  }
}

describe('csv', () => {
  it('reads the same whatever the pieces the bytes come in', async () => {
    const text = 'a,b,c\r\n1,"zwei, ""2""",ä\r\n\r\n3,"eine\nZeile",€\r\n4,5,6'
    const expected = [['1', 'zwei, "2"', 'ä'], [''], ['3', 'eine\nZeile', '€'], ['4', '5', '6']]
    for (const size of [1, 2, 3, 5, 7, 100]) {
      const { header, rows } = await read('csv', text, {}, size)
      assert.deepEqual(header, ['a', 'b', 'c'])
      assert.deepEqual(rows, expected, `pieces of ${size}`)
    }
  })

  it('splits unquoted blocks as csv-parse reads quoted ones', async () => {
    const line = (row: number) => `${row},x${row},`
    const plain = Array.from({ length: 300 }, (_, row) => line(row)).join('\n')
    const quoted = plain.replaceAll(/x(\d+)/g, '"x$1"')
    assert.deepEqual(
      (await read('csv', `a,b,c\n${plain}`, {}, 64)).rows,
      (await read('csv', `a,b,c\n${quoted}`, {}, 64)).rows,
    )
  })

  it('knows separators, byte order marks, header lines further down and rows without header', async () => {
    const text = '\ufeffQuelle:;"LfU"\nOrt:;München\n\nDatum;"Stand [cm]"\n"2025-01-01 00:00";96,00\n'
    const found = await read('csv', text, { separator: ';', headerLine: '^Datum;' })
    assert.deepEqual(found, {
      header: ['Datum', 'Stand [cm]'],
      rows: [['2025-01-01 00:00', '96,00']],
      first: 5,
      preamble: ['Quelle:;"LfU"', 'Ort:;München', ''],
    })
    const skipped = await read('csv', text, { separator: ';', skip: 3 })
    assert.deepEqual([skipped.header, skipped.first], [found.header, 5])
    const bare = await read('csv', '1\t2\n# Kommentar\n3\t4\n', { separator: '\t', header: ['a', 'b'], comment: '#' })
    assert.deepEqual(bare.rows, [['1', '2'], [''], ['3', '4']])
    assert.deepEqual([bare.header, bare.first], [['a', 'b'], 1])
  })

  it('reads other encodings, and says so when the bytes are not what they should be', async () => {
    const text = 'straße,größe\nÄgidiitor,5\n'
    for (const encoding of ['windows-1252', 'iso-8859-1', 'utf-16le', 'utf-16be'] as const) {
      const { header, rows } = await read('csv', iconv.encode(text, encoding), { encoding }, 7)
      assert.deepEqual([header, rows], [['straße', 'größe'], [['Ägidiitor', '5']]], encoding)
    }
    const marked = await read('csv', iconv.encode(text, 'utf-16le', { addBOM: true }))
    assert.deepEqual(marked.rows, [['Ägidiitor', '5']])
    await assert.rejects(
      read('csv', iconv.encode(text, 'latin1')),
      /not UTF-8 \(byte 0xdf near position 5\).*windows-1252/,
    )
    await assert.rejects(read('csv', text, { encoding: 'windows-1252' }), /the file is UTF-8, not windows-1252/)
    await assert.rejects(read('csv', text, { encoding: 'utf-16le' }), /not utf-16le/)
  })

  it('refuses what is no table, in a sentence', async () => {
    await assert.rejects(read('csv', ''), /the file is empty/)
    await assert.rejects(read('csv', 'a,b\n1,x"y"\n'), /not readable as csv from line 2/)
    await assert.rejects(read('csv', 'a;b\n', { headerLine: '^Datum' }), /no line matches headerLine/)
    await assert.rejects(read('csv', `a,b\n"${'x'.repeat(8_100_000)}`), /a record is longer than 8 MB/)
  })
})

describe('json', () => {
  const rows = [
    { id: 1, at: { lat: 1 } },
    { id: 2, list: [5, { x: null }] },
  ]
  it('streams arrays, paths and lines alike, and flattens what is in them', async () => {
    const expected = {
      header: ['id', 'at.lat', 'list.0', 'list.1.x'],
      rows: [
        [1, 1],
        [2, undefined, 5, null],
      ],
    }
    const inputs: [string, Partial<FormatOptions>][] = [
      [JSON.stringify(rows), {}],
      [JSON.stringify({ data: { items: rows } }, null, 2), { rows: 'data.items' }],
      [JSON.stringify({ data: { items: rows } }), { rows: 'data.items[id > 0]' }],
      [rows.map((row) => JSON.stringify(row)).join('\n'), { lines: true }],
    ]
    for (const [text, options] of inputs) {
      const found = await read('json', text, options, 5)
      const padded = found.rows.map((row) => row.map((cell) => cell))
      assert.deepEqual([found.header, padded], [expected.header, expected.rows], JSON.stringify(options))
    }
    assert.deepEqual((await read('json', '{"a": {"b": true}}')).rows, [[true]])
  })

  it('refuses what is cut off, not JSON, no list or too large', async () => {
    await assert.rejects(read('json', '[{"a": 1}, {"a"'), /was cut off/)
    await assert.rejects(read('json', '[{"a": 1}, nonsense'), /not readable as json/)
    await assert.rejects(read('json', '{"a": {"b": 1}}', { rows: 'a' }), /is an object, not a list/)
    await assert.rejects(read('json', '{"a": 1}\nx', { lines: true }), /line 2 is not JSON/)
    await assert.rejects(read('json', `{"a": "${'x'.repeat(1_000_001)}"}`), /larger than 1000000 bytes/)
    await assert.rejects(read('json', '[1]', { rows: '$error("no")' }), /format\.rows failed/)
  })

  it('keeps wide objects from making columns without end', async () => {
    const wide = Object.fromEntries(Array.from({ length: 6000 }, (_, index) => [`k${index}`, index]))
    assert.equal((await read('json', JSON.stringify([wide]))).header!.length, 5000)
  })
})

describe('geojson', () => {
  it('reads features with properties, id and geometry', async () => {
    const feature = {
      type: 'Feature',
      id: 7,
      geometry: { type: 'Point', coordinates: [7.6, 51.9] },
      properties: { name: 'A', n: { v: 1 } },
    }
    const { header, rows } = await read('geojson', JSON.stringify({ type: 'FeatureCollection', features: [feature] }))
    assert.deepEqual(header, ['id', 'name', 'n.v', 'geometry'])
    assert.deepEqual(rows, [[7, 'A', 1, '{"type":"Point","coordinates":[7.6,51.9]}']])
  })
})

/** The least a workbook consists of (ECMA-376): one sheet with inline texts, numbers and a date. */
function workbook(): Buffer {
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const text = (cell: string, value: string) => `<c r="${cell}" t="inlineStr"><is><t>${value}</t></is></c>`
  return zipOf({
    '[Content_Types].xml': `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`,
    '_rels/.rels': `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<?xml version="1.0"?><workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="Zählung" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${relations}/styles" Target="styles.xml"/></Relationships>`,
    'xl/styles.xml': `<?xml version="1.0"?><styleSheet xmlns="${main}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22" applyNumberFormat="1"/></cellXfs></styleSheet>`,
    'xl/worksheets/sheet1.xml': `<?xml version="1.0"?><worksheet xmlns="${main}"><sheetData><row r="1">${text('A1', 'Titel')}</row><row r="2">${text('A2', 'Zeit')}${text('B2', 'Wert')}</row><row r="3"><c r="A3" s="1"><v>45658.5</v></c><c r="B3"><v>12.5</v></c></row></sheetData></worksheet>`,
  })
}

describe('xlsx', () => {
  it('reads a sheet, dates as local texts', async () => {
    const found = await read('xlsx', workbook(), { skip: 1 })
    assert.deepEqual(found.header, ['Zeit', 'Wert'])
    assert.deepEqual(found.rows, [['2025-01-01 12:00:00', 12.5]])
    assert.deepEqual([found.first, found.preamble], [3, ['Titel;']])
    await assert.rejects(
      read('xlsx', workbook(), { sheet: 'Anderes' }),
      /there is no sheet "Anderes"; there are: Zählung/,
    )
  })

  it('refuses what is too large, before and after unpacking, or no workbook', async () => {
    await assert.rejects(read('xlsx', Buffer.alloc(1_000_001)), /larger than 1000000 bytes/)
    await assert.rejects(read('xlsx', zipOf({ 'xl/x.xml': Buffer.alloc(21_000_000) })), /unpacks to 21000000 bytes/)
    await assert.rejects(read('xlsx', 'a,b\n'), /not readable as zip/)
  })
})

async function tarOf(files: Record<string, string>): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function members(
  bytes: Buffer,
  limits = {},
  wanted: (path: string) => boolean = () => true,
): Promise<Record<string, string>> {
  const path = join(folder, `file-${Math.random()}`)
  writeFileSync(path, bytes)
  const found: Record<string, string> = {}
  const bounds = { maxEntries: 10, maxBytes: 300_000_000, ...limits }
  for await (const entry of unpack({ path, name: 'data.csv.gz', keepZip: false }, bounds, () => {}, wanted)) {
    const chunks: Uint8Array[] = []
    for await (const chunk of entry.bytes) if (chunks.length < 100) chunks.push(chunk)
    found[entry.path] = Buffer.concat(chunks).toString()
  }
  return found
}

describe('archives', () => {
  const files = { 'a/1.csv': 'x,y\n1,2\n', 'a/2.csv': 'z'.repeat(100_000), 'b/3.csv': '' }
  it('opens plain files, gzip, tar, tar in gzip and zip, by what they are and not by name', async () => {
    assert.deepEqual(await members(Buffer.from('x,y\n')), { 'data.csv.gz': 'x,y\n' })
    assert.deepEqual(await members(gzipSync('x,y\n')), { 'data.csv': 'x,y\n' })
    assert.deepEqual(await members(gzipSync(gzipSync('x,y\n'))), { 'data.csv': 'x,y\n' })
    assert.deepEqual(await members(await tarOf(files)), files)
    assert.deepEqual(await members(gzipSync(await tarOf(files))), files)
    assert.deepEqual(await members(zipOf(files)), files)
    assert.deepEqual(await members(zipOf(files), {}, (path) => path.startsWith('b')), { 'b/3.csv': '' })
  })

  it('opens the tar.xz of a city', { skip: existsSync(DATA) ? false : 'needs ../shared/data' }, async () => {
    const path = join(DATA, 'counts/muenster_radverkehr_all_sites.tar.xz')
    let wanted = 0
    let bytes = 0
    let read = 0
    const limits = { maxEntries: 2000, maxBytes: 200_000_000 }
    const only = (name: string) => name.endsWith('100031297/2025-03.csv')
    for await (const entry of unpack({ path, name: 'x', keepZip: false }, limits, (count) => (read = count), only)) {
      wanted++
      for await (const chunk of entry.bytes) bytes += chunk.length
    }
    assert.equal(wanted, 1)
    assert.ok(bytes > 100_000)
    assert.ok(read > 1_000_000)
  })

  it('refuses traps: paths outside, too many members, too many bytes, bombs, packings in packings', async () => {
    await assert.rejects(members(await tarOf({ '../../etc/passwd': 'x' })), /points outside/)
    await assert.rejects(members(await tarOf({ '/etc/passwd': 'x' })), /points outside/)
    await assert.rejects(members(zipOf({ '../x': 'x' })), /not readable as zip|points outside/)
    await assert.rejects(members(await tarOf(files), { maxEntries: 2 }), /more than 2 files/)
    await assert.rejects(members(zipOf(files), { maxBytes: 1000 }), /unpacks to more than 1000 bytes/)
    await assert.rejects(members(gzipSync(Buffer.alloc(100_000_000))), /more than 1000 times its size/)
    let nested = Buffer.from('x')
    for (let layer = 0; layer < 7; layer++) nested = gzipSync(nested)
    await assert.rejects(members(nested), /packed more than 4 times/)
    await assert.rejects(members(zipOf({ a: 'x'.repeat(1000) }, { size: 10 })), /too many bytes|unpack|size/i)
  })

  it('says when an archive is damaged', async () => {
    const packed = gzipSync(await tarOf(files))
    await assert.rejects(members(packed.subarray(0, packed.length - 40)), /not readable as (gzip|tar)/)
    await assert.rejects(members(zipOf(files).subarray(0, 200)), /not readable as zip/)
    await assert.rejects(
      members(Buffer.concat([Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), Buffer.alloc(600, 1)])),
      /not readable as xz/,
    )
  })
})
