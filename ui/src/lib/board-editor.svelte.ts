import { Failure, send } from './api.ts'
import type { BoardData } from './board-data.svelte.ts'
import { type Board, type BoardItem, COLUMNS, MAX_HEIGHT } from './boards.ts'

/** Typing and dragging come in bursts: one save for each. */
const SETTLE = 800

export type Saving = 'saved' | 'waiting' | 'saving' | 'failed' | 'conflict'

/** Changes a board and saves by itself: what one sees is what is stored, a moment later. */
export class BoardEditor {
  readonly data: BoardData
  title = $state('')
  description = $state('')
  visibility = $state<Board['visibility']>('draft')
  state = $state<Saving>('saved')
  /** Why the last save failed. */
  failure = $state<Failure | null>(null)
  /** What was just moved where, for a live region. */
  news = $state('')
  #version = 0
  /** Counts how often editing began. */
  #visit = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #saving: Promise<void> | null = null

  constructor(data: BoardData) {
    this.data = data
  }

  begin(board: Board): void {
    this.#visit++
    this.data.editing = true
    this.title = board.title
    this.description = board.description
    this.visibility = board.visibility
    this.#version = board.version
    this.data.items = board.items
    this.state = 'saved'
  }

  /** Saves what is left and hands the board back, unless something could not be saved. */
  async end(): Promise<void> {
    const visit = this.#visit
    await this.flush()
    // Begun again meanwhile: that visit ends by itself.
    if (this.state === 'saved' && visit === this.#visit) this.data.editing = false
  }

  get pending(): boolean {
    return this.state !== 'saved'
  }

  changed(): void {
    if (this.state === 'conflict') return
    this.state = 'waiting'
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.flush(), SETTLE)
  }

  /** Saves now what waits. `leaving`: the page may be gone before the answer comes. */
  async flush(leaving = false): Promise<void> {
    clearTimeout(this.#timer)
    await this.#saving
    if (this.state !== 'waiting' && this.state !== 'failed') return
    this.#saving = this.#save(leaving).finally(() => {
      this.#saving = null
    })
    await this.#saving
  }

  async #save(keepalive: boolean): Promise<void> {
    if (this.title.trim() === '') {
      this.state = 'failed'
      this.failure = null
      return
    }
    this.state = 'saving'
    const { title, description, visibility } = this
    try {
      const body = { title, description, visibility, items: this.data.items }
      const path = `/api/v1/boards/${this.data.id}`
      const board = await send<Board>('PUT', path, body, { ifMatch: this.#version, keepalive })
      this.#version = board.version
      this.data.board = board
      this.failure = null
      // Changed again while it was under way: that is saved next.
      if (this.state === 'saving') this.state = 'saved'
    } catch (error) {
      this.failure = error instanceof Failure ? error : new Failure('server', String(error))
      this.state = this.failure.problem.code === 'changed-meanwhile' ? 'conflict' : 'failed'
    }
  }

  insert(item: BoardItem, at = this.data.items.length): void {
    this.data.items = this.data.items.toSpliced(at, 0, item)
    this.changed()
  }

  replace(at: number, item: BoardItem): void {
    this.data.items = this.data.items.with(at, item)
    this.changed()
  }

  remove(at: number): BoardItem {
    const item = this.data.items[at]!
    this.data.items = this.data.items.toSpliced(at, 1)
    this.changed()
    return item
  }

  duplicate(at: number): void {
    this.insert({ ...this.data.items[at]! }, at + 1)
  }

  /** Moves an item; answers where it stands then. */
  move(from: number, to: number): number {
    const target = Math.max(0, Math.min(this.data.items.length - 1, to))
    if (target === from) return from
    const items = [...this.data.items]
    const [item] = items.splice(from, 1)
    items.splice(target, 0, item!)
    this.data.items = items
    this.changed()
    return target
  }

  resize(at: number, by: { width?: number; height?: number }): void {
    const item = this.data.items[at]!
    const within = (value: number, most: number): number => Math.max(1, Math.min(most, value))
    const width = within(item.width + (by.width ?? 0), COLUMNS)
    const height = within(item.height + (by.height ?? 0), MAX_HEIGHT)
    if (width !== item.width || height !== item.height) this.replace(at, { ...item, width, height })
  }
}
