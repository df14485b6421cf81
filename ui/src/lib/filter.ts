const GERMAN: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' }

/** A text as it may be typed: without accents, umlauts as one letter and as two. */
function forms(text: string): [short: string, long: string] {
  const lower = text.normalize('NFC').toLowerCase()
  const bare = (one: string): string => one.normalize('NFD').replace(/\p{M}/gu, '')
  return [bare(lower.replaceAll('ß', 'ss')), bare(lower.replace(/[äöüß]/g, (letter) => GERMAN[letter]!))]
}

/** Whether every word of `query` occurs in one of the texts, however its umlauts and accents are written. */
export function matches(query: string, texts: readonly string[]): boolean {
  const all = texts.map(forms)
  return query
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => {
      const [short, long] = forms(word)
      return all.some(([a, b]) => a.includes(short) || b.includes(long) || b.includes(short))
    })
}
