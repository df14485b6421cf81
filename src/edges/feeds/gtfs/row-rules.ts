import type { Ids } from './ids.ts'
import type { NoticeCode } from './notice-codes.ts'
import type { NoticeFacts, Notices } from './notices.ts'
import type { TableRow } from './table.ts'
import type { Places } from './travel.ts'

/** Luma two colours must be apart by to be read on one another (W3C, "Techniques for Accessibility Evaluation"). */
const LEAST_CONTRAST = 72

const luma = (hex: string): number =>
  0.3 * Number.parseInt(hex.slice(0, 2), 16) +
  0.59 * Number.parseInt(hex.slice(2, 4), 16) +
  0.11 * Number.parseInt(hex.slice(4), 16)

/** A stop as later rules need it. */
export interface StopFacts {
  id: string
  name: string
  row: number
  type: number
  /** Number of the stop it belongs to. */
  parent: number | null
  hasLevel: boolean
}

/** What rules look into, and where they say what they found: the state of the reading. */
export interface RuleContext {
  notices: Notices
  agencies: Ids
  levels: Ids
  routes: Ids
  stops: Ids
  trips: Ids
  places: Places
  stopTypes: readonly number[]
  stopFacts: readonly StopFacts[]
  boarded: ReadonlySet<number>
  note(code: NoticeCode, row: TableRow, facts?: NoticeFacts): void
}

/** Rules over a row and what was read before it. They only note: the row is used all the same. */
export class RowRules {
  readonly #state: RuleContext
  readonly #agencyUrls = new Map<string, number>()
  readonly #stopUrls = new Map<string, TableRow[]>()
  #language: string | undefined

  constructor(state: RuleContext) {
    this.#state = state
  }

  agency(row: TableRow): void {
    const url = row.text('agency_url')
    if (url !== undefined) this.#agencyUrls.set(url.toLowerCase(), row.number)
    const language = row.text('agency_lang')?.toLowerCase()
    if (language === undefined) return
    this.#language ??= language
    if (language !== this.#language)
      this.#state.note('inconsistent_agency_lang', row, { expected: this.#language, actual: language })
  }

  stop(row: TableRow): void {
    const url = row.text('stop_url')
    if (url !== undefined) {
      this.#sameAsAgency('same_stop_and_agency_url', row, url)
      const key = url.toLowerCase()
      const rows = this.#stopUrls.get(key)
      if (rows) rows.push(row)
      else this.#stopUrls.set(key, [row])
    }
    if (
      (row.num('location_type') ?? 0) === 0 &&
      row.text('platform_code') !== undefined &&
      row.text('parent_station') === undefined
    )
      this.#state.note('platform_without_parent_station', row, {
        stopId: row.text('stop_id')!,
        stopName: row.text('stop_name') ?? '',
      })
  }

  route(row: TableRow): void {
    const routeId = row.text('route_id')!
    const [color, text] = [row.text('route_color'), row.text('route_text_color')]
    if (color !== undefined && text !== undefined && Math.abs(luma(color) - luma(text)) < LEAST_CONTRAST)
      this.#state.note('route_color_contrast', row, { routeId, routeColor: color, routeTextColor: text })
    const url = row.text('route_url')
    if (url === undefined) return
    this.#sameAsAgency('same_route_and_agency_url', row, url)
    for (const stop of this.#stopUrls.get(url.toLowerCase()) ?? [])
      this.#state.note('same_stop_and_route_url', stop, {
        stopId: stop.text('stop_id')!,
        stopUrl: url,
        routeId,
        routeCsvRowNumber: row.number,
      })
  }

  #sameAsAgency(code: NoticeCode, row: TableRow, url: string): void {
    const agencyCsvRowNumber = this.#agencyUrls.get(url.toLowerCase())
    if (agencyCsvRowNumber !== undefined) this.#state.note(code, row, { url, agencyCsvRowNumber })
  }

  /** Cells of feed_info.txt by name, those that are empty left out. */
  feedInfo(info: Record<string, string>, csvRowNumber: number): void {
    const facts = { filename: 'feed_info.txt', csvRowNumber }
    const { notices } = this.#state
    if ((info.feed_start_date === undefined) !== (info.feed_end_date === undefined))
      notices.add('missing_feed_info_date', {
        ...facts,
        fieldName: info.feed_start_date === undefined ? 'feed_start_date' : 'feed_end_date',
      })
    const feedLang = info.feed_lang?.toLowerCase()
    if (feedLang === undefined || feedLang === 'mul' || this.#language === undefined) return
    if (feedLang.split('-')[0] !== this.#language.split('-')[0])
      notices.add('feed_info_lang_and_agency_lang_mismatch', { ...facts, feedLang, agencyLang: this.#language })
  }

  /** Ends of a transfer: stops and stations, not far from one another. Null where the field is empty. */
  transfer(row: TableRow, from: number | null, to: number | null): void {
    const { places, stopTypes } = this.#state
    for (const [field, stop] of [
      ['from_stop_id', from],
      ['to_stop_id', to],
    ] as const)
      if (stop !== null && stopTypes[stop]! > 1)
        this.#state.note('transfer_with_invalid_stop_location_type', row, {
          stopIdFieldName: field,
          stopId: row.text(field)!,
          locationTypeValue: stopTypes[stop]!,
        })
    if (from === null || to === null || !places.has(from) || !places.has(to)) return
    const km = places.km(from, to)
    if (km <= 2) return
    this.#state.note(km > 10 ? 'transfer_distance_too_large' : 'transfer_distance_above_2_km', row, {
      fromStopId: row.text('from_stop_id')!,
      toStopId: row.text('to_stop_id')!,
      distanceKm: Math.round(km * 1000) / 1000,
    })
  }

  translation(row: TableRow): void {
    const table = row.text('table_name')!
    const ids = this.#idsOf(table)
    if (ids === undefined) {
      this.#state.note('translation_unknown_table_name', row, { tableName: table })
      return
    }
    const unexpected = (fieldName: string) =>
      this.#state.note('translation_unexpected_value', row, { fieldName, fieldValue: row.text(fieldName)! })
    const record = row.text('record_id')
    if (table === 'feed_info' || row.text('field_value') !== undefined) {
      for (const field of ['record_id', 'record_sub_id']) if (row.text(field) !== undefined) unexpected(field)
      if (table === 'feed_info' && row.text('field_value') !== undefined) unexpected('field_value')
    } else if (record !== undefined && ids !== null && !ids.absent && !ids.has(record))
      this.#state.note('translation_foreign_key_violation', row, { tableName: table, recordId: record })
  }

  /** undefined: no table that can be translated · null: one whose ids are not looked at here. */
  #idsOf(table: string) {
    const { agencies, levels, routes, stops, trips } = this.#state
    const known: Record<string, typeof stops | null> = { agency: agencies, levels, routes, stops, trips }
    if (table in known) return known[table]
    return ['attributions', 'feed_info', 'pathways', 'stop_times'].includes(table) ? null : undefined
  }
}
