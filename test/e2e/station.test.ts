/** What a citizen does with stations: near me, compare, take along, look behind a value. On real values, in a real browser. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, launch, needsBrowser, tasksDuring, until, visit } from './browser.ts'
import { api, createStation } from './data.ts'

const HOUR = 3_600_000
const MINUTE = 60_000
const POINTS = 100_000
/** In the middle of the many values: the largest, the smallest, and an hour without any. */
const [PEAK, PIT, HOLE] = [43_210, 61_234, 70_000]
const PLACES: [string, number, number][] = [
  ['Bohlweg', 7.6432, 51.9688],
  ['Aasee', 7.61, 51.95],
  ['Hafen', 7.6401, 51.9493],
  ['Neutor', 7.6152, 51.9671],
  ['Promenade', 7.6302, 51.9621],
  ['Warendorf', 7.9902, 51.9521],
]

describe('stations', { skip: needsBrowser, timeout: 400_000 }, () => {
  let platform: RunningPlatform
  let browser: Browser
  let other: Server
  /** By name. */
  const ids = new Map<string, number>()
  let many: { thing: number; datastream: number; from: number }

  async function fillHours(
    key: string,
    datastream: number,
    from: number,
    hours: number,
    value: (h: number) => number | null,
  ) {
    const rows = Array.from({ length: hours }, (_, h) => {
      const at = from + h * HOUR
      const v = value(h)
      return v === null ? [] : [[`${new Date(at).toISOString()}/${new Date(at + HOUR).toISOString()}`, v]]
    }).flat()
    const head = { Datastream: { '@iot.id': datastream }, components: ['phenomenonTime', 'result'] }
    await api(platform, key, '/sta/v1.1/CreateObservations', [{ ...head, dataArray: rows }])
  }

  before(async () => {
    platform = await startPlatform(databases()[0]!)
    browser = await launch()
    const key = await platform.key('stations')
    const start = Date.parse('2026-09-28T00:00:00Z')
    for (const [i, [name, lon, lat]] of PLACES.entries()) {
      const series = [
        i === 5
          ? { name: 'Lufttemperatur', property: 'air_temperature', unit: 'Grad Celsius', symbol: '°C' }
          : { name: 'Fahrräder', property: 'bicycle_count', unit: 'Anzahl' },
      ]
      const made = await createStation(platform, key, { name, place: [lon, lat], series })
      ids.set(name, made.thing)
      const hole = (h: number): boolean => i === 0 && h >= 200 && h < 212
      await fillHours(key, made.datastreams[0]!, start, 30 * 24, (h) => (hole(h) ? null : 50 + i * 10 + (h % 24)))
    }
    const spring = await createStation(platform, key, {
      name: 'Quelle am Berg',
      place: [7.6, 51.9],
      series: [{ name: 'Wasserstand', property: 'water_level', unit: 'Zentimeter', symbol: 'cm' }],
    })
    many = { thing: spring.thing, datastream: spring.datastreams[0]!, from: Date.parse('2026-07-01T00:00:00Z') }
    for (let first = 0; first < POINTS; first += 20_000) {
      const rows = Array.from({ length: 20_000 }, (_, k) => first + k)
        .filter((i) => i < HOLE || i >= HOLE + 600)
        .map((i) => [
          new Date(many.from + i * MINUTE).toISOString(),
          i === PEAK ? 999 : i === PIT ? 1 : 200 + Math.round(50 * Math.sin(i / 700)) + (i % 7),
        ])
      const head = { Datastream: { '@iot.id': many.datastream }, components: ['phenomenonTime', 'result'] }
      await api(platform, key, '/sta/v1.1/CreateObservations', [{ ...head, dataArray: rows }])
    }
    const release = await platform.command('dataset', 'release', 'eingang')
    assert.equal(release.code, 0, release.stderr)
  })
  after(async () => {
    other?.close()
    await browser?.close()
    await platform?.remove()
  })

  const station = (name: string, query = ''): string => `${platform.url}/stationen/${ids.get(name)}${query}`
  const listed = (page: Page): Promise<string[]> => page.locator('main li .name').allInnerTexts()

  it('sorts by distance without telling anybody where the visitor is', async () => {
    const [lat, lon] = [51.949_813, 7.640_277]
    const { page, context, troubles, close } = await visit(browser, `${platform.url}/`)
    await context.grantPermissions(['geolocation'])
    await context.setGeolocation({ latitude: lat, longitude: lon })
    await page.locator('main li a').first().waitFor()
    const sent: string[] = []
    page.on('request', (request) => {
      sent.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData() ?? ''}`)
    })
    const before = page.url()
    await page.getByRole('button', { name: 'In meiner Nähe' }).click()
    await page.getByText('wird nicht gesendet und nicht gespeichert').waitFor()
    const names = await listed(page)
    assert.deepEqual(names.slice(0, 2), ['Hafen', 'Promenade'])
    assert.equal(names.at(-1), 'Warendorf')
    const first = (await page.locator('main li a').first().innerText()).replace(/\u00a0/g, ' ')
    assert.match(first, /\d0 m entfernt/)
    assert.match((await page.locator('main li a').last().innerText()).replace(/\u00a0/g, ' '), /2\d km entfernt/)
    await page.locator('.you').waitFor()
    assert.equal(await page.getByRole('button', { name: 'In meiner Nähe' }).getAttribute('aria-pressed'), 'true')
    await assertAccessible(page, 'the start page near the visitor')
    // What comes with time comes with another visit, too: new values, another page.
    await page.locator('main li a').first().click()
    await page.waitForURL('**/stationen/**')
    await page.locator('canvas').waitFor()
    await page.goBack()
    await page.locator('main li a').first().waitFor()
    assert.equal(page.url(), before)
    assert.ok(sent.length > 0)
    for (const text of [
      ...sent,
      await page.evaluate<string>(
        'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href])',
      ),
    ]) {
      assert.doesNotMatch(text, /51\.9498|7\.6402|51,9498/, text)
    }
    assert.deepEqual(troubles, [])
    await close()
  })

  it('says why there is no position', async () => {
    const { page, context, close } = await visit(browser, `${platform.url}/`, { width: 360, height: 800 })
    await page.locator('main li a').first().waitFor()
    await context.clearPermissions()
    // Without a person to ask, the browser refuses.
    await page.getByRole('button', { name: 'In meiner Nähe' }).click()
    await page.getByText('Der Browser gibt den Standort nicht frei.').waitFor()
    await page.evaluate(`navigator.geolocation.getCurrentPosition = (_, no) => no({ code: 3 })`)
    await page.getByRole('button', { name: 'In meiner Nähe' }).click()
    await page.getByText('zu lange gebraucht').waitFor()
    await page.evaluate(`navigator.geolocation.getCurrentPosition = (_, no) => no({ code: 2 })`)
    await page.getByRole('button', { name: 'In meiner Nähe' }).click()
    await page.getByText('weiß gerade nicht, wo es ist').waitFor()
    await close()
  })

  it('filters by what is measured: by keyboard, in the address, also when nothing is left', async () => {
    const { page, close } = await visit(browser, `${platform.url}/`)
    await page.locator('main li a').first().waitFor()
    await page.getByRole('group', { name: 'Nach Art filtern' }).getByRole('button', { name: 'Luft' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL('**kind=air_temperature')
    assert.deepEqual(await listed(page), ['Warendorf'])
    await page.goBack()
    await until(page, `document.querySelectorAll('main li a').length === ${PLACES.length + 1}`)
    await page.goto(`${platform.url}/?kind=ozone`)
    await page.getByText('Keine Messstelle dieser Art.').waitFor()
    await assertAccessible(page, 'a filter without result')
    await page.locator('.none button').click()
    await until(page, `document.querySelectorAll('main li a').length === ${PLACES.length + 1}`)
    await close()
  })

  it('compares stations chosen in the list, by keyboard alone', async () => {
    const { page, troubles, close } = await visit(browser, `${platform.url}/`)
    await page.locator('main li a').first().waitFor()
    await page.getByRole('button', { name: 'Vergleichen', exact: true }).focus()
    await page.keyboard.press('Enter')
    for (const name of ['Aasee', 'Hafen']) {
      await page.getByRole('checkbox', { name: `${name} vergleichen` }).focus()
      await page.keyboard.press('Space')
    }
    await assertAccessible(page, 'the start page while choosing')
    await page.getByRole('button', { name: 'Vergleichen (2)' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/vergleich?stationen=${ids.get('Aasee')},${ids.get('Hafen')}`)
    await page.locator('canvas').waitFor()
    assert.equal(await page.locator('canvas').count(), 1)
    const slider = page.getByRole('slider')
    await slider.focus()
    await page.keyboard.press('End')
    assert.match((await slider.getAttribute('aria-valuetext'))!, /Aasee: 83.*; Hafen: 93/)
    const heads = await page.locator('.scroll thead th').allInnerTexts()
    assert.deepEqual(heads, ['Zeit', 'Aasee', 'Hafen'])
    const csv = await page.getByRole('link', { name: 'CSV', exact: true }).getAttribute('href')
    const rows = (await (await fetch(platform.url + csv)).text()).trim().split('\r\n')
    // Six whole days and the two hours of the last one, by the city's clock.
    for (const name of ['Aasee', 'Hafen']) {
      assert.equal(rows.filter((row) => row.includes(`,${name},`)).length, 6 * 24 + 2, name)
    }
    // The year before stands beside it: two lines more, and a column of its own for each.
    await page.getByRole('button', { name: 'Mit Vorjahr vergleichen' }).click()
    await page.waitForURL('**compare=year**')
    await until(page, `document.querySelectorAll('.scroll thead th').length === 5`)
    assert.match(await page.locator('.totals').innerText(), /Vorjahr, gleiche Wochentage/)
    await page.getByRole('button', { name: 'Mit Vorjahr vergleichen' }).click()
    await until(page, `document.querySelectorAll('.scroll thead th').length === 3`)
    // A value that arrives now is there at once, without a word from the visitor.
    const key = await platform.key('live comparison')
    const { value } = (await (
      await fetch(`${platform.url}/sta/v1.1/Things(${ids.get('Hafen')})/Datastreams`)
    ).json()) as { value: { '@iot.id': number }[] }
    await fillHours(key, value[0]!['@iot.id'], Date.parse('2026-10-28T00:00:00Z'), 1, () => 777)
    await slider.focus()
    await page.keyboard.press('End')
    await until(
      page,
      `/Hafen: 777/.test(document.querySelector('[role=slider]').getAttribute('aria-valuetext'))`,
      15_000,
    )
    await page.getByRole('button', { name: '30 Tage' }).click()
    await page.waitForURL('**range=30d**')
    const again = await visit(browser, page.url())
    await again.page.locator('canvas').waitFor()
    assert.equal(await again.page.getByRole('button', { name: '30 Tage' }).getAttribute('aria-pressed'), 'true')
    await again.close()
    await page.getByRole('button', { name: 'Hafen entfernen' }).click()
    await page.getByText('Fügen Sie eine zweite Messstelle hinzu.').waitFor()
    assert.deepEqual(troubles, [])
    await close()
  })

  it('draws small charts where six lines would not be told apart, and one for each unit', async () => {
    const five = PLACES.slice(0, 5).map(([name]) => ids.get(name))
    const { page, troubles, close } = await visit(browser, `${platform.url}/vergleich?stationen=${five.join(',')}`)
    await page.locator('canvas').waitFor()
    assert.equal(await page.locator('canvas').count(), 1)
    await page.goto(`${platform.url}/vergleich?stationen=${[...five, ids.get('Warendorf')].join(',')}`)
    await until(page, `document.querySelectorAll('canvas').length === 2`)
    await page.goto(`${platform.url}/vergleich?stationen=${[...five, many.thing, 999_999].join(',')}`)
    await page.getByText('Lufttemperatur').first().waitFor({ state: 'detached' })
    await until(page, `document.querySelectorAll('canvas').length === 2`)
    assert.deepEqual(troubles, [])
    await close()
    const key = await platform.key('sixth')
    const sixth = await createStation(platform, key, {
      name: 'Sechste',
      place: [7.62, 51.96],
      series: [{ name: 'Fahrräder', property: 'bicycle_count', unit: 'Anzahl' }],
    })
    await fillHours(key, sixth.datastreams[0]!, Date.parse('2026-10-20T00:00:00Z'), 48, (h) => h)
    const all = await visit(browser, `${platform.url}/vergleich?stationen=${[...five, sixth.thing].join(',')}`, {
      width: 360,
      height: 800,
    })
    await until(all.page, `document.querySelectorAll('canvas').length === 6`)
    const names = await all.page.locator('.panels h2').allInnerTexts()
    assert.deepEqual(names, [...PLACES.slice(0, 5).map(([name]) => name), 'Sechste'])
    assert.deepEqual(all.troubles, [])
    await all.close()
  })

  it('draws a hundred thousand values without holding the page up', async () => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'de-DE' })
    const page = await context.newPage()
    const asked = page.waitForResponse((answer) => answer.url().includes('/api/v1/series'))
    const tasks = await tasksDuring(page, async () => {
      await page.goto(`${platform.url}/stationen/${many.thing}?range=all&resolution=raw`)
      await page.locator('canvas').waitFor()
      await page.getByText('Mehr Werte als Bildpunkte').waitFor()
      await page.getByRole('slider').focus()
      await page.keyboard.press('Home')
      for (let i = 0; i < 20; i++) await page.keyboard.press('PageUp')
      assert.match((await page.getByRole('slider').getAttribute('aria-valuetext'))!, /\d\scm/)
    })
    const answer = (await (await asked).json()) as {
      resolution: string
      series: { n: number; thinned: boolean; points: { t: string; tEnd: string; value: number | null }[] }[]
    }
    const [series] = answer.series
    assert.deepEqual([answer.resolution, series!.n, series!.thinned], ['raw', POINTS - 600, true])
    assert.ok(series!.points.length > 1_000 && series!.points.length < 4_100, `${series!.points.length} points`)
    const at = (i: number): string => new Date(many.from + i * MINUTE).toISOString().replace('.000Z', 'Z')
    assert.equal(series!.points.find((p) => p.value === 999)?.t, at(PEAK))
    assert.equal(series!.points.find((p) => p.value === 1)?.t, at(PIT))
    const holes = series!.points.filter((p) => p.value === null)
    assert.ok(
      holes.some((p) => p.tEnd === at(HOLE + 600)),
      JSON.stringify(holes),
    )
    console.log(
      `${series!.points.length} of ${POINTS} values drawn; longest tasks ${tasks.slice(0, 3).map(Math.round).join(', ')} ms of processor time`,
    )
    assert.ok(tasks.length > 10 && tasks[0]! < 100, tasks.slice(0, 10).join())
    await context.close()
  })

  it('names holidays and the cause of gaps to the eye and to the ear', async () => {
    const { page, close } = await visit(browser, station('Bohlweg', '?from=2026-10-02&to=2026-10-07&resolution=hour'))
    await page.locator('canvas').waitFor()
    const slider = page.getByRole('slider')
    await slider.focus()
    await page.keyboard.press('Home')
    for (let i = 0; i < 24; i++) await page.keyboard.press('ArrowRight')
    const holiday = (await slider.getAttribute('aria-valuetext'))!
    assert.match(holiday, /^Sa, 3\.10\.2026, 00:00–01:00.*Feiertag: Tag der Deutschen Einheit/)
    assert.match(await page.locator('.tip').innerText(), /Feiertag: Tag der Deutschen Einheit/)
    // 28 September 00:00 UTC + 200 h = 6 October 10:00 in Berlin.
    const box = (await page.locator('.u-over').boundingBox())!
    await page.mouse.move(box.x + box.width * ((4 * 24 + 12) / 144), box.y + 40)
    const hovered = await page.locator('.tip').innerText()
    assert.match(hovered, /Di, 6\.10\.2026, 1\d:00.*kein Wert.*Lücke: Es kamen keine Werte\./s)
    const spoken = (await slider.getAttribute('aria-valuetext'))!
    assert.match(spoken, /kein Wert.*Lücke: Es kamen keine Werte\./, 'the pointer and the keys read the same')
    await close()
  })

  it('tells the 25 hours of the day the clocks go back', async () => {
    const { page, close } = await visit(browser, station('Aasee', '?from=2026-10-25&to=2026-10-25&resolution=hour'))
    await page.getByRole('button', { name: /Alle 25 Zeilen/ }).click()
    const hours = await page.locator('.scroll tbody tr th').allInnerTexts()
    assert.equal(hours.length, 25)
    assert.match(hours[2]!, /02:00–03:00.*Sommerzeit/)
    assert.match(hours[3]!, /02:00–03:00.*Normalzeit/)
    await close()
  })

  it('gives what is seen as SVG and PNG, with title, source, licence and date inside', async () => {
    const { page, troubles, close } = await visit(browser, station('Hafen', '?range=30d&resolution=day'))
    await page.locator('canvas').waitFor()
    const take = async (name: string): Promise<{ file: string; bytes: Buffer }> => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name, exact: true }).click(),
      ])
      return { file: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
    }
    const svg = await take('SVG')
    assert.match(svg.file, /^hafen_2026-\d\d-\d\d_2026-\d\d-\d\d\.svg$/)
    const text = svg.bytes.toString('utf8')
    for (const part of [
      '>Hafen<',
      'Tageswerte',
      'Quelle: ',
      'Abgerufen: ',
      `${platform.url}/stationen/`,
      'Tag der Deutschen Einheit',
    ])
      assert.ok(text.includes(part), part)
    const png = await take('PNG')
    assert.equal(png.bytes.subarray(1, 4).toString(), 'PNG')
    assert.equal(png.bytes.readUInt32BE(16), 2400)
    assert.ok(png.bytes.length > 20_000, `${png.bytes.length} bytes are an empty picture`)
    assert.deepEqual(troubles, [])
    await close()
  })

  it('stands in frames of other sites by the page made for it, and by no other', async () => {
    other = createServer((request, reply) => {
      const path = new URL(request.url!, 'http://x').searchParams.get('path')!
      reply.setHeader('content-type', 'text/html; charset=utf-8')
      reply.end(
        `<!doctype html><title>Andere Seite</title><iframe src="${platform.url}${path}" width="700" height="460"></iframe>`,
      )
    })
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const frameOf = (path: string): string =>
      `http://127.0.0.1:${(other.address() as AddressInfo).port}/?path=${encodeURIComponent(path)}`
    const shown = await visit(
      browser,
      frameOf(`/einbetten/stationen/${ids.get('Aasee')}?range=30d`),
      {},
      /left the origin/,
    )
    const frame = shown.page.frameLocator('iframe')
    await frame.locator('canvas').waitFor()
    assert.equal(await frame.locator('h1').innerText(), 'Aasee')
    assert.match(await frame.locator('footer').innerText(), /Quelle: /)
    const link = frame.getByRole('link', { name: 'Ganze Seite der Messstelle' })
    assert.equal(await link.getAttribute('href'), station('Aasee', '?range=30d'))
    assert.equal(await link.getAttribute('target'), '_blank')
    assert.equal(await frame.locator('header nav').count(), 0)
    assert.deepEqual(shown.troubles, [])
    await shown.close()
    const refused = await visit(browser, frameOf(`/stationen/${ids.get('Aasee')}`), {}, /./)
    await refused.page.waitForTimeout(500)
    assert.equal(await refused.page.frameLocator('iframe').locator('#app').count(), 0)
    await refused.close()
  })

  for (const look of [{}, { width: 360, height: 800, dark: true }]) {
    it(`shares a view and a code, and shows how it is embedded (${look.width ?? 1440} px)`, async () => {
      const { page, troubles, close } = await visit(browser, station('Neutor', '?range=30d'), look)
      await page.locator('canvas').waitFor()
      await page.getByRole('button', { name: 'Teilen', exact: true }).click()
      const dialog = page.getByRole('dialog')
      assert.equal(await dialog.getByLabel('Link zu dieser Ansicht').inputValue(), station('Neutor', '?range=30d'))
      await dialog.getByRole('img', { name: 'QR-Code zur Messstelle Neutor' }).waitFor()
      await assertAccessible(page, 'the dialog for sharing')
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      await page.getByRole('button', { name: 'Einbetten', exact: true }).click()
      const code = await dialog.getByRole('textbox', { name: 'Code zum Einbetten' }).inputValue()
      assert.equal(
        code,
        `<iframe src="${platform.url}/einbetten/stationen/${ids.get('Neutor')}?range=30d" title="Neutor" width="100%" height="460" loading="lazy" style="border:0"></iframe>`,
      )
      await dialog.frameLocator('iframe').locator('canvas').waitFor()
      const overflow = await page.evaluate<number>(
        'document.querySelector("dialog[open]").scrollWidth - document.querySelector("dialog[open]").clientWidth',
      )
      assert.ok(overflow <= 0, `the dialog scrolls sideways by ${overflow} px`)
      await assertAccessible(page, 'the dialog for embedding')
      await page.keyboard.press('Escape')
      assert.deepEqual(troubles, [])
      await close()
    })
  }

  it('brings who scans the code to the profile, which says what is kept and for how long', async () => {
    const { page, close } = await visit(browser, station('Neutor', '#steckbrief'), { width: 360, height: 800 })
    await page.locator('canvas').waitFor()
    await until(page, `Math.abs(document.getElementById('steckbrief').getBoundingClientRect().top) < 200`)
    const profile = await page.locator('#steckbrief').innerText()
    assert.match(profile, /Gespeichert\s+Je Messreihe eine Zahl/)
    assert.match(profile, /Wie lange\s+Keine Frist angegeben/)
    assert.match(profile, /Betreiber\s+nicht angegeben/)
    await close()
  })

  it('explains a word in place, by keyboard and by touch', async () => {
    const { page, close } = await visit(browser, station('Neutor'))
    await page.locator('canvas').waitFor()
    const word = page.getByRole('button', { name: 'Lizenz' })
    await word.focus()
    await page.keyboard.press('Enter')
    await page.getByText('Sagt, was Sie mit den Daten tun dürfen').waitFor()
    assert.equal(await word.getAttribute('aria-expanded'), 'true')
    await assertAccessible(page, 'the station page with a word explained')
    await page.keyboard.press('Escape')
    await page.getByText('Sagt, was Sie mit den Daten tun dürfen').waitFor({ state: 'hidden' })
    assert.equal(await page.evaluate('document.activeElement.textContent.trim()'), 'Lizenz')
    await close()
    const phone = await visit(browser, station('Neutor'), { width: 360, height: 800 })
    await phone.page.locator('canvas').waitFor()
    await phone.page.getByRole('button', { name: 'Lizenz' }).tap()
    await phone.page.getByText('Sagt, was Sie mit den Daten tun dürfen').waitFor()
    const box = (await phone.page.locator('.note:popover-open').boundingBox())!
    assert.ok(box.x >= 0 && box.x + box.width <= 360, `${box.x} to ${box.x + box.width}`)
    await phone.close()
  })

  it('answers 404 for a station there is not, with a page that says so', async () => {
    for (const path of ['/stationen/999999', '/einbetten/stationen/999999', '/stationen/999999/aufkleber']) {
      const answer = await fetch(platform.url + path, { headers: { accept: 'text/html' } })
      assert.equal(answer.status, 404, path)
      const { page, close } = await visit(browser, platform.url + path, {}, /404/)
      await page.getByRole('heading', { name: 'Diese Messstelle gibt es hier nicht' }).waitFor()
      await close()
    }
    assert.equal((await fetch(station('Hafen'), { headers: { accept: 'text/html' } })).status, 200)
  })
})
