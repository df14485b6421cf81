/** Datasets from the list to the file, and from the form back again: the real platform, a real browser. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, type Look, launch, needsBrowser, until, visit } from './browser.ts'
import { api, createStation } from './data.ts'
import { signIn } from './tour.ts'

const LOOKS: [string, Look][] = [
  ['wide and light', {}],
  ['360 px and dark', { width: 360, height: 800, dark: true }],
]
const DAY = 86_400_000
const run = promisify(execFile)
const lacks = (command: string): string | false =>
  spawnSync(command, ['--version']).error ? `${command} is not installed here` : false

interface Example {
  id: string
  code: string
}

for (const engine of databases()) {
  // Pages are the same on both databases; what the examples fetch is asked of both.
  const pages = { skip: needsBrowser || (engine.name === 'server' ? 'seen on the embedded database' : false) }

  describe(`datasets on the ${engine.name} database`, { timeout: 240_000 }, () => {
    let platform: RunningPlatform
    let browser: Browser
    let station: { thing: number; datastreams: number[] }
    let folder: string

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'zahnrad-datasets-'))
      platform = await startPlatform(engine)
      const key = await platform.key('datasets')
      station = await createStation(platform, key, {
        name: 'Promenade',
        place: [7.63, 51.96],
        series: [{ name: 'Räder', property: 'bicycle_count', unit: 'Anzahl' }],
      })
      // Forty days of hours up to the last full one, without the whole tenth day and half of the twentieth.
      const end = Math.floor(Date.now() / 3_600_000) * 3_600_000
      const rows: [string, number][] = []
      for (let at = end - 40 * DAY; at < end; at += 3_600_000) {
        const day = Math.floor((at - (end - 40 * DAY)) / DAY)
        if (day === 10 || day === 11 || (day === 20 && at % DAY < DAY / 2)) continue
        rows.push([`${new Date(at).toISOString()}/${new Date(at + 3_600_000).toISOString()}`, 7])
      }
      await api(platform, key, '/sta/v1.1/CreateObservations', [
        {
          Datastream: { '@iot.id': station.datastreams[0] },
          components: ['phenomenonTime', 'result'],
          dataArray: rows,
        },
      ])
      const patched = await fetch(`${platform.url}/api/v1/datastreams/${station.datastreams[0]}`, {
        method: 'PATCH',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'if-match': '*' },
        body: JSON.stringify({ aggregate: 'sum', periodSeconds: 3600 }),
      })
      assert.equal(patched.status, 200)
      await platform.command('dataset', 'release', 'eingang')
      if (!pages.skip) browser = await launch()
    })
    after(async () => {
      await browser?.close()
      await platform?.remove()
      rmSync(folder, { recursive: true, force: true })
    })

    const examples = async (): Promise<Map<string, string>> => {
      const answer = await fetch(`${platform.url}/api/v1/datasets/eingang`)
      const { examples } = (await answer.json()) as { examples: Example[] }
      return new Map(examples.map(({ id, code }) => [id, code]))
    }
    const asFile = async (name: string): Promise<string> => {
      const file = join(folder, name)
      writeFileSync(file, (await examples()).get({ py: 'python', R: 'r', mjs: 'javascript' }[name.split('.')[1]!]!)!)
      return file
    }

    it('prints a curl line that works as it stands', { skip: lacks('curl') }, async () => {
      await run('sh', ['-c', (await examples()).get('curl')!], { cwd: folder })
      const lines = readFileSync(join(folder, 'eingang.csv'), 'utf8').trim().split('\r\n')
      assert.match(lines[0]!, /^time_start,time_end,datastream,station/)
      assert.ok(lines.length >= 7 && lines[1]!.includes(',Promenade,Räder,168,'), lines[1])
    })
    it('prints a Python program that works as it stands', { skip: lacks('python3') }, async () => {
      const { stdout } = await run('python3', [await asFile('example.py')])
      assert.match(stdout, /T\d\d:00:00Z Promenade 168 /)
    })
    it('prints a JavaScript program that works as it stands', async () => {
      const { stdout } = await run(process.execPath, [await asFile('example.mjs')])
      assert.equal(stdout.trim(), 'Promenade')
    })
    it('prints an R program that works as it stands', { skip: lacks('Rscript') }, async () => {
      const { stdout } = await run('Rscript', [await asFile('example.R')])
      assert.match(stdout, /Promenade\s+168/)
    })
    it('names an address QGIS can open', async () => {
      const answer = await fetch((await examples()).get('qgis')!)
      const { type, features } = (await answer.json()) as { type: string; features: { geometry: { type: string } }[] }
      assert.deepEqual([type, features.length, features[0]!.geometry.type], ['FeatureCollection', 1, 'Point'])
    })

    it('goes by keyboard from the list over the calendar to the file', pages, async () => {
      const { page, troubles, close } = await visit(browser, `${platform.url}/datensaetze`)
      await page.getByRole('searchbox', { name: 'Datensatz suchen' }).fill('gibt es nicht')
      await page.getByText('Kein Datensatz passt').waitFor()
      assert.match(page.url(), /q=gibt/)
      await page.getByRole('button', { name: 'Auswahl zurücksetzen' }).press('Enter')
      await page.getByRole('link', { name: 'Eingang' }).press('Enter')
      await page.waitForURL('**/datensaetze/eingang')
      const calendar = page.getByRole('slider')
      await calendar.waitFor()
      await page.getByText(/der erwarteten Werte liegen vor/).waitFor()
      await calendar.focus()
      await page.keyboard.press('End')
      for (let back = 0; back < 60; back++) {
        if (/keiner von 2[345] Werten/.test((await calendar.getAttribute('aria-valuetext'))!)) break
        await page.keyboard.press('ArrowLeft')
      }
      assert.match((await calendar.getAttribute('aria-valuetext'))!, /\d{4}: keiner von 2[345] Werten/)
      const gap = Number(await calendar.getAttribute('aria-valuenow'))
      await page.keyboard.press('Home')
      assert.equal(await calendar.getAttribute('aria-valuenow'), '0')
      assert.ok(gap > 5 && gap < 20, `${gap}`)
      await page.getByRole('button', { name: 'Als Tabelle' }).press('Enter')
      await page.waitForURL('**view=table')
      await page.getByRole('button', { name: 'Tage', exact: true }).press('Enter')
      await page.locator('tbody tr', { hasText: '0 %' }).first().waitFor()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Werte als CSV' }).press('Enter'),
      ])
      assert.match(download.suggestedFilename(), /^eingang_.*_day\.csv$/)
      const lines = readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\r\n')
      assert.ok(lines.length > 25 && lines[1]!.includes('Promenade'), lines[1])
      assert.deepEqual(troubles, [])
      await close()
    })

    it('prints the same example on the page', pages, async () => {
      const { page, close } = await visit(browser, `${platform.url}/datensaetze/eingang`)
      await page.getByRole('button', { name: 'Python' }).click()
      assert.equal(await page.locator('[data-example=python]').innerText(), (await examples()).get('python'))
      await close()
    })

    for (const [name, look] of LOOKS) {
      it(`is accessible and fits, ${name}`, pages, async () => {
        const { page, context, troubles, close } = await visit(browser, `${platform.url}/datensaetze`, look)
        await signIn(platform, context)
        const base = '/verwaltung/datensaetze'
        for (const [path, wait] of [
          ['/datensaetze', 'main li h2'],
          ['/datensaetze/eingang', '.years path'],
          ['/datensaetze/eingang?view=table', 'tbody tr'],
          [base, 'tbody tr'],
          [`${base}/eingang`, 'main form'],
          [`${base}/eingang/messstellen/${station.thing}`, 'summary'],
        ] as const) {
          await page.goto(platform.url + path)
          await page.locator(wait).first().waitFor()
          if (wait === 'summary') await page.locator(wait).first().click()
          await assertAccessible(page, path)
          const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
          assert.ok(overflow <= 0, `${path} scrolls sideways by ${overflow} px`)
        }
        assert.deepEqual(troubles, [])
        await close()
      })
    }

    const asStaff = async (path: string, expected?: RegExp) => {
      const visited = await visit(browser, `${platform.url}/login`, {}, expected)
      await signIn(platform, visited.context)
      await visited.page.goto(platform.url + path)
      return visited
    }
    const save = (page: Page) => page.getByRole('button', { name: 'Speichern' }).first().click()
    const titleNow = async (): Promise<string> =>
      ((await (await fetch(`${platform.url}/api/v1/datasets/eingang`)).json()) as { title: string }).title

    it('edits a dataset, and takes it back', pages, async () => {
      const { page, troubles, close } = await asStaff('/verwaltung/datensaetze/eingang')
      await page.getByLabel('Titel').fill('Radverkehr')
      await page.getByLabel('Lizenz').selectOption('dl-by-de/2.0')
      await page.getByLabel('Aufbewahrung', { exact: true }).fill('Für immer.')
      await save(page)
      await page.getByText('Gespeichert.').waitFor()
      await page.getByRole('heading', { name: 'Radverkehr' }).waitFor()
      assert.equal(await titleNow(), 'Radverkehr')
      await page.getByRole('button', { name: 'Rückgängig' }).click()
      await page.getByRole('heading', { name: 'Eingang' }).waitFor()
      assert.equal(await titleNow(), 'Eingang')
      assert.equal(await page.getByLabel('Lizenz').inputValue(), '')
      assert.deepEqual(troubles, [])
      await close()
    })

    it('does not overwrite what somebody else saved meanwhile', pages, async () => {
      const mine = await asStaff('/verwaltung/datensaetze/eingang', /412/)
      const theirs = await asStaff('/verwaltung/datensaetze/eingang')
      await mine.page.getByLabel('Titel').fill('Meins')
      await theirs.page.getByLabel('Titel').fill('Deins')
      await save(theirs.page)
      await theirs.page.getByText('Gespeichert.').waitFor()
      await save(mine.page)
      await mine.page.getByText('Jemand anderes hat dies inzwischen geändert').waitFor()
      assert.equal(await mine.page.getByLabel('Titel').inputValue(), 'Meins')
      assert.equal(await titleNow(), 'Deins')
      await mine.page.getByRole('button', { name: 'Neuen Stand laden' }).click()
      await mine.page.getByRole('heading', { name: 'Deins' }).waitFor()
      assert.deepEqual([...mine.troubles, ...theirs.troubles], [])
      await mine.close()
      await theirs.close()
    })

    it('moves a station by a click into the map, and takes it back', pages, async () => {
      const path = `/verwaltung/datensaetze/eingang/messstellen/${station.thing}`
      const { page, troubles, close } = await asStaff(path)
      const lat = page.getByLabel('Breite (Nord)')
      await page.locator('.stop').waitFor()
      await page.locator('.map.picking').click({ position: { x: 120, y: 80 } })
      assert.ok(Number(await lat.inputValue()) > 51.96, await lat.inputValue())
      await page.getByLabel(/umgezogen/).check()
      await save(page)
      await page.getByText('Gespeichert.').waitFor()
      const where = async () =>
        (
          (await (await fetch(`${platform.url}/api/v1/stations/${station.thing}`)).json()) as {
            location: { lat: number }
          }
        ).location.lat
      assert.ok((await where()) > 51.96)
      await page.getByRole('button', { name: 'Rückgängig' }).click()
      await until(page, `document.querySelector('input[inputmode=decimal]')?.value === '51.96'`)
      assert.equal(await where(), 51.96)
      assert.deepEqual(troubles, [])
      await close()
    })

    it('creates, releases, withdraws and deletes, saying what that means', pages, async () => {
      const { page, troubles, close } = await asStaff('/verwaltung/datensaetze', /404/)
      await page.getByRole('button', { name: 'Neuer Datensatz' }).click()
      await page.getByLabel('Titel').fill('Grünflächen')
      assert.equal(await page.getByLabel('Kurzname').inputValue(), 'gruenflaechen')
      await assertAccessible(page, 'the dialog for a new dataset')
      await page.getByRole('button', { name: 'Anlegen' }).click()
      await page.waitForURL('**/verwaltung/datensaetze/gruenflaechen')
      const status = async () => (await fetch(`${platform.url}/api/v1/datasets/gruenflaechen`)).status
      assert.equal(await status(), 404)
      await page.getByRole('button', { name: 'Freigeben …' }).click()
      await page.getByText('Es ist noch keine Lizenz angegeben').waitFor()
      await page.getByRole('button', { name: 'Freigeben', exact: true }).click()
      await page.getByRole('button', { name: 'Zurückziehen …' }).click()
      assert.equal(await status(), 200)
      await page.getByText('Die Werte bleiben gespeichert').waitFor()
      await page.getByRole('button', { name: 'Zurückziehen', exact: true }).click()
      await page.getByRole('button', { name: 'Freigeben …' }).waitFor()
      assert.equal(await status(), 404)
      await page.getByRole('button', { name: 'Datensatz löschen …' }).click()
      const button = page.getByRole('button', { name: 'Endgültig löschen' })
      assert.equal(await button.isDisabled(), true)
      await page.getByLabel(/Kurznamen „gruenflaechen“/).fill('gruenflaechen')
      await button.click()
      await page.waitForURL('**/verwaltung/datensaetze')
      await page.getByText('„Grünflächen“ ist gelöscht.').waitFor()
      assert.deepEqual(troubles, [])
      await close()
    })

    it('says what is not there, and what cannot be reached', pages, async () => {
      const { page, context, close } = await visit(browser, `${platform.url}/datensaetze/nirgends`, {}, /./)
      await page.getByRole('heading', { name: 'Diesen Datensatz gibt es hier nicht' }).waitFor()
      await page.getByRole('link', { name: 'Zu allen Datensätzen' }).click()
      await page.locator('main li h2').first().waitFor()
      await context.route('**/api/v1/datasets/eingang', (route) => route.abort())
      await page.locator('main li h2 a').first().click()
      await page.getByRole('alert').waitFor()
      await context.unroute('**/api/v1/datasets/eingang')
      await page.getByRole('button', { name: 'Erneut versuchen' }).click()
      await page.getByRole('slider').waitFor()
      await close()
    })
  })
}
