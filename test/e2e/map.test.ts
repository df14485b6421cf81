/** The map with a style of the city's own, and without one, without WebGL, and when the style cannot be had. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Browser, chromium } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, executablePath, needsBrowser, until, visit } from './browser.ts'
import { createStation } from './data.ts'

const STYLE = {
  version: 8,
  sources: {
    city: {
      type: 'geojson',
      data: {
        type: 'Polygon',
        coordinates: [
          [
            [7.5, 51.9],
            [7.7, 51.9],
            [7.7, 52],
            [7.5, 52],
            [7.5, 51.9],
          ],
        ],
      },
    },
  },
  layers: [
    { id: 'ground', type: 'background', paint: { 'background-color': '#dfe7ee' } },
    { id: 'city', type: 'fill', source: 'city', paint: { 'fill-color': '#ffffff' } },
  ],
}

// What is tested here does not depend on the database: one engine is enough.
const engine = databases()[0]!

describe('the map', { skip: needsBrowser, timeout: 120_000 }, () => {
  let platform: RunningPlatform
  let styles: Server
  let folder: string
  let styleUrl: string
  let broken = false

  before(async () => {
    styles = createServer((_request, response) => {
      response.writeHead(broken ? 500 : 200, {
        'content-type': 'application/json',
        'access-control-allow-origin': '*',
      })
      response.end(broken ? '' : JSON.stringify(STYLE))
    })
    await new Promise<void>((resolve) => styles.listen(0, '127.0.0.1', resolve))
    styleUrl = `http://127.0.0.1:${(styles.address() as AddressInfo).port}/style.json`
    folder = mkdtempSync(join(tmpdir(), 'zahnrad-city-'))
    const file = join(folder, 'city.yaml')
    writeFileSync(
      file,
      `name: Münster\nbounds: [7.47, 51.84, 7.78, 52.06]\nmap:\n  style: ${styleUrl}\n  attribution: Testkarte\n`,
    )
    platform = await startPlatform(engine, { CITY_FILE: file })
    const key = await platform.key()
    const series = [{ name: 'Temperatur', property: 'Temperatur', unit: 'Grad Celsius', symbol: '°C' }]
    await createStation(platform, key, { name: 'Aasee', place: [7.6, 51.95], series })
    await createStation(platform, key, { name: 'Hafen', place: [7.64, 51.94], series })
    await platform.command('dataset', 'release', 'eingang')
  })
  after(async () => {
    await platform?.remove()
    styles?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const withWebGL = (): Promise<Browser> =>
    chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'],
    })

  const withoutWebGL = (): Promise<Browser> =>
    chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-3d-apis'] })

  it('draws the style the profile names, with the stations where they are', async () => {
    const browser = await withWebGL()
    try {
      const { page, troubles, close } = await visit(
        browser,
        `${platform.url}/`,
        {},
        /left the origin: .*style\.json|GPU|WebGL/,
      )
      await page.locator('canvas.maplibregl-canvas').waitFor()
      await page.locator('.stop').first().waitFor()
      assert.equal(await page.locator('.stop').count(), 2)
      const middle = async (): Promise<number> => {
        const box = (await page.locator('.stop', { hasText: 'Aasee' }).boundingBox())!
        return box.x + box.width / 2
      }
      const before = await middle()
      await page.locator('.maplibregl-canvas').focus()
      await page.keyboard.press('ArrowRight')
      const start = performance.now()
      while (Math.abs((await middle()) - before) < 20)
        assert.ok(performance.now() - start < 3000, 'markers stay behind')
      await page.getByText('Testkarte').waitFor()
      await assertAccessible(page, 'the page with a map style')
      assert.deepEqual(troubles, [])
      await close()
    } finally {
      await browser.close()
    }
  })

  it('falls back to its own ground when the style cannot be had', async () => {
    broken = true
    const browser = await withWebGL()
    try {
      const { page, close } = await visit(browser, `${platform.url}/`, {}, /./)
      await page.locator('svg.ground').waitFor()
      await until(page, `document.querySelectorAll('.stop').length === 2`)
      await close()
    } finally {
      broken = false
      await browser.close()
    }
  })

  it('falls back to its own ground without WebGL', async () => {
    const browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-3d-apis'],
    })
    try {
      const { page, close } = await visit(browser, `${platform.url}/`, {}, /./)
      await page.locator('svg.ground').waitFor()
      await until(page, `document.querySelectorAll('.stop').length === 2`)
      await close()
    } finally {
      await browser.close()
    }
  })

  it('is moved by keys, wheel and buttons, and comes back', async () => {
    const browser = await withoutWebGL()
    try {
      const { page, close } = await visit(browser, `${platform.url}/`, { reducedMotion: true }, /./)
      await page.locator('svg.ground').waitFor()
      const stop = page.locator('.stop', { hasText: 'Aasee' })
      await stop.waitFor()
      const at = async () => (await stop.boundingBox())!
      const home = await at()
      await page.locator('.map').focus()
      await page.keyboard.press('ArrowRight')
      assert.ok(Math.abs((await at()).x - (home.x - 80)) < 1)
      await page.keyboard.press('ArrowLeft')
      await page.getByRole('button', { name: 'Karte verkleinern' }).click()
      await until(page, `document.querySelectorAll('.stop, .cluster').length > 0`)
      const box = (await page.locator('.map').boundingBox())!
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
      await page.mouse.wheel(0, -300)
      await page.getByRole('button', { name: 'Alle Messstellen zeigen' }).click()
      // The wheel's turn may still be on its way when the button is clicked, and the markers are drawn anew after both.
      for (const start = performance.now(); ; await page.waitForTimeout(30)) {
        const back = await stop.boundingBox()
        if (back && Math.hypot(back.x - home.x, back.y - home.y) < 1.5) break
        assert.ok(performance.now() - start < 5000, 'the map does not come back')
        await page.getByRole('button', { name: 'Alle Messstellen zeigen' }).click()
      }
      await close()
    } finally {
      await browser.close()
    }
  })
})
