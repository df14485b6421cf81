import type { Queryable } from '../../../kernel/db/index.ts'
import { type PlannedDeparture, plannedDepartures } from './planned.ts'
import { serviceDayStart } from './service-day.ts'
import type { Stop } from './stop.ts'

/** More departures than any stop has in a day. */
const MOST = 20_000

/** All departures of a service day (YYYY-MM-DD) at a stop by the timetable, in order of time; a day may go beyond 24:00. */
export async function timetableOf(db: Queryable, stop: Stop, day: string): Promise<PlannedDeparture[]> {
  const rows = await plannedDepartures(db, stop, [day], serviceDayStart(day, stop.zone), MOST)
  return rows.sort((a, b) => a.planned - b.planned || (a.tripId < b.tripId ? -1 : 1))
}
