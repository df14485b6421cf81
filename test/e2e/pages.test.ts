/** The pages as a visitor meets them: the real platform, a real browser, real counts. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { firstVisit } from '../bench/first-visit.ts'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, type Look, launch, needsBrowser, until, visit } from './browser.ts'
import { fill, hasRealData } from './data.ts'

const LOOKS: [string, Look][] = [
  ['wide and light', {}],
  ['wide and dark', { dark: true }],
  ['360 px and light', { width: 360, height: 800 }],
  ['360 px and dark', { width: 360, height: 800, dark: true }],
]

interface StationList {
  stations: { id: number; name: string; headline: { dayTotal: number } }[]
}

for (const engine of databases()) {
  // Pages are the same on both databases: on the second one only what their numbers come from is looked at.
  const second = engine !== databases()[0]
  const once = { skip: second && 'looked at on the first database' }

  describe(`pages on the ${engine.name} database`, { skip: needsBrowser, timeout: 300_000 }, () => {
    let platform: RunningPlatform
    let browser: Browser
    let list: StationList
    let largest: StationList['stations'][number]

    before(async () => {
      platform = await startPlatform(engine)
      await fill(platform)
      browser = await launch()
      list = (await (await fetch(`${platform.url}/api/v1/stations`)).json()) as StationList
      largest = [...list.stations].sort((a, b) => b.headline.dayTotal - a.headline.dayTotal)[0]!
    })
    after(async () => {
      const { exitCode, signalCode } = platform.process
      if (exitCode !== null || signalCode)
        console.log(`The platform ended (${exitCode ?? signalCode}): ${platform.output()}`)
      await browser?.close()
      await platform?.remove()
    })

    const german = (value: number): string => new Intl.NumberFormat('de-DE').format(value)

    for (const [name, look] of second ? LOOKS.slice(0, 1) : LOOKS) {
      it(`shows the city, ${name}: accessible, complete, from nowhere else`, async () => {
        const { page, troubles, close } = await visit(browser, `${platform.url}/`, look)
        await page.locator('main li a').first().waitFor()
        assert.equal(await page.locator('main li a').count(), list.stations.length)
        assert.match(await page.locator('main li a').first().innerText(), new RegExp(german(largest.headline.dayTotal)))
        await page.locator('.stop, .cluster').first().waitFor()
        await assertAccessible(page, 'the start page')
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        assert.ok(overflow <= 0, `scrolls sideways by ${overflow} px`)
        assert.deepEqual(troubles, [])
        await close()
      })

      it(`shows a station, ${name}: accessible, complete, from nowhere else`, async () => {
        const path = `/stationen/${largest.id}?compare=year`
        const { page, troubles, close } = await visit(browser, platform.url + path, look)
        await page.locator('canvas').waitFor()
        assert.equal(await page.locator('h1').innerText(), largest.name)
        await page.locator('tbody tr').first().waitFor()
        await assertAccessible(page, 'the station page')
        const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        assert.ok(overflow <= 0, `scrolls sideways by ${overflow} px`)
        assert.deepEqual(troubles, [])
        await close()
      })
    }

    it('works by keyboard from the list to a value in the chart', once, async () => {
      const { page, troubles, close } = await visit(browser, `${platform.url}/`)
      await page.locator('main li a').first().waitFor()
      await page.keyboard.press('Tab')
      assert.match(await page.evaluate<string>('document.activeElement.className'), /skip/)
      await page.keyboard.press('Enter')
      await page.keyboard.press('/')
      assert.equal(await page.evaluate('document.activeElement.id'), 'search')
      await page.locator('main li a', { hasText: largest.name }).focus()
      await page.keyboard.press('Enter')
      await page.waitForURL(`**/stationen/${largest.id}`)
      // The heading has the focus, so a screen reader says where we are.
      await until(page, `document.activeElement?.tagName === 'H1'`)
      await page.locator('canvas').waitFor()
      const slider = page.getByRole('slider')
      for (let i = 0; i < 40; i++) {
        await page.keyboard.press('Tab')
        if (await page.evaluate(`document.activeElement?.getAttribute('role') === 'slider'`)) break
      }
      await page.keyboard.press('End')
      const last = await slider.getAttribute('aria-valuetext')
      await page.keyboard.press('ArrowLeft')
      const before = await slider.getAttribute('aria-valuetext')
      assert.notEqual(last, before)
      assert.match(before ?? '', /\d{4}.*: .*\d/)
      await page.keyboard.press('Home')
      assert.equal(await slider.getAttribute('aria-valuenow'), '0')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('shows the same numbers in chart, table, CSV and API', async () => {
      const path = `/stationen/${largest.id}?range=7d&resolution=day`
      const { page, close } = await visit(browser, platform.url + path)
      await page.locator('tbody tr').first().waitFor()
      const rows = await page.locator('.scroll tbody tr td:nth-child(2)').allInnerTexts()
      const csv = await page.getByRole('link', { name: 'CSV', exact: true }).getAttribute('href')
      const lines = (await (await fetch(platform.url + csv)).text()).trim().split('\n')
      const column = lines[0]!.split(',').findIndex((name) => name.trim() === 'value')
      assert.ok(column > 0, lines[0])
      const api = (await (await fetch(platform.url + csv!.replace('&format=csv', ''))).json()) as {
        series: { points: { value: number }[]; total: number }[]
      }
      const values = api.series[0]!.points.map((p) => p.value)
      assert.equal(rows.length, 7)
      assert.deepEqual(rows, values.map(german))
      assert.equal(lines.length - 1, values.length)
      assert.match(await page.locator('dl dd').first().innerText(), new RegExp(german(api.series[0]!.total)))
      await page.getByRole('slider').focus()
      await page.keyboard.press('End')
      assert.match((await page.getByRole('slider').getAttribute('aria-valuetext'))!, new RegExp(german(values.at(-1)!)))
      await close()
    })

    it('keeps the whole view in the address, and goes back', once, async () => {
      const { page, close } = await visit(browser, `${platform.url}/stationen/${largest.id}`)
      await page.locator('canvas').waitFor()
      await page.getByRole('button', { name: '30 Tage' }).click()
      await page.waitForURL('**range=30d**')
      await page.getByRole('button', { name: 'Mit Vorjahr vergleichen' }).click()
      await page.getByLabel('Auflösung').selectOption('day')
      await page.getByText('Vorjahr, gleiche Wochentage').waitFor()
      await page.getByRole('button', { name: 'English' }).click()
      await page.getByText('Previous year, same weekdays').waitFor()
      await page.getByText('Daily values · gaps stay gaps').waitFor()
      const shown = await page.locator('main').innerText()
      const address = page.url()
      for (const part of ['range=30d', 'compare=year', 'resolution=day', 'lang=en'])
        assert.match(address, new RegExp(part))
      const other = await visit(browser, address)
      await other.page.locator('canvas').waitFor()
      await other.page.getByText('Previous year, same weekdays').waitFor()
      await other.page.getByText('Daily values · gaps stay gaps').waitFor()
      assert.equal(await other.page.evaluate('document.documentElement.lang'), 'en')
      assert.equal(await other.page.locator('main').innerText(), shown)
      await other.close()
      await page.goBack()
      await page.waitForURL((url) => !url.search.includes('resolution'))
      await page.goBack()
      await page.waitForURL((url) => !url.search.includes('compare'))
      assert.equal(
        await page.getByRole('button', { name: 'Compare with previous year' }).getAttribute('aria-pressed'),
        'false',
      )
      await close()
    })

    it('selects a range by dragging in the chart', once, async () => {
      const { page, close } = await visit(browser, `${platform.url}/stationen/${largest.id}`)
      await page.locator('canvas').waitFor()
      const box = (await page.locator('.u-over').boundingBox())!
      const at = (share: number): [number, number] => [box.x + box.width * share, box.y + 60]
      await page.mouse.move(...at(0.3))
      await page.mouse.down()
      await page.mouse.move(...at(0.72), { steps: 5 })
      await page.mouse.up()
      await page.waitForURL(/from=\d{4}-\d\d-\d\d&to=\d{4}-\d\d-\d\d/)
      await close()
    })

    it('swaps the map for a table', once, async () => {
      const { page, troubles, close } = await visit(browser, `${platform.url}/`)
      await page.getByRole('button', { name: 'Als Tabelle' }).click()
      await page.waitForURL('**view=table')
      await page.locator('table tbody tr').first().waitFor()
      assert.equal(await page.locator('table tbody tr').count(), list.stations.length)
      await assertAccessible(page, 'the table of stations')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('filters the list by words, by keyboard, and the map and the address with it', once, async () => {
      const { page, troubles, close } = await visit(browser, `${platform.url}/`)
      await page.locator('main li a').first().waitFor()
      const field = page.getByRole('searchbox', { name: 'Messstellen filtern' })
      await field.focus()
      const word = largest.name.slice(0, 5).toUpperCase()
      await page.keyboard.type(word)
      const wanted = list.stations.map((s) => s.name).filter((name) => name.toUpperCase().includes(word))
      assert.ok(wanted.length > 0 && wanted.length < list.stations.length)
      await until(page, `document.querySelectorAll('main li a').length === ${wanted.length}`)
      assert.deepEqual((await page.locator('main li .name').allInnerTexts()).sort(), wanted.sort())
      await page.getByText(`${wanted.length} von ${list.stations.length} Messstellen`).waitFor()
      // The map counts what it shows in its summary.
      const summary = await page.locator('.where > .kern-sr-only').first().innerText()
      assert.match(summary, new RegExp(`Karte mit ${wanted.length} Messstelle`))
      assert.equal(new URL(page.url()).searchParams.get('q'), word)
      const other = await visit(browser, `${page.url()}&view=table`)
      await other.page.locator('tbody tr').first().waitFor()
      assert.equal(await other.page.locator('tbody tr').count(), wanted.length)
      assert.equal(await other.page.getByRole('searchbox', { name: 'Messstellen filtern' }).inputValue(), word)
      await other.close()
      await page.keyboard.type(' gibtesnicht')
      await page.getByText(/Keine Messstelle passt zu/).waitFor()
      await assertAccessible(page, 'the start page without a match')
      await page.locator('.none button').click()
      await until(page, `document.querySelectorAll('main li a').length === ${list.stations.length}`)
      assert.equal(new URL(page.url()).search, '')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('names the hours of the day that has 23', {
      skip: hasRealData ? false : '../shared/data is missing',
    }, async () => {
      const path = `/stationen/${largest.id}?from=2026-03-29&to=2026-03-29&resolution=hour`
      const { page, close } = await visit(browser, platform.url + path)
      await page.getByRole('button', { name: /Alle 23 Zeilen/ }).click()
      const hours = await page.locator('.scroll tbody tr th').allInnerTexts()
      assert.equal(hours.length, 23)
      assert.match(hours[1]!, /01:00–02:00/)
      assert.match(hours[2]!, /03:00–04:00/)
      await close()
    })

    it('says that a station or a page does not exist', once, async () => {
      const none = await visit(browser, `${platform.url}/stationen/999999`, {}, /404/)
      await none.page.getByRole('heading', { name: 'Diese Messstelle gibt es hier nicht' }).waitFor()
      await assertAccessible(none.page, 'the page of a missing station')
      assert.deepEqual(none.troubles, [])
      await none.close()
      assert.equal((await fetch(`${platform.url}/nirgends`, { headers: { accept: 'text/html' } })).status, 404)
      const lost = await visit(browser, `${platform.url}/nirgends`, {}, /404/)
      await lost.page.getByRole('heading', { name: 'Diese Seite gibt es nicht' }).waitFor()
      await lost.page.getByRole('link', { name: 'Zu „Stadt jetzt“' }).click()
      await lost.page.locator('main li a').first().waitFor()
      await lost.close()
    })

    it('explains a failure, loses nothing, and tries again', once, async () => {
      const { page, context, close } = await visit(browser, `${platform.url}/stationen/${largest.id}`, {}, /./)
      await page.locator('canvas').waitFor()
      await page.route('**/api/v1/series*', (route) => route.abort())
      await page.getByRole('button', { name: '30 Tage' }).click()
      await page.getByText('Die Werte konnten nicht geladen werden.').waitFor()
      assert.match(await page.locator('main').innerText(), /nichts verloren/)
      await assertAccessible(page, 'the page after a failure')
      await page.unroute('**/api/v1/series*')
      await page.getByRole('button', { name: 'Erneut versuchen' }).click()
      await page.getByText('Die Werte konnten nicht geladen werden.').waitFor({ state: 'detached' })
      await context.setOffline(true)
      await page.getByRole('button', { name: '7 Tage' }).click()
      await page.getByText(/Gerät ist gerade offline/).waitFor()
      await context.setOffline(false)
      await page.getByText(/Gerät ist gerade offline/).waitFor({ state: 'detached' })
      await close()
    })

    it('can be used after two waves of requests: the page with its data, and the files it names', once, async () => {
      const stations = await firstVisit(browser, `${platform.url}/`, 'main li .value')
      const path = (one: { url: string }): string => new URL(one.url).pathname
      // The map and live values come once the list is there; fonts and the icon hold nothing up.
      const map = stations.all.find((one) => path(one).includes('/map-'))
      assert.ok(map, JSON.stringify(stations.all))
      const late = /\.(woff2|svg)$|\/(map|rolldown-runtime)-|\/api\/v1\/events/
      const before = stations.all.filter((one) => one.startMs <= map.startMs && !late.test(path(one)))
      const told = JSON.stringify(before)
      const html = await (await fetch(`${platform.url}/`, { headers: { accept: 'text/html' } })).text()
      for (const one of before.slice(1))
        assert.ok(html.includes(`"${path(one)}"`), `${one.url} is not named in the page`)
      assert.equal(before.length > 3 && before.length <= 9, true, told)
      const bytes = before.reduce((sum, one) => sum + one.bytes, 0)
      assert.ok(bytes > 20 * 1024 && bytes < 100 * 1024, `${bytes} bytes: ${told}`)
      // The map has no style here, so its library stays away altogether.
      assert.ok(!stations.all.some((one) => path(one).includes('maplibre')))
    })
  })
}
