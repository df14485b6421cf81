import type { Database, Queryable } from '../../../kernel/db/index.ts'
import type { Jobs } from '../../../kernel/jobs/index.ts'
import type { Log } from '../../../kernel/log.ts'
import { type City, holidaysOf } from '../../catalog/index.ts'
import { CONCEPTS } from '../../features/index.ts'
import { localDay, wallClock } from '../../sensing/index.ts'
import { forecast, judge, LEARN_DAYS, type Sample, type SlotOf, slotsOf } from './model.ts'

/** What is expected an hour after the newest value. */
export interface Forecast {
  /** Free spaces or vehicles, whole. */
  value: number
  /** When, ISO 8601. */
  at: string
  /** Mean absolute error over the hours it was measured on, and of "stays as it is now" over the same. */
  error: number
  errorAsNow: number
  /** How many hours those were. */
  pairs: number
  method: string
}

const FORECAST_METHOD =
  'Usual value of the same hour and weekday (public holidays count as Sundays) over the last eight weeks, moved by what is left of the last value’s difference from it; measured by forecasting each of the last days with what was known before it.'

const QUEUE = 'forecast'
/** Every night, when the newest day is complete; after the deletion of old values. */
const NIGHTLY = '43 4 * * *'
const HOUR = 3_600_000
const DAY = 24 * HOUR
/** Values older than this say nothing of the next hour. */
const FRESH_MS = 75 * 60_000
/** A model that was not renewed for so long is no longer used. */
const VALID_MS = 8 * DAY
/** The usual, and the days it is measured on. */
const HISTORY_DAYS = LEARN_DAYS + 28
const { free: FREE, occupied: OCCUPIED, capacity: CAPACITY } = CONCEPTS.get('parking')!.series
const PROPERTIES = [FREE!.property, CONCEPTS.get('sharing')!.series.vehicles!.property]
/** Car parks that only say how many spaces are taken: learned from those, told as what is left of the capacity. */
const ONLY_OCCUPIED = `p.natural_key = $2 and not exists (
  select 1 from datastream o join observed_property q on q.id = o.observed_property
    join datastream_state t on t.datastream = o.id
   where o.thing = d.thing and o.dataset = d.dataset and q.natural_key = $3 and t.t_max is not null)`

/** Learns and measures the forecasts of free spaces and vehicles every night. */
export class Forecasts {
  readonly #db: Database
  readonly #city: City
  readonly #log: Log

  constructor({ db, city, log }: { db: Database; city: City; log: Log }) {
    this.#db = db
    this.#city = city
    this.#log = log
  }

  async start(jobs: Jobs): Promise<void> {
    await jobs.work(QUEUE, 1, async () => {
      const { judged, shown } = await this.run()
      this.#log.info({ judged, shown }, 'forecasts measured')
    })
    await this.plan(jobs)
  }

  /** Sets the hour of the night, and makes the models anew at once: at the start, and when the city's time zone changes. */
  async plan(jobs: Jobs): Promise<void> {
    await jobs.schedule(QUEUE, 'nightly', NIGHTLY, this.#city.profile.timeZone, {})
    await jobs.enqueue(QUEUE, {}, { singletonKey: 'start' })
  }

  /** Makes every model anew; answers how many series have one, and how many of them are better than "as now". */
  async run(): Promise<{ judged: number; shown: number }> {
    const streams = await this.#db.query<{ id: number; newest: string }>(
      `select distinct d.id, s.t_max as newest from feature f join datastream d on d.thing = f.thing and d.dataset = f.dataset
         join observed_property p on p.id = d.observed_property join datastream_state s on s.datastream = d.id
        where f.gone_at is null and (p.natural_key = any($1::text[]) or (${ONLY_OCCUPIED})) and s.t_max is not null order by d.id`,
      [PROPERTIES, OCCUPIED!.property, FREE!.property],
    )
    let slotOf: SlotOf | undefined
    let [judged, shown] = [0, 0]
    for (const { id, newest } of streams) {
      const { samples, offset } = await samplesOf(this.#db, id, Date.parse(newest) - HISTORY_DAYS * DAY)
      slotOf ??= this.#slots(Date.parse(newest) - 2 * 366 * DAY)
      const found = judge(samples, slotOf)
      if (found) judged++
      if (found?.shown) shown++
      if (!found) await this.#db.query('delete from forecast_model where datastream = $1', [id])
      else
        await this.#db.query(
          `insert into forecast_model as m (datastream, first_t, last_t, pairs, error, error_as_now, shown, weight, usual, offset_s)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict (datastream) do update set made_at = now(), first_t = excluded.first_t, last_t = excluded.last_t,
             pairs = excluded.pairs, error = excluded.error, error_as_now = excluded.error_as_now, shown = excluded.shown,
             weight = excluded.weight, usual = excluded.usual, offset_s = excluded.offset_s`,
          [
            id,
            new Date(samples[0]!.hour * HOUR).toISOString(),
            new Date(samples.at(-1)!.hour * HOUR).toISOString(),
            found.pairs,
            found.error,
            found.errorAsNow,
            found.shown,
            found.weight,
            found.values,
            offset,
          ],
        )
    }
    return { judged, shown }
  }

  #slots(from: number): SlotOf {
    return citySlots(this.#city, from, Date.now() + 366 * DAY)
  }
}

function citySlots({ profile: { timeZone, key } }: City, from: number, to: number): SlotOf {
  const days = holidaysOf(key, localDay(from, timeZone), localDay(to, timeZone))
  return slotsOf((at) => wallClock(at, timeZone), new Set(days))
}

/** The values nearest to each full hour, at most half an hour from it; suspect ones are left out. `offset` in seconds. */
async function samplesOf(
  db: Queryable,
  datastream: number,
  from: number,
): Promise<{ samples: Sample[]; offset: number }> {
  const rows = await db.query<Sample & { off: number }>(
    `select distinct on (hour) hour, value, off from (
       select floor((extract(epoch from o.t) + 1800) / 3600)::int4 as hour, o.v as value,
              (extract(epoch from o.t) + 1800)::int8 % 3600 - 1800 as off
         from observation o where o.datastream = $1 and o.t >= $2 and o.v is not null and o.q is null) near
      order by hour, abs(off)`,
    [datastream, new Date(from).toISOString()],
    { timeoutMs: 60_000 },
  )
  const offset = rows.length > 0 ? Math.round(rows.reduce((sum, { off }) => sum + Number(off), 0) / rows.length) : 0
  return { samples: rows.map(({ hour, value }) => ({ hour, value })), offset }
}

/**
 * The forecasts of places, by Thing: only of series the reader may see, whose newest value is fresh, and where the measured
 * error is smaller than that of "as now".
 */
export async function forecastsAt(
  reader: Queryable,
  visible: readonly number[],
  things: readonly number[],
  city: City,
  now = Date.now(),
): Promise<ReadonlyMap<number, Forecast>> {
  const found = new Map<number, Forecast>()
  if (things.length === 0) return found
  const rows = await reader.query<{
    thing: number
    t: string
    v: number
    error: number
    asNow: number
    pairs: number
    weight: number
    usual: (number | null)[]
    offset: number
    occupied: boolean
    capacity: number | null
  }>(
    `select d.thing, s.last_t as t, s.last_v as v, m.error, m.error_as_now as "asNow", m.pairs, m.weight, m.usual,
            m.offset_s as offset, p.natural_key = $6 as occupied, coalesce(
              (select t.last_v from datastream c join observed_property q on q.id = c.observed_property
                 join datastream_state t on t.datastream = c.id
                where c.thing = d.thing and c.dataset = d.dataset and q.natural_key = $7 and t.last_q is null limit 1),
              (select (f.properties ->> 'capacity')::float8 from feature f
                where f.thing = d.thing and f.dataset = d.dataset and jsonb_typeof(f.properties -> 'capacity') = 'number' limit 1)) as capacity
     from datastream d join forecast_model m on m.datastream = d.id join datastream_state s on s.datastream = d.id
       join observed_property p on p.id = d.observed_property
     where d.thing = any($1::int4[]) and d.dataset = any($2::int4[]) and m.shown and m.made_at > $3
       and s.last_t > $4 and s.last_t <= $5 and s.last_v is not null and s.last_q is null`,
    [
      things,
      visible,
      new Date(now - VALID_MS).toISOString(),
      new Date(now - FRESH_MS).toISOString(),
      new Date(now + FRESH_MS).toISOString(),
      OCCUPIED!.property,
      CAPACITY!.property,
    ],
  )
  if (rows.length === 0) return found
  const slotOf = citySlots(city, now - 2 * DAY, now + 2 * DAY)
  for (const row of rows) {
    const { values, weight } = { values: row.usual, weight: row.weight }
    const value = forecast({ values, weight }, slotOf, row.v, (Date.parse(row.t) / 1000 - row.offset) / 3600)
    // Of how many are taken nothing follows where nobody says how many there are.
    if (value === null || (row.occupied && row.capacity === null)) continue
    const within = Math.min(value, row.capacity ?? Number.POSITIVE_INFINITY)
    found.set(row.thing, {
      value: Math.round(row.occupied ? row.capacity! - within : within),
      at: new Date(Date.parse(row.t) + HOUR).toISOString(),
      error: Math.round(row.error * 10) / 10,
      errorAsNow: Math.round(row.asNow * 10) / 10,
      pairs: row.pairs,
      method: FORECAST_METHOD,
    })
  }
  return found
}
