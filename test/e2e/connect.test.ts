/** Adding a source by form, as a person does it: drop a file, look, take it in; compared with the raw files. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse } from 'csv-parse/sync'
import type { Browser, Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { DATA } from '../support/sources.ts'
import { assertAccessible, launch, needsBrowser, visit } from './browser.ts'

interface Real {
  path: string
  stations: number
  /** One column: how many values and their sum, counted here by a plain split. */
  column: string
  series: string
  separator?: string
  decimal?: ','
  skip?: number
  /** Columns that tell a value's time and station. */
  keys?: number[]
  /** json: the member with the rows; each has a time of its own. */
  rows?: string
}

const FILES: Real[] = [
  {
    path: 'counts/wuerzburg/passanten_wuerzburg.csv',
    stations: 3,
    column: 'Passanten',
    series: 'Passanten',
    separator: ';',
    keys: [0, 4],
  },
  {
    path: 'counts/muenchen/rad_tage.csv',
    stations: 6,
    column: 'gesamt',
    series: 'Gesamt',
    separator: ',',
    keys: [0, 3],
  },
  {
    path: 'counts/muenster/100031297/2024-05.csv',
    stations: 1,
    column: '100031297 (Promenade (nördl. Salzstraße))',
    series: 'Gesamt',
    separator: ',',
    keys: [0],
  },
  {
    path: 'sensors/bochum/ecowitt_gw2001/943CC6926AC7/yearly/bochum_ecowitt_gw2001_943CC6926AC7_2025.csv',
    stations: 1,
    column: 'outdoor_temperature',
    series: 'Outdoor temperature',
    separator: ',',
    keys: [0],
  },
  {
    path: 'sensors/isar_muenchen/fluesse-wasserstand/16005701_01.01.2025_30.11.2025_ezw_0.csv',
    stations: 1,
    column: 'Wasserstand [cm]',
    series: 'Wasserstand',
    separator: ';',
    decimal: ',',
    skip: 9,
    keys: [0],
  },
  {
    path: 'sensors/dwd_augsburg/DWD-Augsburg-2009-2019.json',
    stations: 1,
    column: 'TMK',
    series: 'Tagesmittel der Temperatur',
    rows: 'data',
  },
]

/** Number and sum of a column; of two lines for the same time and station the last counts, as the platform keeps it. */
function counted({ path, column, separator = ',', decimal, skip = 0, keys = [], rows }: Real): {
  n: number
  sum: number
} {
  if (rows) {
    const list = JSON.parse(readFileSync(join(DATA, path), 'utf8'))[rows] as Record<string, unknown>[]
    const all = list.map((row) => row[column]).filter((value) => typeof value === 'number')
    return { n: all.length, sum: all.reduce((sum, value) => sum + value, 0) }
  }
  const text = readFileSync(join(DATA, path), 'utf8').replace(/^\uFEFF/, '')
  const lines = text.split(/\r?\n/).slice(skip)
  const bare = (cell: string) => cell.replaceAll('"', '')
  const at = lines[0]!.split(separator).map(bare).indexOf(column)
  const values = new Map<string, number>()
  for (const line of lines.slice(1)) {
    const cells = line.split(separator).map(bare)
    const cell = cells[at] ?? ''
    const key = keys.map((one) => cells[one]).join()
    if (cell !== '') values.set(key, Number(decimal ? cell.replace(decimal, '.') : cell))
  }
  return { n: values.size, sum: [...values.values()].reduce((sum, value) => sum + value, 0) }
}

const next = (page: Page) => page.getByRole('button', { name: /^Weiter/ })

for (const engine of databases()) {
  describe(`adding a source by form on the ${engine.name} database`, { skip: needsBrowser, timeout: 300_000 }, () => {
    let platform: RunningPlatform
    let browser: Browser
    let key: string

    before(async () => {
      platform = await startPlatform(engine)
      browser = await launch()
      key = await platform.key('connect')
    })
    after(async () => {
      await browser?.close()
      await platform?.remove()
    })

    const signedIn = async (look = {}) => {
      const login = await platform.command('admin', 'link')
      const link = /https?:\S+code=\S+/.exec(login.stdout)?.[0] ?? platform.adminLink
      return visit(browser, `${link}&next=/verwaltung/quellen/neu`, look)
    }
    const api = async <T>(path: string): Promise<T> =>
      (await (await fetch(platform.url + path, { headers: { authorization: `Bearer ${key}` } })).json()) as T

    for (const real of FILES) {
      const file = join(DATA, real.path)
      const name = real.path.split('/').at(-1)!
      it(`takes ${name} from drop to chart without a correction`, {
        skip: existsSync(file) ? false : `${file} is missing`,
      }, async () => {
        const { page, troubles, close } = await signedIn()
        const started = performance.now()
        await page.locator('input[type=file]').setInputFiles(file)
        await page.getByRole('heading', { name: 'Spalten zuordnen' }).waitFor({ timeout: 60_000 })
        await page.locator('tbody tr').first().waitFor()
        await next(page).click()
        await page.getByRole('heading', { name: 'Daraus entsteht' }).waitFor({ timeout: 60_000 })
        await next(page).click()
        await page.getByRole('heading', { name: 'Datensatz und Lizenz' }).waitFor()
        await next(page).click()
        await page.getByRole('button', { name: 'Übernehmen' }).click()
        await page.getByRole('heading', { name: /^Übernommen/ }).waitFor({ timeout: 120_000 })
        const links = page.locator('a[href^="/stationen/"]')
        assert.equal(await links.count(), real.stations)
        const ids = await links.evaluateAll((all) =>
          all.map((one) => Number(/\d+/.exec(one.getAttribute('href')!)![0])),
        )
        await links.first().click()
        await page.locator('canvas').waitFor({ timeout: 30_000 })
        console.log(
          `${name}: ${((performance.now() - started) / 1000).toFixed(1)} s from drop to chart (${engine.name})`,
        )
        const wanted = counted(real)
        let n = 0
        let sum = 0
        for (const id of ids) {
          const station = await api<{ datastreams: { id: number; name: string; n: number }[] }>(
            `/api/v1/stations/${id}`,
          )
          const stream = station.datastreams.find((one) => one.name === real.series)!
          n += stream.n
          const csv = await fetch(
            `${platform.url}/api/v1/series?datastream=${stream.id}&from=start&resolution=raw&format=csv`,
            {
              headers: { authorization: `Bearer ${key}` },
            },
          )
          sum += sumOf(await csv.text())
        }
        assert.equal(n, wanted.n)
        assert.ok(Math.abs(sum - wanted.sum) < 0.01, `${sum} instead of ${wanted.sum}`)
        assert.deepEqual(troubles, [])
        await close()
      })
    }

    it('says what is wrong with a web page, and takes nothing', async () => {
      const { page, close } = await signedIn()
      const buffer = Buffer.from('<!doctype html><html><body>Daten</body></html>')
      await page.locator('input[type=file]').setInputFiles({ name: 'seite.html', mimeType: 'text/html', buffer })
      await page.getByRole('alert').waitFor()
      assert.match(await page.getByRole('alert').innerText(), /Webseite/)
      await close()
    })

    it('is for staff alone', async () => {
      for (const [method, path] of [
        ['GET', ''],
        ['POST', '/file?name=a.csv'],
        ['GET', '/abcdefabcdef'],
        ['POST', '/abcdefabcdef/save'],
      ] as const) {
        const answer = await fetch(`${platform.url}/api/v1/source-drafts${path}`, { method })
        assert.equal(answer.status, 401, path)
      }
    })

    if (engine.name === 'embedded') {
      for (const look of [{}, { dark: true }, { width: 360, height: 800 }, { width: 360, height: 800, dark: true }]) {
        it(`is accessible at every step: ${JSON.stringify(look)}`, async () => {
          const { page, troubles, close } = await signedIn(look)
          const lines = Array.from(
            { length: 48 },
            (_, at) =>
              `2024-02-0${1 + Math.floor(at / 24)}T${String(at % 24).padStart(2, '0')}:00:00Z;Am Markt;${at};49.79, 9.93`,
          )
          const buffer = Buffer.from(
            `Zeit;Messstelle;Fahrräder;Ort\n${lines.join('\n')}\n2024-02-03T25:00:00Z;Am Markt;7;49.79, 9.93\n`,
          )
          await page.getByRole('heading', { name: 'Datei oder Adresse' }).waitFor()
          await assertAccessible(page, 'step 1')
          await page.locator('input[type=file]').setInputFiles({ name: 'markt.csv', mimeType: 'text/csv', buffer })
          await page.getByRole('button', { name: 'Ändern' }).click()
          await page.getByLabel('Kopfzeile in Zeile').fill('0')
          await page.getByLabel('Kopfzeile in Zeile').press('Tab')
          await page.getByText('ohne Kopfzeile').first().waitFor({ state: 'attached' })
          await page.getByText(/Ändert sich hiervon/).waitFor()
          await page.getByLabel('Kopfzeile in Zeile').fill('1')
          await page.getByLabel('Kopfzeile in Zeile').press('Tab')
          await page.getByRole('combobox', { name: 'Rolle von Zeit', exact: true }).waitFor()
          await page.getByText(/Ändert sich hiervon/).waitFor()
          for (const heading of ['Spalten zuordnen', 'Vorschau prüfen', 'Datensatz und Lizenz', 'Zeitplan']) {
            await page.getByRole('heading', { level: 1, name: heading }).waitFor()
            if (heading === 'Vorschau prüfen') {
              await page.getByRole('heading', { name: 'Daraus entsteht' }).waitFor()
              assert.match(
                await page.locator('main').innerText(),
                /keine Zeit der Form iso: 1 × verworfen \(Zeile 50\)/,
              )
            }
            await assertAccessible(page, heading)
            const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
            assert.ok(overflow <= 0, `${heading} scrolls sideways by ${overflow} px`)
            if (heading !== 'Zeitplan') await next(page).click()
          }
          assert.deepEqual(troubles, [])
          await close()
        })
      }
    }
  })
}

/** Sum of the values of a CSV as the platform exports it. */
function sumOf(text: string): number {
  const rows = parse(text, { columns: true, bom: true }) as { value: string }[]
  return rows.reduce((sum, { value }) => sum + Number(value), 0)
}
