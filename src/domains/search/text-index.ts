import { fit, wordsOf } from './text.ts'

/** How much a field counts, from 0 to 1. */
export interface Field {
  text: string
  weight: number
}

export interface Found<E> {
  entry: E
  score: number
}

/** Bonus for a hit in which the words asked for are all there is: "Hafen" before "Hafen Nord". */
const EXACT = 0.05
const LONGEST_FIELD = 2_000

/**
 * Words to what they occur in. Each word asked for must fit somewhere; an entry's score is the mean of its best fits. The
 * different words of a city are some ten thousand, so all of them are looked at: no tree, no trigrams.
 */
export class TextIndex<E> {
  readonly #entries: E[] = []
  readonly #words: number[] = []
  /** By form of a word: pairs of entry and weight. */
  readonly #vocabulary = new Map<string, number[]>()

  get size(): number {
    return this.#entries.length
  }

  add(entry: E, fields: readonly Field[]): void {
    const number = this.#entries.push(entry) - 1
    const weights = new Map<string, number>()
    for (const { text, weight } of fields) {
      for (const { forms } of wordsOf(text.slice(0, LONGEST_FIELD)))
        for (const form of forms) weights.set(form.text, Math.max(weights.get(form.text) ?? 0, weight))
    }
    this.#words.push(wordsOf(fields[0]?.text ?? '').length)
    for (const [form, weight] of weights) {
      const postings = this.#vocabulary.get(form)
      if (postings) postings.push(number, weight)
      else this.#vocabulary.set(form, [number, weight])
    }
  }

  /** `asked`: for each word its forms. */
  search(asked: readonly (readonly string[])[]): Found<E>[] {
    let scores: Map<number, number> | null = null
    for (const forms of asked) {
      const mine = this.#fits(forms)
      if (scores === null) scores = mine
      else {
        const both = new Map<number, number>()
        for (const [number, score] of scores) {
          const more = mine.get(number)
          if (more !== undefined) both.set(number, score + more)
        }
        scores = both
      }
    }
    return [...(scores ?? [])].map(([number, sum]) => {
      const score = sum / asked.length
      const exact = this.#words[number] === asked.length ? EXACT * score : 0
      return { entry: this.#entries[number]!, score: score + exact }
    })
  }

  #fits(forms: readonly string[]): Map<number, number> {
    const best = new Map<number, number>()
    for (const [word, postings] of this.#vocabulary) {
      let quality = 0
      for (const form of forms) quality = Math.max(quality, fit(form, word).quality)
      if (quality === 0) continue
      for (let i = 0; i < postings.length; i += 2) {
        const score = quality * postings[i + 1]!
        if (score > (best.get(postings[i]!) ?? 0)) best.set(postings[i]!, score)
      }
    }
    return best
  }
}
