import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Database } from '../../kernel/db/index.ts'
import type { Fetcher } from '../../kernel/fetch/index.ts'
import type { Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import type { Definition } from './definition.ts'
import { detectFile } from './detect.ts'
import { type FeedFile, feedDefinition, feedWords, recogniseFeeds } from './detect-feed.ts'
import type { Detection, Mapping, Reading, Words } from './detect-model.ts'
import { carriedOver } from './detect-reading.ts'
import { slug } from './detect-words.ts'
import { definitionOf, yamlOf } from './detect-yaml.ts'
import { type DraftPart, partsIn, withoutPart, withPart } from './draft-parts.ts'
import * as store from './draft-store.ts'
import type { Feed } from './feed.ts'
import { Follow } from './feed-follow.ts'
import { openFeed } from './feed-inputs.ts'
import {
  DefinitionError,
  type DefinitionIssue,
  type Format,
  type Progress,
  type RunReport,
  type Unpack,
} from './model.ts'
import { entriesOf, httpInput, pathInput } from './origin.ts'
import { plainCause } from './plain-cause.ts'
import { recognise } from './recognise.ts'
import { type Survey, surveyFeed, surveyRows } from './survey.ts'
import { topicMatches } from './topics.ts'

/** Largest file a draft takes. */
export const MOST_BYTES = 1_000_000_000
const MOST_DRAFTS = 50
const CLEAN_MS = 3_600_000
const NOTHING = { issues: null, definition: null }
const nameOf = (url: string): string => basename(new URL(url).pathname) || new URL(url).hostname

export interface DraftsDeps {
  db: Database
  access: Access
  log: Log
  fetcher: Fetcher
  formats: readonly Format[]
  feeds: readonly Feed[]
  unpack: Unpack
  scratch: string
  timeZone: () => string
}

/** What a draft becomes part of in the end. */
interface Registry {
  check(yaml: string): Definition
  list(): Promise<{ id: string }[]>
  add(definition: Definition, actor: Actor, options: { later: boolean }): Promise<unknown>
  run(
    definition: Definition,
    options: { from: string; calledAs: string; others: boolean; onProgress: (progress: Progress) => void },
  ): Promise<RunReport>
}

export interface Draft extends store.DraftRow {
  /** What would be saved: made of the choices, or as it was edited by hand. Null before anything is recognised. */
  text: string | null
  /** What that text lacks to be a definition; null when nothing is recognised yet, or it is a source already. */
  issues: readonly DefinitionIssue[] | null
  /** The further addresses that belong to it. */
  parts: DraftPart[]
  /** The first run, while it goes on. */
  progress: Progress | null
}

/** Sources on their way: a file, an address or a first message, what was recognised, what was chosen. */
export class Drafts {
  readonly #deps: DraftsDeps
  readonly #sources: Registry
  readonly #folder: string
  readonly #running = new Map<string, Progress>()
  #timer: NodeJS.Timeout | undefined

  constructor(deps: DraftsDeps, sources: Registry) {
    this.#deps = deps
    this.#sources = sources
    this.#folder = join(deps.scratch, 'drafts')
  }

  /** Removes what is over now and every hour. */
  async start(): Promise<void> {
    await this.#clean()
    this.#timer = setInterval(() => void this.#clean().catch(() => {}), CLEAN_MS)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Takes a file that is sent, byte by byte to the disk, and recognises it. */
  async fromFile(name: string, bytes: Readable, actor: Actor): Promise<Draft> {
    const clean = basename(name.replaceAll('\\', '/')).slice(0, 200) || 'datei'
    const id = await this.#begin('file', clean, clean, actor)
    let size = 0
    const limit = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length
        if (size > MOST_BYTES) {
          done(fileTooLarge())
        } else done(null, chunk)
      },
    })
    return this.#filled(id, () => pipeline(bytes, limit, createWriteStream(this.#path(id))))
  }

  /** Fetches an address as a source would, guarded the same way, and recognises what comes. */
  async fromAddress(url: string, actor: Actor): Promise<Draft> {
    if (!URL.canParse(url)) throw new Problem(400, 'invalid-request', `"${url.slice(0, 200)}" is not a web address.`)
    const id = await this.#begin('http', nameOf(url), url, actor)
    return this.#filled(id, () => this.#fetch(url, this.#path(id)))
  }

  async #fetch(url: string, path: string): Promise<void> {
    try {
      const fetched = await this.#deps.fetcher.get(url, { maxBytes: MOST_BYTES, signal: AbortSignal.timeout(110_000) })
      if (!fetched) throw new Problem(422, 'fetch-failed', `${url} answered nothing.`)
      await pipeline(fetched.body, createWriteStream(path))
    } catch (error) {
      if (error instanceof Problem) throw error
      const en = (error as Error).message
      const { text, advice } = plainCause(en)
      throw new Problem(422, 'fetch-failed', en, { words: { de: `${text} ${advice}`, en } })
    }
  }

  /** Waits for the first message on a topic, or posted to an address; it then becomes the draft's file. */
  async waiting(kind: 'mqtt' | 'webhook', origin: string, actor: Actor): Promise<Draft> {
    if (kind === 'webhook' && (await this.#sources.list()).some(({ id }) => id === origin))
      throw new Problem(409, 'source-exists', `There is a source "${origin}" already: choose another name.`)
    return this.get(await this.#begin(kind, origin, origin, actor))
  }

  /** A message came: is it what a draft waits for? Whoever sends it may manage sources. */
  async offer(kind: 'mqtt' | 'webhook', to: string, payload: Uint8Array, actor: Actor): Promise<boolean> {
    if (!this.#deps.access.can(actor, 'manage', 'platform')) return false
    const fits = ({ kind: of, origin, detection }: store.DraftRow) =>
      of === kind && detection === null && (kind === 'mqtt' ? topicMatches(origin, to) : origin === to)
    const drafts = (await store.openDrafts(this.#deps.db)).filter(fits)
    for (const { id } of drafts) await this.#filled(id, () => writeFile(this.#path(id), payload))
    return drafts.length > 0
  }

  /** 404 when there is none, or its day is over. */
  async get(id: string): Promise<Draft> {
    const row = await store.findDraft(this.#deps.db, id)
    if (!row)
      throw new Problem(
        404,
        'draft-unknown',
        'There is no such draft: drafts are kept for a day after their last change.',
      )
    const text = textOf(row, 'de')
    const { issues, definition } = text === null || row.source !== null ? NOTHING : this.#checked(text)
    const parts = definition ? partsIn(definition) : []
    return { ...row, text, issues, parts, progress: this.#running.get(id) ?? null }
  }

  list(): Promise<store.DraftRow[]> {
    return store.openDrafts(this.#deps.db)
  }

  /** Keeps choices, or a text edited by hand (null takes it back), with its mistakes if it has some. */
  async change(id: string, change: { mapping?: Mapping; yaml?: string | null }): Promise<Draft> {
    const draft = await this.get(id)
    if (draft.source) throw new Problem(409, 'draft-saved', `This draft is the source "${draft.source}" already.`)
    await store.updateDraft(this.#deps.db, id, change)
    return this.get(id)
  }

  /** Fetches a further address, recognises it, and makes it part of the draft: real time beside its timetable. */
  async addPart(id: string, url: string): Promise<Draft> {
    const draft = await this.get(id)
    if (draft.source) throw new Problem(409, 'draft-saved', `This draft is the source "${draft.source}" already.`)
    const definition = this.#sources.check(draft.text ?? '')
    const path = `${this.#path(id)}.part`
    try {
      await this.#fetch(url, path)
      const { feeds } = await recogniseFeeds(this.#deps, [{ path, name: nameOf(url), from: { http: { url } } }])
      const yaml = withPart(draft.text!, definition, feeds[0], url)
      await store.updateDraft(this.#deps.db, id, { yaml })
    } finally {
      await rm(path, { force: true })
    }
    return this.get(id)
  }

  /** Takes a further address away again. */
  async removePart(id: string, role: string): Promise<Draft> {
    const { text } = await this.get(id)
    return this.change(id, { yaml: withoutPart(text ?? '', role) })
  }

  /** Reads the file again with what a person says about it; choices made so far stay where they still fit. */
  async again(id: string, fixed: Reading): Promise<Draft> {
    const { db, formats, unpack, timeZone } = this.#deps
    const draft = await this.get(id)
    if (draft.source) throw new Problem(409, 'draft-saved', `This draft is the source "${draft.source}" already.`)
    if (draft.detection === null)
      throw new Problem(409, 'draft-waits', 'No message has come yet: there is nothing to read.')
    const file = { path: this.#path(id), name: draft.name, from: fromOf(draft) }
    const detection = await detectFile({ formats, unpack, zone: timeZone() }, file, fixed)
    if (!detection.mapping)
      throw new Problem(422, 'not-readable-so', `Read like this it is no table: ${detection.problem?.en}`, {
        words: detection.problem,
      })
    const mapping = carriedOver(draft.detection.mapping, draft.mapping, detection.mapping)
    await store.updateDraft(db, id, { detection, mapping, yaml: null })
    return this.get(id)
  }

  /** What an import would bring. Throws DefinitionError when the choices are no definition yet. */
  async survey(id: string): Promise<Survey> {
    const draft = await this.get(id)
    const definition = this.#sources.check(draft.text ?? '')
    const input = await pathInput(this.#path(id), '/', 1)
    for (const file of input.files) file.name = draft.name
    const { unpack, formats, feeds, timeZone, fetcher, scratch } = this.#deps
    const feed = feeds.find((one) => one.id === definition.format.type)
    if (feed) {
      const paths = [this.#path(id)]
      const opened = await openFeed(
        { fetcher, unpack, scratch, environment: {}, follow: new Follow() },
        definition,
        feed,
        {
          paths,
          cwd: '/',
          validators: null,
        },
      )
      return surveyFeed(definition, feed, opened!)
    }
    const format = formats.find((one) => one.id === definition.format.type)!
    return surveyRows(definition, timeZone(), format, (wanted) =>
      entriesOf(input, definition, unpack, wanted, () => {}),
    )
  }

  /** Makes it a source and reads what is there; the progress stands at the draft. Throws DefinitionError. */
  async save(id: string, actor: Actor): Promise<Draft> {
    const { db, log } = this.#deps
    const draft = await this.get(id)
    if (draft.source) throw new Problem(409, 'draft-saved', `This draft is the source "${draft.source}" already.`)
    const definition = this.#sources.check(draft.text ?? '')
    if ((await this.#sources.list()).some((one) => one.id === definition.id))
      throw new Problem(409, 'source-exists', `There is a source "${definition.id}" already: choose another id.`)
    await this.#sources.add(definition, actor, { later: true })
    await store.updateDraft(db, id, { source: definition.id })
    this.#running.set(id, { rows: 0, values: 0, seconds: 0 })
    void this.#sources
      .run(definition, {
        from: this.#path(id),
        calledAs: draft.origin,
        others: true,
        onProgress: (progress) => this.#running.set(id, progress),
      })
      .catch((error: Error) => ({ error: error.message }))
      .then((outcome) => store.updateDraft(db, id, { outcome }))
      .catch((error: Error) => log.warn({ draft: id, cause: error.message }, 'the first run of a source failed'))
      .finally(async () => {
        this.#running.delete(id)
        await rm(this.#path(id), { force: true })
      })
    return this.get(id)
  }

  async discard(id: string): Promise<void> {
    await this.get(id)
    await store.deleteDraft(this.#deps.db, id)
    await rm(this.#path(id), { force: true })
  }

  /** Recognises a file on this machine or an address, for the command line; `text` is the definition to begin with. */
  async detect(which: string, cwd: string): Promise<{ detection: Detection; text: string | null }> {
    const { formats, unpack, timeZone, fetcher, scratch } = this.#deps
    const address = /^https?:\/\//.test(which)
    const from: Mapping['from'] = address ? { http: { url: which } } : { file: { path: which } }
    const input = address
      ? await httpInput({ from }, fetcher, scratch, {}, null, undefined)
      : await pathInput(resolve(cwd, which), cwd, 1)
    try {
      const file = input!.files[0]!
      const known = await this.#feedIn({ ...file, from: from as FeedFile['from'] })
      if (known) return known
      const detection = await detectFile({ formats, unpack, zone: timeZone() }, { ...file, from })
      const { mapping, guesses } = detection
      return { detection, text: mapping && yamlOf(definitionOf(mapping), guesses, 'en') }
    } finally {
      await input!.close()
    }
  }

  /** The definitions for files on this machine that belong together, recognised by what is in them. */
  recognise(paths: readonly string[], cwd: string, dataset?: string): Promise<string[]> {
    const { formats, feeds, unpack, fetcher, scratch, timeZone } = this.#deps
    return recognise({ formats, feeds, unpack, fetcher, scratch, zone: timeZone() }, paths, cwd, dataset)
  }

  /** What a file is, where some feed knows it. */
  async #feedIn(file: FeedFile, id?: string): Promise<{ detection: Detection; text: string } | null> {
    const { feeds } = await recogniseFeeds(this.#deps, [file])
    const [found] = feeds
    if (!found) return null
    const { size } = await stat(file.path)
    const { role } = found.files[0]!.guess
    return {
      detection: {
        file: file.name,
        bytes: size,
        rows: 0,
        whole: false,
        header: [],
        firstRows: [],
        guesses: [],
        mapping: null,
        feed: { type: found.feed.id, role, reason: feedWords(found) },
        problem: null,
      },
      text: feedDefinition(found, { id }),
    }
  }

  #checked(text: string): { issues: readonly DefinitionIssue[]; definition: Definition | null } {
    try {
      return { issues: [], definition: this.#sources.check(text) }
    } catch (error) {
      if (error instanceof DefinitionError) return { issues: error.issues, definition: null }
      throw error
    }
  }

  #path(id: string): string {
    return join(this.#folder, id)
  }

  async #begin(kind: store.DraftKind, name: string, origin: string, actor: Actor): Promise<string> {
    const { db } = this.#deps
    if ((await store.openDrafts(db)).length >= MOST_DRAFTS)
      throw new Problem(409, 'too-many-drafts', `There are ${MOST_DRAFTS} drafts: finish or discard some.`)
    await mkdir(this.#folder, { recursive: true })
    const id = randomBytes(16).toString('hex').slice(0, 12)
    await store.insertDraft(db, { id, madeBy: actor.name, kind, name, origin })
    return id
  }

  /** Brings the bytes and recognises them; a draft without a file does not stay. */
  async #filled(id: string, bring: () => Promise<void>): Promise<Draft> {
    const { db, formats, unpack, timeZone } = this.#deps
    const draft = await this.get(id)
    const { kind, name, origin } = draft
    try {
      await bring()
      const from = fromOf(draft)
      if (kind === 'file' || kind === 'http') {
        const known = await this.#feedIn({ path: this.#path(id), name, from: from as FeedFile['from'] })
        if (known) {
          await store.updateDraft(db, id, { detection: known.detection, mapping: null, yaml: known.text })
          return await this.get(id)
        }
      }
      const detection = await detectFile({ formats, unpack, zone: timeZone() }, { path: this.#path(id), name, from })
      const mapping = detection.mapping && { ...detection.mapping, ...(kind === 'webhook' ? { id: slug(origin) } : {}) }
      await store.updateDraft(db, id, { detection, mapping })
      return await this.get(id)
    } catch (error) {
      if (kind === 'file' || kind === 'http') {
        await store.deleteDraft(db, id)
        await rm(this.#path(id), { force: true })
      }
      throw error
    }
  }

  async #clean(): Promise<void> {
    const known = await store.expireDrafts(this.#deps.db)
    const files = await readdir(this.#folder).catch(() => [])
    for (const file of files) {
      // One that just begins has a row already; one without a row for a while has none coming.
      if (known.has(file)) continue
      const { mtimeMs } = await stat(join(this.#folder, file)).catch(() => ({ mtimeMs: Date.now() }))
      if (Date.now() - mtimeMs > 60_000) await rm(join(this.#folder, file), { force: true })
    }
  }
}

export function fileTooLarge(): Problem {
  const most = `${MOST_BYTES / 1e9} GB`
  return new Problem(
    413,
    'file-too-large',
    `The file is larger than ${most}. Give its address instead, or send a part.`,
  )
}

function fromOf({ kind, name, origin }: Pick<store.DraftRow, 'kind' | 'name' | 'origin'>): Mapping['from'] {
  switch (kind) {
    case 'http':
      return { http: { url: origin } }
    case 'mqtt':
      return { mqtt: { topic: origin } }
    case 'webhook':
      return { webhook: {} }
    case 'file':
      return { file: { path: name } }
  }
}

function textOf({ yaml, mapping, detection }: store.DraftRow, lang: keyof Words): string | null {
  return yaml ?? (mapping && yamlOf(definitionOf(mapping), detection?.guesses ?? [], lang))
}
