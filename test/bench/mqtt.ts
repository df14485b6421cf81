/**
 * `npm run bench -- mqtt`: publishes at QoS 1 at a steady rate, each committed and delivered to a subscriber, through the
 * real program on PostgreSQL (a throw-away cluster that waits for the disk) and on the embedded database.
 * `--rate 5000` messages/s, `--seconds 60`, `--engine server|embedded`.
 */
import { once } from 'node:events'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import mqtt, { type MqttClient } from 'mqtt'

process.env.BENCH_POSTGRES = '1'
const { databases } = await import('../support/database.ts')
const { stopPostgres } = await import('../support/postgres.ts')
const { startPlatform } = await import('../support/platform.ts')

const { values: options } = parseArgs({
  options: {
    rate: { type: 'string', default: '5000' },
    seconds: { type: 'string', default: '60' },
    engine: { type: 'string' },
  },
})
const RATE = Number(options.rate)
const SECONDS = Number(options.seconds)
const PUBLISHERS = 8
const DATASTREAMS = 100
const TICK_MS = 5
/** Messages a publisher sends before their acknowledgement. */
const IN_FLIGHT = 1_000

const THING = {
  name: 'Bench',
  description: '',
  Locations: [
    {
      ...{ name: 'Place', description: '', encodingType: 'application/geo+json' },
      location: { type: 'Point', coordinates: [7.6, 51.95] },
    },
  ],
  Datastreams: Array.from({ length: DATASTREAMS }, (_, i) => ({
    name: `Series ${i}`,
    description: '',
    observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
    unitOfMeasurement: { name: 'n', symbol: '', definition: '' },
    Sensor: { name: 's', description: '', encodingType: 'text/html', metadata: 'x' },
    ObservedProperty: { name: 'o', definition: 'https://example.org/o', description: '' },
  })),
}

for (const engine of databases()) {
  if (options.engine && options.engine !== engine.name) continue
  const platform = await startPlatform(engine)
  try {
    await measure(engine.name, platform)
  } finally {
    await platform.remove()
  }
}
await stopPostgres()

async function measure(name: string, platform: Awaited<ReturnType<typeof startPlatform>>): Promise<void> {
  const key = await platform.key()
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const made = await fetch(`${platform.url}/sta/v1.1/Things`, { method: 'POST', headers, body: JSON.stringify(THING) })
  if (made.status !== 201) throw new Error(await made.text())
  const found = await fetch(`${platform.url}/sta/v1.1/Datastreams?$top=${DATASTREAMS}&$select=id`, { headers })
  const ids = ((await found.json()) as { value: { '@iot.id': number }[] }).value.map((one) => one['@iot.id'])
  const connect = async () => {
    const client = mqtt.connect(platform.mqttUrl, {
      protocolVersion: 4,
      username: 'bench',
      password: key,
      reconnectPeriod: 0,
    })
    await once(client as never, 'connect')
    return client
  }
  const publishers = await Promise.all(Array.from({ length: PUBLISHERS }, connect))
  const subscriber = await connect()
  await subscriber.subscribeAsync('v1.1/Observations', { qos: 1 })
  const total = RATE * SECONDS
  const sentAt = new Float64Array(total)
  const acknowledged = new Float64Array(total)
  const took = new Float64Array(total).fill(Number.NaN)
  let delivered = 0
  let twice = 0
  const all = Promise.withResolvers<void>()
  subscriber.on('message', (_topic, payload) => {
    const { result } = JSON.parse(payload.toString()) as { result: number }
    if (!Number.isNaN(took[result]!)) twice++
    took[result] = performance.now() - sentAt[result]!
    if (++delivered === total) all.resolve()
  })
  const began = performance.now()
  const acks = pace(publishers, ids, total, began, sentAt, acknowledged)
  await Promise.all([
    acks,
    Promise.race([all.promise, new Promise((resolve) => setTimeout(resolve, (SECONDS * 2 + 60) * 1000).unref())]),
  ])
  const seconds = (performance.now() - began) / 1000
  const answer = await fetch(`${platform.url}/sta/v1.1/Observations?$count=true&$top=0`, { headers })
  const stored = ((await answer.json()) as { '@iot.count': number })['@iot.count']
  const memory = /^process_resident_memory_bytes (\S+)/m.exec(await (await fetch(`${platform.url}/metrics`)).text())![1]
  const sorted = took.filter((ms) => !Number.isNaN(ms)).sort()
  const acked = acknowledged.map((at, i) => at - sentAt[i]!).sort()
  const at = (list: Float64Array, share: number) =>
    list[Math.min(list.length - 1, Math.floor(list.length * share))]!.toFixed(1)
  console.log(
    `${name}: ${Math.round(total / seconds).toLocaleString('en')} publishes/s over ${seconds.toFixed(1)} s, QoS 1; committed ${stored}, delivered ${delivered} of ${total}${twice > 0 ? `, ${twice} twice` : ''}`,
  )
  console.log(
    `  publish → delivered p50 ${at(sorted, 0.5)} ms, p99 ${at(sorted, 0.99)} ms (goal < 250) · publish → acknowledged p50 ${at(acked, 0.5)} ms, p99 ${at(acked, 0.99)} ms · ` +
      `memory ${Math.round(Number(memory) / 1e6)} MB · load of the machine ${loadavg()[0]!.toFixed(1)}`,
  )
  for (const client of [...publishers, subscriber]) client.end(true)
}

/** Publishes `total` messages, each at its time; a publisher whose acknowledgements lag behind waits. */
async function pace(
  publishers: readonly MqttClient[],
  ids: readonly number[],
  total: number,
  began: number,
  sentAt: Float64Array,
  acknowledged: Float64Array,
): Promise<void> {
  const waiting = publishers.map(() => 0)
  let next = 0
  let open = 0
  const done = Promise.withResolvers<void>()
  const timer = setInterval(() => {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * RATE))
    while (next < due) {
      const who = next % publishers.length
      if (waiting[who]! >= IN_FLIGHT) break
      const i = next++
      // From when it was due: a publisher that had to wait is late.
      sentAt[i] = began + (i / RATE) * 1000
      waiting[who]!++
      open++
      const body = `{"result":${i},"phenomenonTime":"${new Date(1_767_225_600_000 + i * 10).toISOString()}"}`
      publishers[who]!.publish(`v1.1/Datastreams(${ids[i % ids.length]})/Observations`, body, { qos: 1 }, (error) => {
        if (error) done.reject(error)
        acknowledged[i] = performance.now()
        waiting[who]!--
        if (--open === 0 && next === total) done.resolve()
      })
    }
    if (next === total) clearInterval(timer)
  }, TICK_MS)
  await done.promise
}
