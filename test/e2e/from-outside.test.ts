/**
 * Somebody who has never seen the platform: finds the busiest counter, compares it with last year, takes the CSV,
 * connects a file by form, releases it, opens it elsewhere without login, and removes the example city. Only by what
 * stands on the pages.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { DATA } from '../support/sources.ts'
import { launch, needsBrowser, until, type Visit, visit } from './browser.ts'
import { filled } from './tour.ts'

const FILE = join(DATA, 'counts/wuerzburg/passanten_wuerzburg.csv')
const missing = existsSync(FILE) ? false : `${FILE} is missing`
const PATIENCE = 60_000

interface Listed {
  name: string
  amount: number
  path: string
}

/** What the list of the start page says: a name, and the largest number at its end. */
async function listed(page: Page): Promise<Listed[]> {
  return page.locator('main li a').evaluateAll((rows) =>
    rows.map((row) => ({
      name: row.querySelector('.name')?.textContent?.trim() ?? '',
      amount: Number(
        (/([\d.]+)\s*$/.exec((row as unknown as { innerText: string }).innerText.trim())?.[1] ?? '').replaceAll(
          '.',
          '',
        ),
      ),
      path: row.getAttribute('href') ?? '',
    })),
  )
}

describe('from outside, in one go', { skip: needsBrowser || missing, timeout: 600_000 }, () => {
  let platform: RunningPlatform
  let browser: Browser
  let citizen: Visit
  let steward: Visit
  let station = ''

  before(async () => {
    platform = await startPlatform(databases()[0]!, { ZAHNRAD_EXAMPLE: '1' })
    browser = await launch()
    await filled(platform)
    citizen = await visit(browser, `${platform.url}/`, { reducedMotion: true })
    citizen.page.setDefaultTimeout(PATIENCE)
  })
  after(async () => {
    await browser?.close()
    await platform?.remove()
  })

  it('finds the busiest counter', async () => {
    const { page } = citizen
    await page.locator('main li a').first().waitFor()
    const all: (Listed & { kind: string })[] = []
    for (const kind of ['Rad', 'Fuß', 'Auto']) {
      await page.getByRole('button', { name: kind, exact: true }).click()
      await until(page, `document.querySelectorAll('main li a').length > 0`)
      all.push(...(await listed(page)).map((one) => ({ ...one, kind })))
    }
    const busiest = all.filter(({ amount }) => amount > 0).sort((a, b) => b.amount - a.amount)[0]!
    assert.ok(busiest.amount > 100, JSON.stringify(all))
    await page.getByRole('button', { name: busiest.kind, exact: true }).click()
    await page.locator('main li a', { hasText: busiest.name }).first().click()
    await page.getByRole('heading', { level: 1, name: busiest.name }).waitFor()
    await page.locator('canvas').first().waitFor()
    assert.match(await page.locator('main').innerText(), /simuliert/)
  })

  it('compares it with last year', async () => {
    const { page } = citizen
    const before = await page.locator('thead').first().innerText()
    await page
      .getByRole('button', { name: /Vorjahr/ })
      .first()
      .click()
    await page.getByText('Vorjahr, gleiche Wochentage').first().waitFor()
    assert.match(page.url(), /compare=year/)
    assert.notEqual(await page.locator('thead').first().innerText(), before)
  })

  it('takes the values along as CSV', async () => {
    const { page } = citizen
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV', exact: true }).first().click(),
    ])
    assert.match(download.suggestedFilename(), /simuliert.*\.csv$/)
    const lines = readFileSync(await download.path(), 'utf8')
      .trim()
      .split('\r\n')
    assert.match(lines[0]!, /^time_start,/)
    assert.ok(lines.length > 24 && /[Ss]imuliert/.test(lines[1]!), lines[1])
  })

  it('connects a file by form', async () => {
    steward = await visit(browser, `${platform.adminLink}&next=/verwaltung/quellen/neu`, { reducedMotion: true })
    const { page } = steward
    page.setDefaultTimeout(PATIENCE)
    await page.locator('input[type=file]').setInputFiles(FILE)
    await page.getByRole('heading', { name: 'Spalten zuordnen' }).waitFor()
    for (const heading of ['Daraus entsteht', 'Datensatz und Lizenz']) {
      await page.getByRole('button', { name: /^Weiter/ }).click()
      await page.getByRole('heading', { name: heading }).waitFor()
    }
    await page.getByRole('button', { name: /^Weiter/ }).click()
    await page.getByRole('button', { name: 'Übernehmen' }).click()
    await page.getByRole('heading', { name: /^Übernommen/ }).waitFor({ timeout: 180_000 })
    station = (await page.locator('main a[href^="/stationen/"]').first().getAttribute('href'))!
    const hidden = await fetch(platform.url + station.replace('/stationen/', '/api/v1/stations/'))
    assert.equal(hidden.status, 404)
  })

  it('releases it, and a second browser sees it without login', async () => {
    const { page } = steward
    await page.getByRole('link', { name: 'Zum Datensatz und zur Freigabe' }).click()
    await page.getByRole('button', { name: 'Freigeben' }).first().click()
    const dialog = page.locator('dialog[open]')
    await dialog.getByRole('button', { name: /[Ff]reigeben/ }).click()
    await page.getByText('freigegeben').first().waitFor()
    const stranger = await visit(browser, platform.url + station, {})
    await stranger.page.locator('canvas').first().waitFor({ timeout: PATIENCE })
    assert.match(await stranger.page.locator('h1').innerText(), /straße/)
    assert.deepEqual(stranger.troubles, [])
    await stranger.close()
  })

  it('removes the example city and keeps what is its own', async () => {
    const { page } = steward
    await page.getByRole('button', { name: 'Beispiel entfernen' }).click()
    await page.locator('dialog[open]').getByRole('button', { name: 'Entfernen' }).click()
    for (const start = Date.now(); ; await page.waitForTimeout(500)) {
      const { stations } = (await (await fetch(`${platform.url}/api/v1/stations`)).json()) as {
        stations: { name: string }[]
      }
      if (stations.length === 3) break
      assert.ok(Date.now() - start < 180_000, `${stations.length} stations are left`)
    }
    // Its stations are gone at once, its values go behind them.
    for (const start = Date.now(); ; await page.waitForTimeout(1_000)) {
      if ((await fetch(`${platform.url}/api/v1/example`)).status === 404) break
      assert.ok(Date.now() - start < 180_000, 'the example city does not go')
    }
    await citizen.page.goto(`${platform.url}/`)
    await citizen.page.locator('main li a').nth(2).waitFor()
    assert.doesNotMatch(await citizen.page.locator('body').innerText(), /simuliert/)
  })
})
