/** Small counts from outside: every public interface of the real program, asked by everybody and by staff. */
import assert from 'node:assert/strict'
import { type EventEmitter, once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any

const K = 5
const DAY = '2026-11-02'
/** Each true small count has this fraction, so a sum of up to seventy of them shows by its own, wherever it turns up. */
const MARK = 137
const small = (n: number) => n + MARK / 10_000
const TIMES = Array.from({ length: 80 }, (_, i) => new Date(Date.parse(`${DAY}T00:00:00Z`) + i * 900_000).toISOString())
const endOf = (t: string) => new Date(Date.parse(t) + 900_000).toISOString()
/** 0..9 and again; 1..4 are small. The other part counts otherwise. */
const COUNTS = TIMES.map((_, i) => (i % 10 > 0 && i % 10 < K ? small(i % 10) : i % 10))
const OTHERS = TIMES.map((_, i) => (i % 4 === 1 ? small(2) : 7))

/** Numbers in an answer that are true small counts, or sums of such. */
function told(text: string): string[] {
  const numbers = text.replaceAll(/\d{4}-\d\d-\d\d(T|%20| )[\d:.%A]+/g, '').match(/\d+\.\d+/g) ?? []
  return numbers.filter((number) => {
    const rest = (Number(number) % 1) * 10_000
    const marks = Math.round(rest / MARK)
    return marks >= 1 && marks <= 72 && Math.abs(rest - marks * MARK) < 1e-4
  })
}

for (const engine of databases()) {
  describe(`small counts from outside (${engine.name})`, { timeout: 240_000 }, () => {
    let platform: RunningPlatform
    let staff: Record<string, string>
    /** Two parts and their total. */
    let series: number[]
    let thing: number
    let observation: number

    const ask = async (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) => {
      const answer = await fetch(`${platform.url}${path}`, { ...init, headers: { ...headers, ...init.headers } })
      return { status: answer.status, text: await answer.text(), headers: answer.headers }
    }
    const done = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const answer = await ask(
        path,
        { ...staff, 'content-type': 'application/json', ...headers },
        {
          method,
          body: body === undefined ? undefined : JSON.stringify(body),
        },
      )
      assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
      return answer.text ? (JSON.parse(answer.text) as Json) : null
    }
    const until = async (what: string, check: () => Promise<boolean>) => {
      for (let i = 0; i < 1_200; i++) {
        if (await check()) return
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      assert.fail(`waited in vain: ${what}`)
    }
    const post = (i: number, t: string, result: number) =>
      done('POST', `/sta/v1.1/Datastreams(${series[i]})/Observations`, { phenomenonTime: `${t}/${endOf(t)}`, result })

    before(async () => {
      platform = await startPlatform(engine)
      staff = { authorization: `Bearer ${await platform.key('machine')}` }
      await done('POST', '/api/v1/datasets', { id: 'klein', title: 'Kleine Zahlen' })
      const unitOfMeasurement = { name: 'Anzahl', symbol: '1', definition: 'http://unitsofmeasure.org/ucum.html' }
      const { '@iot.id': property } = await done('POST', '/d/klein/sta/v1.1/ObservedProperties', {
        name: 'Besuche',
        description: '',
        definition: 'http://example.org/besuche',
      }).then(async () => (await done('GET', '/d/klein/sta/v1.1/ObservedProperties')).value[0])
      await done('POST', '/d/klein/sta/v1.1/Things', {
        name: 'Bad',
        description: '',
        Locations: [
          {
            name: 'Ort',
            description: '',
            encodingType: 'application/geo+json',
            location: { type: 'Point', coordinates: [7.5, 52] },
          },
        ],
        Datastreams: ['Nord', 'Süd', 'Summe'].map((name) => ({
          name,
          description: '',
          observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
          unitOfMeasurement,
          Sensor: { name: 'Zähler', description: '', encodingType: 'text/html', metadata: 'x' },
          ObservedProperty: { '@iot.id': property },
        })),
      })
      const { value } = await done('GET', '/d/klein/sta/v1.1/Datastreams?$orderby=id&$expand=Thing')
      series = value.map((one: Json) => one['@iot.id'])
      thing = value[0].Thing['@iot.id']
      // Half of the values are there before anything is known of counts, totals and k.
      const dataArray = (values: number[], from: number, to: number) =>
        TIMES.slice(from, to).map((t, i) => [`${t}/${endOf(t)}`, values[from + i]])
      const load = (from: number, to: number) =>
        done(
          'POST',
          '/sta/v1.1/CreateObservations',
          [COUNTS, OTHERS, COUNTS.map((v, i) => v + OTHERS[i]!)].map((values, i) => ({
            Datastream: { '@iot.id': series[i] },
            components: ['phenomenonTime', 'result'],
            dataArray: dataArray(values, from, to),
          })),
        )
      await load(0, 40)
      await done('POST', '/api/v1/datasets/klein/state', { state: 'released' })
      for (const [i, id] of series.entries()) {
        const { datastreams } = await done('GET', `/api/v1/things/${thing}`)
        const { version } = datastreams.find((one: Json) => one.id === id)
        const patch = { aggregate: 'sum', role: i === 2 ? 'total' : 'part', periodSeconds: 900 }
        await done('PATCH', `/api/v1/datastreams/${id}`, patch, { 'if-match': `"${version}"` })
      }
      assert.ok(told((await ask('/sta/v1.1/Observations')).text).length > 0, 'without k everything is public')
      const { sheet } = await done('GET', '/api/v1/datasets/klein/review')
      await done('PUT', '/api/v1/datasets/klein/review', { ...sheet, k: K })
      await until('the dataset is public again', async () => {
        const { text } = await ask('/sta/v1.1/Observations')
        assert.deepEqual(told(text), [], 'nothing true on the way')
        return text.includes('"result"')
      })
      await load(40, 80)
      const found = await done(
        'GET',
        `/sta/v1.1/Datastreams(${series[0]})/Observations?$filter=result eq ${small(3)}&$top=1`,
      )
      observation = found.value[0]['@iot.id']
    })
    after(() => platform.remove())

    const range = `from=${DAY}T00:00:00Z&to=2026-11-03T00:00:00Z`
    /** Addresses whose answers hold values: staff find true small counts, or sums of them, in each. */
    const addresses = (): string[] => {
      const [a, , total] = series
      const own = `/sta/v1.1/Datastreams(${a})/Observations`
      return [
        '/sta/v1.1/Observations?$top=1000',
        '/d/klein/sta/v1.1/Observations?$top=1000',
        `${own}?$top=100`,
        `/sta/v1.1/Datastreams(${total})/Observations?$top=100`,
        `${own}?$filter=result lt 5 and result gt 0`,
        `${own}?$orderby=result desc&$top=100`,
        `${own}?$orderby=result&$top=100&$select=result`,
        `${own}?$resultFormat=dataArray&$top=100`,
        `${own}?$resultFormat=CSV&$top=100`,
        `${own}?$resultFormat=GeoJSON&$top=100`,
        `${own}(${observation})`,
        `/sta/v1.1/Observations(${observation})`,
        `/sta/v1.1/Observations(${observation})/result`,
        `/sta/v1.1/Observations(${observation})/result/$value`,
        `${own}?$apply=aggregate(result with sum as s)`,
        `${own}?$apply=filter(result lt 5 and result gt 0)/aggregate(result with min as s, result with max as m)`,
        `${own}?$apply=compute(bucket(phenomenonTime,duration'P1D','Europe/Berlin') as day)/groupby((day),aggregate(result with sum as s, result with min as low, result with average as m))`,
        `${own}?$apply=compute(bucket(phenomenonTime,duration'PT1H','Asia/Kathmandu') as h)/groupby((h),aggregate(result with sum as s))`,
        `${own}?$apply=groupby((result),aggregate($count as n))`,
        '/sta/v1.1/Things?$expand=Datastreams($expand=Observations($top=100))',
        '/sta/v1.1/Datastreams?$expand=Observations($filter=result lt 5 and result gt 0)',
        `/sta/v1.1/Datastreams?$expand=Observations($orderby=phenomenonTime;$top=2)`,
        ...['raw', 'hour', 'day', 'week'].flatMap((resolution) => [
          `/api/v1/series?datastream=${series}&${range}&resolution=${resolution}`,
          `/api/v1/series?datastream=${series}&${range}&resolution=${resolution}&format=csv`,
        ]),
        `/api/v1/series?datastream=${a}&${range}&resolution=raw&points=100`,
        '/api/v1/stations',
        `/api/v1/stations/${thing}`,
        `/api/v1/figures?datastream=${series}`,
        ...['raw', 'hour', 'day'].map((resolution) => `/api/v1/datasets/klein/download?resolution=${resolution}`),
      ]
    }
    /** Addresses that hold no value, or let somebody guess: nobody but staff learns more than that there is nothing. */
    const guesses = (): string[] => [
      `/sta/v1.1/Observations?$filter=result eq ${small(3)}&$count=true`,
      `/sta/v1.1/Observations?$filter=result gt 0 and result lt ${K}&$count=true`,
      `/sta/v1.1/Datastreams?$filter=Observations/result eq ${small(3)}&$count=true`,
      `/sta/v1.1/Things?$filter=Datastreams/Observations/result eq ${small(3)}&$count=true`,
    ]
    const others = () => [
      `/api/v1/flags?datastream=${series}&${range}`,
      '/api/v1/datasets',
      '/api/v1/datasets/klein',
      '/api/v1/datasets/klein/quality',
      '/api/v1/search?q=Bad',
    ]

    it('shows everybody what is published, and staff what was measured', async () => {
      for (const path of addresses()) {
        const mine = await ask(path, staff)
        assert.equal(mine.status, 200, `${path}: ${mine.text}`)
        assert.ok(told(mine.text).length > 0, `staff see nothing true at ${path}: ${mine.text.slice(0, 300)}`)
        // Staff first: what is remembered for them is not for others.
        const theirs = await ask(path)
        assert.ok(theirs.status === 200, `${path}: ${theirs.status} ${theirs.text}`)
        assert.deepEqual(told(theirs.text), [], path)
      }
      for (const path of others()) assert.deepEqual(told((await ask(path)).text), [], path)
    })

    it('lets nobody find out by filters', async () => {
      for (const path of guesses()) {
        assert.ok(JSON.parse((await ask(path, staff)).text)['@iot.count'] > 0, path)
        assert.equal(JSON.parse((await ask(path)).text)['@iot.count'], 0, path)
      }
    })

    it('answers a batch like its parts', async () => {
      const body = JSON.stringify({
        requests: [
          { id: '1', method: 'get', url: 'Observations?$top=1000' },
          { id: '2', method: 'get', url: `Observations(${observation})`, atomicityGroup: 'g' },
        ],
      })
      const headers = { 'content-type': 'application/json' }
      const theirs = await ask('/sta/v1.1/$batch', headers, { method: 'POST', body })
      assert.match(theirs.text, /"result"/)
      assert.deepEqual(told(theirs.text), [])
      const mine = JSON.parse((await ask('/sta/v1.1/$batch', { ...headers, ...staff }, { method: 'POST', body })).text)
      for (const one of mine.responses) assert.ok(told(JSON.stringify(one)).length > 0, one.id)
      // A change in a group goes by what was measured, and what it does not touch stays as it was.
      const patch = [
        { op: 'test', path: '/result', value: small(3) },
        { op: 'add', path: '/parameters', value: { seen: true } },
      ]
      const changes = await done('POST', '/sta/v1.1/$batch', {
        requests: [
          {
            ...{ id: '1', method: 'patch', url: `Observations(${observation})`, atomicityGroup: 'g', body: patch },
            headers: { 'content-type': 'application/json-patch+json' },
          },
          { id: '2', method: 'get', url: `Observations(${observation})`, atomicityGroup: 'g' },
        ],
      })
      assert.deepEqual(
        changes.responses.map((one: Json) => one.status),
        [200, 200],
        JSON.stringify(changes),
      )
      assert.equal(changes.responses[1].body.result, small(3))
      assert.deepEqual(told((await ask(`/sta/v1.1/Observations(${observation})`)).text), [])
    })

    it('publishes only 0 or at least k, and totals that tell nothing of their parts', async () => {
      const read = async (id: number, headers = {}) => {
        const { text } = await ask(
          `/sta/v1.1/Datastreams(${id})/Observations?$orderby=phenomenonTime&$top=100`,
          headers,
        )
        return (JSON.parse(text).value as Json[]).map((one) => one.result as number)
      }
      const [a, b, total] = await Promise.all(series.map((id) => read(id)))
      assert.equal(a!.length, 80)
      for (const v of [...a!, ...b!, ...total!]) assert.ok(v === 0 || v >= K, `${v}`)
      for (const [i, v] of total!.entries()) assert.equal(v, a![i]! + b![i]!, 'what is published adds up')
      assert.ok(a!.some((v, i) => v === K && COUNTS[i] !== K) && a!.some((v, i) => v === 0 && COUNTS[i] !== 0))
      const measured = await read(series[0]!, staff)
      assert.deepEqual(measured, COUNTS)
    })

    it('tells listeners what is published, also of corrections', async () => {
      const client = mqtt.connect(platform.mqttUrl, { protocolVersion: 4, reconnectPeriod: 0 })
      await once(client as unknown as EventEmitter, 'connect')
      const topics = ['v1.1/Observations', 'v1.1/Observations?$filter=result ge 0&$select=result']
      await client.subscribeAsync(topics)
      let heard = ''
      client.on('message', (_, payload) => {
        heard += payload
      })
      const insider = mqtt.connect(platform.mqttUrl, {
        ...{ protocolVersion: 4, reconnectPeriod: 0, username: 'x', password: staff.authorization!.split(' ')[1] },
      })
      await once(insider as unknown as EventEmitter, 'connect')
      await insider.subscribeAsync(topics)
      let heardInside = ''
      insider.on('message', (_, payload) => {
        heardInside += payload
      })
      const streams = await Promise.all(
        [{}, staff].map((headers) => fetch(`${platform.url}/api/v1/events?dataset=klein`, { headers })),
      )
      let [events, eventsInside] = ['', '']
      const listen = async (stream: Response, heard: (text: string) => void) => {
        for await (const chunk of stream.body!) heard(Buffer.from(chunk).toString())
      }
      listen(streams[0]!, (text) => {
        events += text
      }).catch(() => {})
      listen(streams[1]!, (text) => {
        eventsInside += text
      }).catch(() => {})
      const times = Array.from({ length: 12 }, (_, i) =>
        new Date(Date.parse(`${DAY}T22:00:00Z`) + i * 300_000).toISOString(),
      )
      for (const t of times) await post(0, t, small(3))
      for (const t of times) await post(2, t, small(3))
      const changed = await done(
        'GET',
        `/sta/v1.1/Datastreams(${series[0]})/Observations?$orderby=phenomenonTime desc&$top=1`,
      )
      assert.equal(changed.value[0].result, small(3))
      await done('PATCH', `/sta/v1.1/Observations(${changed.value[0]['@iot.id']})`, { resultQuality: 'suspect' })
      await post(0, endOf(times.at(-1)!), 4711)
      await until('both heard the last value', async () => heard.includes('4711') && events.includes('4711'))
      assert.deepEqual([told(heard), told(events)], [[], []])
      await until('staff heard it too', async () => heardInside.includes('4711') && eventsInside.includes('4711'))
      // Twelve parts and twelve totals, and by MQTT the change of a quality with the value it stands beside.
      assert.ok(told(heardInside).length >= 24 && told(eventsInside).length >= 24, heardInside)
      assert.ok(heard.split('"result"').length > 20 && events.split('"value"').length > 20)
      const after = await done('GET', `/sta/v1.1/Observations(${changed.value[0]['@iot.id']})`)
      assert.equal(after.result, small(3), 'a change of something else keeps the measured value')
      await client.endAsync(true)
      await insider.endAsync(true)
      for (const stream of streams) await stream.body!.cancel().catch(() => {})
      for (const path of ['/api/v1/stations', '/sta/v1.1/Observations?$top=1000'])
        assert.deepEqual(told((await ask(path)).text), [])
    })

    it('shows nobody a dataset with series that k cannot protect, and says which', async () => {
      const [first] = (
        await done('GET', '/d/klein/sta/v1.1/Datastreams?$orderby=id&$top=1&$expand=Sensor,ObservedProperty,Thing')
      ).value
      const link = (set: string) => ({ '@iot.id': first[set]['@iot.id'] })
      const series = {
        ...{ name: 'Mittel', description: '', unitOfMeasurement: first.unitOfMeasurement },
        ...{ observationType: first.observationType, Sensor: link('Sensor'), Thing: link('Thing') },
        ...{ ObservedProperty: link('ObservedProperty') },
      }
      const id = await done('POST', '/d/klein/sta/v1.1/Datastreams', series).then(async () => {
        const { value } = await done('GET', "/d/klein/sta/v1.1/Datastreams?$filter=name eq 'Mittel'")
        return value[0]['@iot.id']
      })
      await until('it is hidden', async () => (await ask('/api/v1/datasets/klein')).status === 404)
      const { unprotected } = await done('GET', '/api/v1/datasets/klein/review')
      assert.deepEqual(unprotected, { kind: 'mean', datastream: id, name: 'Mittel' })
      await done('POST', '/api/v1/datasets/klein/state', { state: 'withdrawn' })
      assert.equal((await ask(`/sta/v1.1/Datastreams(${id})`, staff, { method: 'DELETE' })).status, 200)
      await done('POST', '/api/v1/datasets/klein/state', { state: 'released' })
      await until('it is public again', async () => (await ask('/api/v1/datasets/klein')).status === 200)
    })

    it('is not public when killed while another k is brought in line, until that is through', async () => {
      const { sheet } = await done('GET', '/api/v1/datasets/klein/review')
      await done('PUT', '/api/v1/datasets/klein/review', { ...sheet, k: 8 })
      await platform.stop('SIGKILL')
      await platform.restart()
      await until('it is public again', async () => {
        const { text } = await ask('/sta/v1.1/Observations?$top=1000')
        const results = (JSON.parse(text).value as Json[]).map((one) => one.result as number)
        for (const v of results) assert.ok(v === 0 || v >= 8, `${v}`)
        return results.length > 0
      })
    })
  })
}
