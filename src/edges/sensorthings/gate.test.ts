import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { StaError } from './errors.ts'
import { Gate, mostRows } from './gate.ts'
import { SENSING_MODEL } from './model.ts'
import { readQuery, splitOptions } from './query.ts'

const query = (search: string) => readQuery(SENSING_MODEL.named('Thing'), splitOptions(search))
const LARGE = query('$top=1000&$expand=Datastreams($top=100;$expand=Observations($top=10))')

describe('large answers', () => {
  it('are told by the rows they may reach for', () => {
    assert.equal(mostRows(query('$top=0')), 1)
    assert.equal(
      mostRows(query('$top=7&$expand=Locations($top=2),Datastreams($top=3;$expand=Sensor)')),
      7 * (1 + 2 + 3 * 2),
    )
    assert.ok(mostRows(LARGE) >= 1_000_000)
  })

  it('wait for each other, in order; small ones do not wait; too many are refused', async () => {
    const gate = new Gate()
    let inside = 0
    const order: number[] = []
    const release = Promise.withResolvers<void>()
    const large = (i: number) =>
      gate.pass(mostRows(LARGE), async () => {
        assert.equal(++inside, 1)
        order.push(i)
        if (i === 0) await release.promise
        if (i === 1) inside--
        assert.ok(i !== 1, 'one that fails lets the next one in')
        inside--
      })
    const asked = Array.from({ length: 101 }, (_, i) => large(i).catch(() => {}))
    assert.equal(await gate.pass(mostRows(query('')), async () => 'small'), 'small')
    await assert.rejects(
      gate.pass(mostRows(LARGE), async () => {}),
      (error) => error instanceof StaError && error.status === 503,
    )
    assert.deepEqual(order, [0])
    release.resolve()
    await Promise.all(asked)
    assert.deepEqual(
      order,
      Array.from({ length: 101 }, (_, i) => i),
    )
    await gate.pass(mostRows(LARGE), async () => {})
  })
})
