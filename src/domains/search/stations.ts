import type { Queryable } from '../../kernel/db/index.ts'
import { fingerprints, type ThingTexts, thingTexts } from './store.ts'
import { otherWords } from './synonyms.ts'
import { type Field, TextIndex } from './text-index.ts'

export interface StationEntry {
  id: number
  dataset: number
  name: string
  /** Where else a word may have been found, the likeliest first: shown under the name. */
  places: string[]
  series: string[]
  description: string
}

export interface PropertyEntry {
  key: string
  name: string
  stations: number
}

interface DatasetIndex {
  mark: string
  stations: TextIndex<StationEntry>
  properties: PropertyEntry[]
}

const CHECK_MS = 10_000
const MOST_PROPERTIES = 40
const LONGEST_VALUE = 200

/**
 * The stations' words, one index for each dataset: a caller's search goes through those of the datasets they may see, so
 * one copy serves everyone. Whether something changed is asked of the database every ten seconds at most.
 */
export class StationIndexes {
  readonly #db: Queryable
  readonly #known = new Map<number, DatasetIndex>()
  readonly #checkMs: number
  #checked = new Map<number, number>()
  #loading: Promise<void> = Promise.resolve()

  constructor(db: Queryable, checkMs = CHECK_MS) {
    this.#db = db
    this.#checkMs = checkMs
  }

  /** The indexes of these datasets, up to date. */
  async of(datasets: readonly number[]): Promise<DatasetIndex[]> {
    const now = Date.now()
    const due = datasets.filter((dataset) => (this.#checked.get(dataset) ?? -Infinity) + this.#checkMs <= now)
    if (due.length > 0) {
      // One after another: two searches at once must not read everything twice.
      const turn = this.#loading.catch(() => {}).then(() => this.#refresh(due))
      this.#loading = turn
      await turn
    }
    return datasets.map((dataset) => this.#known.get(dataset)).filter((index) => index !== undefined)
  }

  async #refresh(due: readonly number[]): Promise<void> {
    const began = Date.now()
    const still = due.filter((dataset) => (this.#checked.get(dataset) ?? -Infinity) + this.#checkMs <= began)
    if (still.length === 0) return
    const marks = await fingerprints(this.#db, still)
    const changed = still.filter((dataset) => this.#known.get(dataset)?.mark !== (marks.get(dataset) ?? ''))
    if (changed.length > 0) {
      const texts = await thingTexts(this.#db, changed)
      for (const dataset of changed) {
        const own = texts.filter((text) => text.dataset === dataset)
        if (own.length === 0) this.#known.delete(dataset)
        else this.#known.set(dataset, makeIndex(own, marks.get(dataset) ?? ''))
      }
    }
    for (const dataset of still) this.#checked.set(dataset, began)
  }
}

function makeIndex(texts: readonly ThingTexts[], mark: string): DatasetIndex {
  const stations = new TextIndex<StationEntry>()
  const properties = new Map<string, PropertyEntry>()
  for (const { id, dataset, name, description, properties: given, places, series } of texts) {
    const names = [...new Set(series.flatMap(([own, , property]) => [property, own]))]
    stations.add({ id, dataset, name, places: places.filter((place) => place !== name), series: names, description }, [
      { text: name, weight: 1 },
      { text: places.join(' '), weight: 0.85 },
      { text: names.join(' '), weight: 0.6 },
      { text: [...new Set(series.map(([, key]) => otherWords(key)))].join(' '), weight: 0.55 },
      { text: description, weight: 0.45 },
      ...valuesOf(given),
    ])
    const seen = new Set<string>()
    for (const [, key, property] of series) {
      const own = key ?? slug(property)
      const entry = properties.get(own) ?? { key: own, name: property, stations: 0 }
      if (!seen.has(own)) entry.stations++
      seen.add(own)
      properties.set(own, entry)
    }
  }
  return { mark, stations, properties: [...properties.values()] }
}

/** Values of the properties that are words or numbers, lists of such included. */
function valuesOf(properties: Record<string, unknown> | null): Field[] {
  return Object.values(properties ?? {})
    .flat()
    .filter((value) => typeof value === 'string' || typeof value === 'number')
    .slice(0, MOST_PROPERTIES)
    .map((value) => ({ text: String(value).slice(0, LONGEST_VALUE), weight: 0.35 }))
}

/** As the overview of stations names the group of a property without a key. */
const slug = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '') || 'series'
