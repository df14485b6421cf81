import { randomInt } from 'node:crypto'
import Value from 'typebox/value'
import { Problem } from '../../kernel/problem.ts'
import { BoardInput, type BoardItem, ITEMS, MAX_ITEMS, MAX_SERIES_OF_BOARD, type ShownItem } from './model.ts'

const ID_LENGTH = 10
/** Without what is easily misread on a sheet of paper: 0 and o, 1, i and l. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789'

/** A short id nobody guesses: who has the link has it from somebody. */
export const randomId = (): string =>
  Array.from({ length: ID_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')

/** Control characters have no business in a text people read; line breaks and tabs have. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g
const clean = (text: string): string => text.replace(/\r\n?/g, '\n').replace(CONTROL, '').trim()

/**
 * Checks what somebody wants on a board and answers it tidied. Throws Problem 400 `invalid-board` that says which item
 * and why; the text of each item stays text, whatever it looks like.
 */
export function readBoard(given: unknown): Required<BoardInput> {
  const wrong = (why: string): Problem => new Problem(400, 'invalid-board', why)
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw wrong('A board is a JSON object.')
  const { items = [], ...rest } = given as Record<string, unknown>
  const [error] = Value.Errors(BoardInput, { ...rest, items: [] })
  if (error) throw wrong(`The board has a wrong value at "${at(error.instancePath)}": ${error.message}.`)
  if (!Array.isArray(items)) throw wrong('"items" must be a list.')
  if (items.length > MAX_ITEMS) throw wrong(`A board holds at most ${MAX_ITEMS} items, not ${items.length}.`)
  const checked = items.map((item, i) => readItem(item, i, wrong))
  const named = checked.reduce((sum, item) => sum + seriesOf(item).length, 0)
  if (named > MAX_SERIES_OF_BOARD)
    throw wrong(`A board names at most ${MAX_SERIES_OF_BOARD} series, not ${named}: split it into two.`)
  const { title, description = '', visibility = 'draft' } = rest as BoardInput
  const heading = clean(title)
  if (heading === '') throw wrong('A board needs a title.')
  return { title: heading, description: clean(description), items: checked, visibility }
}

function readItem(item: unknown, i: number, wrong: (why: string) => Problem): BoardItem {
  const kind = (item as { kind?: unknown } | null)?.kind
  if (typeof kind !== 'string' || !Object.hasOwn(ITEMS, kind)) {
    throw wrong(`items[${i}] needs a "kind": one of ${Object.keys(ITEMS).join(', ')}.`)
  }
  const [error] = Value.Errors(ITEMS[kind as BoardItem['kind']], item)
  if (error) throw wrong(`items[${i}] (${kind}) has a wrong value at "${at(error.instancePath)}": ${error.message}.`)
  const known = { ...(item as BoardItem) }
  if (known.title !== undefined) known.title = clean(known.title)
  if (known.kind === 'text') known.text = clean(known.text)
  if (known.kind === 'figure' && (known.series === undefined) === (known.group === undefined))
    throw wrong(`items[${i}] (figure) names either "series" or "group".`)
  return known
}

const at = (path: string): string => path.slice(1).replaceAll('/', '.') || 'top'

/** Ids of the datastreams an item names. */
export function seriesOf(item: BoardItem): number[] {
  if (item.kind === 'chart') return item.series
  return item.kind === 'figure' && item.series !== undefined ? [item.series] : []
}

/**
 * What somebody may see of a board who is not of the administration: an item that speaks of a dataset or a group they
 * may not know of keeps its place, not what it names.
 */
export function hide(
  items: readonly BoardItem[],
  known: { dataset: (id: string) => boolean; group: (key: string) => boolean },
): ShownItem[] {
  return items.map((item) => {
    if (item.kind === 'text' || item.kind === 'chart') return item
    const dataset = item.kind === 'figure' ? undefined : item.dataset
    const { group } = item
    if ((dataset === undefined || known.dataset(dataset)) && (group === undefined || known.group(group))) return item
    const { kind, title, width, height } = item
    return { kind, ...(title !== undefined && { title }), width, height, hidden: true }
  })
}

/** Whether one of the items names a group of stations. */
export const namesGroup = (items: readonly BoardItem[]): boolean =>
  items.some((item) => item.kind !== 'text' && item.kind !== 'chart' && item.group !== undefined)
