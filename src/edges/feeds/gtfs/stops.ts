import type { ReadingState } from './state.ts'
import type { TableRow } from './table.ts'
import type { FileReader } from './tables.ts'

/** Stops refer to one another: a parent may be named before its row comes, and gets its number then. */
export class Stops implements FileReader {
  readonly table = 'gtfs_stop'
  readonly modelled = [
    'stop_id',
    'stop_code',
    'stop_name',
    'stop_desc',
    'stop_lat',
    'stop_lon',
    'zone_id',
    'stop_url',
    'location_type',
    'parent_station',
    'stop_timezone',
    'wheelchair_boarding',
    'level_id',
    'platform_code',
  ]
  /** location_type by number. */
  readonly types: number[]
  /** Numbers others name as parent, though no usable row describes them. */
  readonly withoutRow: number[] = []
  readonly #state: ReadingState
  readonly #parents = new Set<number>()
  readonly #promised = new Map<string, number>()
  readonly #children: { row: number; type: number; parentId: string; parent: number; stopId: string }[] = []

  constructor(state: ReadingState) {
    this.#state = state
    this.types = state.stopTypes
  }

  row(row: TableRow) {
    const state = this.#state
    const id = row.text('stop_id')
    if (!row.good || id === undefined) {
      if (id !== undefined) state.stops.addUnusable(id)
      return state.rejectRow(row)
    }
    if (!state.unique(row, state.stops, 'stop_id')) return state.rejectRow(row)
    const promised = this.#promised.get(id)
    if (promised !== undefined) state.stops.place(id, promised)
    const stop = promised ?? state.stops.add(id)
    const type = row.num('location_type') ?? 0
    const name = row.text('stop_name')
    this.types[stop] = type
    const zone = row.text('zone_id')
    state.stopFacts[stop] = {
      id,
      name: name ?? '',
      row: row.number,
      type,
      parent: null,
      hasLevel: row.text('level_id') !== undefined,
    }
    if (zone !== undefined) state.references.add('stops.txt', 'zone_id', zone)
    state.flexRules.geography(id, 'stops.txt', row)
    const description = row.text('stop_desc')
    const stopId = id
    if (name === undefined && type < 3) state.note('missing_stop_name', row, { stopId, locationType: type })
    if (name !== undefined && name === description)
      state.note('same_name_and_description_for_stop', row, { stopId, stopDesc: description })
    const lat = row.num('stop_lat')
    const lon = row.num('stop_lon')
    state.rules.stop(row)
    const placed = lat !== undefined && lon !== undefined
    if (placed) state.places.set(stop, lon, lat)
    if (!placed && type < 3) state.note('stop_without_location', row, { stopId, locationType: type })
    if (placed && Math.abs(lat) <= 1 && Math.abs(lon) <= 1)
      state.note('point_near_origin', row, { latFieldValue: lat, lonFieldValue: lon })
    if (placed && Math.abs(lat) >= 89) state.note('point_near_pole', row, { latFieldValue: lat, lonFieldValue: lon })
    return {
      stop,
      stop_id: id,
      code: row.text('stop_code'),
      name,
      description,
      geom: placed ? [lon, lat] : null,
      zone_id: zone,
      url: row.text('stop_url'),
      location_type: type,
      parent: this.#parent(row, stopId, type),
      timezone: row.text('stop_timezone'),
      wheelchair: row.num('wheelchair_boarding'),
      level: state.refer(row, 'level_id', 'levels.txt', 'level_id', state.levels),
      platform_code: row.text('platform_code'),
    }
  }

  #parent(row: TableRow, stopId: string, type: number): number | null {
    const parentId = row.text('parent_station')
    if (parentId === undefined) {
      if (type > 1) this.#state.note('location_without_parent_station', row, { stopId, locationType: type })
      return null
    }
    if (type === 1) {
      this.#state.note('station_with_parent_station', row, { stopId, parentStation: parentId })
      return null
    }
    let parent = this.#state.stops.of(parentId)
    if (parent === undefined || parent < 0) {
      parent = this.#promised.get(parentId) ?? this.#state.stops.reserve()
      this.#promised.set(parentId, parent)
    }
    this.#children.push({ row: row.number, type, parentId, parent, stopId })
    return parent
  }

  end(): void {
    const { notices, stops, places } = this.#state
    const missing = new Set<number>()
    for (const { row, type, parentId, parent, stopId } of this.#children) {
      if (this.types[parent] === undefined) {
        missing.add(parent)
        if (!stops.has(parentId))
          notices.add('foreign_key_violation', {
            childFilename: 'stops.txt',
            childFieldName: 'parent_station',
            parentFilename: 'stops.txt',
            parentFieldName: 'stop_id',
            fieldValue: parentId,
            csvRowNumber: row,
          })
        continue
      }
      if (type === 0) this.#parents.add(parent)
      const facts = this.#state.stopFacts[stops.of(stopId) ?? -1]
      if (facts) facts.parent = parent
      if (type === 4) this.#state.boarded.add(parent)
      const stop = stops.of(stopId)
      if (stop !== undefined && stop >= 0 && !places.has(stop) && places.has(parent)) places.copy(stop, parent)
      const wanted = type === 4 ? 0 : 1
      if (this.types[parent] !== wanted)
        notices.add('wrong_parent_location_type', {
          filename: 'stops.txt',
          csvRowNumber: row,
          stopId,
          locationType: type,
          parentStation: parentId,
          parentLocationType: this.types[parent]!,
          expectedLocationType: wanted,
        })
    }
    this.withoutRow.push(...missing)
  }

  /** Id and name by number. */
  named(stop: number): { id: string; name: string } {
    return this.#state.stopFacts[stop]!
  }

  /** After everything that refers to stops: which nobody needs. */
  unused(): void {
    const { notices, stops, stopFacts } = this.#state
    for (const [stop, known] of stopFacts.entries()) {
      if (!known) continue
      const facts = { filename: 'stops.txt', csvRowNumber: known.row, stopId: known.id, stopName: known.name }
      if (this.types[stop] === 0 && !stops.isUsed(stop)) notices.add('stop_without_stop_time', facts)
      else if (this.types[stop] === 1 && !this.#parents.has(stop)) notices.add('unused_station', facts)
    }
  }
}
