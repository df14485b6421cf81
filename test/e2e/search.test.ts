/** The search by keyboard alone, and what it says when there is nothing. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, launch, needsBrowser, until, visit } from './browser.ts'
import { createStation } from './data.ts'

// What is found on which database is tested with the domain; here it is about the pages.
const engine = databases()[0]!

describe('the search', { skip: needsBrowser, timeout: 240_000 }, () => {
  let platform: RunningPlatform
  let browser: Browser
  let harbour: number

  before(async () => {
    platform = await startPlatform(engine)
    const key = await platform.key()
    const series = [{ name: 'Temperatur', property: 'air_temperature', unit: 'Grad Celsius', symbol: '°C' }]
    harbour = (await createStation(platform, key, { name: 'Hafenstraße', place: [7.6, 51.95], series })).thing
    for (const [i, name] of ['Neutor', 'Bohlweg', 'Promenade am Hafen'].entries())
      await createStation(platform, key, { name, place: [7.61 + i / 100, 51.95], series })
    await platform.command('dataset', 'release', 'eingang')
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await platform?.remove()
  })

  const active = `document.activeElement.getAttribute('aria-activedescendant')`
  const chosen = `document.querySelector('[role=option][aria-selected=true]')?.textContent`

  it('leads from the slash to a station by keys alone', async () => {
    const { page, troubles, close } = await visit(browser, `${platform.url}/`)
    await page.locator('main li a').first().waitFor()
    await page.keyboard.press('/')
    assert.equal(await page.evaluate('document.activeElement.id'), 'search')
    await page.keyboard.type('hafenstrase')
    await until(page, `document.querySelectorAll('[role=option]').length === 2 && ${active} === null`)
    assert.equal(await page.getByRole('combobox').first().getAttribute('aria-expanded'), 'true')
    assert.match(await page.getByRole('status').filter({ hasText: 'Vorschl' }).innerText(), /Ein Vorschlag/)
    await page.keyboard.press('ArrowDown')
    await until(page, `/Hafenstraße/.test(${chosen})`)
    await page.keyboard.press('ArrowUp')
    assert.equal(await page.evaluate(active), null)
    await page.keyboard.press('ArrowUp')
    await until(page, `/Alle Ergebnisse/.test(${chosen})`)
    await page.keyboard.press('Escape')
    await until(page, `document.getElementById('search').getAttribute('aria-expanded') === 'false'`)
    assert.equal(await page.locator('#search').inputValue(), 'hafenstrase')
    await page.keyboard.press('ArrowDown')
    await until(page, `document.getElementById('search').getAttribute('aria-expanded') === 'true'`)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/stationen/${harbour}`)
    await until(page, `document.activeElement?.tagName === 'H1'`)
    assert.equal(await page.locator('#search').inputValue(), '')
    assert.deepEqual(troubles, [])
    await close()
  })

  it('shows all results with Enter, marks what fits, and keeps the words in the address', async () => {
    const { page, troubles, close } = await visit(browser, `${platform.url}/`)
    await page.locator('main li a').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('hafen')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/suche?q=hafen')
    await page.getByRole('heading', { name: 'Messstellen 2' }).waitFor()
    assert.deepEqual(await page.locator('section mark').allInnerTexts(), ['Hafen', 'Hafen'])
    await page.keyboard.press('/')
    assert.equal(await page.evaluate('document.activeElement.id'), 'search')
    await page.locator('#search').fill('temperatur neutor')
    await page.getByRole('link', { name: /Neutor/ }).waitFor()
    assert.match(page.url(), /q=temperatur(\+|%20)neutor/)
    await page.goBack()
    await page.waitForURL(`${platform.url}/`)
    assert.deepEqual(troubles, [])
    await close()
  })

  it('takes the last word typed, whatever answer comes last', async () => {
    const { page, close } = await visit(browser, `${platform.url}/`)
    await page.locator('main li a').first().waitFor()
    await page.route('**/api/v1/search?q=bohl&*', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      await route.continue().catch(() => {})
    })
    await page.locator('#search').focus()
    const slow = page.waitForRequest('**/api/v1/search?q=bohl&*')
    await page.keyboard.type('bohl')
    await slow
    await page.locator('#search').fill('neutor')
    await page.getByRole('option', { name: /Neutor/ }).waitFor()
    await page.waitForTimeout(1_800)
    assert.equal(await page.getByRole('option', { name: /Bohlweg/ }).count(), 0)
    await close()
  })

  it('says what it does not know, and what to do', async () => {
    const { page, close } = await visit(browser, `${platform.url}/suche?q=Erfundener+Weg`)
    await page.getByText('Nichts gefunden zu „Erfundener Weg“.').waitFor()
    await page.getByText(/nicht im Stadtplan/).waitFor()
    await page.getByRole('link', { name: 'Alle Ergebnisse zu „Erfundener“' }).waitFor()
    await close()
    const over = await fetch(`${platform.url}/api/v1/search?q=${'x'.repeat(201)}`)
    assert.equal(over.status, 400)
  })

  for (const [name, look] of [
    ['wide and light', {}],
    ['wide and dark', { dark: true }],
    ['360 px and light', { width: 360, height: 800 }],
    ['360 px and dark', { width: 360, height: 800, dark: true }],
  ] as const) {
    it(`is accessible, ${name}`, async () => {
      const { page, troubles, close } = await visit(browser, `${platform.url}/`, look)
      await page.locator('main li a').first().waitFor()
      if ('width' in look) {
        await page.getByRole('link', { name: 'Suchen' }).click()
        await page.waitForURL('**/suche')
        await page.locator('#search').fill('hafen')
      } else {
        await page.keyboard.press('/')
        await page.keyboard.type('hafen')
        await page.getByRole('option').first().waitFor()
        await page.keyboard.press('ArrowDown')
        await assertAccessible(page, 'the page with suggestions')
        await page.goto(`${platform.url}/suche?q=hafen`)
      }
      await page.getByRole('heading', { name: 'Messstellen 2' }).waitFor()
      await assertAccessible(page, 'the results')
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      assert.ok(overflow <= 0, `scrolls sideways by ${overflow} px`)
      await page.locator('#search').fill('gibtesnicht')
      await page.getByText('Nichts gefunden').waitFor()
      await assertAccessible(page, 'the empty results')
      assert.deepEqual(troubles, [])
      await close()
    })
  }
})
