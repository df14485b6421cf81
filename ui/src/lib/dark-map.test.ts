import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { StyleSpecification } from 'maplibre-gl'
import { darkFilter } from './dark-map.ts'

const styleOf = (color: unknown, type: string): StyleSpecification =>
  ({
    version: 8,
    sources: { a: { type } },
    layers: color ? [{ id: 'ground', type: 'background', paint: { 'background-color': color } }] : [],
  }) as unknown as StyleSpecification

describe('a foreign map beside dark pages', () => {
  it('is turned dark where it is light, dimmed where it is a photograph, left alone where it is dark', () => {
    const light = ['#fff', '#f2efe9', 'rgb(240, 240, 235)', 'hsl(47, 26%, 88%)', 'white', ['get', 'x'], null]
    for (const color of light) {
      assert.match(darkFilter(styleOf(color, 'vector')), /^invert/, String(color))
      assert.match(darkFilter(styleOf(color, 'raster')), /^brightness/, String(color))
    }
    for (const color of ['#000', '#1a1c22', '#1a1c22ff', 'rgb(12,12,20)', 'rgba(0, 0, 0, 1)', 'hsl(220, 10%, 12%)'])
      assert.equal(darkFilter(styleOf(color, 'vector')), '', color)
  })
})
