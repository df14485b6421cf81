/** The map from a style, from a file, and from neither; without WebGL, and when the style's server is down. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type MapServer, startMapServer } from '../support/map-server.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { makeArchive } from '../support/pmtiles.ts'
import { assertAccessible, executablePath, needsBrowser, until, visit } from './browser.ts'
import { createStation } from './data.ts'

// What is tested here does not depend on the database: one engine is enough.
const engine = databases()[0]!

describe('the map', { skip: needsBrowser, timeout: 240_000 }, () => {
  let platform: RunningPlatform
  let maps: MapServer
  let folder: string
  const bounds: [number, number, number, number] = [7.47, 51.84, 7.78, 52.06]
  const profile = (map: string): string => {
    const file = join(folder, 'city.yaml')
    writeFileSync(file, `name: Münster\nbounds: [${bounds}]\n${map}`)
    return file
  }

  before(async () => {
    maps = await startMapServer()
    folder = mkdtempSync(join(tmpdir(), 'zahnrad-city-'))
    const file = profile(`map:\n  style: ${maps.styleUrl}\n  attribution: Testkarte\n`)
    platform = await startPlatform(engine, { CITY_FILE: file, ZAHNRAD_ALLOW_PRIVATE: '1' })
    const key = await platform.key()
    const series = [{ name: 'Temperatur', property: 'Temperatur', unit: 'Grad Celsius', symbol: '°C' }]
    await createStation(platform, key, { name: 'Aasee', place: [7.6, 51.95], series })
    await createStation(platform, key, { name: 'Hafen', place: [7.64, 51.94], series })
    await platform.command('dataset', 'release', 'eingang')
  })
  after(async () => {
    await platform?.remove()
    await maps?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const withWebGL = (): Promise<Browser> =>
    chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'],
    })

  const withoutWebGL = (): Promise<Browser> =>
    chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-3d-apis'] })

  /** The colours along a line across the map: whether something is drawn shows nowhere else. */
  const colours = async (page: Page): Promise<number[][]> => {
    const box = (await page.locator('.map').boundingBox())!
    const clip = { x: box.x + 50, y: box.y + 120, width: box.width - 100, height: 1 }
    const shot = (await page.screenshot({ clip })).toString('base64')
    return page.evaluate<number[][]>(`new Promise((resolve) => {
      const image = new Image()
      image.onload = () => {
        const { width } = image
        const canvas = Object.assign(document.createElement('canvas'), { width, height: 1 })
        const context = canvas.getContext('2d')
        context.drawImage(image, 0, 0)
        const { data } = context.getImageData(0, 0, width, 1)
        const at = (x) => [...data.slice(x * 4, x * 4 + 3)]
        resolve(Array.from({ length: 30 }, (_, i) => at(Math.floor((i * width) / 30))))
      }
      image.src = 'data:image/png;base64,${shot}'
    })`)
  }

  /** Looks along the line until it has the colour wished for. */
  const untilColour = async (page: Page, wanted: number[]): Promise<void> => {
    for (const start = performance.now(); ; await page.waitForTimeout(100)) {
      const seen = await colours(page)
      if (seen.some((one) => one.every((part, i) => Math.abs(part - wanted[i]!) <= 2))) return
      assert.ok(performance.now() - start < 20_000, `no ${wanted} on the map but ${JSON.stringify(seen)}`)
    }
  }

  it('draws the style the profile names, with the stations where they are', async () => {
    const browser = await withWebGL()
    try {
      const { page, troubles, close } = await visit(browser, `${platform.url}/`, {}, /GPU|WebGL|glyph range/)
      await page.locator('canvas.maplibregl-canvas').waitFor()
      await page.locator('.stop').first().waitFor()
      assert.equal(await page.locator('.stop').count(), 2)
      await untilColour(page, [255, 255, 255])
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
      await page.getByRole('link', { name: '© OpenStreetMap' }).waitFor()
      await assertAccessible(page, 'the page with a map style')
      // The style knows no dark: its light ground is turned, and back.
      await page.emulateMedia({ colorScheme: 'dark' })
      const filter = `document.querySelector('.maplibregl-canvas').style.filter`
      await until(page, `${filter}.startsWith('invert')`)
      await page.emulateMedia({ colorScheme: 'light' })
      await until(page, `${filter} === ''`)
      assert.deepEqual(troubles, [])
      await close()
    } finally {
      await browser.close()
    }
  })

  it('is still drawn when the server of the style is down', async () => {
    maps.broken = true
    const asked = maps.asked.length
    const browser = await withWebGL()
    try {
      const { page, troubles, close } = await visit(browser, `${platform.url}/`, {}, /GPU|WebGL|glyph range/)
      await page.locator('canvas.maplibregl-canvas').waitFor()
      await page.locator('.stop').first().waitFor()
      await untilColour(page, [255, 255, 255])
      assert.deepEqual(troubles, [])
      assert.equal(maps.asked.length, asked, 'what is fresh is not asked for')
      await close()
    } finally {
      maps.broken = false
      await browser.close()
    }
  })

  it('falls back to its own ground when the style cannot be had', async () => {
    const browser = await withWebGL()
    try {
      const { page, close } = await visit(browser, `${platform.url}/stationen/1`, {}, /./)
      await page.route('**/api/v1/map/style.json', (route) => route.fulfill({ status: 502, body: '{}' }))
      await page.goto(`${platform.url}/`)
      await page.locator('svg.ground').waitFor()
      await until(page, `document.querySelectorAll('.stop').length === 2`)
      await close()
    } finally {
      await browser.close()
    }
  })

  it('falls back to its own ground without WebGL', async () => {
    const browser = await withoutWebGL()
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

  it('draws the file in the data folder, light and dark, from nowhere else', async () => {
    profile('')
    mkdirSync(join(platform.env.DATA_DIR!, 'map'))
    writeFileSync(join(platform.env.DATA_DIR!, 'map', 'city.pmtiles'), makeArchive({ bounds, maxZoom: 10 }))
    await platform.restart()
    const doctor = await platform.command('doctor')
    assert.match(doctor.stdout, /map +ok +city\.pmtiles/)
    const browser = await withWebGL()
    try {
      for (const [dark, land] of [
        [false, [250, 251, 252]],
        [true, [24, 27, 37]],
      ] as const) {
        const { page, troubles, close } = await visit(browser, `${platform.url}/`, { dark }, /GPU|WebGL/)
        await page.locator('canvas.maplibregl-canvas').waitFor()
        await page.locator('.stop').first().waitFor()
        await untilColour(page, [...land])
        await page.getByRole('link', { name: 'OpenStreetMap' }).waitFor()
        await assertAccessible(page, 'the page with a map file')
        if (!dark) {
          await page.getByRole('combobox', { name: 'Darstellung' }).selectOption('dark')
          await untilColour(page, [24, 27, 37])
        }
        assert.deepEqual(troubles, [])
        await close()
      }
    } finally {
      await browser.close()
    }
  })

  it('hands the file out in parts, and says which map is in use', async () => {
    const about = async (headers: Record<string, string> = {}) =>
      (await (await fetch(`${platform.url}/api/v1/map`, { headers })).json()) as {
        kind: string
        address: string
        operation: { file: { name: string } } | null
      }
    const { kind, address, operation } = await about()
    assert.deepEqual([kind, operation], ['archive', null])
    const key = await platform.key('map')
    assert.equal((await about({ authorization: `Bearer ${key}` })).operation?.file.name, 'city.pmtiles')
    const part = async (range: string) => fetch(platform.url + address, { headers: { range } })
    const first = await part('bytes=0-6')
    assert.deepEqual([first.status, await first.text()], [206, 'PMTiles'])
    const size = Number(first.headers.get('content-range')?.split('/')[1])
    assert.match(first.headers.get('cache-control') ?? '', /max-age=31536000, immutable/)
    assert.equal((await (await part('bytes=-4')).arrayBuffer()).byteLength, 4)
    assert.equal((await (await part(`bytes=${size - 2}-${size + 99}`)).arrayBuffer()).byteLength, 2)
    assert.equal((await part(`bytes=${size}-`)).status, 416)
    const all = await fetch(platform.url + address)
    assert.deepEqual([all.status, (await all.arrayBuffer()).byteLength], [200, size])
    assert.equal((await fetch(platform.url + address.replace(/[0-9a-f]{16}/, '0'.repeat(16)))).status, 404)
  })
})
