/** Adding a source by form, the other ways: by keyboard, by hand in YAML, as JSON and Excel, by a first message. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import mqtt from 'mqtt'
import type { Browser, Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { DATA } from '../support/sources.ts'
import { workbookOf } from '../support/workbook.ts'
import { assertAccessible, launch, needsBrowser, until, visit } from './browser.ts'
import { buttonOf, fieldOf, startsWith, tabTo } from './keyboard.ts'

const LONG = 60_000
const two = (value: number): string => String(value).padStart(2, '0')
/** A day of hours. */
const HOURS = Array.from({ length: 24 }, (_, hour) => `2026-05-04T${two(hour)}:00:00Z`)

// What the pages do is the same on both databases; the API behind them is tested on both.
for (const engine of databases().filter(({ name }) => name === 'embedded')) {
  describe(`ways of adding a source on the ${engine.name} database`, { skip: needsBrowser, timeout: 300_000 }, () => {
    let platform: RunningPlatform
    let browser: Browser
    let key: string
    let link: string

    before(async () => {
      platform = await startPlatform(engine)
      browser = await launch()
      key = await platform.key('connect')
      link = platform.adminLink
    })
    after(async () => {
      await browser?.close()
      await platform?.remove()
    })

    const signedIn = async (look = {}, allowed?: RegExp) => {
      const { stdout } = await platform.command('admin', 'link')
      link = /https?:\S+code=\S+/.exec(stdout)?.[0] ?? link
      return visit(browser, `${link}&next=/verwaltung/quellen/neu`, look, allowed)
    }
    const drop = async (page: Page, name: string, buffer: Buffer | string) => {
      await page.getByRole('heading', { name: 'Datei oder Adresse' }).waitFor({ timeout: LONG })
      const mimeType = 'application/octet-stream'
      await page.locator('input[type=file]').setInputFiles({ name, mimeType, buffer: Buffer.from(buffer) })
      await page.getByRole('heading', { name: 'Spalten zuordnen' }).waitFor({ timeout: LONG })
    }
    const heading = (page: Page, name: string) =>
      page.getByRole('heading', { level: 1, name }).waitFor({ timeout: LONG })
    const next = (page: Page) => page.getByRole('button', { name: /^Weiter/ }).click()
    /** From the columns to the end by the buttons; answers how many values were taken. */
    const takeIn = async (page: Page): Promise<string> => {
      for (const name of ['Vorschau prüfen', 'Datensatz und Lizenz', 'Zeitplan']) {
        await next(page)
        await heading(page, name)
        if (name === 'Vorschau prüfen')
          await page.getByRole('heading', { name: 'Daraus entsteht' }).waitFor({ timeout: LONG })
      }
      await page.getByRole('button', { name: 'Übernehmen' }).click()
      const done = page.getByRole('heading', { name: /^Übernommen/ })
      await done.waitFor({ timeout: LONG })
      return done.innerText()
    }

    it('goes from the file to the chart by keyboard alone', async () => {
      const { page, troubles, close } = await signedIn()
      const press = (name: string) => page.keyboard.press(name)
      await heading(page, 'Datei oder Adresse')
      const choosing = page.waitForEvent('filechooser')
      await tabTo(page, buttonOf('Datei wählen'))
      await press('Enter')
      const rows = HOURS.map((time, hour) => `${time};${hour};${100 + hour}`).join('\n')
      await (await choosing).setFiles({
        name: 'bruecke.csv',
        mimeType: 'text/csv',
        buffer: Buffer.from(`Zeit;A;B\n${rows}\n`),
      })
      await heading(page, 'Spalten zuordnen')
      // One of the columns is no value; the other is bicycles.
      await page.locator('tbody tr').first().waitFor()
      await tabTo(page, fieldOf('Rolle von A'))
      await page.keyboard.type('weglassen')
      await until(page, `document.activeElement.value === 'none'`)
      await tabTo(page, fieldOf('Rolle von B'))
      assert.equal(await page.evaluate('document.activeElement.value'), 'value')
      await tabTo(page, startsWith('B'))
      await press('Enter')
      await page.getByRole('dialog').waitFor()
      await tabTo(page, fieldOf('Messgröße'))
      await page.keyboard.type('Radv')
      await until(page, `document.activeElement.value === 'bicycle_count'`)
      await press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await tabTo(page, fieldOf('Name'))
      await press('ControlOrMeta+a')
      await page.keyboard.type('Alte Brücke')
      for (const [button, name] of [
        ['Weiter: Vorschau', 'Vorschau prüfen'],
        ['Weiter: Datensatz', 'Datensatz und Lizenz'],
        ['Weiter: Zeitplan', 'Zeitplan'],
      ] as const) {
        await tabTo(page, startsWith(button))
        await press('Enter')
        await heading(page, name)
        await until(page, `document.activeElement?.tagName === 'H1'`)
        if (name === 'Vorschau prüfen')
          await page.getByRole('heading', { name: 'Daraus entsteht' }).waitFor({ timeout: LONG })
        if (name === 'Datensatz und Lizenz') {
          await tabTo(page, fieldOf('Titel'))
          await press('ControlOrMeta+a')
          await page.keyboard.type('Zählung Alte Brücke')
        }
      }
      await tabTo(page, buttonOf('Übernehmen'))
      await press('Enter')
      await page.getByRole('heading', { name: /^Übernommen: 24 Werte/ }).waitFor({ timeout: LONG })
      await tabTo(page, buttonOf('Ansehen: Alte Brücke'))
      await press('Enter')
      await page.locator('canvas').waitFor({ timeout: LONG })
      await heading(page, 'Alte Brücke')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('shows the mistake of a text edited by hand beside it, with line and field, and goes on once it is mended', async () => {
      const { page, troubles, close } = await signedIn()
      await drop(page, 'hand.csv', `Zeit;Fahrräder\n${HOURS.map((time, hour) => `${time};${hour}`).join('\n')}\n`)
      await page.getByRole('button', { name: 'Als YAML zeigen' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: 'Text bearbeiten' }).click()
      const area = dialog.getByRole('textbox', { name: 'YAML' })
      const right = await area.inputValue()
      const wrong = right
        .replace(/timeZone: .*/, 'timeZone: Europa/Bonn')
        .replace('property: bicycle_count', 'property: rad')
      const lineOf = (start: string) => wrong.split('\n').findIndex((line) => line.trim().startsWith(start)) + 1
      await area.fill(wrong)
      await dialog.getByRole('button', { name: 'Text übernehmen' }).click()
      const alert = dialog.getByRole('alert')
      await alert.waitFor()
      const said = await alert.innerText()
      assert.match(said, new RegExp(`Zeile ${lineOf('timeZone:')}, timeZone:.*„Europa/Bonn“ ist keine Zeitzone`))
      assert.match(said, /series\[0\]\.property:.*die Messgröße „rad“ gibt es nicht/)
      assert.doesNotMatch(said, /\b(is not|there is|write)\b/)
      await assertAccessible(page, 'the text with its mistakes')
      // The line leads to the place in the text.
      await alert.getByRole('button', { name: /timeZone/ }).click()
      const marked = `(() => { const a = document.activeElement; return a.value.slice(a.selectionStart, a.selectionEnd) })()`
      assert.equal(await page.evaluate(marked), 'timeZone: Europa/Bonn')
      await area.fill(
        right.replace('title: ', 'title: Von Hand: ').replace(/title: Von Hand: (.*)/, 'title: "Von Hand: $1"'),
      )
      await dialog.getByRole('button', { name: 'Text übernehmen' }).click()
      await dialog.waitFor({ state: 'detached' })
      await page.getByText('Der Text wurde von Hand geändert').waitFor()
      assert.equal(await takeIn(page), 'Übernommen: 24 Werte')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('reads other rows of a JSON document and another sheet of a workbook when told to', async () => {
      const { page, troubles, close } = await signedIn({}, /422/)
      const list = (name: string, n: number) =>
        Array.from({ length: n }, (_, at) => ({ zeit: HOURS[at], [name]: at + 1 }))
      const document = { raeder: { items: list('Fahrräder', 20) }, fuesse: { items: list('Passanten', 12) } }
      await drop(page, 'zwei.json', JSON.stringify(document))
      await page.getByRole('combobox', { name: 'Rolle von Fahrräder' }).waitFor()
      await page.getByRole('button', { name: 'Ändern' }).click()
      const rowsAt = page.getByLabel('Zeilen stehen unter')
      assert.equal(await rowsAt.inputValue(), 'raeder.items')
      await rowsAt.fill('nirgends')
      await rowsAt.press('Tab')
      const alert = page.getByRole('alert')
      await alert.waitFor({ timeout: LONG })
      assert.doesNotMatch(await alert.innerText(), /\b(is|not|the)\b/)
      await rowsAt.fill('fuesse.items')
      await rowsAt.press('Tab')
      await page.getByRole('combobox', { name: 'Rolle von Passanten' }).waitFor({ timeout: LONG })
      assert.equal(await takeIn(page), 'Übernommen: 12 Werte')

      await page.goto(`${platform.url}/verwaltung/quellen/neu`)
      const sheet = (name: string, n: number) => [
        ['Zeit', name],
        ...Array.from({ length: n }, (_, at) => [HOURS[at]!, at + 1]),
      ]
      await drop(page, 'mappe.xlsx', workbookOf({ Erstes: sheet('Fahrräder', 10), Zweites: sheet('Passanten', 7) }))
      await page.getByRole('combobox', { name: 'Rolle von Fahrräder' }).waitFor()
      await page.getByRole('button', { name: 'Ändern' }).click()
      await page.getByLabel('Blatt').fill('2')
      await page.getByLabel('Blatt').press('Tab')
      await page.getByRole('combobox', { name: 'Rolle von Passanten' }).waitFor({ timeout: LONG })
      assert.equal(await takeIn(page), 'Übernommen: 7 Werte')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('says of a list of places what it is, and takes it for car parks where one says so', async (test) => {
      const file = join(DATA, 'counts/muenster/stations.csv')
      if (!existsSync(file)) return test.skip(`${file} is missing`)
      const { page, troubles, close } = await signedIn()
      await heading(page, 'Datei oder Adresse')
      await page.locator('input[type=file]').setInputFiles(file)
      await page
        .getByRole('heading', { name: 'Diese Datei beschreibt Orte, keine Messwerte' })
        .waitFor({ timeout: LONG })
      await assertAccessible(page, 'a list of places')
      await next(page)
      await page.getByText('Wählen Sie bei mindestens einer Spalte „Wert“').waitFor()
      await heading(page, 'Spalten zuordnen')
      await page.getByRole('link', { name: 'Andere Datei wählen' }).waitFor()
      await page.getByLabel('Was für Orte sind es?').selectOption({ label: 'Parkmöglichkeit' })
      await assertAccessible(page, 'a list of car parks')
      await next(page)
      await heading(page, 'Vorschau prüfen')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('waits for the first message of a device over MQTT, and takes what follows', async () => {
      const { page, troubles, close } = await signedIn()
      await heading(page, 'Datei oder Adresse')
      await page.getByText('Oder auf Nachrichten warten').click()
      await page.getByLabel('MQTT-Thema').fill('pegel/+/messung')
      await page
        .locator('form', { has: page.getByLabel('MQTT-Thema') })
        .getByRole('button', { name: 'Warten' })
        .click()
      await page.getByRole('heading', { name: 'Wartet auf die erste Nachricht' }).waitFor({ timeout: LONG })
      await assertAccessible(page, 'waiting for a message')
      const device = await mqtt.connectAsync(platform.mqttUrl, { username: 'pegel', password: key })
      const send = (at: string, level: number) =>
        device.publishAsync('pegel/nord/messung', JSON.stringify({ time: at, water_level: level }), { qos: 1 })
      await send('2026-05-04T10:00:00Z', 142)
      await page.getByRole('combobox', { name: 'Rolle von water_level' }).waitFor({ timeout: LONG })
      assert.equal(await takeIn(page), 'Übernommen: 1 Wert')
      await send('2026-05-04T10:15:00Z', 143)
      await page.locator('a[href^="/stationen/"]').first().click()
      const values = `${platform.url}/api/v1/stations`
      for (let tries = 0; ; tries++) {
        const answer = await fetch(values, { headers: { authorization: `Bearer ${key}` } })
        const { stations } = (await answer.json()) as { stations: { newest: string | null }[] }
        if (stations.some(({ newest }) => newest?.startsWith('2026-05-04T10:15'))) break
        assert.ok(tries < 100, 'the second message is stored')
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      await device.endAsync()
      assert.deepEqual(troubles, [])
      await close()
    })

    it('waits for what is posted to a webhook, and takes what follows', async () => {
      const { page, troubles, close } = await signedIn()
      await heading(page, 'Datei oder Adresse')
      await page.getByText('Oder auf Nachrichten warten').click()
      await page.getByLabel('Name für einen Webhook').fill('baum')
      await page
        .locator('form', { has: page.getByLabel('Name für einen Webhook') })
        .getByRole('button', { name: 'Warten' })
        .click()
      await page.getByText(`mit Ihrem Schlüssel: POST ${platform.url}/api/v1/webhooks/baum`).waitFor({ timeout: LONG })
      const post = (body: object) =>
        fetch(`${platform.url}/api/v1/webhooks/baum`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      assert.equal((await post({ time: '2026-05-04T10:00:00Z', temperature: 21.5 })).status, 202)
      await page.getByRole('combobox', { name: 'Rolle von temperature' }).waitFor({ timeout: LONG })
      assert.equal(await takeIn(page), 'Übernommen: 1 Wert')
      const second = await post({ time: '2026-05-04T11:00:00Z', temperature: 22 })
      assert.equal(second.status, 200)
      assert.equal(((await second.json()) as { accepted: number }).accepted, 1)
      assert.deepEqual(troubles, [])
      await close()
    })
  })
}
