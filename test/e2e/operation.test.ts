/** What operator and steward see, in a real browser: sources, runs, rejected rows, odd values, alerts. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { SMTPServer } from 'smtp-server'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { FEED } from '../support/transit.ts'
import { zipOf } from '../support/zip.ts'
import { assertAccessible, launch, needsBrowser, until } from './browser.ts'
import { api, createStation } from './data.ts'
import { signIn } from './tour.ts'

const FILE = `Zeit;Ort;Anzahl
2026-08-20 10:00;A;12
2026-08-20 10:15;A;kaputt
2026-08-20 10:30;A;14
nie;A;15
`
const HOUR = 3_600_000

const definition = (id: string, title: string, from: string, schedule: string): string => `id: ${id}
title: ${title}
dataset: { title: ${title} }
from: ${from}
format: { type: csv, separator: ";" }
${schedule}
time: { column: Zeit, format: "YYYY-MM-DD HH:mm", period: 15m }
thing: { key: "{Ort}", name: "Ort {Ort}" }
series: [{ column: Anzahl, property: bicycle_count }]
`

// The pages are the same on both databases; what they show of each is tested with the domains.
for (const engine of databases().slice(0, 1)) {
  describe(`operator and steward on the ${engine.name} database`, { skip: needsBrowser, timeout: 300_000 }, () => {
    let platform: RunningPlatform
    let browser: Browser
    let folder: string
    let mails = 0
    const smtp = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData: (stream, _session, done) => {
        stream.resume()
        stream.on('end', () => {
          mails++
          done()
        })
      },
    })

    before(async () => {
      await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve))
      const port = (server: { address(): unknown }) => (server.address() as { port: number }).port
      platform = await startPlatform(engine, {
        SMTP_URL: `smtp://127.0.0.1:${port(smtp.server)}`,
        SMTP_FROM: 'Zahnrad <daten@stadt.example>',
      })
      folder = mkdtempSync(join(tmpdir(), 'zahnrad-operation-'))
      writeFileSync(join(folder, 'werte.csv'), FILE)
      const add = async (id: string, title: string, from: string, schedule = 'schedule: { every: 1d }') => {
        writeFileSync(join(folder, `${id}.yaml`), definition(id, title, from, schedule))
        const { code, stderr } = await platform.command('source', 'add', join(folder, `${id}.yaml`))
        assert.equal(code, 0, stderr)
      }
      await add('innenstadt', 'Zähler Innenstadt', `{ file: { path: ${join(folder, 'werte.csv')} } }`)
      await add('fehlt', 'Zähler Hafen', `{ file: { path: ${join(folder, 'gibt-es-nicht.csv')} } }`)
      // So long that somebody can watch it, and stop it.
      const rows = Array.from({ length: 1_000_000 }, (_, i) => {
        const at = new Date(Date.UTC(1995, 0, 1) + i * 900_000).toISOString()
        return `${at.slice(0, 10)} ${at.slice(11, 16)};B;${i % 90}`
      })
      writeFileSync(join(folder, 'lang.csv'), `Zeit;Ort;Anzahl\n${rows.join('\n')}\n`)
      await add('lang', 'Zähler Archiv', `{ file: { path: ${join(folder, 'lang.csv')} } }`, '')
      browser = await launch()
    })
    after(async () => {
      await browser?.close()
      await platform?.remove()
      await new Promise<void>((resolve) => smtp.close(resolve))
      rmSync(folder, { recursive: true, force: true })
    })

    const open = async (
      path: string,
      look: { width?: number; dark?: boolean } = {},
    ): Promise<{ page: Page; context: BrowserContext; troubles: string[] }> => {
      const width = look.width ?? 1440
      const context = await browser.newContext({
        viewport: { width, height: 900 },
        colorScheme: look.dark ? 'dark' : 'light',
        locale: 'de-DE',
        hasTouch: width < 600,
      })
      await signIn(platform, context)
      const page = await context.newPage()
      const troubles: string[] = []
      page.on('console', (message) => {
        if (message.type() === 'error') troubles.push(message.text())
      })
      page.on('pageerror', (error) => troubles.push(error.message))
      await page.goto(platform.url + path)
      return { page, context, troubles }
    }

    it('shows the broken source on top with its cause in plain words', async () => {
      const { page, context, troubles } = await open('/verwaltung/quellen')
      await page.locator('tbody tr', { hasText: 'gestört' }).first().waitFor({ timeout: 30_000 })
      const first = await page.locator('tbody tr').first().innerText()
      assert.match(first, /gestört/)
      assert.match(first, /Zähler Hafen/)
      assert.match(first, /Die Datei oder der Ordner fehlt\./)
      await page.getByRole('button', { name: /^gestört/ }).click()
      assert.equal(await page.locator('tbody tr').count(), 1)
      assert.match(page.url(), /zustand=broken/)
      assert.deepEqual(troubles, [])
      await context.close()
    })

    it('says in German what the check of the installation found', async () => {
      const { page, context, troubles } = await open('/verwaltung/betrieb')
      const findings = page.locator('section[aria-labelledby=doctor] li .about')
      await findings.first().waitFor({ timeout: 30_000 })
      const text = (await findings.allInnerTexts()).join('\n')
      assert.match(text, /Aufbau der Datenbank: auf dem neuesten Stand/)
      assert.match(text, /Platte: [\d.,]+ GiB frei/)
      assert.doesNotMatch(text, /\b(the|this platform|applied|free in|between|drawn)\b/)
      assert.deepEqual(troubles, [])
      await context.close()
    })

    it('runs a source, shows its figures and what it rejected, row by row and as a file', async () => {
      const { page, context, troubles } = await open('/verwaltung/quellen/innenstadt')
      await page.locator('tbody tr').first().waitFor()
      const before = await page.locator('tbody tr').count()
      await page.getByRole('button', { name: 'Jetzt ausführen' }).click()
      await until(page, `document.querySelectorAll('tbody tr').length > ${before}`, 20_000)
      await until(page, `/viel abgelehnt/.test(document.querySelector('tbody tr').innerText)`, 20_000)
      await page.locator('tbody tr a').first().click()
      await page.getByRole('heading', { name: 'Abgelehnte Zeilen' }).waitFor()
      await page.getByRole('cell', { name: 'kaputt' }).waitFor()
      const rows = await page.locator('section', { hasText: 'Abgelehnte Zeilen' }).locator('tbody tr').allInnerTexts()
      assert.deepEqual(
        rows.map((row) =>
          row
            .split('\t')
            .slice(0, 3)
            .map((cell) => cell.trim()),
        ),
        [
          ['3', 'Anzahl', 'kaputt'],
          ['5', 'Zeit', 'nie'],
        ],
      )
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Als CSV herunterladen' }).click(),
      ])
      const lines = readFileSync(await download.path(), 'utf8')
        .trim()
        .split('\r\n')
      assert.equal(lines[0], 'row,column,value,reason,values,file')
      assert.match(lines[1]!, /^3,Anzahl,kaputt,/)
      assert.equal(lines.length, 3)
      assert.deepEqual(troubles, [])
      await context.close()
    })

    it('shows a timetable and its real time as one source, each part with its state, and what came', async () => {
      writeFileSync(join(folder, 'fahrplan.zip'), zipOf(FEED))
      writeFileSync(join(folder, 'live.pb'), 'kein Protobuf')
      writeFileSync(
        join(folder, 'linie.yaml'),
        `title: Linie 1\ndataset: { title: Linie 1 }\nfrom: { file: { path: ${join(folder, 'fahrplan.zip')} } }\nformat: { type: gtfs }\nwith: [{ role: trip-updates, file: { path: ${join(folder, 'live.pb')} } }]\n`,
      )
      assert.equal((await platform.command('source', 'add', join(folder, 'linie.yaml'))).code, 0)
      const { page, context, troubles } = await open('/verwaltung/quellen/linie')
      await page.getByRole('button', { name: 'Jetzt ausführen' }).click()
      const parts = page.getByRole('region', { name: 'Was die Quelle einzeln abruft' }).locator('tbody tr')
      await parts.filter({ hasText: 'gestört' }).waitFor({ timeout: 30_000 })
      const [timetable, live] = await parts.allInnerTexts()
      assert.match(timetable!, /^Fahrplan.*in Ordnung/s)
      assert.match(live!, /^Verspätungen.*gestört/s)
      assert.match(await page.locator('.state .cause').innerText(), /^Verspätungen: /)
      const kept = page.getByRole('region', { name: 'Zuletzt gelieferte Dateien' })
      await kept.locator('tbody tr').nth(1).waitFor()
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        kept.getByRole('link', { name: 'live.pb' }).click(),
      ])
      assert.equal(readFileSync(await download.path(), 'utf8'), 'kein Protobuf')
      assert.deepEqual(troubles, [])
      await context.close()
    })

    it('shows a run under way with its rate, and stops it', async () => {
      const { page, context } = await open('/verwaltung/quellen/lang')
      await page.getByRole('button', { name: 'Jetzt ausführen' }).click()
      await page.getByText(/Werte je Sekunde.*noch etwa/).waitFor({ timeout: 60_000 })
      assert.ok(await page.getByRole('button', { name: 'Jetzt ausführen' }).isDisabled())
      // By the page's own button: "Anhalten" of the run, not of the source.
      await page.locator('.run').getByRole('button', { name: 'Anhalten' }).click()
      await page.getByText('Der Lauf wurde angehalten.').first().waitFor({ timeout: 30_000 })
      await page.getByRole('button', { name: 'Anhalten' }).click()
      await page.getByText('angehalten', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Entfernen …' }).click()
      await page.getByText('Die Daten, die sie gebracht hat, bleiben').waitFor()
      await page.getByRole('dialog').getByRole('button', { name: 'Entfernen' }).click()
      await page.waitForURL('**/verwaltung/quellen')
      const { stdout } = await platform.command('dataset', 'list', '--json')
      const kept = JSON.parse(stdout).find(({ id }: { id: string }) => id === 'lang')
      assert.ok(kept.observations > 0)
      await context.close()
    })

    it('marks odd values in the chart and the lists until somebody says they are all right', async () => {
      const key = await platform.key('odd')
      const { thing, datastreams } = await createStation(platform, key, {
        name: 'Rathaus',
        place: [7.6, 51.9],
        series: [{ name: 'Lufttemperatur', property: 'air_temperature', unit: 'Grad Celsius', symbol: '°C' }],
      })
      // Posted properties have no key of ours: the limits are set by the form, as a steward would.
      const end = Math.floor(Date.now() / HOUR) * HOUR
      const limits = { min: -40, max: 50, stuckHours: null, spikeFactor: null, dropHours: null }
      const set = await fetch(`${platform.url}/api/v1/datastreams/${datastreams[0]}/plausibility`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(limits),
      })
      assert.equal(set.status, 200)
      const rows = Array.from({ length: 48 }, (_, i) => [
        new Date(end - (48 - i) * HOUR).toISOString(),
        i === 30 ? 85 : 18 + (i % 5),
      ])
      await api(platform, key, '/sta/v1.1/CreateObservations', [
        {
          Datastream: { '@iot.id': datastreams[0] },
          components: ['phenomenonTime', 'result'],
          'dataArray@iot.count': rows.length,
          dataArray: rows,
        },
      ])
      const { page, context, troubles } = await open('/verwaltung/auffaellig')
      await page.getByText('85 °C ist mehr als möglich scheint (Grenze 50 °C).').waitFor({ timeout: 60_000 })
      await page.goto(`${platform.url}/stationen/${thing}?range=7d`)
      await page.locator('canvas').waitFor()
      await page.getByText('1 Stelle ist auffällig').waitFor()
      await assertAccessible(page, 'a station with an odd value')
      await page.getByRole('button', { name: /^In Ordnung/ }).click()
      await page.getByText('1 Stelle ist auffällig').waitFor({ state: 'detached' })
      // The value itself is still there.
      const series = (await (
        await fetch(`${platform.url}/api/v1/series?datastream=${datastreams[0]}&resolution=raw`, {
          headers: { authorization: `Bearer ${key}` },
        })
      ).json()) as { series: { max: number }[] }
      assert.equal(series.series[0]!.max, 85)
      const hidden = await fetch(`${platform.url}/api/v1/flags?datastream=${datastreams[0]}&from=start&to=2030-01-01`)
      assert.equal(hidden.status, 404, 'a series nobody released shows no flags either')
      assert.deepEqual(troubles, [])
      await context.close()
    })

    it('lets staff say who is told, and proves it by a test message', async () => {
      const { page, context, troubles } = await open('/verwaltung/benachrichtigungen')
      await page.getByRole('button', { name: 'Hinzufügen' }).click()
      await page.getByLabel('Name').fill('Bereitschaft')
      await page.getByLabel('E-Mail-Adressen').fill('dienst@stadt.example')
      await page.getByLabel('von').fill('22:00')
      await page.getByRole('button', { name: 'Speichern' }).click()
      await page.getByText('Bitte beide Zeiten, oder keine.').waitFor()
      await page.getByLabel('bis').fill('06:00')
      await page.getByRole('button', { name: 'Speichern' }).click()
      await page.getByText('Ruhe 22:00–06:00 Uhr').waitFor()
      await page.getByRole('button', { name: 'Probe senden' }).click()
      await page.getByText('Die Probe ist angenommen.').first().waitFor()
      assert.equal(mails, 1)
      assert.deepEqual(troubles, [])
      await context.close()
    })

    for (const look of [{}, { dark: true }, { width: 360 }, { width: 360, dark: true }]) {
      it(`is accessible at ${JSON.stringify(look)}`, async () => {
        const { page, context } = await open('/verwaltung/quellen', look)
        const pages: [path: string, ready: string][] = [
          ['/verwaltung/quellen', 'tbody tr'],
          ['/verwaltung/quellen/fehlt', 'tbody tr'],
          ['/verwaltung/quellen/linie', 'section[aria-labelledby=raw] tbody tr'],
          ['/verwaltung/quellen/innenstadt/laeufe/1', 'h1'],
          ['/verwaltung/betrieb', 'dl'],
          ['/verwaltung/auffaellig?alle=1', 'main li'],
          ['/verwaltung/benachrichtigungen', '.channels li'],
        ]
        for (const [path, ready] of pages) {
          await page.goto(platform.url + path)
          await page.locator(ready).first().waitFor()
          await assertAccessible(page, path)
          const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
          assert.ok(overflow <= 0, `${path} scrolls sideways by ${overflow} px`)
        }
        await context.close()
      })
    }

    it('answers strangers with 401 wherever staff work', async () => {
      const get = [
        'sources',
        'sources/fehlt',
        'sources/fehlt/runs',
        'sources/fehlt/raw',
        'sources/fehlt/definition.yaml',
        'operation',
      ]
      for (const path of [...get, 'operation/doctor', 'flags/list', 'alerts', 'datastreams/1/plausibility'])
        assert.equal((await fetch(`${platform.url}/api/v1/${path}`)).status, 401, path)
      for (const path of ['sources/fehlt/run', 'sources/fehlt/pause', 'flags/1/ok', 'alerts/channels/1/test'])
        assert.equal((await fetch(`${platform.url}/api/v1/${path}`, { method: 'POST' })).status, 401, path)
    })
  })
}
