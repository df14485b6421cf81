import type { RuleContext, StopFacts } from './row-rules.ts'
import type { TableRow } from './table.ts'

const ELEVATOR = 5
const ENTRANCE = 2

/** What only all the pathways together say. */
export class PathwayRules {
  readonly #state: RuleContext
  /** Who is next to a generic node, by its number: one neighbour leads nowhere. */
  readonly #nodes = new Map<number, { row: TableRow; id: string; neighbours: Set<number> }>()

  /** Where pathways lead from a stop, and from where to it. */
  readonly #onward = new Map<number, Set<number>>()
  readonly #back = new Map<number, Set<number>>()
  readonly #lifted = new Set<number>()

  constructor(state: RuleContext) {
    this.#state = state
  }

  /** A pathway from stop to stop. */
  take(row: TableRow, from: number, to: number): void {
    const { stopTypes } = this.#state
    const pathwayId = row.text('pathway_id')!
    if (from === to) this.#state.note('pathway_loop', row, { pathwayId, stopId: row.text('from_stop_id')! })
    if (row.num('pathway_mode') === 7 && row.num('is_bidirectional') === 1)
      this.#state.note('bidirectional_exit_gate', row, { pathwayMode: 7, isBidirectional: 1 })
    const isBoth = row.num('is_bidirectional') === 1
    for (const [a, b] of isBoth
      ? ([
          [from, to],
          [to, from],
        ] as const)
      : ([[from, to]] as const)) {
      neighboursOf(this.#onward, a).add(b)
      neighboursOf(this.#back, b).add(a)
    }
    for (const [field, stop, other] of [
      ['from_stop_id', from, to],
      ['to_stop_id', to, from],
    ] as const) {
      const stopId = row.text(field)!
      if (stopTypes[stop] === 1)
        this.#state.note('pathway_to_wrong_location_type', row, { pathwayId, fieldName: field, stopId })
      if (this.#state.boarded.has(stop))
        this.#state.note('pathway_to_platform_with_boarding_areas', row, { pathwayId, fieldName: field, stopId })
      if (row.num('pathway_mode') === ELEVATOR) this.#lifted.add(stop)
      if (stopTypes[stop] !== 3) continue
      const node = this.#nodes.get(stop) ?? { row, id: stopId, neighbours: new Set<number>() }
      node.neighbours.add(other)
      this.#nodes.set(stop, node)
    }
  }

  end(): void {
    for (const { row, id, neighbours } of this.#nodes.values())
      if (neighbours.size === 1) this.#state.note('pathway_dangling_generic_node', row, { stopId: id })
    const { notices, stopFacts } = this.#state
    const facts = (stop: number) => {
      const { id, name, row } = stopFacts[stop]!
      return { filename: 'stops.txt', csvRowNumber: row, stopId: id, stopName: name }
    }
    for (const stop of this.#lifted) if (!stopFacts[stop]?.hasLevel) notices.add('missing_level_id', facts(stop))
    const stations = new Set<number>()
    for (const stop of [...this.#onward.keys(), ...this.#back.keys()]) {
      const station = this.#stationOf(stop)
      if (station !== undefined) stations.add(station)
    }
    if (stations.size === 0) return
    const entrances = [...stopFacts.keys()].filter((stop) => stopFacts[stop]?.type === ENTRANCE)
    const reached = walk(entrances, this.#onward)
    const leaving = walk(entrances, this.#back)
    for (const stop of stopFacts.keys()) {
      if (!this.#isWalkedTo(stop) || !stations.has(this.#stationOf(stop) ?? -1)) continue
      const [hasEntrance, hasExit] = [reached.has(stop), leaving.has(stop)]
      if (hasEntrance && hasExit) continue
      notices.add('pathway_unreachable_location', {
        ...facts(stop),
        locationType: stopFacts[stop]!.type,
        hasEntrance: String(hasEntrance),
        hasExit: String(hasExit),
      })
    }
  }

  /** Nodes, boarding areas, and platforms without such. */
  #isWalkedTo(stop: number): boolean {
    const type = this.#state.stopFacts[stop]?.type
    return type === 3 || type === 4 || (type === 0 && !this.#state.boarded.has(stop))
  }

  /** The station a stop lies in, itself where it is one. */
  #stationOf(stop: number): number | undefined {
    const { stopFacts } = this.#state
    let at: number | null = stop
    for (let steps = 0; at !== null && steps < 3; steps++) {
      const facts: StopFacts | undefined = stopFacts[at]
      if (!facts) return undefined
      if (facts.type === 1) return at
      at = facts.parent
    }
    return undefined
  }
}

function neighboursOf(graph: Map<number, Set<number>>, stop: number): Set<number> {
  let neighbours = graph.get(stop)
  if (!neighbours) {
    neighbours = new Set()
    graph.set(stop, neighbours)
  }
  return neighbours
}

/** Everything that can be reached. */
function walk(from: readonly number[], graph: ReadonlyMap<number, ReadonlySet<number>>): Set<number> {
  const seen = new Set(from)
  // A set grows while it is walked through.
  for (const stop of seen) for (const next of graph.get(stop) ?? []) seen.add(next)
  return seen
}
