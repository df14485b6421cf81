import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Stations } from './api.ts'
import { fromTemplate, pack, pagesOf } from './boards.ts'
import { shouldReload } from './screen.ts'

const box = (width: number, height: number) => ({ width, height })
const at = (items: ReturnType<typeof box>[], columns: number) =>
  pack(items, columns).spots.map((s) => `${s.column},${s.row} ${s.width}×${s.height}`)

describe('boards', () => {
  it('places items in the order they are read, beside tall ones too', () => {
    assert.deepEqual(at([box(2, 2), box(1, 1), box(1, 1), box(1, 1), box(4, 1)], 4), [
      '0,0 2×2',
      '2,0 1×1',
      '3,0 1×1',
      '2,1 1×1',
      '0,2 4×1',
    ])
    assert.deepEqual(at([box(4, 1), box(1, 2), box(2, 1)], 2), ['0,0 2×1', '0,1 1×2', '0,3 2×1'])
    assert.equal(pack([box(2, 2), box(1, 1)], 4).rows, 2)
    assert.equal(pack([], 4).rows, 0)
  })

  it('cuts what does not fit on a screen into pages, and never loses an item', () => {
    const items = [box(2, 2), box(2, 2), box(4, 2), box(4, 4), box(1, 1)]
    const pages = pagesOf(items, 4, 4)
    assert.deepEqual(
      pages.map((page) => page.length),
      [3, 1, 1],
    )
    assert.deepEqual(pages.flat(), items)
    assert.deepEqual(pagesOf([], 4, 4), [[]])
  })

  it('fills a template with what there is, and with nothing else', () => {
    const group = (key: string, aggregate: 'sum' | 'mean') =>
      ({ key, name: key, aggregate }) as Stations['groups'][number]
    const station = (id: number, of: string, dayTotal: number) =>
      ({
        id,
        group: of,
        groups: [of],
        headline: { datastream: id * 10, datastreams: [id * 10], dayTotal },
      }) as Stations['stations'][number]
    const city = {
      groups: [group('bicycle_count', 'sum'), group('noise', 'mean')],
      stations: [station(1, 'bicycle_count', 5), station(2, 'bicycle_count', 9)],
    } as Stations
    const items = fromTemplate('traffic', city)!
    assert.deepEqual(
      items.map((i) => i.kind),
      ['figure', 'chart', 'map', 'list'],
    )
    assert.deepEqual(items[1], {
      kind: 'chart',
      width: 2,
      height: 2,
      series: [20, 10],
      range: '7d',
      resolution: 'hour',
      compare: false,
    })
    assert.equal(fromTemplate('weather', city), null)
  })

  it('reloads a screen for a new version at once, and once a day in the small hours', () => {
    const hour = 3_600_000
    const base = { loaded: '1.0.0', current: '1.0.0', age: hour, hour: 12 }
    assert.equal(shouldReload(base), false)
    assert.equal(shouldReload({ ...base, current: '1.0.1' }), true)
    assert.equal(shouldReload({ ...base, age: 13 * hour, hour: 3 }), true)
    assert.equal(shouldReload({ ...base, age: 13 * hour, hour: 12 }), false)
    assert.equal(shouldReload({ ...base, age: 2 * hour, hour: 3 }), false)
    assert.equal(shouldReload({ ...base, age: 26 * hour, hour: 12 }), true)
  })
})
