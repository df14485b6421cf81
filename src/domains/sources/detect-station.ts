import { basename } from 'node:path'
import { type Guess, type Mapping, words } from './detect-model.ts'
import { nameOf, plain, slug } from './detect-words.ts'

export interface FileStation {
  station: Mapping['station']
  preamble?: Record<string, string>
  guesses: Guess[]
  /** Its name, where the file says one. */
  said?: string
}

/** `2024-05.csv` → ``, `bochum_ecowitt_C4DD57CF670B_2025.csv` → `bochum_ecowitt_C4DD57CF670B`. */
export function stemOf(file: string): string {
  return basename(file)
    .replace(/(\.(csv|txt|tsv|json|geojson|ndjson|xlsx|gz|xz|zip|tar|tgz))+$/i, '')
    .replaceAll(/(?<!\d)\d{1,2}\.\d{1,2}\.(19|20)?\d{2}(?!\d)/g, '')
    .replaceAll(/(?<![\dA-Za-z])(19|20)\d{2}([-_.]?\d{2}){0,2}(?!\d)/g, '')
    .replaceAll(/[-_. ]{2,}/g, '_')
    .replace(/^[-_. ]+|[-_. ]+$/g, '')
}

/** The station of a file that has no column for it: from the lines above the table, else from the file's name. */
export function stationOfFile(file: string, preamble: readonly string[], separator: string): FileStation {
  const lines = preamble.map((line) => line.split(separator).map((cell) => cell.replaceAll('"', '').trim()))
  const find = (pattern: RegExp) => {
    const at = lines.findIndex(([label, value]) => value && pattern.test(` ${plain(label ?? '')} `))
    return at < 0 ? null : { label: lines[at]![0]!, value: lines[at]![1]! }
  }
  const id = find(/ (mess|station|pegel|zaehl)\w* (nr|id|nummer|no|number) | (stations|messstellen) ?(nr|id|nummer) /)
  const name = find(/ (mess|station|pegel|zaehl|standort)\w*( name)? | station /)
  const river = find(/ (gewaesser|fluss|river) /)
  const place = utmPlace(lines)
  const stem = stemOf(file)
  const station: Mapping['station'] = {
    key: slug(stem || 'messstelle', '_'),
    name: stem ? nameOf(stem) : 'Messstelle',
    ...place,
  }
  const placed: Guess[] = place
    ? [
        {
          about: 'place',
          value: words('Ort aus dem Kopf der Datei', 'place from the head of the file'),
          confidence: 'likely',
          reason: words(place.note, place.note),
        },
      ]
    : []
  if (!id && !name) {
    const reason = words(
      'Keine Spalte nennt eine Messstelle: Alles in der Datei gehört zu einer. Ihr Name kommt vom Namen der Datei.',
      'No column names a station: everything in the file belongs to one. Its name comes from the name of the file.',
    )
    const value = words(`eine: ${station.name}`, `one: ${station.name}`)
    return { station, guesses: [{ about: 'station', value, confidence: 'guess', reason }, ...placed] }
  }
  const patterns: Record<string, string> = {}
  const read = (key: string, found: { label: string }) => {
    patterns[key] =
      `^"?${escaped(found.label)}"?${escaped(separator)}"?([^"${separator === '\t' ? '\\t' : separator}]+)`
    return `{${key}}`
  }
  const keyText = read('station', id ?? name!)
  const nameText = name && name !== id ? (id ? read('place', name) : keyText) : keyText
  const riverText = river ? `${read('river', river)}, ` : ''
  const value = [river?.value, name?.value ?? id?.value].filter(Boolean).join(', ')
  const guess: Guess = {
    about: 'station',
    value: words(value, value),
    confidence: 'sure',
    reason: words(
      `Die Zeilen über der Tabelle nennen sie: „${(id ?? name)!.label} ${(id ?? name)!.value}“.`,
      `The lines above the table name it: "${(id ?? name)!.label} ${(id ?? name)!.value}".`,
    ),
  }
  return {
    station: { ...station, key: keyText, name: `${riverText}${nameText}` },
    preamble: patterns,
    said: value,
    guesses: [guess, ...placed],
  }
}

const escaped = (text: string) => text.replaceAll(/[|\\^$.*+?()[\]{}]/g, '\\$&')

/** `Ostwert:;693170;Nordwert:;5335733;"ETRS89 / UTM Zone 32N"` in degrees. */
function utmPlace(lines: readonly string[][]): { lat: string; lon: string; note: string } | null {
  const cells = lines.find((line) => line.some((cell) => /ostwert|easting|rechtswert/i.test(cell)))
  if (!cells) return null
  const after = (pattern: RegExp) => Number(cells[cells.findIndex((cell) => pattern.test(cell)) + 1])
  const east = after(/ostwert|easting|rechtswert/i)
  const north = after(/nordwert|northing|hochwert/i)
  const zone = Number(/utm[^\d]*(\d{2})/i.exec(cells.join(' '))?.[1])
  if (!(east > 100_000 && east < 900_000 && north > 0 && north < 10_000_000) || (zone !== 32 && zone !== 33))
    return null
  const { lat, lon } = fromUtm(east, north, zone)
  const note = `UTM ${zone}, ${east} / ${north}`
  return { lat: lat.toFixed(5), lon: lon.toFixed(5), note }
}

/** UTM (GRS 80, northern half) to degrees by the usual series; good to a few centimetres. */
export function fromUtm(east: number, north: number, zone: number): { lat: number; lon: number } {
  const a = 6_378_137
  const e2 = 0.006_694_380_022_9
  const k0 = 0.9996
  const ep2 = e2 / (1 - e2)
  const e1 = (1 - Math.sqrt(1 - e2)) / (1 + Math.sqrt(1 - e2))
  const mu = north / k0 / (a * (1 - e2 / 4 - (3 * e2 ** 2) / 64 - (5 * e2 ** 3) / 256))
  const phi =
    mu +
    ((3 * e1) / 2 - (27 * e1 ** 3) / 32) * Math.sin(2 * mu) +
    ((21 * e1 ** 2) / 16 - (55 * e1 ** 4) / 32) * Math.sin(4 * mu) +
    ((151 * e1 ** 3) / 96) * Math.sin(6 * mu)
  const n = a / Math.sqrt(1 - e2 * Math.sin(phi) ** 2)
  const t = Math.tan(phi) ** 2
  const c = ep2 * Math.cos(phi) ** 2
  const r = (a * (1 - e2)) / (1 - e2 * Math.sin(phi) ** 2) ** 1.5
  const d = (east - 500_000) / (n * k0)
  const lat =
    phi -
    ((n * Math.tan(phi)) / r) *
      (d ** 2 / 2 -
        ((5 + 3 * t + 10 * c - 4 * c ** 2 - 9 * ep2) * d ** 4) / 24 +
        ((61 + 90 * t + 298 * c + 45 * t ** 2 - 252 * ep2 - 3 * c ** 2) * d ** 6) / 720)
  const lon =
    (d - ((1 + 2 * t + c) * d ** 3) / 6 + ((5 - 2 * c + 28 * t - 3 * c ** 2 + 8 * ep2 + 24 * t ** 2) * d ** 5) / 120) /
    Math.cos(phi)
  const degrees = 180 / Math.PI
  return { lat: lat * degrees, lon: zone * 6 - 183 + lon * degrees }
}
