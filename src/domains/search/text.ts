/** A word of a text, in the forms people may write it: `Münster` is found as muenster and as munster. */
export interface Word {
  start: number
  end: number
  forms: Form[]
}

interface Form {
  text: string
  /** For each letter of the form, where the letter it was made of stands in the original word. */
  from: number[]
}

const GERMAN: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', æ: 'ae', ø: 'oe', œ: 'oe', å: 'aa' }
const BARE: Record<string, string> = { ß: 'ss', æ: 'ae', ø: 'o', œ: 'oe', å: 'a' }
const LONGEST_WORD = 60

/** The words of a text, each with its forms. Letters and digits count, everything else parts words. */
export function wordsOf(text: string): Word[] {
  return [...text.normalize('NFC').matchAll(/[\p{L}\p{N}]+/gu)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    forms: formsOf(match[0].slice(0, LONGEST_WORD)),
  }))
}

function formsOf(word: string): Form[] {
  const german = formOf(word, GERMAN)
  const bare = formOf(word, BARE)
  return german.text === bare.text ? [german] : [german, bare]
}

function formOf(word: string, replaced: Record<string, string>): Form {
  let text = ''
  const from: number[] = []
  for (let i = 0; i < word.length; i++) {
    const letter = word[i]!.toLowerCase()
    const written = replaced[letter] ?? letter.normalize('NFD').replace(/\p{M}/gu, '')
    text += written
    for (const _ of written) from.push(i)
  }
  return { text, from }
}

/** How well a word that was asked for fits one that stands there, and which of its letters do. */
export interface Fit {
  /** 1 = the same word; 0 = does not fit. */
  quality: number
  from: number
  to: number
}

const NONE: Fit = { quality: 0, from: 0, to: 0 }
/** Shorter words may not be found inside others: "in" is in every second word. */
const SHORTEST_INSIDE = 3
/** Shorter words allow no slip: too many others are one letter away. */
const SHORTEST_SLIP = 4
const TWO_SLIPS = 8

/** The same word, its beginning, a part of it (German puts words together), or any of these with a slip of the finger. */
export function fit(asked: string, there: string): Fit {
  if (asked === there) return { quality: 1, from: 0, to: there.length }
  const share = asked.length / there.length
  if (there.startsWith(asked)) return { quality: 0.8 + 0.15 * share, from: 0, to: asked.length }
  if (asked.length >= SHORTEST_INSIDE && share < 1) {
    const at = there.indexOf(asked)
    if (at > 0) return { quality: 0.6 + 0.15 * share, from: at, to: at + asked.length }
  }
  if (asked.length < SHORTEST_SLIP || there.length < asked.length - 2 || /^\d+$/.test(asked)) return NONE
  // A slip at the very first letter is rare, unless the first two were swapped.
  if (asked[0] !== there[0] && asked[0] !== there[1]) return NONE
  const allowed = asked.length >= TWO_SLIPS ? 2 : 1
  const beginning = there.slice(0, asked.length + allowed)
  const { slips, length } = slipsAtStart(asked, beginning, allowed)
  if (slips > allowed) return NONE
  const whole = length === there.length
  return { quality: (whole ? 0.55 : 0.45) - 0.1 * (slips - 1), from: 0, to: length }
}

/**
 * The fewest slips (a letter wrong, missing, too many, or two swapped) that lead from `asked` to a beginning of `there`,
 * and the length of that beginning; the longest of the best.
 */
function slipsAtStart(asked: string, there: string, allowed: number): { slips: number; length: number } {
  let before: number[] = []
  let last = Array.from({ length: there.length + 1 }, (_, i) => i)
  for (let i = 1; i <= asked.length; i++) {
    const row = [i]
    let least = i
    for (let j = 1; j <= there.length; j++) {
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (asked[i - 1] === there[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && asked[i - 1] === there[j - 2] && asked[i - 2] === there[j - 1])
        cost = Math.min(cost, before[j - 2]! + 1)
      row.push(cost)
      least = Math.min(least, cost)
    }
    if (least > allowed) return { slips: least, length: 0 }
    before = last
    last = row
  }
  const slips = Math.min(...last)
  return { slips, length: last.lastIndexOf(slips) }
}

/** Where the words that were asked for stand in a text: ranges of its letters, in order, none overlapping. */
export function marksIn(text: string, asked: readonly (readonly string[])[]): [number, number][] {
  const marks: [number, number][] = []
  for (const { start, forms } of wordsOf(text)) {
    let best = NONE
    let form = forms[0]!
    for (const one of forms) {
      for (const wanted of asked.flat()) {
        const found = fit(wanted, one.text)
        if (found.quality > best.quality) {
          best = found
          form = one
        }
      }
    }
    if (best.quality === 0) continue
    // A letter of which half fits (the first s of ß) is marked.
    marks.push([start + form.from[best.from]!, start + form.from[best.to - 1]! + 1])
  }
  return marks
}
