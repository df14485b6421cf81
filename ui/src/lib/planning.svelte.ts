import { Failure, get } from './api.ts'

/** A mode in a month and a district, as `/api/v1/mobility/planning/modes` tells it. */
export interface ModeMonth {
  district: string | null
  month: string
  mode: string
  of: 'sum' | 'mean'
  value: number
  series: number
}

/** The last months of all modes, one after the other, the newest first: a large city takes seconds for each. */
export class MonthByMonth {
  rows = $state.raw<ModeMonth[]>([])
  failure = $state.raw<Failure | null>(null)
  /** Months that are there. */
  done = $state(0)
  readonly months: readonly string[]

  /** `today`: `YYYY-MM-DD` where the city is. */
  constructor(today: string, count = 12) {
    const [year, month] = today.split('-').map(Number) as [number, number]
    this.months = Array.from({ length: count }, (_, i) =>
      new Date(Date.UTC(year, month - 1 - i, 1)).toISOString().slice(0, 7),
    )
  }

  get ended(): boolean {
    return this.done === this.months.length
  }

  /** Goes on where it stopped. */
  load = async (): Promise<void> => {
    this.failure = null
    try {
      while (!this.ended) {
        const month = this.months[this.done]!
        const { rows } = await get<{ rows: ModeMonth[] }>(`/api/v1/mobility/planning/modes?month=${month}`)
        this.rows = [...this.rows, ...rows]
        this.done++
      }
    } catch (error) {
      this.failure = error instanceof Failure ? error : new Failure('server', String(error))
    }
  }
}
