import type { Database } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import type { Audience, Catalog, Dataset, DatasetState } from '../catalog/index.ts'
import type { Review, Sheet, Unprotected } from './model.ts'
import { type Move, missingOf, moveOf, preparers, whyUnprotected } from './rules.ts'
import * as store from './store.ts'

export type { Review, Sheet, Step } from './model.ts'
export { Retention } from './retention.ts'
export type { Move } from './rules.ts'
export { retentionDays } from './store.ts'

const FOUR_EYES = 'four_eyes'

/** How each move is called in the audit log. */
const ACTS: Record<Move, string> = {
  submit: 'dataset.submit',
  release: 'dataset.release',
  refuse: 'dataset.refuse',
  takeBack: 'dataset.take-back',
  withdraw: 'dataset.withdraw',
  redraft: 'dataset.redraft',
}

export interface MoveOptions {
  reason?: string | null
  /** With a release: whom it is for. */
  audience?: Audience
}

/** The way of a dataset to release: the answers asked for, four eyes, refusal with a reason, withdrawal. */
export class Release {
  readonly #db: Database
  readonly #catalog: Catalog
  readonly #access: Access

  constructor({ db, catalog, access }: { db: Database; catalog: Catalog; access: Access }) {
    this.#db = db
    this.#catalog = catalog
    this.#access = access
  }

  /** All about the release of a dataset the actor may change or decide on. */
  async review(id: string, actor: Actor): Promise<Review> {
    const dataset = this.#catalog.require(id)
    if (!this.#access.can(actor, 'release', { dataset: dataset.key }))
      this.#access.require(actor, 'update', { dataset: dataset.key })
    const sheet = await store.readSheet(this.#db, dataset.key)
    const steps = await store.readSteps(this.#db, dataset.key)
    const protecting = dataset.held ? await store.readProtection(this.#db, dataset.key) : null
    const unprotected = await this.#unprotected(dataset, sheet)
    return { dataset, sheet, missing: missingOf(sheet, dataset), steps, protecting, unprotected }
  }

  async #unprotected(dataset: Dataset, { k }: Sheet): Promise<Unprotected | null> {
    return k !== null && k > 1 ? store.readUnprotected(this.#db, dataset.key) : null
  }

  /** What waits for a decision of the actor, the oldest first. */
  async inbox(actor: Actor): Promise<Review[]> {
    const mine = this.#catalog
      .all()
      .filter((one) => one.state === 'review' && this.#access.can(actor, 'release', { dataset: one.key }))
      .sort((a, b) => a.stateSince.localeCompare(b.stateSince))
    return Promise.all(mine.map((dataset) => this.review(dataset.id, actor)))
  }

  /** Keeps the answers. While it is in review or released a change of them is a new submission: 409. */
  async saveSheet(id: string, sheet: Sheet, actor: Actor): Promise<Review> {
    const dataset = this.#catalog.require(id)
    this.#access.require(actor, 'update', { dataset: dataset.key })
    if (!this.#isMachine(actor) && (dataset.state === 'review' || dataset.state === 'released'))
      throw new Problem(409, 'sheet-in-use', `"${id}" is in review or released: take it back or withdraw it first.`)
    const before = await store.readSheet(this.#db, dataset.key)
    await store.writeSheet(this.#db, dataset.key, sheet, actor.name)
    // Until its stored values are in line with another k, it is not public.
    if ((before.k ?? 1) !== (sheet.k ?? 1)) await this.#catalog.refresh(dataset.key)
    await this.#access.audit(actor, 'dataset.sheet', `dataset:${id}`, { before, after: sheet })
    return this.review(id, actor)
  }

  /** Moves a dataset on its way. Who may, what must be answered, and who may not decide alone is checked here. */
  async move(id: string, to: DatasetState, actor: Actor, options: MoveOptions = {}): Promise<Dataset> {
    const dataset = this.#catalog.require(id)
    const from = dataset.state
    const reason = options.reason?.trim() || null
    const person = this.#personOf(actor)
    let move = moveOf(from, to)
    if (move === null) return dataset
    const sheet = await store.readSheet(this.#db, dataset.key)
    const steps = await store.readSteps(this.#db, dataset.key)
    if (move === 'refuse' && !this.#access.can(actor, 'release', { dataset: dataset.key })) move = 'takeBack'
    const deciding = move === 'release' || move === 'refuse' || move === 'withdraw'
    this.#access.require(actor, deciding ? 'release' : 'update', { dataset: dataset.key })
    if (!this.#isMachine(actor)) {
      if (move === 'refuse' && reason === null)
        throw new Problem(400, 'reason-missing', 'Say why it is not released: whoever prepared it needs to know.')
      const missing = move === 'submit' || move === 'release' ? missingOf(sheet, dataset) : []
      if (missing.length > 0) {
        throw new Problem(
          409,
          'sheet-incomplete',
          `"${id}" cannot go on: these answers are missing: ${missing.join(', ')}.`,
          { missing },
        )
      }
      const unprotected = move === 'submit' || move === 'release' ? await this.#unprotected(dataset, sheet) : null
      if (unprotected) throw new Problem(409, 'counts-not-protected', whyUnprotected(unprotected), { unprotected })
      if (move === 'release') await this.#requireFourEyes(dataset, preparers(dataset, steps, person), actor)
    }
    if (options.audience && options.audience !== dataset.audience) {
      this.#access.require(actor, 'release', { dataset: dataset.key })
      await this.#catalog.setAudience(id, options.audience)
    }
    const changed = await this.#catalog.setState(id, to)
    await store.addStep(this.#db, dataset.key, { actor: person, from, to, reason, sheet })
    await this.#access.audit(actor, ACTS[move], `dataset:${id}`, {
      before: from,
      after: to,
      ...(reason && { reason }),
      ...(options.audience && { audience: options.audience }),
      ...(this.#isMachine(actor) && { by: 'the machine’s owner, without review' }),
    })
    return changed
  }

  /** Whoever prepared a release does not decide on it alone, once a second person could. */
  async #requireFourEyes(dataset: Dataset, prepared: readonly string[], actor: Actor): Promise<void> {
    if (!prepared.includes(this.#personOf(actor)) || !(await this.fourEyes())) return
    const others = this.#others(dataset, actor)
    if (others.length === 0) return
    throw new Problem(
      403,
      'four-eyes',
      `You prepared "${dataset.id}" yourself: somebody else decides on its release (${others.slice(0, 3).join(', ')}).`,
    )
  }

  /** A person is the same one by session and by key. */
  #personOf(actor: Actor): string {
    const person = actor.account === undefined ? undefined : this.#access.directory.person(actor.account)
    return person ? `user:${person.email}` : actor.name
  }

  /** Names of other people who may release the dataset. */
  #others(dataset: Dataset, actor: Actor): string[] {
    return this.#access.directory
      .people()
      .filter(
        (person) =>
          person.id !== actor.account &&
          this.#access.can({ kind: 'user', name: person.email, account: person.id }, 'release', {
            dataset: dataset.key,
          }),
      )
      .map((person) => person.name)
  }

  /** Does the four-eyes rule hold? It does unless somebody switched it off. */
  async fourEyes(): Promise<boolean> {
    return (await store.readSetting<boolean>(this.#db, FOUR_EYES)) ?? true
  }

  async setFourEyes(on: boolean, actor: Actor): Promise<void> {
    this.#access.require(actor, 'administer', 'platform')
    const before = await this.fourEyes()
    await store.writeSetting(this.#db, FOUR_EYES, on)
    await this.#access.audit(actor, 'release.four-eyes', 'platform', { before, after: on })
  }

  /** At the machine (command line, admin link, key without limits) somebody answers for everything. */
  #isMachine(actor: Actor): boolean {
    return actor.account === undefined && actor.key === undefined && actor.kind !== 'anonymous'
  }
}
