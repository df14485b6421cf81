import type { Channel, Station } from './api.ts'

/** As many lines as one can tell apart. */
export const MOST_LINES = 5

/** What the page shows unasked: the total where there is one, else the parts of the same kind, else the first series. */
function defaultChannels(station: Station): number[] {
  const numeric = station.datastreams
  const first = station.headline?.datastreams ?? []
  if (first.length > 0) return first.slice(0, MOST_LINES)
  return numeric.slice(0, 1).map((d) => d.id)
}

/** The channels an address asks for, as far as the station has them. */
export function chosenChannels(station: Station, asked: number[] | null): Channel[] {
  const known = new Map(station.datastreams.map((d) => [d.id, d]))
  const ids = asked?.filter((id) => known.has(id)) ?? []
  return (ids.length > 0 ? ids : defaultChannels(station)).map((id) => known.get(id)!)
}

/**
 * One of five colours per channel: by its place among those of its unit, so that choosing another one recolours
 * nothing that is already shown.
 */
export function colorsOf(station: Station, shown: Channel[]): Map<number, number> {
  const colors = new Map<number, number>()
  for (const unit of new Set(shown.map((d) => unitKey(d)))) {
    const all = station.datastreams.filter((d) => unitKey(d) === unit)
    const taken = new Set<number>()
    for (const d of shown.filter((d) => unitKey(d) === unit)) {
      let color = (all.indexOf(d) % MOST_LINES) + 1
      while (taken.has(color)) color = (color % MOST_LINES) + 1
      taken.add(color)
      colors.set(d.id, color)
    }
  }
  return colors
}

/** Channels of one key may share a chart: the same unit and the same way of adding up. */
export const unitKey = (d: Channel): string => `${d.aggregate}|${d.aggregate === 'sum' ? '' : d.unit.symbol}`

/**
 * Names without the words all of them begin with: beside each other "Fahrräder gesamt" and "Fahrräder stadteinwärts"
 * read better as "Gesamt" and "Stadteinwärts".
 */
export function shortNames(channels: Channel[]): Map<number, string> {
  const words = channels.map((d) => d.name.split(' '))
  let shared = 0
  if (channels.length > 1) {
    while (words.every((w) => w.length > shared + 1 && w[shared] === words[0]![shared])) shared++
  }
  return new Map(
    channels.map((d, i) => {
      const text = words[i]!.slice(shared).join(' ')
      return [d.id, shared > 0 ? text.charAt(0).toLocaleUpperCase() + text.slice(1) : text]
    }),
  )
}
