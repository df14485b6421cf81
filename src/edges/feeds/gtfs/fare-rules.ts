import type { NoticeCode } from './notice-codes.ts'
import type { NoticeFacts } from './notices.ts'
import type { TableRow } from './table.ts'
import { decimalsOf } from './values.ts'

const DAY_SECONDS = 86_400

type Note = (code: NoticeCode, row: TableRow, facts?: NoticeFacts) => void

/** Rules over GTFS Fares v2, row by row and over what came before in the file. They only note. */
export class FareRules {
  readonly #note: Note
  readonly #media = new Map<string, TableRow>()
  readonly #defaults = new Set<string>()
  readonly #defaultOf = new Map<string, string>()
  readonly #frames = new Map<string, TableRow[]>()

  constructor(note: Note) {
    this.#note = note
  }

  row(row: TableRow): void {
    if (row.file === 'timeframes.txt') this.#timeframe(row)
    else if (row.file === 'rider_categories.txt') this.#category(row)
    else if (row.file === 'fare_media.txt') this.#medium(row)
    else if (row.file === 'fare_products.txt') this.#product(row)
    else if (row.file === 'fare_leg_join_rules.txt') this.#joined(row)
    else if (row.file === 'fare_transfer_rules.txt') this.#transfer(row)
  }

  #category(row: TableRow): void {
    if (row.num('is_default_fare_category') === 1) this.#defaults.add(row.text('rider_category_id') ?? '')
  }

  #timeframe(row: TableRow): void {
    const times = ['start_time', 'end_time'] as const
    const missing = times.filter((name) => row.num(name) === undefined)
    if (missing.length === 1) this.#note('timeframe_only_start_or_end_time_specified', row)
    for (const fieldName of times)
      if ((row.num(fieldName) ?? 0) > DAY_SECONDS)
        this.#note('timeframe_start_or_end_time_greater_than_twenty_four_hours', row, { fieldName })
    const [start, end] = [row.num('start_time'), row.num('end_time')]
    if (start !== undefined && end !== undefined && end <= start)
      this.#note(end === start ? 'start_and_end_range_equal' : 'start_and_end_range_out_of_order', row, {
        startFieldName: 'start_time',
        endFieldName: 'end_time',
        entityId: row.text('timeframe_group_id') ?? '',
      })
    if (start === undefined || end === undefined) return
    const key = JSON.stringify([row.text('timeframe_group_id'), row.text('service_id')])
    const rows = this.#frames.get(key) ?? []
    rows.push(row)
    this.#frames.set(key, rows)
  }

  #medium(row: TableRow): void {
    const name = row.text('fare_media_name')
    const type = row.num('fare_media_type')
    if (name === undefined && (type === 2 || type === 4))
      this.#note('missing_recommended_field', row, { fieldName: 'fare_media_name' })
    const key = JSON.stringify([name ?? '', type])
    const same = this.#media.get(key)
    if (same)
      this.#note('duplicate_fare_media', row, {
        csvRowNumber1: same.number,
        fareMediaId1: same.text('fare_media_id') ?? '',
        csvRowNumber2: row.number,
        fareMediaId2: row.text('fare_media_id') ?? '',
      })
    else this.#media.set(key, row)
  }

  #product(row: TableRow): void {
    const [amount, currency] = [row.text('amount'), row.text('currency')]
    if (amount !== undefined && currency !== undefined) {
      const decimals = amount.split('.')[1]?.length ?? 0
      if (decimals !== decimalsOf(currency))
        this.#note('invalid_currency_amount', row, { currencyCode: currency, fieldName: 'amount', fieldValue: amount })
    }
    const category = row.text('rider_category_id')
    if (category === undefined || !this.#defaults.has(category)) return
    const product = row.text('fare_product_id') ?? ''
    const before = this.#defaultOf.get(product)
    if (before === undefined) this.#defaultOf.set(product, category)
    else if (before !== category)
      this.#note('fare_product_with_multiple_default_rider_categories', row, {
        fareProductId: product,
        riderCategoryId1: before,
        riderCategoryId2: category,
      })
  }

  #joined(row: TableRow): void {
    const stops = ['from_stop_id', 'to_stop_id'] as const
    const missing = stops.filter((name) => row.text(name) === undefined)
    if (missing.length === 1) this.#note('missing_required_field', row, { fieldName: missing[0]! })
  }

  #transfer(row: TableRow): void {
    const [from, to] = [row.text('from_leg_group_id'), row.text('to_leg_group_id')]
    const count = row.num('transfer_count')
    const isSame = from !== undefined && from === to
    if (isSame && count === undefined) this.#note('fare_transfer_rule_missing_transfer_count', row)
    if (!isSame && count !== undefined)
      this.#note('fare_transfer_rule_with_forbidden_transfer_count', row, { transferCount: count })
    else if (count !== undefined && (count < -1 || count === 0))
      this.#note('fare_transfer_rule_invalid_transfer_count', row, { transferCount: count })
    const [limit, type] = [row.num('duration_limit'), row.num('duration_limit_type')]
    if (limit !== undefined && type === undefined)
      this.#note('fare_transfer_rule_duration_limit_without_type', row, { durationLimit: limit })
    if (limit === undefined && type !== undefined)
      this.#note('fare_transfer_rule_duration_limit_type_without_duration_limit', row, { durationLimitType: type })
  }

  /** After the last row of all files. */
  end(): void {
    const start = (row: TableRow) => row.num('start_time')!
    for (const rows of this.#frames.values()) {
      rows.sort((a, b) => start(a) - start(b) || a.number - b.number)
      for (const [index, row] of rows.entries()) {
        const before = rows[index - 1]
        if (!before || start(row) >= before.num('end_time')!) continue
        this.#note('timeframe_overlap', row, {
          prevCsvRowNumber: before.number,
          currCsvRowNumber: row.number,
          timeframeGroupId: row.text('timeframe_group_id') ?? '',
          serviceId: row.text('service_id') ?? '',
        })
      }
    }
  }
}
