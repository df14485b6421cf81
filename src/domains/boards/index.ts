import type { Database } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Access, Actor } from '../access/index.ts'
import type { Catalog } from '../catalog/index.ts'
import { groupsKnown } from '../sensing/index.ts'
import { type Board, type BoardSummary, MAX_BOARDS, type ShownBoard } from './model.ts'
import { hide, namesGroup, randomId, readBoard } from './rules.ts'
import * as store from './store.ts'

export * from './model.ts'

const ID = /^[a-z0-9][a-z0-9-]{0,62}$/
const FOUND_MOST = 20
/** Pages save while one types: the log names a change once in so many milliseconds, per board and person. */
const CHANGE_EVERY = 10 * 60_000

/**
 * Pages that staff put together from what the city measures. A board holds references and texts, never a name or value
 * of the data: those come from the ordinary queries, with the viewer's rights.
 */
export class Boards {
  readonly #db: Database
  readonly #access: Access
  readonly #catalog: Catalog
  /** When the log last named a change, by person and board. */
  readonly #changes = new Map<string, number>()

  constructor(deps: { db: Database; access: Access; catalog: Catalog }) {
    this.#db = deps.db
    this.#access = deps.access
    this.#catalog = deps.catalog
  }

  /** The boards `actor` may see, the last changed first. */
  list(actor: Actor): Promise<BoardSummary[]> {
    return store.listBoards(this.#db, this.#mayManage(actor))
  }

  /** The board; 404 when there is none, or it is a draft and `actor` not of the administration. */
  async get(actor: Actor, id: string): Promise<ShownBoard> {
    const board = await this.#read(actor, id)
    if (this.#mayManage(actor)) return board
    const visible = this.#access.visible(actor)
    const groups = namesGroup(board.items) ? await groupsKnown(this.#db, visible) : new Set<string>()
    const dataset = (slug: string) => visible.includes(this.#catalog.byId(slug)?.key ?? -1)
    return { ...board, items: hide(board.items, { dataset, group: (key) => groups.has(key.replace(/-\d+$/, '')) }) }
  }

  async #read(actor: Actor, id: string): Promise<Board> {
    const board = await store.readBoard(this.#db, id, this.#mayManage(actor))
    if (!board) throw unknown(id)
    return board
  }

  /** Adds a board under `id`, or under a short random one. 400 `invalid-board`, 409 `board-id-taken`, `too-many-boards`. */
  async create(actor: Actor, given: unknown, id: string = randomId()): Promise<Board> {
    this.#access.require(actor, 'manage', 'platform')
    if (!ID.test(id))
      throw new Problem(
        400,
        'invalid-board',
        `The id "${id.slice(0, 80)}" is not possible: small letters, digits and hyphens, at most 63.`,
      )
    const input = readBoard(given)
    await store.purgeBoards(this.#db)
    const board = await store.insertBoard(this.#db, id, input, MAX_BOARDS)
    if (!board) {
      if ((await store.countBoards(this.#db)) >= MAX_BOARDS)
        throw new Problem(409, 'too-many-boards', `There are ${MAX_BOARDS} boards already: delete some first.`)
      throw new Problem(409, 'board-id-taken', `There is, or was lately, a board with the id "${id}": choose another.`)
    }
    await this.#access.audit(actor, 'board.create', `board:${id}`, { title: board.title, visibility: board.visibility })
    return board
  }

  /** Replaces a board that still is at `version`. 404, 412 `changed-meanwhile` with the version it is at now. */
  async replace(actor: Actor, id: string, version: number, given: unknown): Promise<Board> {
    this.#access.require(actor, 'manage', 'platform')
    const input = readBoard(given)
    const before = await this.#read(actor, id)
    const board = await store.updateBoard(this.#db, id, version, input)
    if (!board) {
      const { version: current } = await this.#read(actor, id)
      throw new Problem(
        412,
        'changed-meanwhile',
        `Somebody changed this board meanwhile: it is at version ${current}, not ${version}. Nothing was saved.`,
        { version: current },
      )
    }
    const detail = { title: board.title, version: board.version }
    if (board.visibility !== before.visibility) {
      const act = board.visibility === 'published' ? 'board.publish' : 'board.withdraw'
      await this.#access.audit(actor, act, `board:${id}`, detail)
    } else if (this.#isNews(actor, id)) await this.#access.audit(actor, 'board.change', `board:${id}`, detail)
    return board
  }

  /** Whether the log does not yet know that `actor` is changing this board. */
  #isNews(actor: Actor, id: string): boolean {
    const now = Date.now()
    for (const [known, at] of this.#changes) if (now - at >= CHANGE_EVERY) this.#changes.delete(known)
    const name = `${id} ${actor.name}`
    if (this.#changes.has(name)) return false
    this.#changes.set(name, now)
    return true
  }

  /** Takes a board away; it can be restored for a while. */
  async remove(actor: Actor, id: string): Promise<void> {
    this.#access.require(actor, 'manage', 'platform')
    if (!(await store.markDeleted(this.#db, id, true))) throw unknown(id)
    await this.#access.audit(actor, 'board.delete', `board:${id}`)
  }

  async restore(actor: Actor, id: string): Promise<Board> {
    this.#access.require(actor, 'manage', 'platform')
    if (!(await store.markDeleted(this.#db, id, false)))
      throw new Problem(404, 'not-found', `There is no deleted board "${id}" that could be restored.`)
    await this.#access.audit(actor, 'board.restore', `board:${id}`)
    return this.#read(actor, id)
  }

  /** Boards `actor` may see in whose title, description or texts each of the words occurs. */
  async search(actor: Actor, words: readonly string[]): Promise<BoardSummary[]> {
    const wanted = words.map((word) => word.trim()).filter(Boolean)
    return wanted.length > 0 ? store.searchBoards(this.#db, wanted, this.#mayManage(actor), FOUND_MOST) : []
  }

  #mayManage(actor: Actor): boolean {
    return this.#access.can(actor, 'manage', 'platform')
  }
}

const unknown = (id: string): Problem =>
  new Problem(404, 'not-found', `There is no board "${id}", or it is not public.`)
