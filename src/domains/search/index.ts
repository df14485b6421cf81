import type { Queryable } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import type { Boards } from '../boards/index.ts'
import type { Catalog } from '../catalog/index.ts'
import { type NamedPlace, placePage, placesNamed } from '../mobility/index.ts'
import type { Sources } from '../sources/index.ts'
import { type Hit, type HitGroup, KINDS, type Kind, type NamedPage } from './model.ts'
import { type PropertyEntry, type StationEntry, StationIndexes } from './stations.ts'
import { otherWords } from './synonyms.ts'
import { marksIn, wordsOf } from './text.ts'
import { type Field, TextIndex } from './text-index.ts'

export * from './model.ts'

export const MAX_QUERY = 200
const MAX_WORDS = 8
const NOTE_LETTERS = 140
/** Places of mobility that are looked at; who needs more writes more of the name. */
const MOST_PLACES = 50

/** Of each kind at least so many are shown, where there are: the best station does not hide the dataset. */
const OF_EACH = 2

export interface SearchDeps {
  db: Queryable
  access: Pick<Access, 'visible' | 'can'>
  catalog: Pick<Catalog, 'all' | 'byKey'>
  boards: Pick<Boards, 'list' | 'search'>
  sources: Pick<Sources, 'list'>
  /** How old the index of stations may be; for tests. */
  checkMs?: number
}

type Asked = readonly (readonly string[])[]

/** One field for everything the actor may see: stations, places, what they observe, datasets, boards, pages; sources for staff. */
export class Search {
  readonly #deps: SearchDeps
  readonly #stations: StationIndexes

  constructor(deps: SearchDeps) {
    this.#deps = deps
    this.#stations = new StationIndexes(deps.db, deps.checkMs)
  }

  /**
   * The best `limit` hits by kind, the kind with the best hit first. Each word must fit somewhere: whole, as a beginning or
   * part of a word, with ä as ae or a, with a slip. 400 `bad-query` beyond {@link MAX_QUERY} letters or eight words.
   */
  async find(actor: Actor, query: string, limit: number, pages: readonly NamedPage[] = []): Promise<HitGroup[]> {
    const asked = readQuery(query)
    if (asked.length === 0) return []
    const staff = this.#deps.access.can(actor, 'manage', 'platform')
    const visible = this.#deps.access.visible(actor)
    const [indexes, places] = await Promise.all([
      this.#stations.of(visible),
      placesNamed(this.#deps.db, visible, query, MOST_PLACES),
    ])
    // A car park is found once: as what people know it as.
    const known = new Set(places.map(({ thing }) => thing))
    const stations = indexes
      .flatMap((index) => index.stations.search(asked))
      .filter(({ entry }) => !known.has(entry.id))
    const hits = [
      ...stations.map((found) => this.#station(found, asked)),
      ...this.#places(places, asked),
      ...properties(
        indexes.flatMap((index) => index.properties),
        asked,
      ),
      ...this.#datasets(this.#known(actor, visible), asked),
      ...(await this.#boards(actor, query, asked)),
      ...(staff ? await this.#sources(asked) : []),
      ...search(
        pages.filter((page) => staff || !page.staff),
        ({ title, words }) => [
          { text: title, weight: 0.95 },
          { text: words, weight: 0.7 },
        ],
        (page) => ({ kind: 'page', id: page.path, title: page.title, note: null, path: page.path }),
        asked,
      ),
    ]
    return grouped(hits, limit)
  }

  #places(places: readonly NamedPlace[], asked: Asked): Candidate[] {
    return search(
      places,
      ({ name }) => [{ text: name, weight: 0.95 }],
      ({ mode, dataset, key, name }) => {
        const { id, title } = this.#deps.catalog.byKey(dataset)!
        const place = `${id}:${key}`
        return { kind: 'place', id: place, title: name, note: title, path: placePage(mode, place) }
      },
      asked,
    )
  }

  #station({ entry, score }: { entry: StationEntry; score: number }, asked: Asked): Candidate {
    const { id, name: title } = entry
    const make = (): Hit => {
      // What made it a hit where the name does not show it.
      const shown = marksIn(title, asked).length >= asked.length
      const note = shown ? null : firstWith([...entry.places, ...entry.series, entry.description], asked)
      return hitOf({ kind: 'station', id: String(id), title, note, path: `/stationen/${id}` }, score, asked)
    }
    return { kind: 'station', id: String(id), title, score, make }
  }

  /** Whoever has an account also finds what it may know of and ask for. */
  #known(actor: Actor, visible: readonly number[]): readonly number[] {
    if (actor.kind !== 'user') return visible
    const { catalog, access } = this.#deps
    return catalog
      .all()
      .map(({ key }) => key)
      .filter((dataset) => access.can(actor, 'know', { dataset }))
  }

  #datasets(visible: readonly number[], asked: Asked): Candidate[] {
    return search(
      visible.map((key) => this.#deps.catalog.byKey(key)).filter((dataset) => dataset !== undefined),
      ({ id, title, description, publisher }) => [
        { text: title, weight: 0.95 },
        { text: id, weight: 0.6 },
        { text: publisher ?? '', weight: 0.6 },
        { text: description, weight: 0.4 },
      ],
      ({ id, title, description, publisher }) => ({
        kind: 'dataset',
        id,
        title,
        note: firstWith([publisher, description], asked) ?? publisher,
        path: `/datensaetze/${id}`,
      }),
      asked,
    )
  }

  async #boards(actor: Actor, query: string, asked: Asked): Promise<Candidate[]> {
    const hit = ({ id, title, description }: { id: string; title: string; description: string }) =>
      ({ kind: 'board', id, title, note: description || null, path: `/tafeln/${id}` }) as const
    const named = search(
      await this.#deps.boards.list(actor),
      ({ title, description }) => [
        { text: title, weight: 0.95 },
        { text: description, weight: 0.5 },
      ],
      hit,
      asked,
    )
    const known = new Set(named.map(({ id }) => id))
    const texts = await this.#deps.boards.search(actor, query.trim().split(/\s+/).slice(0, MAX_WORDS))
    return [...named, ...texts.filter(({ id }) => !known.has(id)).map((board) => candidateOf(hit(board), 0.35, asked))]
  }

  async #sources(asked: Asked): Promise<Candidate[]> {
    return search(
      await this.#deps.sources.list(),
      ({ id, title, dataset }) => [
        { text: title, weight: 0.9 },
        { text: id, weight: 0.8 },
        { text: dataset, weight: 0.5 },
      ],
      ({ id, title }) => ({
        kind: 'source',
        id,
        title,
        note: id === title ? null : id,
        path: `/verwaltung/quellen/${id}`,
      }),
      asked,
    )
  }
}

function readQuery(query: string): Asked {
  if (query.length > MAX_QUERY)
    throw new Problem(400, 'bad-query', `"q" has ${query.length} letters; ${MAX_QUERY} are allowed.`)
  const words = wordsOf(query)
  if (words.length > MAX_WORDS)
    throw new Problem(400, 'bad-query', `"q" has ${words.length} words; ${MAX_WORDS} are allowed.`)
  return words.map(({ forms }) => forms.map(({ text }) => text))
}

type Bare = Omit<Hit, 'marks' | 'noteMarks' | 'score'>

/** What ranks a hit; the hit itself is made only if it is shown. */
interface Candidate {
  kind: Kind
  id: string
  title: string
  score: number
  make(): Hit
}

const candidateOf = (bare: Bare, score: number, asked: Asked): Candidate => ({
  kind: bare.kind,
  id: bare.id,
  title: bare.title,
  score,
  make: () => hitOf(bare, score, asked),
})

function hitOf(bare: Bare, score: number, asked: Asked): Hit {
  const note = bare.note === null ? null : shortened(bare.note, asked)
  const noteMarks = note === null ? [] : marksIn(note, asked)
  return { ...bare, note, marks: marksIn(bare.title, asked), noteMarks, score }
}

/** Few things, searched as they are: an index is made for the moment. */
function search<T>(
  items: readonly T[],
  fields: (item: T) => Field[],
  hit: (item: T) => Bare,
  asked: Asked,
): Candidate[] {
  const index = new TextIndex<T>()
  for (const item of items) index.add(item, fields(item))
  return index.search(asked).map(({ entry, score }) => candidateOf(hit(entry), score, asked))
}

/** What is observed, however many datasets observe it. */
function properties(entries: readonly PropertyEntry[], asked: Asked): Candidate[] {
  const merged = new Map<string, PropertyEntry>()
  for (const entry of entries) {
    const known = merged.get(entry.key)
    merged.set(entry.key, known ? { ...known, stations: known.stations + entry.stations } : entry)
  }
  return search(
    [...merged.values()],
    ({ key, name }) => [
      { text: name, weight: 0.9 },
      { text: otherWords(key), weight: 0.8 },
    ],
    ({ key, name, stations }) => ({
      kind: 'property',
      id: key,
      title: name,
      note: null,
      path: `/?kind=${encodeURIComponent(key)}`,
      stations,
    }),
    asked,
  )
}

const firstWith = (texts: readonly (string | null)[], asked: Asked): string | null =>
  texts.find((text) => text && marksIn(text, asked).length > 0) ?? null

/** A piece of a long text around the first word that fits. */
function shortened(text: string, asked: Asked): string {
  if (text.length <= NOTE_LETTERS) return text
  const at = marksIn(text, asked)[0]?.[0] ?? 0
  const start = at < NOTE_LETTERS / 2 ? 0 : text.lastIndexOf(' ', at - 30) + 1
  const piece = text.slice(start, start + NOTE_LETTERS)
  return `${start > 0 ? '… ' : ''}${piece.slice(0, piece.lastIndexOf(' ') > 40 ? piece.lastIndexOf(' ') : undefined)} …`
}

const byName = new Intl.Collator('de').compare

function grouped(candidates: readonly Candidate[], limit: number): HitGroup[] {
  const order = (a: Candidate, b: Candidate): number =>
    b.score - a.score ||
    KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) ||
    a.title.length - b.title.length ||
    byName(a.title, b.title) ||
    byName(a.id, b.id)
  const all = [...candidates].sort(order)
  const groups = KINDS.map((kind) => all.filter((one) => one.kind === kind)).filter((group) => group.length > 0)
  const best = groups.flatMap((group) => group.slice(0, OF_EACH)).sort(order)
  const chosen = new Set(best.slice(0, limit))
  for (const one of all) {
    if (chosen.size >= limit) break
    chosen.add(one)
  }
  return groups
    .sort((a, b) => order(a[0]!, b[0]!))
    .map((group) => ({
      kind: group[0]!.kind,
      total: group.length,
      hits: group.filter((one) => chosen.has(one)).map((one) => one.make()),
    }))
    .filter(({ hits }) => hits.length > 0)
}
