/** A city's first hour with the platform, as people live it: example, setup by keyboard, first public data. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { DATA } from '../support/sources.ts'
import { assertAccessible, launch, needsBrowser, until, type Visit, visit } from './browser.ts'
import { buttonOf, fieldOf, tabTo } from './keyboard.ts'

const FILE = join(DATA, 'counts/wuerzburg/passanten_wuerzburg.csv')
/** Other tests may run beside this one. */
const LONG = 60_000
const skip = needsBrowser || (existsSync(FILE) ? false : `${FILE} is missing`)

for (const engine of databases().filter(({ name }) => name === 'embedded')) {
  describe(`the first hour on the ${engine.name} database`, { skip, timeout: 300_000 }, () => {
    let platform: RunningPlatform
    let browser: Browser
    let cookies: Awaited<ReturnType<Visit['context']['cookies']>>

    before(async () => {
      platform = await startPlatform(engine, { ZAHNRAD_EXAMPLE: '' })
      browser = await launch()
    })
    after(async () => {
      await browser?.close()
      await platform?.remove()
    })

    const signedIn = async (path: string, look = {}, allowed?: RegExp): Promise<Visit> => {
      const tab = await visit(browser, `${platform.url}/api/v1/city`, look, allowed)
      await tab.context.addCookies(cookies)
      await tab.page.goto(platform.url + path)
      return tab
    }

    it('starts with the example city: usable at once, marked, its history growing in sight', async () => {
      const { page, troubles, close } = await visit(browser, `${platform.url}/`)
      const banner = page.getByRole('complementary', { name: 'Beispieldaten' })
      await banner.getByText('Beispieldaten (simuliert).').waitFor({ timeout: LONG })
      const bar = banner.getByRole('progressbar')
      await bar.waitFor({ timeout: LONG })
      const share = async () => Number(await bar.getAttribute('aria-valuenow'))
      const first = await share()
      assert.ok(first < 100, `${first}`)
      assert.match((await bar.getAttribute('aria-valuetext')) ?? '', /%.*reicht bis/)
      assert.equal(await page.getByRole('button', { name: 'Beispiel entfernen' }).count(), 0, 'visitors cannot')
      // Usable while it grows: a station opens and shows its curve.
      await page.locator('.list a[href*="/stationen/"]').first().click({ timeout: LONG })
      await page.locator('main h1').waitFor({ timeout: LONG })
      await page.getByText('simuliert', { exact: true }).first().waitFor({ timeout: LONG })
      await until(page, `/simuliert/.test(document.title)`, LONG)
      await until(
        page,
        `(() => { const bar = document.querySelector('aside.example [role=progressbar]'); return !bar || Number(bar.ariaValueNow) > ${first} })()`,
        LONG,
      )
      assert.deepEqual(troubles, [])
      await close()
    })

    it('leads from the admin link to the setup, whose steps can be skipped and taken up again', async () => {
      const { page, context, troubles, close } = await visit(browser, platform.adminLink)
      await until(page, `location.pathname === '/verwaltung/einrichten'`, LONG)
      const step = (name: string) => page.getByRole('heading', { name }).waitFor({ timeout: LONG })
      const later = () => page.getByRole('button', { name: 'Später' }).click()
      await step('1. Ihre Stadt')
      cookies = await context.cookies()
      await later()
      await step('2. Erste Quelle')
      await until(page, `document.activeElement?.id === 'step'`, LONG)
      await later()
      await step('3. Freigeben')
      // Nothing of one's own is there yet: the step says so and leads back.
      await page.getByRole('link', { name: 'Zum Schritt „Erste Quelle“' }).click()
      await step('2. Erste Quelle')
      await page.goBack()
      await step('3. Freigeben')
      await page.getByRole('button', { name: 'Zur Startseite' }).click()
      await until(page, `location.pathname === '/'`, LONG)
      // It waits in the frame of every page, and goes on where something is open.
      const reminder = page.getByRole('link', { name: 'Einrichtung fortsetzen · 0 von 3' })
      await reminder.click()
      await step('1. Ihre Stadt')
      await page.getByRole('button', { name: 'Nicht mehr erinnern' }).click()
      await page.getByText('Die Erinnerung ist abgeschaltet.').waitFor({ timeout: LONG })
      await reminder.waitFor({ state: 'detached' })
      await page.getByRole('button', { name: 'Rückgängig' }).click()
      await reminder.waitFor({ timeout: LONG })
      assert.deepEqual(troubles, [])
      await close()
    })

    it('is accessible in each step, light and dark, wide and at 360 px', async () => {
      for (const look of [{}, { dark: true }, { width: 360, height: 800 }, { width: 360, height: 800, dark: true }]) {
        const { page, troubles, close } = await signedIn('/verwaltung/einrichten?step=city', look)
        for (const [step, ready] of [
          ['city', 'form .frame text'],
          ['source', '.drop'],
          ['release', 'section a'],
        ] as const) {
          await page.goto(`${platform.url}/verwaltung/einrichten?step=${step}`)
          await page.locator(ready).first().waitFor({ timeout: LONG })
          await assertAccessible(page, `${step} ${JSON.stringify(look)}`)
          const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
          assert.ok(overflow <= 0, `${step} scrolls sideways by ${overflow} px at ${JSON.stringify(look)}`)
        }
        assert.deepEqual(troubles, [])
        await close()
      }
    })

    it('lets the city be named by keyboard alone', async () => {
      const { page, troubles, close } = await signedIn('/verwaltung/einrichten')
      await page.getByRole('heading', { name: '1. Ihre Stadt' }).waitFor({ timeout: LONG })
      await tabTo(page, fieldOf('Name der Stadt'))
      assert.equal(await page.evaluate('document.activeElement.value'), '', 'the example’s name is not offered')
      // Without a name nothing is saved, and the focus is where the mistake is.
      await page.keyboard.press('Enter')
      await page.getByText('Bitte schreiben Sie einen Namen.').waitFor({ timeout: LONG })
      await until(page, fieldOf('Name der Stadt'), LONG)
      await page.keyboard.type('Würzburg')
      await tabTo(page, fieldOf('Amtlicher Schlüssel'))
      await page.keyboard.type('09663000')
      for (const [limit, degrees] of [
        ['Westen', '9,87'],
        ['Süden', '49,71'],
        ['Osten', '10,02'],
        ['Norden', '49,85'],
      ] as const) {
        await tabTo(page, fieldOf(limit))
        await page.keyboard.press('ControlOrMeta+a')
        await page.keyboard.type(degrees)
      }
      await tabTo(page, buttonOf('Speichern'))
      await page.keyboard.press('Enter')
      await until(page, `document.querySelector('header .city')?.textContent === 'Würzburg'`, LONG)
      await page.getByRole('heading', { name: '2. Erste Quelle' }).waitFor({ timeout: LONG })
      await until(page, `document.activeElement?.id === 'step'`, LONG)
      const city = (await (await fetch(`${platform.url}/api/v1/city`)).json()) as Record<string, unknown>
      assert.deepEqual([city.name, city.key, city.bounds], ['Würzburg', '09663000', [9.87, 49.71, 10.02, 49.85]])
      assert.deepEqual(troubles, [])
      await close()
    })

    it('reads a file dropped on a ready definition, with progress in sight', async () => {
      const { page, troubles, close } = await signedIn('/verwaltung/einrichten?step=source')
      const ready = page.locator('li', { hasText: 'Passantenzählung Würzburg' })
      await ready.locator('.drop').waitFor({ timeout: LONG })
      // Dropped as a browser hands it over: the file comes from the input of a form beside the page.
      await ready.locator('input[type=file]').setInputFiles(FILE)
      await ready.getByRole('progressbar').waitFor({ timeout: LONG })
      await ready.getByText(/neue Werte, 0 unverändert, 0 abgewiesen/).waitFor({ timeout: 240_000 })
      await page.getByRole('button', { name: 'Weiter' }).click()
      await page.getByRole('heading', { name: '3. Freigeben' }).waitFor({ timeout: LONG })
      assert.deepEqual(troubles, [])
      await close()
    })

    it('releases by click; another browser without login sees it then and not before', async () => {
      const visitor = await visit(browser, `${platform.url}/datensaetze/wuerzburg-passanten`, {}, /404/)
      await visitor.page.getByRole('heading', { level: 1 }).waitFor({ timeout: LONG })
      assert.equal((await fetch(`${platform.url}/api/v1/datasets/wuerzburg-passanten`)).status, 404)
      const { page, troubles, close } = await signedIn('/verwaltung/einrichten?step=release')
      await page.getByText('Danach sehen alle ohne Anmeldung: 3 Messstellen').waitFor({ timeout: LONG })
      await page.getByRole('button', { name: 'Freigeben' }).click()
      await page.getByText('„Passantenfrequenz in Würzburg“ ist freigegeben.').waitFor({ timeout: LONG })
      await visitor.page.goto(`${platform.url}/datensaetze/wuerzburg-passanten`)
      await visitor.page.getByRole('heading', { name: 'Passantenfrequenz in Würzburg' }).waitFor({ timeout: LONG })
      await visitor.page.goto(`${platform.url}/`)
      await visitor.page.locator('.list').getByText('Kaiserstraße').first().waitFor({ timeout: LONG })
      assert.deepEqual(troubles, [])
      assert.deepEqual(visitor.troubles, [])
      await visitor.close()
      await close()
    })

    it('draws the city’s section on the map and offers only its languages', async () => {
      const { page, troubles, close } = await signedIn('/verwaltung/stadt')
      await page.locator('form .frame text').first().waitFor({ timeout: LONG })
      const west = page.getByLabel('Westen')
      const before = await west.inputValue()
      await page.getByRole('button', { name: 'Rechteck aufziehen' }).click()
      const box = (await page.locator('form .frame').boundingBox())!
      await page.mouse.move(box.x + box.width * 0.4, box.y + box.height * 0.4)
      await page.mouse.down()
      await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * 0.6, { steps: 4 })
      await page.mouse.up()
      const drawn = Number(await west.inputValue())
      assert.ok(drawn > Number(before), `${drawn} instead of ${before}`)
      const corner = (await page.locator('[data-corner="03"] .handle').boundingBox())!
      await page.mouse.move(corner.x + corner.width / 2, corner.y + corner.height / 2)
      await page.mouse.down()
      await page.mouse.move(corner.x - 40, corner.y - 20, { steps: 4 })
      await page.mouse.up()
      assert.ok(Number(await west.inputValue()) < drawn, 'the corner moved')
      await page.getByRole('checkbox', { name: 'Englisch' }).uncheck()
      await page.getByRole('button', { name: 'Speichern' }).click()
      await page.getByText('Die Angaben zur Stadt sind gespeichert.').waitFor({ timeout: LONG })
      await until(page, `!document.querySelector('header .languages')`, LONG)
      await page.goto(`${platform.url}/?lang=en`)
      await until(page, `document.documentElement.lang === 'de' && /Würzburg/.test(document.title)`, LONG)
      assert.deepEqual(troubles, [])
      await close()
    })

    it('takes the example away by a click, and leaves what is the city’s own', async () => {
      // That it is gone the page learns by asking for it.
      const { page, troubles, close } = await signedIn('/verwaltung/einrichten', {}, /404.*\/api\/v1\/example$/)
      await page.getByRole('button', { name: 'Beispiel entfernen' }).click()
      const dialog = page.getByRole('dialog')
      await assertAccessible(page, 'the question before the example goes')
      await dialog.getByRole('button', { name: 'Entfernen', exact: true }).click()
      await page.getByText('Die Beispielstadt ist entfernt.').waitFor({ timeout: 240_000 })
      await page.getByRole('complementary', { name: 'Beispieldaten' }).waitFor({ state: 'detached' })
      const { datasets } = (await (await fetch(`${platform.url}/api/v1/datasets`)).json()) as {
        datasets: { id: string }[]
      }
      assert.deepEqual(
        datasets.map(({ id }) => id),
        ['wuerzburg-passanten'],
      )
      await page.goto(`${platform.url}/`)
      await page.locator('.list').getByText('Kaiserstraße').first().waitFor({ timeout: LONG })
      assert.deepEqual(troubles, [])
      await close()
    })
  })
}
