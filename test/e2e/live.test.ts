/** New values move the open pages: over MQTT and HTTP, within a second, without a reload. */
import assert from 'node:assert/strict'
import { type EventEmitter, once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import type { Browser } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, launch, needsBrowser, until, visit } from './browser.ts'
import { api, createStation } from './data.ts'

const QUARTER = 15 * 60_000

for (const engine of databases()) {
  describe(`live pages on the ${engine.name} database`, { skip: needsBrowser, timeout: 180_000 }, () => {
    let platform: RunningPlatform
    let browser: Browser
    let key: string
    let station: { thing: number; datastreams: number[] }
    const last = Math.floor(Date.now() / QUARTER) * QUARTER - QUARTER

    before(async () => {
      platform = await startPlatform(engine)
      browser = await launch()
      key = await platform.key()
    })
    after(async () => {
      await browser?.close()
      await platform?.remove()
    })

    it('says what will stand here while there is nothing', async () => {
      const { page, troubles, close } = await visit(browser, `${platform.url}/`)
      await page.getByRole('heading', { name: /^Hier wird stehen, was/ }).waitFor()
      await assertAccessible(page, 'the empty start page')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('shows a value published by MQTT within a second, and lets it glow once', async () => {
      station = await createStation(platform, key, {
        name: 'Aasee',
        place: [7.61, 51.95],
        series: [
          { name: 'Lufttemperatur', property: 'Lufttemperatur', unit: 'Grad Celsius', symbol: '°C' },
          { name: 'Luftfeuchte', property: 'Luftfeuchte', unit: 'Prozent', symbol: '%' },
        ],
      })
      for (const [i, id] of station.datastreams.entries()) {
        await api(platform, key, '/sta/v1.1/CreateObservations', [
          {
            Datastream: { '@iot.id': id },
            components: ['phenomenonTime', 'result'],
            dataArray: Array.from({ length: 90 }, (_, k) => [
              new Date(last - (89 - k) * QUARTER).toISOString(),
              i * 40 + 15 + Math.round(50 * Math.sin(k / 12)) / 10,
            ]),
          },
        ])
      }
      const release = await platform.command('dataset', 'release', 'eingang')
      assert.equal(release.code, 0, release.stderr)

      const series = station.datastreams.join(',')
      const address = `${platform.url}/stationen/${station.thing}?range=24h&series=${series}`
      const { page, troubles, close } = await visit(browser, address)
      await page.locator('canvas').first().waitFor()
      assert.equal(await page.locator('canvas').count(), 2, 'one chart for each unit')
      const slider = page.getByRole('slider').first()
      let seen = Number.POSITIVE_INFINITY
      let drawn = Number.POSITIVE_INFINITY
      const before = Number(await slider.getAttribute('aria-valuemax'))

      const client = mqtt.connect(platform.mqttUrl, { protocolVersion: 4, username: 'x', password: key })
      try {
        await once(client as unknown as EventEmitter, 'connect')
        const start = performance.now()
        const shown = page
          .getByText('Zuletzt: 33,3')
          .waitFor({ timeout: 5000 })
          .then(() => performance.now() - start)
        const grown = until(page, `Number(document.querySelector('[role=slider]').ariaValueMax) > ${before}`).then(
          () => performance.now() - start,
        )
        const value = { phenomenonTime: new Date(last + QUARTER).toISOString(), result: 33.3 }
        const topic = `v1.1/Datastreams(${station.datastreams[0]})/Observations`
        await client.publishAsync(topic, JSON.stringify(value), { qos: 1 })
        seen = await shown
        drawn = await grown
      } finally {
        await client.endAsync(true)
      }
      await slider.focus()
      await page.keyboard.press('End')
      assert.match((await slider.getAttribute('aria-valuetext'))!, /33,3/, 'the newest value is in the chart')
      assert.ok(seen < 1000, `the value took ${Math.round(seen)} ms`)
      assert.ok(drawn < 1500, `the chart took ${Math.round(drawn)} ms`)
      assert.ok((await page.locator('.glow').count()) > 0)
      await assertAccessible(page, 'the page of a live station')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('moves the list and the figure of the start page', async () => {
      const { page, close } = await visit(browser, `${platform.url}/`)
      const row = page.locator('main li a', { hasText: 'Aasee' })
      await row.waitFor()
      const at = new Date(last + QUARTER + 60_000).toISOString()
      await page.waitForTimeout(300)
      await api(platform, key, `/sta/v1.1/Datastreams(${station.datastreams[0]})/Observations`, {
        phenomenonTime: at,
        result: 12.5,
      })
      await until(page, `[...document.querySelectorAll('main li a')].some((a) => a.innerText.includes('12,5'))`)
      await close()
    })

    it('catches up after the server was gone', async () => {
      const address = `${platform.url}/stationen/${station.thing}?range=24h&series=${station.datastreams[0]}`
      const { page, close } = await visit(browser, address, {}, /./)
      await page.locator('canvas').waitFor()
      await platform.restart()
      await api(platform, key, `/sta/v1.1/Datastreams(${station.datastreams[0]})/Observations`, {
        phenomenonTime: new Date(last + QUARTER + 120_000).toISOString(),
        result: -4.2,
      })
      await page.getByText('Zuletzt: −4,2').waitFor({ timeout: 20_000 })
      await close()
    })

    it('says on each page that anyone may write', async () => {
      const open = await startPlatform(engine, { ZAHNRAD_OPEN_WRITE: '1' })
      try {
        const { page, troubles, close } = await visit(browser, `${open.url}/`, { width: 360, height: 700 })
        await page.getByText('Offenes Schreiben ist eingeschaltet.').waitFor()
        await assertAccessible(page, 'a page with open writing')
        assert.deepEqual(troubles, [])
        await close()
      } finally {
        await open.remove()
      }
    })
  })
}
