/** Boards as staff, citizens and a screen in the town hall meet them. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, type Look, launch, needsBrowser, until, visit } from './browser.ts'
import { api, createStation } from './data.ts'
import { signIn } from './tour.ts'

const LOOKS: [string, Look][] = [
  ['wide and light', {}],
  ['wide and dark', { dark: true }],
  ['360 px and light', { width: 360, height: 800 }],
  ['360 px and dark', { width: 360, height: 800, dark: true }],
]
const MINUTE = 60_000
/** A loaded machine takes its time; nothing here waits longer than it has to. */
const PATIENT = 60_000
const [engine] = databases()

describe(`boards on the ${engine!.name} database`, { skip: needsBrowser, timeout: 600_000 }, () => {
  let platform: RunningPlatform
  let browser: Browser
  let key: string
  let station: { thing: number; datastreams: number[] }
  /** The board made in the first test. */
  let id: string
  const began = Math.floor(Date.now() / MINUTE) * MINUTE - 90 * MINUTE

  before(async () => {
    platform = await startPlatform(engine!, { ZAHNRAD_EXAMPLE: '1' })
    browser = await launch()
    key = await platform.key()
    station = await createStation(platform, key, {
      name: 'Windmast Süd',
      place: [10.45, 51.16],
      series: [{ name: 'Windstärke', property: 'Windstärke', unit: 'Beaufort', symbol: 'Bft' }],
    })
    for (let i = 0; i < 60; i++) await post(i, (i % 5) + 1)
    const release = await platform.command('dataset', 'release', 'eingang')
    assert.equal(release.code, 0, release.stderr)
  })
  after(async () => {
    await browser?.close()
    await platform?.remove()
  })

  const post = (minute: number, result: number) =>
    api(platform, key, `/sta/v1.1/Datastreams(${station.datastreams[0]})/Observations`, {
      phenomenonTime: new Date(began + minute * MINUTE).toISOString(),
      result,
    })
  const make = async (board: object): Promise<string> => {
    const answer = await api(platform, key, '/api/v1/boards', board)
    return ((await answer.json()) as { id: string }).id
  }
  const open = async (path: string, look: Look = {}, expected?: RegExp) => {
    const seen = await visit(browser, platform.url + path, look, expected)
    seen.context.setDefaultTimeout(PATIENT)
    return seen
  }
  const staff = async (path: string, expected?: RegExp) => {
    const seen = await open('/login', {}, expected)
    await signIn(platform, seen.context)
    await seen.page.goto(platform.url + path)
    return seen
  }
  const headings = (page: Page) => page.locator('main article h2').allInnerTexts()

  it('is made from a template, arranged by keyboard, and saved by itself', async () => {
    const { page, troubles, close } = await staff('/tafeln')
    await page.getByRole('heading', { name: 'Hier stehen bald Tafeln der Stadt' }).waitFor()
    await page.getByRole('button', { name: 'Neue Tafel' }).click()
    await page.getByLabel('Verkehr heute').check()
    await page.getByRole('button', { name: 'Tafel anlegen' }).click()
    await page.waitForURL('**/tafeln/*?bearbeiten=1')
    id = new URL(page.url()).pathname.split('/').at(-1)!
    await page.locator('canvas').first().waitFor()
    const before = await headings(page)
    assert.ok(before.length >= 6, before.join())

    const down = page.getByRole('toolbar').first().getByRole('button', { name: 'Nach unten' })
    await down.focus()
    await page.keyboard.press('Enter')
    const moved = [before[1], before[0], ...before.slice(2)]
    await until(
      page,
      `document.querySelectorAll('main article h2')[1].innerText === ${JSON.stringify(before[0])}`,
      PATIENT,
    )
    assert.deepEqual(await headings(page), moved)
    await page.getByText(`${before[0]} steht jetzt an Platz 2 von ${before.length}.`).waitFor()
    // The focus stays on the button, which went along: pressing again moves on.
    await page.keyboard.press('Enter')
    await page.getByText(`${before[0]} steht jetzt an Platz 3 von ${before.length}.`).waitFor()
    await page.getByRole('toolbar').nth(2).getByRole('button', { name: 'Breiter' }).click()
    await page.getByText('2 von 4 Spalten breit').waitFor()

    await page.getByRole('toolbar').first().getByRole('button', { name: 'Entfernen' }).click()
    await until(page, `document.querySelectorAll('main article').length === ${before.length - 1}`, PATIENT)
    await page.getByRole('button', { name: 'Rückgängig' }).click()
    await until(page, `document.querySelectorAll('main article').length === ${before.length}`, PATIENT)
    await page.getByText('Gespeichert', { exact: true }).waitFor()
    await assertAccessible(page, 'a board that is edited')

    await page.getByRole('button', { name: 'Element hinzufügen' }).click()
    await page.getByRole('button', { name: 'Zahl', exact: true }).click()
    await page.getByRole('button', { name: 'Eine Messreihe' }).click()
    await page.getByLabel('Messstelle suchen').fill('windmast')
    await page.getByRole('button', { name: /Windmast/ }).click()
    await page.getByRole('button', { name: 'Neuester Wert' }).click()
    await page.locator('dialog .preview .total').getByText('5').waitFor()
    await assertAccessible(page, 'the dialog that adds an element')
    await page.getByRole('button', { name: 'Auf die Tafel' }).click()
    await page.getByText('Gespeichert', { exact: true }).waitFor()

    await page.getByRole('button', { name: 'Veröffentlichen' }).click()
    await page.getByText('Veröffentlicht: Wer den Link hat, sieht sie.').waitFor()
    await page.getByRole('button', { name: 'Fertig' }).click()
    await page.getByRole('button', { name: 'Teilen' }).click()
    await page.getByRole('img', { name: 'QR-Code des Links' }).waitFor()
    assert.equal(await page.locator('dialog code').first().innerText(), `${platform.url}/tafeln/${id}`)
    await page.reload()
    await page.locator('canvas').first().waitFor()
    const after = await headings(page)
    assert.deepEqual(after.slice(0, 3), [before[1], before[2], before[0]])
    assert.equal(after.length, before.length + 1)
    assert.deepEqual(troubles, [])
    await close()
  })

  for (const [name, look] of LOOKS) {
    it(`opens by its link for everybody, ${name}: accessible, complete, from nowhere else`, async () => {
      const { page, troubles, close } = await open(`/tafeln/${id}`, look)
      await page.locator('canvas').first().waitFor()
      await page.locator('.stop, .cluster').first().waitFor()
      assert.equal(await page.locator('h1').innerText(), 'Verkehr heute')
      assert.equal(await page.getByRole('button', { name: 'Bearbeiten' }).count(), 0)
      await page
        .locator('main article')
        .first()
        .getByText(/vor|gerade eben/)
        .first()
        .waitFor()
      await page
        .getByText(/^Quelle: /)
        .first()
        .waitFor()
      await assertAccessible(page, 'a board')
      await page.getByRole('button', { name: 'Radfahrende als Tabelle' }).first().click()
      await page.locator('tbody tr').first().waitFor()
      await assertAccessible(page, 'a board with a table')
      const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      assert.ok(overflow <= 0, `scrolls sideways by ${overflow} px`)
      await page.goto(`${platform.url}/tafeln`)
      await page.getByRole('link', { name: 'Verkehr heute' }).waitFor()
      await assertAccessible(page, 'the list of boards')
      assert.deepEqual(troubles, [])
      await close()
    })
  }

  it('shows nothing of what is not released, and says that there is something', async () => {
    try {
      const withdraw = await platform.command('dataset', 'withdraw', 'eingang')
      assert.equal(withdraw.code, 0, withdraw.stderr)
      const heard: string[] = []
      const { page, close } = await open('/tafeln')
      page.on('response', async (answer) => heard.push(await answer.text().catch(() => '')))
      await page.goto(`${platform.url}/tafeln/${id}`)
      await page.getByText('Diese Daten sind nicht freigegeben oder nicht mehr vorhanden.').waitFor()
      const text = await page.locator('body').innerText()
      for (const told of [text, ...heard]) assert.doesNotMatch(told, /Windmast|Windst/)
      await close()
      const own = await staff(`/tafeln/${id}`)
      await own.page.getByText('Nicht freigegeben: Nur die Verwaltung sieht diese Daten.').waitFor()
      await own.close()
    } finally {
      await platform.command('dataset', 'release', 'eingang')
    }
  })

  it('does not overwrite what somebody else changed meanwhile', async () => {
    const mine = await make({ title: 'Gemeinsam', items: [{ kind: 'text', width: 2, height: 1, text: 'Eins' }] })
    const { page, close } = await staff(`/tafeln/${mine}?bearbeiten=1`, /412/)
    const name = page.getByLabel('Name der Tafel')
    await name.waitFor()
    await fetch(`${platform.url}/api/v1/boards/${mine}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'if-match': '"1"' },
      body: JSON.stringify({ title: 'Von anderen' }),
    })
    await name.fill('Von mir')
    await page.getByText('Jemand anderes hat die Tafel inzwischen geändert.').waitFor()
    await page.getByRole('button', { name: 'Fremde Fassung laden' }).click()
    await until(page, `document.querySelector('h1').innerText === 'Von anderen'`, PATIENT)
    await page.getByRole('button', { name: 'Tafel löschen' }).click()
    await page.getByText('„Von anderen“ gelöscht.').waitFor()
    await page.getByRole('button', { name: 'Rückgängig' }).click()
    await page.waitForURL(`**/tafeln/${mine}`)
    await page.getByRole('heading', { name: 'Von anderen' }).waitFor()
    await close()
  })

  it('shows a hostile text as a text', async () => {
    const text = `## Vorweg\n# <img src=x onerror="window.hurt = 1">\n## Darunter\n<script>window.hurt = 1</script>\n[klick](javascript:window.hurt=1) [gut](https://example.org/)`
    const hostile = await make({
      title: '<b>fett</b>',
      visibility: 'published',
      items: [{ kind: 'text', width: 4, height: 2, text }],
    })
    const { page, troubles, close } = await open(`/tafeln/${hostile}`)
    await page.getByText('<script>window.hurt = 1</script>').waitFor()
    assert.equal(await page.locator('h1').innerText(), '<b>fett</b>')
    assert.equal(await page.locator('article img, article script').count(), 0)
    const links = await page.locator('article a').evaluateAll((all) => all.map((a) => a.getAttribute('href')))
    assert.deepEqual(links, ['https://example.org/'])
    assert.equal(await page.evaluate('window.hurt'), undefined)
    const levels = await page.locator('article :is(h2, h3, h4)').evaluateAll((all) => all.map((h) => h.tagName))
    assert.deepEqual(levels, ['H2', 'H2', 'H3'])
    await assertAccessible(page, 'a board of text')
    assert.deepEqual(troubles, [])
    await close()
  })

  it('fills a screen, keeps the last values without a connection, and goes on after a restart', async () => {
    const series = station.datastreams[0]
    const chart = {
      kind: 'chart',
      width: 2,
      height: 2,
      series: [series],
      range: '24h',
      resolution: 'raw',
      compare: false,
    }
    const screen = await make({
      title: 'Am Rathaus',
      visibility: 'published',
      items: [{ kind: 'figure', width: 2, height: 2, series, show: 'latest', title: 'Wind' }, chart],
    })
    const path = `/tafeln/${screen}?vollbild=1&thema=dunkel`
    const { page, close } = await open(path, { width: 1920, height: 1080 }, /./)
    await page.locator('canvas').waitFor()
    await page.getByText('● verbunden').waitFor()
    await assertAccessible(page, 'a board on a screen')
    assert.equal(await page.locator('header nav, footer nav').count(), 0)
    assert.equal(await page.locator('html').getAttribute('data-kern-theme'), 'dark')
    const overflow =
      '[document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight].join()'
    assert.equal(await page.evaluate(overflow), '0,0')
    await page.evaluate('window.still = true')
    await post(61, 7)
    await page.locator('.total').getByText('7').waitFor()

    await platform.stop('SIGKILL')
    await page.getByText(/keine Verbindung seit \d\d:\d\d/).waitFor()
    assert.match(await page.locator('.total').innerText(), /7/)
    assert.equal(await page.locator('canvas').count(), 1)
    await assertAccessible(page, 'a screen without connection')
    await platform.restart()
    await post(62, 9)
    await page.locator('.total').getByText('9').waitFor()
    await page.getByText('● verbunden').waitFor()
    await post(63, 11)
    await page.locator('.total').getByText('11').waitFor()
    assert.equal(await page.evaluate('window.still'), true, 'the same version needs no reload')

    for (const [width, height] of [
      [3840, 2160],
      [1080, 1920],
    ] as const) {
      await page.setViewportSize({ width, height })
      await until(page, `${overflow} === '0,0'`, PATIENT)
    }
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Teilen' }).waitFor()
    await close()
  })

  it('takes turns with other boards', async () => {
    const text = (words: string) => [{ kind: 'text', width: 4, height: 2, text: words }]
    const one = await make({ title: 'Erste', visibility: 'published', items: text('eins') })
    const two = await make({ title: 'Zweite', visibility: 'published', items: text('zwei') })
    const path = `/tafeln/${one}?vollbild=1&wechsel=5&tafeln=${one},${two}`
    const { page, close } = await open(path, { width: 1280, height: 720 })
    await page.getByRole('heading', { name: 'Erste' }).waitFor()
    await page.getByRole('heading', { name: 'Zweite' }).waitFor()
    await page.getByRole('heading', { name: 'Erste' }).waitFor()
    await close()
  })
})
