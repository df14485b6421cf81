/** Every parser on made and mutated input: an answer or an error that says what is wrong, soon, in bounded memory. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { crc32, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { pack } from 'tar-stream'
import { compileExpression } from '../../src/domains/sources/compute.ts'
import { parseBytes, parseDuration as sourceDuration } from '../../src/domains/sources/duration.ts'
import { checkDefinition, DefinitionError, FileError, type FormatOptions } from '../../src/domains/sources/index.ts'
import { readCommaNumber, readNumber } from '../../src/domains/sources/numbers.ts'
import { compileTimeFormat, type ReadTime } from '../../src/domains/sources/time-format.ts'
import { topicMatches, topicPlaceholders } from '../../src/domains/sources/topics.ts'
import { packetFollower } from '../../src/edges/broker/packet-limit.ts'
import { formats, unpack } from '../../src/edges/feeds/index.ts'
import { readTime } from '../../src/edges/portal-api/times.ts'
import { readApply } from '../../src/edges/sensorthings/apply.ts'
import { requestsOf } from '../../src/edges/sensorthings/batch-json.ts'
import { Multipart, multipartResponses, requestsOfMultipart } from '../../src/edges/sensorthings/batch-multipart.ts'
import { readBody } from '../../src/edges/sensorthings/body.ts'
import { Builder } from '../../src/edges/sensorthings/builder.ts'
import { StaError } from '../../src/edges/sensorthings/errors.ts'
import { bodyOfPatch } from '../../src/edges/sensorthings/json-patch.ts'
import { TASKING_MODEL } from '../../src/edges/sensorthings/model.ts'
import { parsePath } from '../../src/edges/sensorthings/path.ts'
import { readQuery, splitOptions } from '../../src/edges/sensorthings/query.ts'
import { selectRows } from '../../src/edges/sensorthings/select.ts'
import { parseDuration, parseInstant, parsePeriod, readInstant } from '../../src/edges/sensorthings/times.ts'
import { checkWkt } from '../../src/edges/sensorthings/wkt.ts'
import { cookieOf, isForeignChange, pathAfter } from '../../src/edges/session/cookie.ts'
import { Problem } from '../../src/kernel/problem.ts'
import { bySchema, fuzz, hostileText, hostileValue, mutatedBytes, mutatedText } from '../support/fuzz.ts'
import {
  apply,
  duration,
  encoded,
  instant,
  options,
  period,
  resource,
  soups,
  wkt,
} from '../support/fuzz-sensorthings.ts'
import { zipOf } from '../support/zip.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'zahnrad-fuzz-'))
after(() => rmSync(folder, { recursive: true, force: true }))
after(() => {
  const megabytes = process.resourceUsage().maxRSS / 1024
  console.log(`fuzz: at most ${Math.round(megabytes)} MB of memory`)
  assert.ok(megabytes < 1_500, `${Math.round(megabytes)} MB of memory`)
})

const isSta = (error: Error) => error instanceof StaError && error.status < 500
const isFile = (error: Error) => error instanceof FileError

const types = fc.constantFrom(...TASKING_MODEL.types)
/** What a query repeats to make a parser work. */
const REPEATED = [
  ...['(', '-', '- ', 'not ', "'", "''", 'a/', '/', '[0]', 'f(', 'x/any(x:', 'Things/any(x:x/', '1 add ', 'a eq ', ','],
  ...['$filter=(', '$expand=Things(', ';', 'a or ', 'a in (', 'PT1H/', '2026-01-01T00:00:00Z/', '1', '.', '@', '\t'],
]

describe('fuzz: SensorThings', () => {
  it('paths', () =>
    fuzz(
      'path',
      1_000,
      fc.oneof(
        resource,
        resource.chain((text) => mutatedText(text)),
        resource.map(encoded),
      ),
      (path) => parsePath(path, TASKING_MODEL),
      isSta,
    ))
  it('query options', () =>
    fuzz(
      'query',
      800,
      fc.tuple(types, options, fc.boolean()),
      ([type, values, raw]) => {
        const search = Object.entries(values).map(
          ([name, value]) => `${name}=${raw ? value : encoded(value as string)}`,
        )
        readQuery(type, splitOptions(search.join('&')))
      },
      isSta,
    ))
  it('query options of words in any order', () =>
    fuzz(
      'soup',
      1_500,
      fc.tuple(types, soups),
      ([type, values]) => {
        const search = Object.entries(values).map(([name, value]) => `${name}=${encoded(value)}`)
        const query = readQuery(type, splitOptions(search.join('&')))
        // What can be read becomes a statement, or is refused.
        const builder = new Builder([1])
        selectRows(builder, type, query, builder.source(type), { fixedDatastream: false })
      },
      isSta,
    ))
  it('much of the same takes time in proportion', async () => {
    const repeated = (token: string, times: number) => ({
      $filter: [`${token.repeat(times)}1 eq 1`, `1 eq 1 ${token.repeat(times)}`, `name eq ${token.repeat(times)}`],
      $expand: [`Datastreams(${token.repeat(times)}`, `Datastreams/${token.repeat(times)}`],
      $select: [`name,${token.repeat(times)}`],
      $orderby: [`${token.repeat(times)}name`],
    })
    for (const token of REPEATED) {
      for (const [name, values] of Object.entries(repeated(token, 3_000)))
        for (const value of values) {
          const start = process.cpuUsage()
          try {
            readQuery(TASKING_MODEL.named('Thing'), new Map([[name.slice(1), value]]))
          } catch (error) {
            if (!isSta(error as Error)) throw error
          }
          const { user } = process.cpuUsage(start)
          assert.ok(user < 3_000_000, `${name}=${value.slice(0, 60)}…: ${user} µs`)
        }
    }
  })
  it('$apply', () =>
    fuzz(
      '$apply',
      500,
      fc.oneof(
        apply,
        apply.chain((text) => mutatedText(text)),
      ),
      readApply,
      isSta,
    ))
  it('WKT', () =>
    fuzz(
      'wkt',
      1_000,
      fc.oneof(
        wkt,
        wkt.chain((text) => mutatedText(text)),
        hostileText,
      ),
      (text) => checkWkt(text, 0),
      isSta,
    ))
  it('times, durations, periods', async () => {
    await fuzz('instant', 1_000, fc.oneof(instant, hostileText), (text) => {
      const parsed = parseInstant(text)
      if (parsed !== null) assert.ok(!Number.isNaN(Date.parse(parsed)), parsed)
    })
    await fuzz('duration', 1_000, fc.oneof(duration, hostileText), parseDuration)
    await fuzz(
      'period',
      1_000,
      fc.oneof(period, hostileValue),
      (value) => {
        parsePeriod(value, 'x')
      },
      isSta,
    )
    await fuzz('readInstant', 500, fc.oneof(period, hostileValue), (value) => readInstant(value, 'x'), isSta)
    await fuzz(
      'portal time',
      500,
      fc.oneof(instant, hostileText),
      (text) => readTime(text, 'from', 'Europe/Berlin'),
      (error) => error instanceof Problem && error.status === 400,
    )
  })

  const fields = fc.constantFrom(
    'name',
    'description',
    'properties',
    'result',
    'phenomenonTime',
    'resultTime',
    'validTime',
    'location',
    'feature',
    'encodingType',
    'metadata',
    'time',
    'parameters',
    'unitOfMeasurement',
    'unitOfMeasurements',
    'multiObservationDataTypes',
    'observationType',
    'Datastreams',
    'Datastream',
    'Thing',
    'Sensor',
    'ObservedProperty',
    'ObservedProperties',
    'Observations',
    'Locations',
    'FeatureOfInterest',
    'taskingParameters',
    'Tasks',
    'field',
    'constraint',
    'type',
    '@iot.id',
    '__proto__',
  )
  const geometry = fc.oneof(
    fc.record(
      {
        type: fc.constantFrom('Point', 'Polygon', 'MultiPoint', 'GeometryCollection', 'Feature', 'x'),
        coordinates: hostileValue,
        geometries: hostileValue,
        geometry: hostileValue,
      },
      { requiredKeys: ['type'] },
    ),
    fc.constant({ type: 'Point', coordinates: [7, 51] }),
  )
  const entity: fc.Arbitrary<unknown> = fc.letrec<{ e: unknown }>((tie) => ({
    e: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      hostileValue,
      fc.dictionary(fields, fc.oneof(hostileValue, period, geometry, tie('e'), fc.array(tie('e'), { maxLength: 2 })), {
        maxKeys: 8,
      }),
    ),
  })).e
  it('bodies', () =>
    fuzz(
      'body',
      1_000,
      fc.tuple(types, entity, fc.constantFrom('create', 'patch', 'put')),
      ([type, json, mode]) => readBody(type, json, mode as 'create'),
      isSta,
    ))

  it('JSON Patch', () => {
    const pointer = fc.oneof(
      fc.constantFrom(
        '/name',
        '/properties',
        '/properties/a',
        '/properties/list/0',
        '/properties/list/-',
        '/__proto__/x',
        '/properties/constructor/prototype/x',
        '',
        '/',
      ),
      hostileText,
    )
    const operation = fc.oneof(
      hostileValue,
      fc.record(
        {
          op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
          path: pointer,
          from: pointer,
          value: hostileValue,
        },
        { requiredKeys: ['op', 'path'] },
      ),
    )
    const thing = { name: 'x', description: 'y', properties: { a: 1, list: [1, { b: 2 }] } }
    return fuzz(
      'json patch',
      1_000,
      fc.oneof(fc.array(operation, { maxLength: 6 }), hostileValue),
      (patch) => {
        bodyOfPatch(TASKING_MODEL.named('Thing'), structuredClone(thing) as never, patch)
        assert.equal(({} as Record<string, unknown>).x, undefined, 'no prototype was changed')
      },
      isSta,
    )
  })

  const MULTIPART = [
    '--b\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nGET Things(1)?$select=name HTTP/1.1\r\nAccept: application/json\r\n\r\n\r\n--b\r\nContent-Type: multipart/mixed;boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\nContent-ID: 2\r\n\r\nPOST Things HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"name":"x","description":"y"}\r\n--c--\r\n--b--\r\n',
  ] as const
  it('multipart batches', () =>
    fuzz(
      'multipart',
      800,
      fc.tuple(mutatedText('multipart/mixed; boundary=b', 'multipart/mixed;boundary="b"'), mutatedText(...MULTIPART)),
      ([type, text]) => requestsOfMultipart(new Multipart(type, text)),
      isSta,
    ))
  it('JSON batches', async () => {
    const request = fc.record(
      {
        id: fc.oneof(fc.constantFrom('1', '2'), hostileValue),
        method: fc.oneof(fc.constantFrom('get', 'post'), hostileValue),
        url: fc.oneof(
          resource,
          hostileText.map((text) => `$${text}`),
          hostileValue,
        ),
        headers: fc.oneof(fc.dictionary(hostileText, hostileText, { maxKeys: 2 }), hostileValue),
        body: hostileValue,
        atomicityGroup: fc.oneof(fc.constant('g'), hostileValue),
        dependsOn: fc.oneof(fc.array(fc.constantFrom('1', '2', 'g'), { maxLength: 2 }), hostileValue),
      },
      { requiredKeys: ['id', 'method', 'url'] },
    )
    const batch = fc.oneof(
      hostileValue,
      fc.record({ requests: fc.oneof(hostileValue, fc.array(request, { maxLength: 4 })) }),
    )
    await fuzz('json batch', 800, batch, (json) => requestsOf(json), isSta)
  })
  it('answers of a multipart batch read back as what they are', () =>
    fuzz(
      'multipart answer',
      300,
      fc.array(
        fc.record({
          id: fc.constantFrom('1', '2'),
          status: fc.constantFrom(200, 404),
          headers: fc.constant({}),
          body: fc.oneof(hostileText, hostileValue),
          group: fc.constantFrom(null, 'g'),
        }),
        { maxLength: 4 },
      ),
      (responses) => {
        const { type, text } = multipartResponses(responses as never)
        assert.equal(type.split('boundary=').length, 2)
        assert.ok(!/[\r\n]/.test(type))
        assert.ok(text.endsWith('--\r\n'))
      },
    ))
})

async function* pieces(bytes: Buffer, size: number): AsyncIterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** The least a workbook consists of (ECMA-376). */
function workbook(): Buffer {
  const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
  const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  return zipOf({
    'xl/workbook.xml': `<?xml version="1.0"?><workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': `<?xml version="1.0"?><worksheet xmlns="${main}"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Zeit</t></is></c></row><row r="2"><c r="A2"><v>12.5</v></c></row></sheetData></worksheet>`,
  })
}

describe('fuzz: files', () => {
  const option = fc.record<FormatOptions>(
    {
      type: fc.constant('csv'),
      separator: fc.oneof(
        fc.constantFrom(',', ';', '\t', '||', '"', '\n', '\r'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 4 }),
      ),
      encoding: fc.constantFrom('utf-8', 'iso-8859-1', 'iso-8859-15', 'windows-1252', 'utf-16le', 'utf-16be'),
      quote: fc.oneof(fc.constantFrom('"', "'", '', ','), fc.string({ maxLength: 1 })),
      skip: fc.nat(5),
      headerLine: fc.constantFrom('^a', 'b', '(?<x>.)', '.*'),
      header: fc.array(hostileText, { minLength: 1, maxLength: 5 }),
      comment: fc.oneof(fc.constantFrom('#', '"', ','), fc.string({ minLength: 1, maxLength: 4 })),
      sheet: fc.oneof(fc.constantFrom('A', 'x'), fc.nat(3)),
      rows: fc.constantFrom(
        'a',
        'a.b',
        'data.items',
        '$',
        'data.items[id > 0]',
        '**',
        '$map(a, function($x) { $x })',
        '__proto__',
      ),
      lines: fc.boolean(),
      properties: fc.boolean(),
    },
    { requiredKeys: ['type'] },
  )
  const of = (id: string) => formats.find((format) => format.id === id)!
  async function read(id: string, bytes: Buffer, options: FormatOptions, size: number) {
    let rows = 0
    const context = { name: 'x', maxDocumentBytes: 100_000 }
    for await (const batch of of(id).parse(pieces(bytes, size), { ...options, type: id }, context)) {
      rows += batch.rows.length
      for (const row of batch.rows) assert.ok(Array.isArray(row))
      assert.ok(batch.firstRow >= 1)
    }
    return rows
  }
  const size = fc.integer({ min: 1, max: 200 })
  const CSV = Buffer.from('Zeit;Ort;Anzahl\r\n2026-11-01;"a ""b""\n;";1\r\n# x\n2026-11-02;ä€;\n'.repeat(3))
  const SIXTEEN = Buffer.from('\ufeffa;b\n1;2\n', 'utf16le')
  const JSON_ROWS = Buffer.from(
    JSON.stringify({
      data: {
        items: [
          { id: 1, at: { lat: 1.5e3, n: null } },
          { id: 2, list: [5, { x: 'ä\\u00e4' }] },
        ],
      },
    }),
  )
  const LINES = Buffer.from('{"a": 1}\n{"a": {"b": [true, "x"]}}\n\n')
  const GEO = Buffer.from(
    JSON.stringify({
      type: 'FeatureCollection',
      features: [
        {
          type: 'Feature',
          id: 7,
          geometry: { type: 'Point', coordinates: [7.6, 51.9] },
          properties: { name: 'A', n: { v: 1 } },
        },
      ],
    }),
  )

  it('csv, with every option', () =>
    fuzz(
      'csv',
      800,
      fc.tuple(
        fc.oneof(
          mutatedBytes(CSV, SIXTEEN),
          hostileText.map((text) => Buffer.from(text)),
        ),
        option,
        size,
      ),
      ([bytes, options, n]) => read('csv', bytes, options, n),
      isFile,
    ))
  it('json, whole, streamed and in lines', () =>
    fuzz(
      'json',
      800,
      fc.tuple(
        fc.oneof(
          mutatedBytes(JSON_ROWS, LINES, GEO),
          hostileValue.map((value) => Buffer.from(JSON.stringify(value) ?? '')),
        ),
        option,
        size,
      ),
      ([bytes, options, n]) => read('json', bytes, options, n),
      isFile,
    ))
  it('geojson', () =>
    fuzz(
      'geojson',
      500,
      fc.tuple(
        fc.oneof(
          mutatedBytes(GEO),
          hostileValue.map((value) => Buffer.from(JSON.stringify({ type: 'FeatureCollection', features: value }))),
        ),
        option,
        size,
      ),
      ([bytes, options, n]) => read('geojson', bytes, options, n),
      isFile,
    ))
  it('xlsx', async () => {
    await fuzz(
      'xlsx',
      60,
      fc.tuple(mutatedBytes(workbook()), option),
      ([bytes, options]) => read('xlsx', bytes, options, 4_096),
      isFile,
    )
    // Mutated inside, so that the archive is sound and the XML is not.
    const cells = mutatedText(
      '<row r="1"><c r="A1" t="inlineStr"><is><t>Zeit</t></is></c></row><row r="99999999"><c r="ZZZ2" s="9"><v>1e999</v></c><c r="A1048577" t="s"><v>7</v></c></row>',
    )
    await fuzz(
      'xlsx inside',
      40,
      fc.tuple(cells, option),
      ([xml, options]) => {
        const sheet = `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${xml}</sheetData></worksheet>`
        return read('xlsx', withSheet(sheet), options, 4_096)
      },
      isFile,
    )
  })
})

function withSheet(sheet: string): Buffer {
  const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  return zipOf({
    'xl/workbook.xml': `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="${relations}"><sheets><sheet name="A" sheetId="1" r:id="rId1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': sheet,
  })
}

async function tarOf(files: Record<string, string | Buffer>): Promise<Buffer> {
  const tar = pack()
  for (const [name, content] of Object.entries(files)) tar.entry({ name }, content as Buffer)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

describe('fuzz: archives', async () => {
  const MOST = 1_000_000
  const files = { 'a/1.csv': 'x,y\n1,2\n'.repeat(50), 'b.json': '[1]', 'leer.txt': '' }
  const tar = await tarOf(files)
  const zip = zipOf(files)
  /** One stream with an empty block (the .xz format, §2 to §4). */
  const xz = xzOf()
  const examples = [
    tar,
    zip,
    gzipSync(tar),
    gzipSync(gzipSync(Buffer.from('x,y\n1,2\n'))),
    xz,
    gzipSync(zip),
    zipOf({ 'innen.zip': zip, 'innen.tar.gz': gzipSync(tar) }),
    gzipSync(xz),
    gzipSync(Buffer.alloc(3_000_000)),
    zipOf({ gross: Buffer.alloc(3_000_000) }),
    zipOf({ gelogen: 'x'.repeat(1_000) }, { size: 4_000_000_000 }),
    zipOf(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}`, 'x']))),
    await tarOf(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}`, 'x']))),
    await tarOf({ '../oben': 'x', '/etc/passwd': 'x' }),
    zipOf({ '..\\oben': 'x', 'C:x': 'x' }),
    Buffer.concat([gzipSync('a'), gzipSync('b'), Buffer.from('rest')]),
  ]
  let open = 0
  it('gzip, xz, zip, tar: nested, cut off, damaged, bombs', () =>
    fuzz(
      'archive',
      500,
      fc.tuple(mutatedBytes(...examples), fc.boolean(), fc.boolean()),
      async ([bytes, keepZip, whole]) => {
        const path = join(folder, `${open++}`)
        writeFileSync(path, bytes)
        let total = 0
        let entries = 0
        try {
          for await (const entry of unpack(
            { path, name: 'x', keepZip },
            { maxEntries: 50, maxBytes: MOST },
            () => {},
            () => true,
          )) {
            entries++
            assert.ok(!entry.path.startsWith('/') && !entry.path.split(/[\\/]/).includes('..'), entry.path)
            for await (const chunk of entry.bytes) {
              total += chunk.length
              if (!whole) break
            }
          }
        } finally {
          rmSync(path)
        }
        // A plain file is passed on as it is, however large; what is unpacked is bounded.
        assert.ok(total <= Math.max(MOST, bytes.length) && entries <= 50, `${total} bytes in ${entries} files`)
      },
      isFile,
    ))
})

/** `zahnrad` in an xz stream without check and compression (LZMA2 uncompressed chunk). */
function xzOf(): Buffer {
  const le32 = (n: number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(n >>> 0)
    return bytes
  }
  const data = Buffer.from('x,y\n1,2\n')
  const flags = Buffer.from([0, 0])
  const header = Buffer.from([2, 0, 0x21, 1, 0, 0, 0, 0])
  const chunk = Buffer.concat([Buffer.from([1, 0, data.length - 1]), data, Buffer.from([0])])
  const block = Buffer.concat([header, le32(crc32(header)), chunk])
  const padded = Buffer.concat([block, Buffer.alloc((4 - (block.length % 4)) % 4)])
  const list = Buffer.from([0, 1, block.length, data.length])
  const index = Buffer.concat([list, Buffer.alloc((4 - (list.length % 4)) % 4)])
  const end = Buffer.concat([le32((index.length + 4) / 4 - 1), flags])
  return Buffer.concat([
    Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
    flags,
    le32(crc32(flags)),
    padded,
    index,
    le32(crc32(index)),
    le32(crc32(end)),
    end,
    Buffer.from('YZ'),
  ])
}

describe('fuzz: definitions', () => {
  const ready = readdirSync(join(ROOT, 'sources'))
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(ROOT, 'sources', name), 'utf8'))
  const tricky = [
    'a: &a [x]\nb: [*a, *a]\n',
    '? {a: 1}\n: b\n',
    '!!js/function "x"',
    '<<: *x',
    '--- \n---\n',
    'a: !!binary x',
    '{a: {b: {c: ',
    'x: 2026-11-01\n',
  ]
  it('YAML', () =>
    fuzz(
      'yaml',
      250,
      fc.oneof(mutatedText(...ready), mutatedText(...tricky), hostileText),
      (text) => checkDefinition(text, 'x'),
      (error) => error instanceof DefinitionError,
    ))
  it('YAML by its schema', async () => {
    const schema = JSON.parse(readFileSync(join(ROOT, 'sources/schema.json'), 'utf8'))
    await fuzz(
      'definition',
      100,
      bySchema(schema),
      (value) => checkDefinition(JSON.stringify(value) ?? '', 'x'),
      (error) => error instanceof DefinitionError,
    )
  })
  it('aliases that multiply', () => {
    const bomb = Array.from(
      { length: 9 },
      (_, i) =>
        `${'abcdefghi'[i]}: &${'abcdefghi'[i]} [${Array(9)
          .fill(i === 0 ? 'x' : `*${'abcdefghi'[i - 1]}`)
          .join(', ')}]`,
    ).join('\n')
    assert.throws(() => checkDefinition(bomb, 'x'), DefinitionError)
  })
  it('time formats, and times by them', async () => {
    const format = fc.oneof(
      fc.constantFrom('iso', 'epoch', 'epoch-ms', 'YYYY-MM-DD HH:mm', 'D.M.YY H:mm:ss', 'YYYYMMDD'),
      mutatedText('YYYY-MM-DDTHH:mm:ss.SSS'),
      hostileText,
    )
    const text = fc.oneof(
      instant,
      mutatedText('2026-11-01 02:30', '1.2.26 7:05:59', '1793491200', '20261101', '1793491200.123456789'),
      hostileText,
    )
    const readers = new Map<string, ReturnType<typeof compileTimeFormat> | null>()
    await fuzz('time format', 2_000, fc.tuple(format, text), ([one, time]) => {
      let reader = readers.get(one)
      if (reader === undefined) {
        try {
          reader = compileTimeFormat(one)
        } catch (error) {
          assert.match((error as Error).message, /time format/)
          reader = null
        }
        readers.set(one, reader)
      }
      const out: ReadTime = { ms: 0, micros: 0, local: false }
      if (!reader?.(time, out)) return
      assert.ok(
        Number.isInteger(out.ms) && Number.isInteger(out.micros) && out.micros >= 0 && out.micros < 1_000,
        JSON.stringify(out),
      )
    })
  })
  it('numbers, durations, sizes', () =>
    fuzz(
      'number',
      1_000,
      fc.oneof(fc.double().map(String), mutatedText('1.234,5', '-12e3', '15m', '20MB', '1,5'), hostileText),
      (text) => {
        for (const read of [readNumber, readCommaNumber]) assert.equal(typeof read(text), 'number')
        for (const read of [sourceDuration, parseBytes]) {
          try {
            read(text)
          } catch (error) {
            assert.ok(!(error instanceof RangeError || error instanceof ReferenceError), String(error))
          }
        }
      },
    ))
  it('expressions', async () => {
    await assert.rejects(compileExpression('($f := function($x) { $f($x) }; $f(1))')({}, {}), 'an endless one is ended')
    const examples = [
      '$max(a.b)',
      '$uint($bytes(x), 0, 2) / 10',
      'a[b > 1].c',
      '$map([1..9], function($v) { $v * 2 })',
      '[1..1000]',
      '$match(x, /(a+)+$/)',
      '**.x',
    ]
    await fuzz('expression', 60, mutatedText(...examples), async (source) => {
      let evaluate: ReturnType<typeof compileExpression>
      try {
        evaluate = compileExpression(source)
      } catch (error) {
        assert.match((error as Error).message, /is not a valid expression/)
        return
      }
      // What fails or takes too long is a failed row; `computeColumns` says so.
      await evaluate({ a: { b: [1, 2] }, x: 'AQI=' }, {}).catch((error: unknown) =>
        assert.equal(typeof error, 'object'),
      )
      assert.equal(({} as Record<string, unknown>).x, undefined)
    })
  })
})

describe('fuzz: topics, packets, cookies', () => {
  it('MQTT topics', () =>
    fuzz(
      'topic',
      1_000,
      fc.tuple(
        mutatedText('v1.1/Datastreams(1)/Observations', 'a/+/#', '$SYS/#', 'a//b'),
        mutatedText('v1.1/Datastreams(1)/Observations', 'a/b/c', '$SYS/x'),
      ),
      ([filter, topic]) => {
        topicMatches(filter, topic)
        assert.equal(topicPlaceholders(topic).get('topic'), topic)
        if (!/[+#]/.test(topic) && topic.length > 0) assert.ok(topicMatches(topic, topic))
      },
    ))
  it('MQTT packets in any pieces', () =>
    fuzz(
      'packet',
      1_000,
      fc.tuple(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 50 })),
      ([bytes, n]) => {
        const [whole, parts] = [packetFollower(1_000), packetFollower(1_000)]
        const buffer = Buffer.from(bytes)
        let fits = true
        for (let at = 0; at < buffer.length && fits; at += n) fits = parts(buffer.subarray(at, at + n))
        assert.equal(whole(buffer), fits)
      },
    ))
  it('cookies, origins and the page after signing in', async () => {
    const text = mutatedText(
      'zahnrad_session=abc; x=y',
      'a=b;zahnrad_session=',
      '=;=',
      'https://a.example',
      '/verwaltung/quellen?x=1',
      '//evil.example/',
      '/\\evil.example',
      '/\t/evil.example',
    )
    await fuzz('cookie', 2_000, fc.tuple(text, text, text), ([cookie, origin, next]) => {
      const headers = { cookie, origin, 'sec-fetch-site': cookie.length % 2 ? undefined : origin }
      const request = {
        headers,
        method: 'POST',
        origin: 'https://a.example',
        protocol: 'https',
        host: 'a.example',
      } as never
      const found = cookieOf(request, 'zahnrad_session')
      assert.ok(found === undefined || !found.includes(';'))
      isForeignChange(request)
      assert.equal(new URL(pathAfter(next), 'https://a.example').host, 'a.example')
    })
  })
})
