import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { checkDefinition } from '../../src/domains/sources/check.ts'
import { detectFile } from '../../src/domains/sources/detect.ts'
import type { Detection } from '../../src/domains/sources/detect-model.ts'
import { fromUtm } from '../../src/domains/sources/detect-station.ts'
import { timeFormatOf } from '../../src/domains/sources/detect-time.ts'
import { propertyOf } from '../../src/domains/sources/detect-words.ts'
import { definitionOf, yamlOf } from '../../src/domains/sources/detect-yaml.ts'
import { formats, unpack } from '../../src/edges/feeds/index.ts'
import { DATA } from '../support/sources.ts'

const folder = mkdtempSync(join(tmpdir(), 'zahnrad-detect-'))
after(() => rmSync(folder, { recursive: true }))

async function detect(name: string, content: string | Buffer): Promise<Detection> {
  const path = join(folder, name)
  writeFileSync(path, content)
  return detectFile({ formats, unpack, zone: 'Europe/Berlin' }, { path, name, from: { file: { path: name } } })
}

/** Every proposal must be a definition the platform takes. */
function definition(found: Detection) {
  assert.ok(found.mapping, found.problem?.en)
  return checkDefinition(yamlOf(definitionOf(found.mapping), found.guesses, 'en'))
}

const hours = (count: number) => Array.from({ length: count }, (_, at) => at)
const two = (value: number) => String(value).padStart(2, '0')
const table = (line: (hour: number) => string, count = 24) => hours(count).map(line).join('\n')

describe('detecting a file', () => {
  it('reads ISO-8859-1 with semicolons, decimal commas, CRLF and a trailing separator', async () => {
    const text = `Messstelle;Zeit;Wasserstand [cm];\r\n${hours(24)
      .map((hour) => `Südbrücke;01.02.2024 ${two(hour)}:00;${hour},5;\r\n`)
      .join('')}`
    const found = await detect('pegel.csv', Buffer.from(text, 'latin1'))
    const { format, time, thing, series } = definition(found)
    assert.deepEqual(format, { type: 'csv', separator: ';', decimal: ',', encoding: 'iso-8859-1' })
    assert.deepEqual(time, { column: 'Zeit', format: 'DD.MM.YYYY HH:mm' })
    assert.equal(thing.key, '{Messstelle}')
    assert.deepEqual(series, [{ column: 'Wasserstand [cm]', name: 'Wasserstand', property: 'water_level' }])
    assert.match(
      found.guesses.find(({ about }) => about === 'format')!.reason.de,
      /In allen 25 geprüften Zeilen 4 Spalten/,
    )
  })

  it('puts date and time of day together, 24:00 too, and leaves out what means "no value"', async () => {
    const line = (hour: number) => `2024.02.01;${hour + 1}:00;${hour % 5 === 0 ? '-' : hour};ok`
    const { time, format, series } = definition(
      await detect('fussgaenger.csv', `\uFEFFDatum;Uhrzeit;Anzahl;Status\n${table(line)}`),
    )
    assert.deepEqual(time, { value: '{Datum} {Uhrzeit}', format: 'YYYY.MM.DD H:mm', period: '1h' })
    assert.deepEqual(format.empty, ['-'])
    assert.deepEqual(series, [
      { column: 'Anzahl', name: 'Anzahl', property: 'pedestrian_count', quality: { column: 'Status', good: ['ok'] } },
    ])
  })

  it('finds totals and parts, and what counts count by the name of the file', async () => {
    const line = (hour: number) => `2024-02-01 ${two(hour)}:00,${hour},${hour + 2},${2 * hour + 2}`
    const { series } = definition(await detect('rad_2024.csv', `zeit,richtung_1,richtung_2,gesamt\n${table(line)}`))
    assert.deepEqual(
      series.map(({ column, property, role }) => [column, property, role]),
      [
        ['richtung_1', 'bicycle_count', 'part'],
        ['richtung_2', 'bicycle_count', 'part'],
        ['gesamt', 'bicycle_count', 'total'],
      ],
    )
  })

  it('tells a clock that never changes from one that does', async () => {
    const march = (skip: boolean) =>
      hours(48)
        .filter((at) => !skip || at !== 26)
        .map((at) => `2024-03-${30 + Math.floor(at / 24)} ${two(at % 24)}:00;${at}`)
        .join('\n')
    const changing = await detect('a.csv', `Zeit;Temperatur\n${march(true)}`)
    const fixed = await detect('b.csv', `Zeit;Temperatur\n${march(false)}`)
    assert.equal(changing.mapping!.timeZone, 'Europe/Berlin')
    assert.equal(changing.guesses.find(({ about }) => about === 'zone')!.confidence, 'sure')
    assert.equal(fixed.mapping!.timeZone, '+01:00')
  })

  it('reads the station from lines above the table, and its place from UTM', async () => {
    const head =
      'Quelle:;Amt\nZeitbezug:;MEZ\nMessstellen-Name:;München\nMessstellen-Nr.:;16005701\nGewässer:;Isar\nOstwert:;693161;Nordwert:;5335716;"ETRS89 / UTM Zone 32N"\n\n'
    const line = (hour: number) => `"2025-01-01 ${two(hour)}:00";9${hour},5;Geprueft`
    const found = await detect('16005701.csv', `${head}Datum;"Wasserstand [cm]";Prüfstatus\n${table(line)}`)
    const { thing, preamble, format, timeZone } = definition(found)
    assert.equal(thing.name, '{river}, {place}')
    assert.deepEqual(Object.keys(preamble!), ['station', 'place', 'river'])
    assert.equal(format.headerLine, '^Datum;')
    assert.equal(timeZone, '+01:00')
    assert.deepEqual([thing.location!.lat, thing.location!.lon], ['48.14534', '11.59684'])
  })

  it('splits a long table by the quantity each row names', async () => {
    const line = (hour: number) =>
      ['Temperatur', 'Luftfeuchte'].map((kind) => `2024-02-01T${two(hour)}:00:00Z,A,${kind},${hour}`).join('\n')
    const { series } = definition(await detect('lang.csv', `zeit,station,parameter,wert\n${table(line)}`))
    assert.deepEqual(
      series.map(({ property, when }) => [property, when]),
      [
        ['air_temperature', { parameter: 'Temperatur' }],
        ['relative_humidity', { parameter: 'Luftfeuchte' }],
      ],
    )
  })

  it('names the columns of a file without header and opens gzip', async () => {
    const text = table((hour) => `2024-02-01T${two(hour)}:00:00Z,${hour}`)
    const { format, series } = definition(await detect('werte.csv.gz', gzipSync(text)))
    assert.deepEqual(format.header, ['zeit', 'wert'])
    assert.equal(series.length, 1)
  })

  it('tells a list of places from measurements, and takes nothing of it for a value', async () => {
    const sites = hours(30).map(
      (at) => `Säule ${at};49,${70 + at};9,${90 - at};${two((at % 28) + 1)}.05.21;${11 * ((at % 3) + 1)}`,
    )
    const found = await detect(
      'saeulen.csv',
      `Name;Breitengrad;Längengrad;Inbetriebnahmedatum;Anschlussleistung\n${sites.join('\n')}`,
    )
    assert.equal(found.register, true)
    assert.match(found.problem!.de, /beschreibt Orte, keine Messwerte/)
    assert.deepEqual(
      found.mapping!.columns.map(({ role }) => role),
      ['station', 'lat', 'lon', 'none', 'none'],
    )
    // The same places with something that is measured at them, at one moment: measurements.
    const live = await detect(
      'parken.csv',
      `Name;Breitengrad;Längengrad;Stand;Freie Plätze\n${hours(30)
        .map((at) => `P${at};49,${70 + at};9,${90 - at};2026-05-21 12:15;${at}`)
        .join('\n')}`,
    )
    assert.equal(live.register, undefined)
    assert.deepEqual(
      definition(live).series.map(({ property }) => property),
      ['free_spaces'],
    )
  })

  it('finds the rows of JSON, of lines and of GeoJSON with their places', async () => {
    const rows = hours(20).map((hour) => ({
      id: hour % 2,
      name: `P${hour % 2}`,
      free: hour,
      at: 1_700_000_000 + hour * 900,
    }))
    const nested = definition(await detect('parken.json', JSON.stringify({ meta: { n: 1 }, data: { lots: rows } })))
    assert.equal(nested.format.rows, 'data.lots')
    assert.deepEqual([nested.time.column, nested.time.format], ['at', 'epoch'])
    assert.deepEqual([nested.thing.key, nested.thing.name], ['{id}', '{name}'])
    const lines = definition(await detect('zeilen.json', rows.map((row) => JSON.stringify(row)).join('\n')))
    assert.equal(lines.format.lines, true)
    const features = rows.map((properties) => ({
      type: 'Feature',
      properties,
      geometry: { type: 'Point', coordinates: [7, 51] },
    }))
    const geo = await detect('orte.geojson', JSON.stringify({ type: 'FeatureCollection', features }))
    assert.deepEqual(definition(geo).thing.location, { geometry: '{geometry}' })
  })

  it('says what is wrong with what is no table', async () => {
    const problem = async (name: string, content: string | Buffer) => (await detect(name, content)).problem?.de ?? ''
    assert.match(await problem('leer.csv', ''), /leer/)
    assert.match(await problem('leer2.csv', '  \n\n'), /leer/)
    assert.match(await problem('seite.html', '<!DOCTYPE html><html><body>Daten</body></html>'), /Webseite/)
    assert.match(
      await problem('bild.csv', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 13, 0, 1, 2, 3])),
      /keine Text/,
    )
    assert.match(await problem('alt.xls', Buffer.from('d0cf11e0a1b11ae1000000', 'hex')), /alten Excel/)
    assert.match(await problem('text.txt', 'Nur ein Satz.\nUnd noch einer.\n'), /keine Tabelle/)
    assert.match(await problem('kopf.csv', 'zeit;wert\n'), /./)
    assert.match(await problem('feed.xml', '<?xml version="1.0"?><a/>'), /XML/)
  })

  it('takes a repeated header and a byte that is no UTF-8 further down', async () => {
    const body = `zeit;temperatur\n${table((hour) => `2024-02-01T${two(hour)}:00:00Z;${hour}`)}\n`
    const far = Buffer.concat([Buffer.from(body.repeat(1500)), Buffer.from('2024-03-01T00:00:00Z;5;\xfc\n', 'latin1')])
    const found = await detect('weit.csv', far)
    assert.equal(found.mapping!.format.encoding, 'windows-1252')
    assert.equal(found.mapping!.columns[0]!.role, 'time')
  })

  it('holds little of a file of 300 MB', { timeout: 60_000 }, async () => {
    const path = join(folder, 'gross.csv')
    const stream = createWriteStream(path)
    stream.write('zeit;messstelle;anzahl\n')
    const block = table((hour) => `2024-02-01T${two(hour)}:00:00Z;Am Markt;${hour}`, 24)
      .concat('\n')
      .repeat(2500)
    const blocks = Math.ceil(300e6 / block.length)
    for (let at = 0; at < blocks; at++) if (!stream.write(block)) await once(stream, 'drain')
    stream.end()
    await once(stream, 'finish')
    let most = 0
    const before = process.memoryUsage().rss
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before)
    }, 20)
    const found = await detectFile(
      { formats, unpack, zone: 'Europe/Berlin' },
      { path, name: 'gross.csv', from: { file: { path: 'gross.csv' } } },
    )
    clearInterval(watch)
    rmSync(path)
    assert.ok(found.bytes > 299e6)
    assert.equal(found.mapping!.columns[2]!.role, 'value')
    assert.ok(most < 250e6, `${Math.round(most / 1e6)} MB`)
    assert.ok(!existsSync(path))
  })
})

describe('the rules', () => {
  it('know times', () => {
    const form = (text: string) => timeFormatOf([text])?.format
    assert.equal(form('2024-01-01T00:00:00+01:00'), 'iso')
    assert.equal(form('2017.01.01'), 'YYYY.MM.DD')
    assert.equal(form('31.12.2024 24:00'), 'DD.MM.YYYY HH:mm')
    assert.equal(form('1.2.24 7:05'), 'D.M.YY H:mm')
    assert.equal(form('1700000000'), 'epoch')
    assert.equal(form('1700000000000'), 'epoch-ms')
    assert.equal(form('Südbrücke'), undefined)
    assert.equal(form('17'), undefined)
  })

  it('know what headers measure', () => {
    for (const [header, property] of [
      ['Passanten ltr', 'pedestrian_count'],
      ['Radfahrer FR Nord', 'bicycle_count'],
      ['Wassertemperatur [°C]', 'water_temperature'],
      ['solar_and_uvi_solar', 'solar_irradiance'],
      ['rainfall_piezo_daily', 'precipitation_total'],
      ['Niederschlag', 'precipitation'],
      ['Luftfeuchte', 'relative_humidity'],
      ['Gradtage', undefined],
    ] as const)
      assert.equal(propertyOf(header) ?? undefined, property, header)
  })

  it('turn UTM into degrees', () => {
    const { lat, lon } = fromUtm(693_161, 5_335_716, 32)
    assert.ok(Math.abs(lat - 48.14534) < 1e-5 && Math.abs(lon - 11.59684) < 1e-5)
  })
})

const REGISTERS = [
  'charging/Ladesaeulenregister.csv',
  'counts/wuerzburg/Messbereiche_polygone.csv',
  'counts/muenster/stations.csv',
  'parking/captures/esslingen.geojson',
  'parking/captures/freiburg_p_r_static.json',
  'parking/captures/herrenberg_bike.json',
  'parking/captures/karlsruhe_disabled_static.geojson',
  'parking/captures/konstanz_bike.geojson',
  'parking/captures/radolfzell.geojson',
]
const MEASURED = [
  'counts/wuerzburg/passanten_wuerzburg.csv',
  'parking/captures/freiburg.json',
  'parking/captures/freiburg_p_r_sensors.json',
  'parking/captures/heidelberg.json',
  'parking/captures/karlsruhe.json',
]

describe('real files', { skip: existsSync(DATA) ? false : `${DATA} is missing` }, () => {
  for (const [files, register] of [
    [REGISTERS, true],
    [MEASURED, undefined],
  ] as const) {
    for (const file of files) {
      it(`${file} ${register ? 'lists places' : 'holds measurements'}`, async () => {
        const name = file.split('/').at(-1)!
        const from = { file: { path: name } }
        const found = await detectFile(
          { formats, unpack, zone: 'Europe/Berlin' },
          { path: join(DATA, file), name, from },
        )
        assert.equal(found.register, register)
        assert.equal(
          found.mapping!.columns.some(({ role }) => role === 'value'),
          !register,
        )
      })
    }
  }
})
