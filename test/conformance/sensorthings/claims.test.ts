/** What the root document claims is what is tested: each class by a suite that names it, and no more than that. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../support/database.ts'
import { startBroker, type TestBroker } from './mqtt-service.ts'
import { startService, type TestService } from './service.ts'

/** Each requirement class by its path, and the suites that test it. */
const TESTED: Record<string, string[]> = {
  'iot_sensing/1.1/req/datamodel': ['read', 'write'],
  'iot_sensing/1.1/req/resource-path/resource-path-to-entities': ['read'],
  'iot_sensing/1.1/req/request-data': ['read', 'filter', 'paging', 'formats'],
  'iot_sensing/1.1/req/create-update-delete': ['write', 'change'],
  'iot_sensing/1.1/req/data-array/data-array': ['paging', 'write'],
  'iot_sensing/1.1/req/batch-request/batch-request': ['batch'],
  'iot_sensing/1.1/req/multi-datastream': ['multi-datastream'],
  'iot_sensing/1.1/req/create-observations-via-mqtt/observations-creation': ['mqtt'],
  'iot_sensing/1.1/req/receive-updates-via-mqtt/receive-updates': ['mqtt'],
  'iot_tasking/1.0/req/tasking-capability': ['tasking'],
  'iot_tasking/1.0/req/task': ['tasking'],
  'iot_tasking/1.0/req/actuator': ['tasking'],
  'iot_tasking/1.0/req/create-tasks': ['tasking'],
  'iot_tasking/1.0/req/create-tasks-via-mqtt': ['tasking'],
  'iot_tasking/1.0/req/receive-updates-via-mqtt': ['tasking'],
}
const SPEC = 'http://www.opengis.net/spec/'

describe('what SensorThings claims', () => {
  let sta: TestService
  let broker: TestBroker
  before(async () => {
    sta = await startService(databases().at(-1)!, { tasking: true })
    broker = await startBroker(sta)
  })
  after(async () => {
    await broker?.close()
    await sta?.close()
  })

  it('is what is tested, class by class', async () => {
    const { serverSettings } = await sta.get('')
    assert.deepEqual(
      [...serverSettings.conformance].sort(),
      Object.keys(TESTED)
        .map((path) => SPEC + path)
        .sort(),
    )
  })

  it('each class has suites that name a requirement of it', () => {
    const suites = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'))
    for (const [path, names] of Object.entries(TESTED)) {
      const texts = names.map((name) => {
        assert.ok(suites.includes(`${name}.test.ts`), `${name}.test.ts is not there`)
        return readFileSync(join(import.meta.dirname, `${name}.test.ts`), 'utf8')
      })
      const requirement = path.slice(path.indexOf('/req/') + 1)
      assert.ok(
        texts.some((text) => text.includes(requirement) || text.includes(requirement.split('/').slice(0, 2).join('/'))),
        `no suite names ${requirement}`,
      )
    }
  })
})
