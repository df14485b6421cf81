import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { ANONYMOUS, OWNER, type Role } from '../../../src/domains/access/index.ts'
import { databases } from '../../support/database.ts'
import { startBroker, type TestBroker } from './mqtt-service.ts'
import { acrossDatasets, location, places, q, startService, type TestService, thing } from './service.ts'

/** OGC 17-079r1, requirement by requirement (`http://www.opengis.net/spec/iot_tasking/1.0/req/…`). */
const DIMMER = {
  type: 'DataRecord',
  field: [
    {
      name: 'level',
      label: 'Brightness',
      type: 'Quantity',
      uom: { code: '%' },
      constraint: { type: 'AllowedValues', interval: [[0, 100]], value: [-1] },
    },
    {
      name: 'mode',
      type: 'Category',
      optional: true,
      constraint: { type: 'AllowedTokens', value: ['fixed', 'motion'] },
    },
    { name: 'colour', type: 'Text', optional: true, constraint: { type: 'AllowedTokens', pattern: '^#[0-9A-F]{6}$' } },
    { name: 'times', type: 'Count', optional: true, constraint: { type: 'AllowedValues', interval: [[1, 3]] } },
    { name: 'night', type: 'Boolean', optional: true },
    {
      name: 'until',
      type: 'Time',
      optional: true,
      constraint: { type: 'AllowedTimes', interval: [['2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z']] },
    },
    { name: 'fade', type: 'DataRecord', optional: true, field: [{ name: 'seconds', type: 'Count' }] },
  ],
}
const actuator = (name: string) => ({
  name,
  description: `Actuator ${name}`,
  encodingType: 'text/html',
  metadata: 'https://example.org/dali',
  properties: { maker: 'x' },
})
const capability = (name: string, more: object = {}) => ({
  name,
  description: `Capability ${name}`,
  taskingParameters: DIMMER,
  properties: { kind: 'dimmer' },
  Actuator: actuator(`Ballast of ${name}`),
  ...more,
})

for (const place of places()) {
  describe(`SensorThings Tasking (${place.name})`, () => {
    let sta: TestService
    let lamp: number
    let dimmer: number
    before(async () => {
      sta = await startService(place, { tasking: true })
      lamp = await sta.make(
        'Things',
        thing('Lamp', { Locations: [location('Lamp', 7.6, 51.9)], TaskingCapabilities: [capability('Dimmer')] }),
      )
      dimmer = (await sta.get(`Things(${lamp})/TaskingCapabilities`)).value[0]['@iot.id']
    })
    after(() => sta.close())

    const ask = (taskingParameters: unknown, id = dimmer) =>
      sta.call('POST', `TaskingCapabilities(${id})/Tasks`, { taskingParameters })

    it('the root document names the three sets and the conformance classes', async () => {
      const { value, serverSettings } = await sta.get('')
      for (const set of ['Actuators', 'Tasks', 'TaskingCapabilities']) {
        const entry = value.find(({ name }: { name: string }) => name === set)
        assert.equal(entry.url, `${sta.root}/${set}`)
        assert.ok(Array.isArray((await sta.get(entry.url)).value))
      }
      for (const name of ['tasking-capability', 'task', 'actuator', 'create-tasks'])
        assert.ok(serverSettings.conformance.includes(`http://www.opengis.net/spec/iot_tasking/1.0/req/${name}`), name)
    })

    it('req/actuator/properties, req/actuator/relations', async () => {
      const id = await sta.make('Actuators', actuator('Valve'))
      const read = await sta.get(`Actuators(${id})`)
      assert.deepEqual(read, {
        '@iot.selfLink': `${sta.root}/Actuators(${id})`,
        '@iot.id': id,
        ...actuator('Valve'),
        'TaskingCapabilities@iot.navigationLink': `${sta.root}/Actuators(${id})/TaskingCapabilities`,
      })
      const { status, text } = await sta.call('POST', 'Actuators', { ...actuator('x'), metadata: undefined })
      assert.equal(status, 400)
      assert.match(text, /metadata is missing/)
    })

    it('req/tasking-capability/properties, req/tasking-capability/relations', async () => {
      const read = await sta.get(`TaskingCapabilities(${dimmer})`)
      const self = `${sta.root}/TaskingCapabilities(${dimmer})`
      const { Actuator: _, ...own } = capability('Dimmer')
      assert.deepEqual(read, {
        '@iot.selfLink': self,
        '@iot.id': dimmer,
        ...own,
        'Thing@iot.navigationLink': `${self}/Thing`,
        'Actuator@iot.navigationLink': `${self}/Actuator`,
        'Tasks@iot.navigationLink': `${self}/Tasks`,
      })
      assert.equal((await sta.get(`${self}/Thing`)).name, 'Lamp')
      assert.equal((await sta.get(`${self}/Actuator`)).name, 'Ballast of Dimmer')
      assert.equal(
        (await sta.get(`Things(${lamp})`))['TaskingCapabilities@iot.navigationLink'],
        `${sta.root}/Things(${lamp})/TaskingCapabilities`,
      )
      for (const missing of ['name', 'description', 'taskingParameters', 'Actuator', 'Thing']) {
        const body = { ...capability('x'), Thing: { '@iot.id': lamp }, [missing]: undefined }
        const { status, text } = await sta.call('POST', 'TaskingCapabilities', body)
        assert.equal(status, 400, missing)
        assert.match(text, new RegExp(`${missing} is missing`))
      }
    })

    it('req/tasking-capability: what is not a description of parameters is refused, with the place', async () => {
      const field = (one: object) => ({ type: 'DataRecord', field: [{ name: 'a', type: 'Text', ...one }] })
      for (const [taskingParameters, message] of [
        ['on', /taskingParameters: an object is expected/],
        [{ field: [] }, /taskingParameters\/type: .*DataRecord/],
        [{ type: 'DataRecord', field: [] }, /taskingParameters\/field: an array/],
        [field({ name: '' }), /field\[0\]\/name/],
        [field({ type: 'Matrix' }), /field\[0\]\/type: .*not .*Matrix/],
        [field({ constraint: { type: 'AllowedValues' } }), /constraint\/type: .*AllowedTokens/],
        [field({ constraint: { value: 'on' } }), /constraint\/value: an array/],
        [field({ constraint: { pattern: '(' } }), /constraint\/pattern/],
        [field({ constraint: { interval: [[1, 2]] } }), /constraint\/interval/],
        [field({ type: 'Quantity', constraint: { interval: [[2, 1]] } }), /ends before it begins/],
        [field({ type: 'Count', constraint: { value: [1.5] } }), /value\[0\]: a whole number/],
        [field({ type: 'DataRecord' }), /field\[0\]\/field: an array/],
        [{ type: 'DataRecord', field: [field({}).field[0], field({}).field[0]] }, /field\[1\]\/name: there are two/],
      ] as const) {
        const { status, text } = await sta.call('POST', 'TaskingCapabilities', {
          ...capability('x', { taskingParameters }),
          Thing: { '@iot.id': lamp },
        })
        assert.equal(status, 400, text)
        assert.match(JSON.parse(text).message, message)
      }
    })

    it('req/create-tasks/task-creation, req/task/properties, req/task/relations', async () => {
      const from = new Date()
      const { status, body, headers } = await ask({ level: 40, mode: 'motion' })
      assert.equal(status, 201)
      const self = body['@iot.selfLink']
      assert.equal(headers.get('location'), self)
      assert.ok(
        new Date(body.creationTime) >= new Date(from.getTime() - 1_000) && new Date(body.creationTime) <= new Date(),
      )
      assert.deepEqual(body, {
        '@iot.selfLink': `${sta.root}/Tasks(${body['@iot.id']})`,
        '@iot.id': body['@iot.id'],
        creationTime: body.creationTime,
        taskingParameters: { level: 40, mode: 'motion' },
        'TaskingCapability@iot.navigationLink': `${self}/TaskingCapability`,
      })
      assert.deepEqual(await sta.get(self), body)
      const linked = await sta.call('POST', 'Tasks', {
        taskingParameters: { level: 1 },
        creationTime: '2026-02-01T00:00:00Z',
        TaskingCapability: { '@iot.id': dimmer },
      })
      assert.equal(linked.status, 201, linked.text)
      assert.equal(linked.body.creationTime, '2026-02-01T00:00:00Z')
      assert.equal((await sta.get(`Tasks(${linked.body['@iot.id']})/TaskingCapability`))['@iot.id'], dimmer)
      const { text, status: without } = await sta.call('POST', 'Tasks', { taskingParameters: { level: 1 } })
      assert.equal(without, 400)
      assert.match(text, /TaskingCapability is missing/)
    })

    it('req/create-tasks: a Task that asks for what is not offered is refused: where, what, what instead', async () => {
      const good = { level: 40, mode: 'fixed', colour: '#FF11A0', times: 3, night: true, fade: { seconds: 2 } }
      assert.equal((await ask({ ...good, until: '2026-06-01T00:00:00+02:00' })).status, 201)
      assert.equal((await ask({ level: -1 })).status, 201)
      for (const [wrong, message] of [
        [{ level: 101 }, 'taskingParameters/level: 101 is not allowed; it must be one of -1 or in [0, 100]'],
        [{ level: '40' }, 'taskingParameters/level: a number is expected, not "40"'],
        [{ level: undefined }, 'taskingParameters/level is missing (Quantity)'],
        [{ mode: 'off' }, 'taskingParameters/mode: "off" is not allowed; it must be one of "fixed", "motion"'],
        [{ colour: 'red' }, 'taskingParameters/colour: "red" is not allowed; it must be like ^#[0-9A-F]{6}$'],
        [{ times: 1.5 }, 'taskingParameters/times: a whole number is expected, not 1.5'],
        [{ times: 4 }, 'taskingParameters/times: 4 is not allowed; it must be in [1, 3]'],
        [{ night: 1 }, 'taskingParameters/night: true or false is expected, not 1'],
        [{ until: 'later' }, 'taskingParameters/until: an ISO 8601 instant is expected, not "later"'],
        [{ until: '2028-01-01T00:00:00Z' }, 'taskingParameters/until: "2028-01-01T00:00:00Z" is not allowed'],
        [{ fade: 2 }, 'taskingParameters/fade: an object is expected'],
        [{ fade: {} }, 'taskingParameters/fade/seconds is missing (Count)'],
        [{ volume: 1 }, 'taskingParameters/volume: there is no such parameter; there are level, mode'],
      ] as const) {
        const { status, body } = await ask({ ...good, ...wrong })
        assert.equal(status, 400, message)
        assert.ok(body.message.startsWith(message), `${body.message} ≠ ${message}`)
      }
      assert.equal((await ask('on')).status, 400)
    })

    it('a pattern that would take a regular expression minutes is matched in time', async () => {
      const evil = { type: 'DataRecord', field: [{ name: 'a', type: 'Text', constraint: { pattern: '^(a+)+$' } }] }
      const id = await sta.make(`Things(${lamp})/TaskingCapabilities`, capability('Evil', { taskingParameters: evil }))
      assert.equal((await ask({ a: `${'a'.repeat(9_000)}!` }, id)).status, 400)
      assert.equal((await ask({ a: 'a'.repeat(9_000) }, id)).status, 201)
    })

    it('deep insert: Thing, TaskingCapability, Actuator and Tasks in one request, all or nothing', async () => {
      const body = (level: number) =>
        thing('Deep', { TaskingCapabilities: [capability('Deep', { Tasks: [{ taskingParameters: { level } }] })] })
      const id = await sta.make('Things', body(7))
      const read = await sta.get(`Things(${id})?$expand=TaskingCapabilities($expand=Tasks,Actuator)`)
      const [made] = read.TaskingCapabilities
      assert.equal(made.Tasks[0].taskingParameters.level, 7)
      assert.equal(made.Actuator.name, 'Ballast of Deep')
      const before = (await sta.get('Things?$count=true&$top=0'))['@iot.count']
      const { status, text } = await sta.call('POST', 'Things', body(700))
      assert.equal(status, 400)
      assert.match(text, /TaskingCapabilities\[0\]\/Tasks\[0\]\/taskingParameters\/level/)
      assert.equal((await sta.get('Things?$count=true&$top=0'))['@iot.count'], before)
      const upward = await sta.call('POST', 'Tasks', {
        taskingParameters: { level: 3 },
        TaskingCapability: capability('Upward', { Thing: thing('Upward') }),
      })
      assert.equal(upward.status, 201, upward.text)
      assert.equal((await sta.get(`Tasks(${upward.body['@iot.id']})/TaskingCapability/Thing`)).name, 'Upward')
    })

    it('all query options and paths work on the three sets', async () => {
      const id = await sta.make(`Things(${lamp})/TaskingCapabilities`, capability('Asked'))
      for (const level of [1, 2, 3]) assert.equal((await ask({ level, mode: 'fixed' }, id)).status, 201)
      const tasks = `TaskingCapabilities(${id})/Tasks`
      const levels = async (options: Record<string, string | number | boolean>) =>
        (await sta.get(`${tasks}?${q(options)}`)).value.map(
          (one: { taskingParameters: { level: number } }) => one.taskingParameters.level,
        )
      assert.deepEqual(
        await levels({ $filter: 'taskingParameters/level ge 2', $orderby: 'taskingParameters/level desc' }),
        [3, 2],
      )
      assert.deepEqual(await levels({ $orderby: 'creationTime', $top: 1, $skip: 1 }), [2])
      assert.deepEqual(await levels({ $filter: `creationTime lt 2026-01-01T00:00:00Z` }), [])
      const page = await sta.get(`${tasks}?$count=true&$top=2`)
      assert.equal(page['@iot.count'], 3)
      assert.equal((await sta.get(page['@iot.nextLink'])).value.length, 1)
      assert.equal((await sta.call('GET', `${tasks}/$count`)).text, '3')
      assert.deepEqual(Object.keys((await sta.get(`${tasks}?$select=creationTime`)).value[0]), ['creationTime'])
      assert.equal((await sta.get(`${tasks}/$ref`)).value.length, 3)
      const things = await sta.get(
        `Things?${q({ $filter: "TaskingCapabilities/any(t:t/name eq 'Asked' and t/Tasks/taskingParameters/level eq 3)" })}`,
      )
      assert.deepEqual(
        things.value.map((one: { '@iot.id': number }) => one['@iot.id']),
        [lamp],
      )
      const found = await sta.get(
        `Tasks?${q({ $filter: "TaskingCapability/Actuator/name eq 'Ballast of Asked'", $expand: 'TaskingCapability/Thing', $count: true })}`,
      )
      assert.equal(found['@iot.count'], 3)
      assert.equal(found.value[0].TaskingCapability.Thing.name, 'Lamp')
      const [first] = found.value
      assert.equal((await sta.call('GET', `Tasks(${first['@iot.id']})/taskingParameters/mode/$value`)).text, 'fixed')
      assert.equal((await sta.get(`Tasks(${first['@iot.id']})/taskingParameters/level`)).level, 1)
      const places = await sta.get(`${tasks}?$resultFormat=GeoJSON`)
      assert.deepEqual(places.features[0].geometry.coordinates, [7.6, 51.9])
      const table = await sta.call(
        'GET',
        `${tasks}?${q({ $resultFormat: 'CSV', $select: 'creationTime,taskingParameters' })}`,
      )
      assert.equal(table.text.trim().split('\r\n').length, 4)
    })

    it('PATCH, PUT, JSON Patch and ETag; a change keeps to what is offered', async () => {
      const { body } = await ask({ level: 10 })
      const path = `Tasks(${body['@iot.id']})`
      const changed = await sta.call('PATCH', path, { taskingParameters: { level: 20 } })
      assert.equal(changed.status, 200)
      assert.deepEqual(changed.body.taskingParameters, { level: 20 })
      assert.equal(changed.body.creationTime, body.creationTime)
      assert.notEqual(changed.headers.get('etag'), null)
      assert.equal((await sta.call('PATCH', path, { taskingParameters: { level: 200 } })).status, 400)
      const put = await sta.call('PUT', path, { taskingParameters: { level: 30 } })
      assert.equal(put.status, 200, put.text)
      assert.equal(put.body.creationTime, body.creationTime)
      const patch = [{ op: 'replace', path: '/taskingParameters/level', value: 40 }]
      const patched = await sta.call('PATCH', path, patch, { type: 'application/json-patch+json' })
      assert.equal(patched.body.taskingParameters.level, 40)
      const other = await sta.make(`Things(${lamp})/TaskingCapabilities`, capability('Other'))
      const moved = await sta.call('PATCH', path, { TaskingCapability: { '@iot.id': other } })
      assert.equal(moved.status, 400)
      assert.match(moved.text, /a Task stays with its TaskingCapability/)
      assert.equal(
        (await sta.call('PATCH', `TaskingCapabilities(${other})`, { Tasks: [{ '@iot.id': body['@iot.id'] }] })).status,
        400,
      )
      const renamed = await sta.call('PATCH', `TaskingCapabilities(${other})`, {
        name: 'Renamed',
        Thing: { '@iot.id': lamp },
      })
      assert.equal(renamed.body.name, 'Renamed')
      assert.equal((await sta.call('PATCH', `TaskingCapabilities(${other})`, { taskingParameters: {} })).status, 400)
      assert.equal(
        (await sta.call('PUT', `Actuators(${(await sta.get('Actuators?$top=1')).value[0]['@iot.id']})`, { name: 'x' }))
          .status,
        400,
      )
    })

    it('DELETE takes along what cannot be without it', async () => {
      const gone = async (path: string) => assert.equal((await sta.call('GET', path)).status, 404, path)
      const fresh = async () => {
        const id = await sta.make(
          'Things',
          thing('Short', {
            TaskingCapabilities: [capability('Short', { Tasks: [{ taskingParameters: { level: 1 } }] })],
          }),
        )
        const [one] = (await sta.get(`Things(${id})/TaskingCapabilities?$expand=Tasks,Actuator`)).value
        const at = (set: string, entity: { '@iot.id': number }) => `${set}(${entity['@iot.id']})`
        return {
          thing: `Things(${id})`,
          capability: at('TaskingCapabilities', one),
          task: at('Tasks', one.Tasks[0]),
          actuator: at('Actuators', one.Actuator),
        }
      }
      const a = await fresh()
      assert.equal((await sta.call('DELETE', a.task)).status, 200)
      await gone(a.task)
      await sta.get(a.capability)
      const b = await fresh()
      assert.equal((await sta.call('DELETE', b.capability)).status, 200)
      await gone(b.task)
      await sta.get(b.actuator)
      const c = await fresh()
      assert.equal((await sta.call('DELETE', c.actuator)).status, 200)
      await gone(c.capability)
      await sta.get(c.thing)
      const d = await fresh()
      assert.equal((await sta.call('DELETE', d.thing)).status, 200)
      await gone(d.capability)
      await gone(d.task)
      await sta.get(d.actuator)
      const e = await fresh()
      const all = await sta.call('DELETE', `${e.capability}/Tasks?${q({ $filter: 'taskingParameters/level eq 1' })}`)
      assert.deepEqual(all.body, { '@iot.count': 1 })
    })

    it('giving tasks is a right of its own: deny by default, in the log, and seen where the dataset is', {
      skip: acrossDatasets(place),
    }, async () => {
      await sta.catalog.ensure({ id: 'lamps', title: 'Lamps' })
      const dataset = sta.catalog.byId('lamps')!.key
      const base = `${sta.url}/d/lamps/sta/v1.1`
      const lights = await sta.make(`${base}/Things`, thing('Hidden', { TaskingCapabilities: [capability('Hidden')] }))
      const id = (await sta.get(`${base}/Things(${lights})/TaskingCapabilities`)).value[0]['@iot.id']
      const keyOf = async (role: Role) =>
        (await sta.access.keys.create({ name: role, grants: [{ role, dataset, space: null }] }, OWNER)).key
      const [steward, controller, consumer] = [
        await keyOf('steward'),
        await keyOf('controller'),
        await keyOf('consumer'),
      ]
      const path = `${base}/TaskingCapabilities(${id})/Tasks`
      const give = (key: string | null, at = path) => sta.call('POST', at, { taskingParameters: { level: 5 } }, { key })
      assert.equal((await give(steward)).status, 403)
      assert.equal((await give(consumer)).status, 403)
      assert.equal((await give(null)).status, 404)
      const given = await give(controller)
      assert.equal(given.status, 201, given.text)
      assert.equal((await give(controller, `TaskingCapabilities(${id})/Tasks`)).status, 201)
      const task = `${base}/Tasks(${given.body['@iot.id']})`
      // A controller gives tasks and changes nothing else; a steward the other way round.
      assert.equal(
        (await sta.call('PATCH', `${base}/TaskingCapabilities(${id})`, { name: 'x' }, { key: controller })).status,
        403,
      )
      assert.equal((await sta.call('POST', `${base}/Things`, thing('x'), { key: controller })).status, 403)
      assert.equal((await sta.call('PATCH', task, { taskingParameters: { level: 6 } }, { key: steward })).status, 403)
      assert.equal((await sta.call('DELETE', task, undefined, { key: steward })).status, 403)
      assert.equal(
        (await sta.call('DELETE', `Tasks?${q({ $filter: 'id gt 0' })}`, undefined, { key: steward })).status,
        403,
      )
      assert.equal(
        (await sta.call('PATCH', task, { taskingParameters: { level: 6 } }, { key: controller })).status,
        200,
      )
      // Seen by whoever sees the dataset, in every way there is to it.
      assert.ok(!sta.access.visible(ANONYMOUS).includes(dataset))
      assert.equal((await sta.call('GET', task, undefined, { key: consumer })).status, 200)
      for (const hidden of [
        `Tasks(${given.body['@iot.id']})`,
        `TaskingCapabilities(${id})`,
        `TaskingCapabilities(${id})/Tasks`,
      ])
        assert.equal((await sta.call('GET', hidden, undefined, { key: null })).status, 404, hidden)
      for (const set of ['Tasks', 'TaskingCapabilities', 'Actuators'])
        assert.equal((await sta.get(`${set}?$count=true`, { key: null }))['@iot.count'], 0, set)
      assert.equal((await sta.call('DELETE', task, undefined, { key: controller })).status, 200)
      const log = await sta.access.log.search({ act: 'task', object: 'dataset:lamps' })
      assert.deepEqual(
        log
          .map(({ act, actor, detail }) => [
            act,
            actor,
            (detail.taskingParameters as { level: number } | undefined)?.level,
          ])
          .reverse(),
        [
          ['task.create', 'key:controller', 5],
          ['task.create', 'key:controller', 5],
          ['task.update', 'key:controller', 6],
          ['task.delete', 'key:controller', undefined],
        ],
      )
    })

    it('a Task and its entry in the log are there together, or neither is', async () => {
      const tasks = async () => (await sta.get('Tasks?$count=true&$top=0'))['@iot.count']
      const before = await tasks()
      await sta.db.query(`create function no_log() returns trigger language plpgsql as 'begin raise ''full''; end'`)
      await sta.db.query('create trigger no_log before insert on audit for each row execute function no_log()')
      try {
        assert.equal((await ask({ level: 3 })).status, 500)
      } finally {
        await sta.db.query('drop function no_log cascade')
      }
      assert.equal(await tasks(), before)
      assert.equal((await ask({ level: 3 })).status, 201)
      assert.equal(await tasks(), before + 1)
    })

    it('a subscriber learns of a new Task after the commit', async () => {
      const seen: unknown[] = []
      sta.sensing.changed.on((change) => seen.push(change))
      const { body } = await ask({ level: 12 })
      assert.equal((await ask({ level: 1_200 })).status, 400)
      assert.deepEqual(
        seen.map((change) =>
          (({ type, id, change: what }) => [type, id, what])(change as { type: string; id: number; change: string }),
        ),
        [['Task', body['@iot.id'], 'created']],
      )
    })
  })
}

for (const engine of databases()) {
  describe(`SensorThings Tasking over MQTT (${engine.name})`, () => {
    let sta: TestService
    let broker: TestBroker
    let dimmer: number
    before(async () => {
      sta = await startService(engine, { tasking: true })
      broker = await startBroker(sta)
      const lamp = await sta.make('Things', thing('Lamp', { TaskingCapabilities: [capability('Dimmer')] }))
      dimmer = (await sta.get(`Things(${lamp})/TaskingCapabilities`)).value[0]['@iot.id']
    })
    after(async () => {
      await broker?.close()
      await sta?.close()
    })

    it('the root document names both classes with the address of the broker', async () => {
      const { serverSettings } = await sta.get('')
      for (const name of ['create-tasks-via-mqtt', 'receive-updates-via-mqtt']) {
        const uri = `http://www.opengis.net/spec/iot_tasking/1.0/req/${name}`
        assert.ok(serverSettings.conformance.includes(uri), name)
        assert.deepEqual(serverSettings[uri], { endpoints: [`mqtt://127.0.0.1:${sta.mqttPort}`] })
      }
    })

    it('req/receive-updates-via-mqtt/receive-updated: a new Task reaches the device, wherever it listens', async () => {
      const device = await broker.connect()
      const topics = ['v1.1/Tasks', `v1.1/TaskingCapabilities(${dimmer})/Tasks`, 'd/eingang/v1.1/Tasks']
      for (const topic of topics) await device.subscribe(topic)
      const { body } = await sta.call('POST', `TaskingCapabilities(${dimmer})/Tasks`, {
        taskingParameters: { level: 4 },
      })
      for (const topic of topics) {
        const told = await device.next(topic)
        assert.equal(told['@iot.id'], body['@iot.id'], topic)
        assert.deepEqual(told.taskingParameters, { level: 4 })
      }
      await device.subscribe(`v1.1/Tasks(${body['@iot.id']})/taskingParameters`)
      await sta.call('PATCH', `Tasks(${body['@iot.id']})`, { taskingParameters: { level: 5 } })
      const changed = await device.next(`v1.1/Tasks(${body['@iot.id']})/taskingParameters`)
      assert.deepEqual(changed, { taskingParameters: { level: 5 } })
    })

    it('req/create-tasks-via-mqtt/task-creation: with the same checks and rights as over HTTP', async () => {
      const me = await broker.connect({ clientId: 'giver' })
      await me.subscribe('errors/giver')
      const levels = async () =>
        (await sta.get(`TaskingCapabilities(${dimmer})/Tasks?$orderby=id`)).value.map(
          (task: { taskingParameters: { level: number } }) => task.taskingParameters.level,
        )
      const before = await levels()
      await me.publish(`v1.1/TaskingCapabilities(${dimmer})/Tasks`, { taskingParameters: { level: 21 } })
      const linked = { taskingParameters: { level: 22 }, TaskingCapability: { '@iot.id': dimmer } }
      await me.publish('v1.1/Tasks', linked)
      await me.publish(`v1.1/TaskingCapabilities(${dimmer})/Tasks`, { taskingParameters: { level: 2_100 } })
      assert.match(JSON.stringify(await me.next('errors/giver')), /taskingParameters\/level: 2100 is not allowed/)
      assert.deepEqual(await levels(), [...before, 21, 22])
      const dataset = sta.catalog.byId('eingang')!.key
      const grants = [{ role: 'steward' as Role, dataset, space: null }]
      const { key } = await sta.access.keys.create({ name: 'mqtt steward', grants }, OWNER)
      const steward = await broker.connect({ key })
      const closed = once(steward.client as never, 'close')
      steward.publish(`v1.1/TaskingCapabilities(${dimmer})/Tasks`, { taskingParameters: { level: 23 } }).catch(() => {})
      await closed
      assert.deepEqual(await levels(), [...before, 21, 22])
    })
  })

  describe(`SensorThings with Tasking switched off (${engine.name})`, () => {
    let sta: TestService
    before(async () => {
      sta = await startService(engine)
    })
    after(() => sta.close())

    it('there is no trace of it', async () => {
      const text = JSON.stringify(await sta.get(''))
      assert.doesNotMatch(text, /task|actuator/i)
      for (const set of ['Actuators', 'Tasks', 'TaskingCapabilities'])
        assert.equal((await sta.call('GET', set)).status, 404)
      const id = await sta.make('Things', thing('Plain'))
      assert.doesNotMatch(JSON.stringify(await sta.get(`Things(${id})`)), /Tasking/)
      assert.equal((await sta.call('GET', `Things(${id})/TaskingCapabilities`)).status, 404)
      assert.equal((await sta.call('GET', 'Things?$expand=TaskingCapabilities')).status, 400)
      assert.equal(
        (await sta.call('POST', 'Things', thing('x', { TaskingCapabilities: [capability('x')] }))).status,
        400,
      )
    })
  })
}
