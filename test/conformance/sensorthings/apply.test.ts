import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { parse } from 'csv-parse/sync'
import { acrossDatasets, type Body, datastream, places, q, startService, station, type TestService } from './service.ts'

const HOUR = 3_600_000
/** Two days around each clock change of 2024 in Berlin, in quarters of an hour. */
const SPANS = [Date.UTC(2024, 2, 30, 12), Date.UTC(2024, 9, 26, 12)]
const valueAt = (at: number): number => Math.round(50 + 40 * Math.sin(at / (5 * HOUR))) + ((at / 900_000) % 7)

/** Local day, hour or week of Berlin by Intl, independent of the database. */
const berlin = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Berlin',
  dateStyle: 'short',
  timeStyle: 'medium',
  hourCycle: 'h23',
} as Intl.DateTimeFormatOptions)

for (const place of places()) {
  describe(`SensorThings $apply (${place.name})`, () => {
    let sta: TestService
    let stream: number
    let mixed: number
    const times = SPANS.flatMap((start) => Array.from({ length: 192 }, (_, i) => start + i * 900_000))

    before(async () => {
      sta = await startService(place)
      const make = (name: string, Observations: object[]) =>
        sta.make('Datastreams', datastream(name, { Thing: station(`Thing ${name}`), Observations }))
      stream = await make('counts', [])
      await sta.call('POST', 'CreateObservations', [
        {
          Datastream: { '@iot.id': stream },
          components: ['phenomenonTime', 'result'],
          dataArray: times.map((at) => [
            `${new Date(at).toISOString()}/${new Date(at + 900_000).toISOString()}`,
            valueAt(at),
          ]),
        },
      ])
      mixed = await make('mixed', [
        { phenomenonTime: '2024-01-01T00:00:00Z', result: 1 },
        { phenomenonTime: '2024-01-01T00:10:00Z', result: 'closed' },
        { phenomenonTime: '2024-01-02T00:00:00Z', result: 3 },
        { phenomenonTime: '2024-01-02T00:00:00Z', result: 3 },
      ])
    })
    after(() => sta.close())

    const apply = async (path: string, $apply: string, more: Record<string, string | number | boolean> = {}) =>
      sta.get(`${path}?${q({ $apply, ...more })}`)
    const own = () => `Datastreams(${stream})/Observations`
    const BY_DAY = "compute(bucket(phenomenonTime,duration'P1D','Europe/Berlin') as day)/groupby((day),aggregate("

    const naive = (keyOf: (at: number) => string, from = 0, to = Infinity) => {
      const groups = new Map<string, number[]>()
      for (const at of times) {
        if (at < from || at + 900_000 > to) continue
        const key = keyOf(at)
        groups.set(key, [...(groups.get(key) ?? []), valueAt(at)])
      }
      return groups
    }
    const sum = (values: number[]) => values.reduce((a, b) => a + b, 0)
    const localDay = (at: number) => berlin.format(at).slice(0, 10)

    it('days of 23, 24 and 25 hours, from the sums and from the rows alike', async () => {
      const wanted = [...naive(localDay)].map(([, values]) => [
        values.length,
        sum(values),
        Math.min(...values),
        Math.max(...values),
        sum(values) / values.length,
      ])
      const aggregates =
        '$count as n,result with sum as total,result with min as least,result with max as most,result with average as mean'
      const fast = await apply(own(), `${BY_DAY}${aggregates}))`)
      // A percentile needs the rows.
      const slow = await apply(own(), `${BY_DAY}${aggregates},result with p50 as median))`)
      for (const { value } of [fast, slow]) {
        assert.deepEqual(
          value.map((one: Body) => [one.n, one.total, one.least, one.most]),
          wanted.map((one) => one.slice(0, 4)),
        )
        value.forEach((one: Body, i: number) => {
          assert.ok(Math.abs(one.mean - wanted[i]![4]!) < 1e-9)
        })
        assert.deepEqual(
          value.map((one: Body) => one.day),
          ['2024-03-29T23:00:00Z', '2024-03-30T23:00:00Z', '2024-03-31T22:00:00Z'].concat([
            '2024-10-25T22:00:00Z',
            '2024-10-26T22:00:00Z',
            '2024-10-27T23:00:00Z',
          ]),
        )
      }
      const counts = fast.value.map((one: Body) => one.n)
      assert.deepEqual([counts[1], counts[4]], [92, 100])
    })

    it('reads no row where the hourly sums answer', async () => {
      await sta.db.query('update rollup_hour set sum = sum + 1000 where datastream = $1', [stream])
      const { value } = await apply(own(), `${BY_DAY}result with sum as total))`)
      const { value: rows } = await apply(own(), `${BY_DAY}result with sum as total,result with p90 as high))`)
      await sta.db.query('update rollup_hour set sum = sum - 1000 where datastream = $1', [stream])
      assert.ok(value[1].total - rows[1].total === 23_000 && value[4].total - rows[4].total === 25_000)
    })

    it('hours, weeks, months and years, and buckets between', async () => {
      for (const [duration, n] of [
        ['PT15M', 384],
        ['PT1H', 96],
        ['P1W', 4],
        ['P1M', 3],
        ['P3M', 3],
        ['P1Y', 1],
      ] as const) {
        const { value, ...rest } = await apply(
          own(),
          `compute(bucket(phenomenonTime,duration'${duration}','Europe/Berlin') as b)/groupby((b),aggregate($count as n))`,
          { $count: true, $top: 1000 },
        )
        assert.deepEqual([value.length, rest['@iot.count']], [n, n], duration)
        assert.equal(
          value.reduce((all: number, one: Body) => all + one.n, 0),
          384,
        )
      }
    })

    it('filters inside and before, and falls back to the rows where a limit is no full hour', async () => {
      for (const [from, to] of [
        ['2024-03-30T22:00:00Z', '2024-03-31T03:00:00Z'],
        ['2024-03-30T22:10:00Z', '2024-03-31T03:07:00Z'],
      ] as const) {
        const groups = naive(localDay, Date.parse(from), Date.parse(to))
        const filter = `phenomenonTime ge ${from} and phenomenonTime lt ${to}`
        const body = `${BY_DAY}$count as n,result with sum as total))`
        for (const answer of [
          await apply(own(), `filter(${filter})/${body}`),
          await apply(own(), body, { $filter: filter }),
        ]) {
          assert.deepEqual(
            answer.value.map((one: Body) => [one.n, one.total]),
            [...groups.values()].map((values) => [values.length, sum(values)]),
          )
        }
      }
      const high = await apply(own(), 'filter(result gt 60)/aggregate($count as n)')
      assert.deepEqual(high.value, [{ n: times.filter((at) => valueAt(at) > 60).length }])
    })

    it('groups by relations, computed values and JSON, and aggregates without groups', async () => {
      const byStream = await apply(
        'Observations',
        'groupby((Datastream/id,Datastream/Thing/name),aggregate($count as n,result with countdistinct as different))',
      )
      assert.deepEqual(byStream.value, [
        {
          Datastream: { '@iot.id': stream, Thing: { name: 'Thing counts' } },
          n: 384,
          different: new Set(times.map(valueAt)).size,
        },
        { Datastream: { '@iot.id': mixed, Thing: { name: 'Thing mixed' } }, n: 4, different: 3 },
      ])
      const results = await apply(`Datastreams(${mixed})/Observations`, 'groupby((result),aggregate($count as n))', {
        $orderby: 'n desc,result',
      })
      assert.deepEqual(
        results.value.map((one: Body) => [one.result, one.n]),
        [
          [3, 2],
          ['closed', 1],
          [1, 1],
        ],
      )
      const one = await apply(
        `Datastreams(${mixed})/Observations`,
        'compute(result mul 2 as twice)/aggregate(twice with sum as s,result with p50 as median,phenomenonTime with max as last,$count as n)',
      )
      assert.deepEqual(one.value, [{ s: 14, median: 3, last: '2024-01-02T00:00:00Z', n: 4 }])
      const names = await apply('Things', 'groupby((name))', { $orderby: 'name desc' })
      assert.deepEqual(names.value, [{ name: 'Thing mixed' }, { name: 'Thing counts' }])
      const year = await apply('Observations', 'compute(year(phenomenonTime) as y)/groupby((y),aggregate($count as n))')
      assert.deepEqual(year.value, [{ y: 2024, n: 388 }])
    })

    it('counts what is no number too, so the sums alone do not answer', async () => {
      const { value } = await apply(`Datastreams(${mixed})/Observations`, `${BY_DAY}$count as n,result with sum as s))`)
      assert.deepEqual(
        value.map((one: Body) => [one.n, one.s]),
        [
          [2, 1],
          [2, 6],
        ],
      )
    })

    it('pages and sorts groups, and answers CSV', async () => {
      const seen: string[] = []
      let next: string | undefined =
        `${sta.root}/${own()}?${q({ $apply: `${BY_DAY}result with sum as total))`, $orderby: 'total desc', $top: 2 })}`
      const totals: number[] = []
      while (next) {
        const page: Body = await sta.get(next)
        seen.push(...page.value.map((one: Body) => one.day))
        totals.push(...page.value.map((one: Body) => one.total))
        next = page['@iot.nextLink']
      }
      assert.deepEqual([new Set(seen).size, totals], [6, [...totals].sort((a, b) => b - a)])
      const { text } = await sta.call(
        'GET',
        `${own()}?${q({ $apply: `${BY_DAY}$count as n))`, $resultFormat: 'CSV' })}`,
      )
      const rows = parse(text, { columns: true }) as Record<string, string>[]
      assert.deepEqual(rows[1], { day: '2024-03-30T23:00:00Z', n: '92' })
    })

    it('shows nothing of what is not released', { skip: acrossDatasets(place) }, async () => {
      const hidden = await sta.call(
        'GET',
        `Observations?${q({ $apply: 'groupby((Datastream/name),aggregate($count as n))' })}`,
        undefined,
        { key: null },
      )
      assert.deepEqual(hidden.body.value, [])
      assert.equal(
        (await sta.call('GET', `${own()}?${q({ $apply: `${BY_DAY}$count as n))` })}`, undefined, { key: null })).status,
        404,
      )
    })

    it('refuses what it does not understand, with the position', async () => {
      for (const [text, position] of [
        ['groupby((day)', 13],
        ['aggregate(result with total as x)', 10],
        ['aggregate(result with sum as x,$count as x)', 31],
        ['filter(result gt 1)', 19],
        ['aggregate($count as n)/filter(n gt 1)', 23],
        ["compute(bucket(phenomenonTime,duration'PT7M','Europe/Berlin') as b)/groupby((b))", 30],
        ["compute(bucket(phenomenonTime,duration'P1D','Mars/Olympus') as b)/groupby((b))", 44],
        ['groupby((Datastreams/name))', 9],
        ['groupby((nothing),aggregate($count as n))', 9],
      ] as const) {
        const reply = await sta.call('GET', `Observations?${q({ $apply: text })}`)
        assert.deepEqual([reply.status, reply.body.position], [400, position], `${text}: ${reply.text}`)
      }
      for (const option of ['$select=result', '$expand=Datastream', '$resultFormat=GeoJSON', '$orderby=x']) {
        const reply = await sta.call('GET', `Observations?$apply=aggregate($count as n)&${option}`)
        assert.equal(reply.status, 400, option)
      }
    })
  })
}
