const DAY = 86_400_000

/** How a day runs: Monday to Thursday, Friday, Saturday, Sunday and public holidays. */
export type DayKind = 'workday' | 'friday' | 'saturday' | 'sunday'

export interface DayInfo {
  kind: DayKind
  /** Of the day before: its evening reaches past midnight. */
  eve: DayKind
  /** German name of a public holiday. */
  holiday: string | null
  /** A single working day between a holiday and the weekend: many take it off. */
  bridge: boolean
  school: boolean
  summerHolidays: boolean
  /** Universities teach. */
  lectures: boolean
  /** The weekly market: Wednesday and Saturday, not on holidays. */
  market: boolean
  christmasMarket: boolean
  /** The four weeks of shopping before Christmas. */
  advent: boolean
  /** 24 and 31 December: shops close at 14:00. */
  half: boolean
  /** Between the years, 27 to 30 December: many firms are closed. */
  quiet: boolean
}

const dayNumber = (year: number, month: number, day: number): number => Date.UTC(year, month - 1, day) / DAY

/** ISO weekday, 1 Monday to 7 Sunday, of a day since 1970-01-01 (a Thursday). */
export const weekdayOf = (day: number): number => ((((day + 3) % 7) + 7) % 7) + 1

/** Easter Sunday in the Gregorian calendar, as days since 1970-01-01 (the anonymous computus of 1876). */
export function easter(year: number): number {
  const a = year % 19
  const b = Math.floor(year / 100)
  const c = year % 100
  const d = Math.floor((8 * b + 13) / 25)
  const e = (19 * a + b - Math.floor(b / 4) - d + 15) % 30
  const f = (32 + 2 * (b % 4) + 2 * Math.floor(c / 4) - e - (c % 4)) % 7
  const g = Math.floor((a + 11 * e + 22 * f) / 451)
  const month = Math.floor((e + f - 7 * g + 114) / 31)
  return dayNumber(year, month, ((e + f - 7 * g + 114) % 31) + 1)
}

/**
 * The official key of the made-up city: that of the Land its coordinates lie in (Thuringia), since a municipality's
 * would be somebody's. Charts name the holidays of the Land by it.
 */
export const LAND_KEY = '16'

/** Public holidays of Thuringia by day: those of all of Germany, Children's Day and Reformation Day. */
export function holidays(year: number): Map<number, string> {
  const sunday = easter(year)
  return new Map([
    [dayNumber(year, 1, 1), 'Neujahr'],
    [sunday - 2, 'Karfreitag'],
    [sunday, 'Ostersonntag'],
    [sunday + 1, 'Ostermontag'],
    [dayNumber(year, 5, 1), 'Tag der Arbeit'],
    [sunday + 39, 'Christi Himmelfahrt'],
    [sunday + 49, 'Pfingstsonntag'],
    [sunday + 50, 'Pfingstmontag'],
    [dayNumber(year, 9, 20), 'Weltkindertag'],
    [dayNumber(year, 10, 3), 'Tag der Deutschen Einheit'],
    [dayNumber(year, 10, 31), 'Reformationstag'],
    [dayNumber(year, 12, 25), '1. Weihnachtstag'],
    [dayNumber(year, 12, 26), '2. Weihnachtstag'],
  ])
}

/** What is special about each day in the example city. School holidays follow the usual German pattern. */
export class Calendar {
  readonly #days = new Map<number, DayInfo>()
  readonly #holidays = new Map<number, Map<number, string>>()

  day(day: number): DayInfo {
    let info = this.#days.get(day)
    if (!info) {
      info = this.#make(day)
      this.#days.set(day, info)
    }
    return info
  }

  #holiday(day: number): string | null {
    const year = new Date(day * DAY).getUTCFullYear()
    let found = this.#holidays.get(year)
    if (!found) {
      found = holidays(year)
      this.#holidays.set(year, found)
    }
    return found.get(day) ?? null
  }

  #kind(day: number): DayKind {
    const weekday = weekdayOf(day)
    if (weekday === 7 || this.#holiday(day) !== null) return 'sunday'
    return weekday === 6 ? 'saturday' : weekday === 5 ? 'friday' : 'workday'
  }

  #make(day: number): DayInfo {
    const date = new Date(day * DAY)
    const year = date.getUTCFullYear()
    const on = (month: number, first: number, lastMonth: number, last: number) =>
      day >= dayNumber(year, month, first) && day <= dayNumber(year, lastMonth, last)
    const weekday = weekdayOf(day)
    const holiday = this.#holiday(day)
    const free = holiday !== null || weekday === 7
    const summerStart = nextMonday(dayNumber(year, 7, 1))
    const summerHolidays = day >= summerStart && day < summerStart + 42
    const sunday = easter(year)
    const autumnStart = nextMonday(dayNumber(year, 10, 5))
    const christmas = on(12, 22, 12, 31) || on(1, 1, 1, 3)
    const fourthAdvent = dayNumber(year, 12, 24) - (weekdayOf(dayNumber(year, 12, 24)) % 7)
    const openingMonday = fourthAdvent - 27
    return {
      kind: this.#kind(day),
      eve: this.#kind(day - 1),
      holiday,
      bridge:
        !free &&
        ((weekday === 5 && this.#holiday(day - 1) !== null) || (weekday === 1 && this.#holiday(day + 1) !== null)),
      school:
        !free &&
        weekday < 6 &&
        !summerHolidays &&
        !christmas &&
        !(day >= sunday - 9 && day <= sunday + 6) &&
        !(day >= autumnStart && day < autumnStart + 12),
      summerHolidays,
      lectures: !free && !christmas && (on(4, 8, 7, 18) || on(10, 12, 12, 31) || on(1, 1, 2, 8)),
      market: holiday === null && (weekday === 3 || weekday === 6),
      christmasMarket: day >= openingMonday && day <= dayNumber(year, 12, 22),
      advent: day >= openingMonday - 4 && day <= dayNumber(year, 12, 24),
      half: (on(12, 24, 12, 24) || on(12, 31, 12, 31)) && !free,
      quiet: on(12, 27, 12, 30) && !free,
    }
  }
}

/** The first Monday on or after `day`. */
function nextMonday(day: number): number {
  return day + ((8 - weekdayOf(day)) % 7)
}
