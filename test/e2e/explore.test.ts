/** The explorer of the interface (`/explore`): a question by form, its request, its answer in four forms, its programs. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, launch, needsBrowser, visit } from './browser.ts'
import { filled } from './tour.ts'

const picture = async (page: Page, name: string): Promise<void> => {
  const folder = process.env.PICTURES
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true })
}

describe('the explorer', { skip: needsBrowser, timeout: 600_000 }, () => {
  let platform: RunningPlatform
  let browser: Browser
  before(async () => {
    platform = await startPlatform(databases().at(-1)!, { ZAHNRAD_EXAMPLE: '1' })
    browser = await launch()
    await filled(platform, 0.02)
  })
  after(async () => {
    await browser?.close()
    await platform?.remove()
  })

  it('a question by form, by keyboard, becomes a request, an answer and an address others can open', async () => {
    const { page, troubles, close } = await visit(browser, `${platform.url}/explore`)
    const request = page.getByRole('textbox', { name: 'Die Anfrage' })
    await page.locator('tbody tr').first().waitFor()
    await page.getByLabel('Was suchen Sie?').focus()
    await page.keyboard.type('Datastreams')
    await page.locator('tbody tr').first().waitFor()
    await page.getByRole('button', { name: '+ Bedingung' }).focus()
    await page.keyboard.press('Enter')
    await page.getByLabel('Wert der Bedingung 1').fill("a'b")
    await page.getByLabel('Wert der Bedingung 1').press('Tab')
    await page.getByText('Nichts passt auf diese Frage').waitFor()
    assert.equal(await request.inputValue(), "Datastreams?$filter=contains(name,'a''b')")
    await page.getByRole('button', { name: 'Bedingung 1 entfernen' }).press('Enter')
    await page.getByRole('checkbox', { name: 'Thing', exact: true }).press('Space')
    await page.getByRole('checkbox', { name: 'Observations', exact: true }).press('Space')
    await page.getByText('Genauer: Observations').press('Enter')
    const inner = page.locator('details', { hasText: 'Genauer: Observations' })
    await inner.getByLabel('Sortiert nach').selectOption('phenomenonTime')
    await inner.getByLabel('absteigend').press('Space')
    await inner.getByLabel('Höchstens').fill('5')
    await inner.getByLabel('Höchstens').press('Tab')
    await page.getByLabel('Höchstens').last().fill('3')
    await page.getByLabel('Höchstens').last().press('Tab')
    await page.getByLabel('alle zählen').last().press('Space')
    assert.equal(
      await request.inputValue(),
      'Datastreams?$expand=Thing,Observations($orderby=phenomenonTime desc;$top=5)&$top=3&$count=true',
    )
    await page.getByText(/^3 Einträge von \d+/).waitFor()
    await page.getByRole('button', { name: 'Diagramm' }).click()
    await page.locator('canvas').waitFor()
    await page.getByRole('button', { name: 'JSON' }).click()
    const json = JSON.parse((await page.locator('pre').first().innerText()).trim())
    assert.equal(json.value.length, 3)
    assert.equal(json.value[0].Observations.length, 5)
    // A colleague with the address sees the same.
    const other = await visit(browser, page.url(), { width: 360, height: 800, dark: true })
    await other.page.locator('pre').first().waitFor()
    assert.equal(
      await other.page.getByRole('textbox', { name: 'Die Anfrage' }).inputValue(),
      await request.inputValue(),
    )
    await assertAccessible(other.page, 'the explorer at 360 px')
    assert.ok(await other.page.evaluate('document.documentElement.scrollWidth <= innerWidth'), 'goes sideways')
    await picture(other.page, 'explore-360')
    await page.getByRole('button', { name: 'Tabelle' }).click()
    await assertAccessible(page, 'the explorer')
    await picture(page, 'explore')
    assert.deepEqual([...troubles, ...other.troubles], [])
    await other.close()
    await close()
  })

  it('pages follow the link, and the map asks for places', async () => {
    const { page, troubles, close } = await visit(
      browser,
      `${platform.url}/explore?form=${encodeURIComponent('{"set":"Things","top":2,"order":"name"}')}`,
    )
    await page.getByText(/^2 Einträge/).waitFor()
    const first = await page.locator('tbody').innerText()
    await page.getByRole('button', { name: 'Nächste Seite' }).click()
    await page.getByText('Seite 2').waitFor()
    assert.notEqual(await page.locator('tbody').innerText(), first)
    await page.getByRole('button', { name: 'Zur ersten Seite' }).click()
    await page.getByRole('button', { name: 'Karte' }).click()
    await page.getByText('2 Einträge mit Ort').waitFor()
    assert.equal(await page.locator('.frame circle.shape').count(), 2)
    assert.deepEqual(troubles, [])
    await close()
  })

  it('a mistake in a request written by hand is marked where it is', async () => {
    const { page, close } = await visit(browser, `${platform.url}/explore`, {}, /400/)
    await page.locator('tbody tr').first().waitFor()
    await page.getByRole('textbox', { name: 'Die Anfrage' }).fill("Things?$top=1&$filter=name eq 'a' und true")
    await page.getByRole('button', { name: 'Ausführen' }).click()
    await page.getByRole('alert').getByText('Die Schnittstelle versteht die Anfrage nicht').waitFor()
    assert.equal(await page.locator('mark').innerText(), 'u')
    await page.getByRole('button', { name: 'Zurück zum Formular' }).click()
    await page.locator('tbody tr').first().waitFor()
    await close()
  })

  it('the examples answer, and the programs are what they say', async () => {
    const { page, troubles, close } = await visit(browser, `${platform.url}/explore`)
    const links = page.getByRole('navigation', { name: 'Beispiele' }).getByRole('link')
    await links.first().waitFor()
    const count = await links.count()
    assert.ok(count >= 6)
    for (let i = 0; i < count; i++) {
      await links.nth(i).click()
      await page.locator('.answer:not(.stale) [role=status]').first().waitFor()
      assert.equal(await page.locator('.refused, .notice').count(), 0, await links.nth(i).innerText())
    }
    const url = /curl '(.+)'/.exec(await page.locator('[data-program=curl]').innerText())![1]!
    const answer = await fetch(url)
    assert.equal(answer.status, 200)
    assert.ok(((await answer.json()) as { value: unknown[] }).value.length > 0)
    assert.deepEqual(troubles, [])
    await close()
  })

  it('the page of a station and of a dataset lead here', async () => {
    const { stations } = (await (await fetch(`${platform.url}/api/v1/stations`)).json()) as {
      stations: { id: number; dataset: string }[]
    }
    for (const path of [`/stationen/${stations[0]!.id}`, `/datensaetze/${stations[0]!.dataset}`]) {
      const { page, troubles, close } = await visit(browser, platform.url + path)
      await page.getByRole('link', { name: 'In der Schnittstelle ansehen' }).click()
      await page.getByRole('heading', { name: 'Die Schnittstelle erkunden' }).waitFor()
      await page.locator('.answer:not(.stale) [role=status]').first().waitFor()
      assert.equal(await page.locator('.refused, .notice').count(), 0)
      assert.deepEqual(troubles, [])
      await close()
    }
  })
})
