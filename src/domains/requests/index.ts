import { type Database, SqlError } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { type Access, type Actor, OWNER } from '../access/index.ts'
import type { Catalog, Dataset } from '../catalog/index.ts'
import type { AccessRequest, Terms, TermsVersion } from './model.ts'
import * as store from './store.ts'

export type { AccessRequest, RequestState, Terms, TermsVersion } from './model.ts'

/** Longest time a right is asked for at once; whoever needs it longer asks again. */
const MOST_DAYS = 3 * 366

/** Asking for data that is released for a restricted audience: purpose, until when, terms; the owner decides. */
export class Requests {
  readonly #db: Database
  readonly #catalog: Catalog
  readonly #access: Access

  constructor({ db, catalog, access }: { db: Database; catalog: Catalog; access: Access }) {
    this.#db = db
    this.#catalog = catalog
    this.#access = access
  }

  /** Datasets the actor knows of, may not read, and may ask for. */
  askable(actor: Actor): Dataset[] {
    return this.#catalog.all().filter(({ key }) => this.#isAskable(actor, key))
  }

  #isAskable(actor: Actor, dataset: number): boolean {
    return (
      actor.kind === 'user' &&
      this.#access.can(actor, 'know', { dataset }) &&
      !this.#access.can(actor, 'read', { dataset })
    )
  }

  /** Terms that hold for a dataset (null: for all without their own) now; null when there are none. */
  terms(dataset: number | null): Promise<Terms | null> {
    return store.newestTerms(this.#db, dataset)
  }

  /** All versions, the newest first; null: of the terms for all datasets without their own. */
  versions(dataset: number | null): Promise<TermsVersion[]> {
    return store.termsVersions(this.#db, dataset)
  }

  version(id: number): Promise<Terms | null> {
    return store.termsById(this.#db, id)
  }

  /** A new version of the terms. Who accepted an earlier one keeps what they were given. */
  async saveTerms(
    terms: { dataset: string | null; body: string; odrl: Record<string, unknown> | null },
    by: Actor,
  ): Promise<number> {
    const dataset = terms.dataset === null ? null : this.#catalog.require(terms.dataset).key
    if (terms.odrl !== null) requirePolicy(terms.odrl)
    this.#access.require(by, dataset === null ? 'administer' : 'manage', dataset === null ? 'platform' : { dataset })
    const id = await store.addTerms(this.#db, { ...terms, dataset, by: by.name })
    await this.#access.audit(by, 'terms.save', terms.dataset === null ? 'platform' : `dataset:${terms.dataset}`, { id })
    return id
  }

  /** Asks. `terms` is the version that was shown: 409 when there is a newer one, so nobody accepts what they did not see. */
  async ask(
    { dataset: id, purpose, until, terms }: { dataset: string; purpose: string; until: string; terms: number | null },
    actor: Actor,
  ): Promise<number> {
    const dataset = this.#catalog.byId(id)
    if (!dataset || !this.#isAskable(actor, dataset.key))
      throw new Problem(404, 'not-found', `There is no dataset "${id}" that you could ask for.`)
    const days = (Date.parse(until) - Date.now()) / 86_400_000
    if (!(days > 0 && days <= MOST_DAYS))
      throw new Problem(400, 'bad-until', 'Choose a day to come, within three years.')
    const present = await this.terms(dataset.key)
    if ((present?.id ?? null) !== terms)
      throw new Problem(409, 'terms-changed', 'The terms have changed meanwhile: read them again.')
    try {
      const request = await store.addRequest(this.#db, {
        dataset: dataset.key,
        account: actor.account!,
        purpose: purpose.trim(),
        until,
        terms,
      })
      await this.#access.audit(actor, 'request.ask', `dataset:${id}`, {
        request,
        purpose: purpose.trim(),
        until,
        terms,
      })
      return request
    } catch (error) {
      if (error instanceof SqlError && error.code === '23505')
        throw new Problem(409, 'asked-already', `You have asked for "${id}" already: the answer is still open.`)
      throw error
    }
  }

  /** The actor's own requests. */
  async mine(actor: Actor): Promise<AccessRequest[]> {
    return actor.kind === 'user' ? store.requests(this.#db, { account: actor.account! }) : []
  }

  /** Datasets the actor decides about. */
  managed(actor: Actor): Dataset[] {
    return this.#catalog.all().filter(({ key }) => this.#access.can(actor, 'manage', { dataset: key }))
  }

  /** Requests for datasets the actor manages, the open ones first. */
  async toDecide(actor: Actor): Promise<AccessRequest[]> {
    return store.requests(this.#db, { datasets: this.managed(actor).map(({ key }) => key) })
  }

  /** Grants (until the day asked for, or an earlier one) or refuses with a reason. Holds at once. */
  async decide(
    id: number,
    { grant, reason, until }: { grant: boolean; reason?: string | null; until?: string | null },
    actor: Actor,
  ): Promise<void> {
    const { request, dataset } = await this.#managed(id, actor)
    if (request.state !== 'open') throw new Problem(409, 'decided-already', 'This request has been decided already.')
    if (!grant && !reason?.trim())
      throw new Problem(400, 'reason-missing', 'Say why it is refused: whoever asked needs to know.')
    const end = until ?? request.until
    if (Date.parse(end) > Date.parse(request.until))
      throw new Problem(400, 'bad-until', 'The right cannot last longer than was asked for.')
    if (grant && Date.parse(end) <= Date.now())
      throw new Problem(400, 'until-past', 'The right would have ended already: choose a day to come.')
    const state = grant ? 'granted' : 'refused'
    const closed = await store.closeRequest(this.#db, id, {
      state,
      reason: reason?.trim() || null,
      by: actor.name,
      until: end,
    })
    if (!closed) throw new Problem(409, 'decided-already', 'This request has been decided already.')
    if (grant) {
      const spec = { account: request.account.id, role: 'consumer' as const, dataset: dataset.key, space: null }
      await store.noteGrant(
        this.#db,
        id,
        await this.#access.grants.give({ ...spec, until: end, note: `request ${id}` }, actor),
      )
    }
    await this.#access.audit(actor, grant ? 'request.grant' : 'request.refuse', `dataset:${request.dataset}`, {
      request: id,
      account: request.account.email,
      until: end,
    })
  }

  /** Whoever asked takes the request back, or gives the right back; whoever manages the dataset takes the right back. */
  async end(id: number, actor: Actor): Promise<void> {
    const [request] = await store.requests(this.#db, { id })
    const own = request !== undefined && actor.kind === 'user' && request.account.id === actor.account
    if (!own) await this.#managed(id, actor)
    if (request!.state === 'open') {
      if (!own) throw new Problem(409, 'still-open', 'This request is still open: refuse it with a reason.')
      await store.closeRequest(this.#db, id, {
        state: 'withdrawn',
        reason: null,
        by: actor.name,
        until: request!.until,
      })
    } else if (request!.state === 'granted') {
      const grant = await store.grantOf(this.#db, id)
      // Giving back what is one's own needs no right over the dataset.
      if (grant !== null) await this.#access.grants.take(grant, own ? { ...OWNER, name: actor.name } : actor)
    } else throw new Problem(409, 'ended-already', 'This has ended already.')
    await this.#access.audit(actor, 'request.end', `dataset:${request!.dataset}`, { request: id })
  }

  /** The request, if the actor manages its dataset; else 404, as if there were none. */
  async #managed(id: number, actor: Actor): Promise<{ request: AccessRequest; dataset: Dataset }> {
    const [request] = await store.requests(this.#db, { id })
    const dataset = request && this.#catalog.byId(request.dataset)
    if (!request || !dataset || !this.#access.can(actor, 'manage', { dataset: dataset.key }))
      throw new Problem(404, 'request-unknown', `There is no request ${id}.`)
    return { request, dataset }
  }
}

/** 400 unless it is a policy as far as it must be: its kind, and one rule at least (ODRL Information Model 2.2, §2.1). */
function requirePolicy(odrl: Record<string, unknown>): void {
  const kind = odrl['@type'] ?? odrl.type
  const rules = ['permission', 'prohibition', 'obligation'].filter((rule) => {
    const value = odrl[rule]
    return Array.isArray(value) ? value.length > 0 : typeof value === 'object' && value !== null
  })
  if (typeof kind === 'string' && kind !== '' && rules.length > 0) return
  const what = rules.length > 0 ? 'its "@type"' : 'a rule ("permission", "prohibition" or "obligation")'
  throw new Problem(400, 'odrl-invalid', `This is no ODRL policy: ${what} is missing.`)
}
