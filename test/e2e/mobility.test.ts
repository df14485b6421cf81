/** "Here and now" and the pages of stops and car parks, as people use them: by name, by ear, on the map, without a connection. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type MailServer, startMailServer } from '../support/mail-server.ts'
import { placeSource } from '../support/parking.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, launch, needsBrowser, until, visit } from './browser.ts'
import { signIn } from './tour.ts'

const HOUR = 3_600_000
const HERE = '/jetzt?ort=12.097,49.019&name=Dom'
const two = (n: number): string => String(n).padStart(2, '0')
/** The clock and the day in Berlin, reckoned without the platform. */
const berlin = (at: number) =>
  Object.fromEntries(
    new Intl.DateTimeFormat('en-GB', {
      ...{ timeZone: 'Europe/Berlin', hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
      ...{ hour: '2-digit', minute: '2-digit' },
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )

/** Trains of line 5 from track 2, every ten minutes of every day of a year and the next. */
function timetable(year: number): Record<string, string> {
  const trips = Array.from({ length: 143 }, (_, i) => i)
  const time = (minutes: number) => `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}:00`
  return {
    'agency.txt': 'agency_id,agency_name,agency_url,agency_timezone\nv,Verbund,https://v.example,Europe/Berlin\n',
    'stops.txt':
      'stop_id,stop_name,stop_lat,stop_lon,platform_code\nd,Domplatz,49.0191,12.0971,2\nh,Hauptbahnhof,49.0117,12.0989,1\n',
    'routes.txt': 'route_id,agency_id,route_short_name,route_long_name,route_type\nr5,v,5,Dom,2\n',
    'calendar.txt': `service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nall,1,1,1,1,1,1,1,${year}0101,${year + 1}1231\n`,
    'trips.txt': `route_id,service_id,trip_id,trip_headsign\n${trips.map((i) => `r5,all,t${i},Hauptbahnhof`).join('\n')}\n`,
    'stop_times.txt': `trip_id,stop_sequence,stop_id,arrival_time,departure_time\n${trips
      .map((i) => `t${i},1,d,${time(i * 10)},${time(i * 10)}\nt${i},2,h,${time(i * 10 + 8)},${time(i * 10 + 8)}`)
      .join('\n')}\n`,
  }
}

/** A register of 3,000 charging stations: a grid of 60 by 50. */
const CHARGERS = `title: saeulen
dataset: { id: saeulen, title: saeulen, licence: cc-zero }
concept: charging
from: { file: { path: saeulen.csv } }
format: { type: csv, separator: ";" }
thing: { key: "{id}", name: "{name}", location: { lat: "{lat}", lon: "{lon}" } }
`

describe('mobility for people', { skip: needsBrowser, timeout: 300_000 }, () => {
  let platform: RunningPlatform
  let browser: Browser
  let smtp: MailServer
  /** How the next train but one should be said. */
  let said: string
  const folder = mkdtempSync(join(tmpdir(), 'zahnrad-mobility-'))
  const run = async (...argv: string[]) => {
    const { code, stderr, stdout } = await platform.command(...argv)
    assert.equal(code, 0, `${argv.join(' ')}: ${stderr}${stdout}`)
  }

  before(async () => {
    smtp = await startMailServer()
    platform = await startPlatform(databases()[0]!, { SMTP_URL: smtp.url, SMTP_FROM: 'daten@stadt.example' })
    browser = await launch()
    const hour = Math.floor(Date.now() / HOUR) * HOUR
    const weeks = Array.from({ length: 40 * 24 }, (_, i) => hour - i * HOUR)
    placeSource(
      folder,
      { dataset: 'parken', concept: 'parking', key: 'dom', facts: { purpose: 'car', capacity: 400 } },
      weeks.map((at) => ({ at, values: { free: Math.abs(12 - Number(berlin(at).hour)) * 30 } })),
    )
    await run('source', 'run', join(folder, 'parken.yaml'), '--from', join(folder, 'parken.csv'))
    await run('dataset', 'release', 'parken')
    placeSource(
      folder,
      { dataset: 'qzgarage', concept: 'parking', key: 'dom', facts: { purpose: 'car', capacity: 40 } },
      [{ at: Date.now(), values: { free: 7 } }],
    )
    await run('source', 'run', join(folder, 'qzgarage.yaml'), '--from', join(folder, 'qzgarage.csv'))
    writeFileSync(join(folder, 'saeulen.yaml'), CHARGERS)
    writeFileSync(
      join(folder, 'saeulen.csv'),
      `id;name;lat;lon\n${Array.from({ length: 3000 }, (_, i) => `s${i};Säule ${i};${(49.2 + (i % 60) * 0.0015).toFixed(5)};${(12.3 + Math.floor(i / 60) * 0.002).toFixed(5)}`).join('\n')}\n`,
    )
    await run('source', 'run', join(folder, 'saeulen.yaml'), '--from', join(folder, 'saeulen.csv'))
    await run('dataset', 'release', 'saeulen')
    // Another source knows two of them, a few metres north.
    writeFileSync(join(folder, 'betreiber.yaml'), CHARGERS.replaceAll('saeulen', 'betreiber'))
    const twice = [3, 4].map((i) => `b${i};Station ${i};${(49.2 + i * 0.0015 + (i - 2) * 0.00005).toFixed(5)};12.30000`)
    writeFileSync(join(folder, 'betreiber.csv'), `id;name;lat;lon\n${twice.join('\n')}\n`)
    await run('source', 'run', join(folder, 'betreiber.yaml'), '--from', join(folder, 'betreiber.csv'))
    await run('dataset', 'release', 'betreiber')
    // Forecasts are made at the start.
    await platform.restart()
    const forecast = async () => {
      const answer = await fetch(`${platform.url}/api/v1/mobility/parking/parken%3Adom`)
      return ((await answer.json()) as { properties: { forecast?: object } }).properties.forecast
    }
    for (let tries = 0; !(await forecast()); tries++) {
      assert.ok(tries < 240, 'no forecast is made at the start')
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
    const at = Date.now() + 20 * 60_000
    const { hour: h, minute, year, month, day } = berlin(at) as Record<string, string>
    const gtfs = join(folder, 'gtfs.d')
    mkdirSync(gtfs)
    for (const [name, text] of Object.entries(timetable(Number(year)))) writeFileSync(join(gtfs, name), text)
    await run('source', 'run', '--detect', gtfs, '--dataset', 'bahn')
    await run('dataset', 'release', 'bahn')
    const trip = Math.min(142, Number(h) * 6 + Math.ceil(Number(minute) / 10))
    said = `Linie 5 nach Hauptbahnhof, ${two(Math.floor(trip / 6))}:${two((trip % 6) * 10)}, 3 Minuten später, Gleis 2`
    const feed = {
      header: {
        gtfsRealtimeVersion: '2.0',
        incrementality: 'FULL_DATASET',
        timestamp: String(Math.floor(Date.now() / 1000)),
      },
      entity: [
        {
          id: 'a',
          tripUpdate: {
            trip: { tripId: `t${trip}`, startDate: `${year}${month}${day}` },
            stopTimeUpdate: [{ stopSequence: 1, stopId: 'd', departure: { delay: 180 } }],
          },
        },
        {
          id: 'b',
          alert: {
            informedEntity: [{ stopId: 'd' }],
            headerText: { translation: [{ text: 'Bauarbeiten am Domplatz', language: 'de' }] },
          },
        },
        {
          id: 'c',
          alert: {
            informedEntity: [{ stopId: 'h' }],
            headerText: { translation: [{ text: 'Aufzug am Hauptbahnhof defekt', language: 'de' }] },
          },
        },
      ],
    }
    writeFileSync(join(folder, 'rt.json'), JSON.stringify(feed))
    writeFileSync(
      join(folder, 'echtzeit.yaml'),
      'title: Echtzeit\ndataset: { id: bahn, title: Bahn }\nfrom: { file: { path: rt.json } }\nformat: { type: gtfs-rt, validity: 2h }\n',
    )
    await run('source', 'run', join(folder, 'echtzeit.yaml'), '--from', join(folder, 'rt.json'))
  })
  after(async () => {
    await browser?.close()
    await platform?.remove()
    await smtp?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('reads a departure as one would say it, and only that', async () => {
    for (const path of [HERE, '/abfahrten/bahn:d']) {
      const { page, troubles, close } = await visit(browser, platform.url + path, { width: 360, height: 800 })
      await page.getByText('Linie 5 nach').first().waitFor()
      const tree = await page.locator('main').ariaSnapshot()
      // Near midnight the delayed train is of the next day: then it is told as planned.
      if (!said.startsWith('Linie 5 nach Hauptbahnhof, 23:4'))
        assert.ok(tree.includes(`listitem: ${said}`), `${path}: ${said}\n${tree}`)
      assert.match(tree, /Bauarbeiten am Domplatz/)
      assert.doesNotMatch(tree, /Aufzug/)
      assert.deepEqual(troubles, [])
      await close()
    }
  })

  it('lists and maps the same places, and leads from each to its page', async () => {
    const { page, troubles, close } = await visit(browser, platform.url + HERE)
    await page.getByRole('link', { name: 'Am Dom', exact: true }).waitFor()
    const listed = await page.locator('.lists section > ul > li').count()
    assert.equal(listed, 2)
    await page.getByText(`Karte mit ${listed} Orten`).waitFor({ state: 'attached' })
    await page.getByText(/um \d\d:\d\d\sUhr etwa \d+ \(±\s/).waitFor()
    await page.getByRole('link', { name: 'Am Dom', exact: true }).click()
    await page.getByRole('heading', { name: 'In einer Stunde' }).waitFor()
    await page.getByText(/„bleibt wie jetzt“ hätte um/).waitFor()
    const week = page.getByRole('slider')
    await week.focus()
    const before = await week.getAttribute('aria-valuetext')
    await page.keyboard.press('ArrowDown')
    assert.notEqual(await week.getAttribute('aria-valuetext'), before)
    await page.getByRole('button', { name: 'Als Tabelle' }).click()
    await page.getByRole('row', { name: /^12–13 Uhr 0 / }).waitFor()
    assert.match(page.url(), /ansicht=tabelle/)
    await page.goto(`${platform.url}/haltestellen/bahn:d`)
    await page.getByRole('row', { name: /^08:00 5 Hauptbahnhof/ }).waitFor()
    assert.deepEqual(troubles, [])
    await close()
  })

  it('finds a stop or car park by name', async () => {
    const { page, troubles, close } = await visit(browser, `${platform.url}/jetzt`)
    const field = page.getByPlaceholder('Haltestelle, Station oder Ort')
    await field.pressSequentially('hauptb')
    await until(page, `document.querySelectorAll('#orte option[value^="Hauptbahnhof"]').length === 1`)
    await field.fill('Hauptbahnhof (Haltestelle)')
    await field.press('Enter')
    await until(page, `location.search.includes('name=Hauptbahnhof')`)
    await page
      .getByRole('link', { name: 'Hauptbahnhof' })
      .or(page.getByRole('link', { name: 'Domplatz' }))
      .first()
      .waitFor()
    await field.fill('Nirgendwo')
    await field.press('Enter')
    await page.getByText('„Nirgendwo“ kennt diese Plattform nicht').waitFor()
    assert.deepEqual(troubles, [])
    await close()
  })

  it('can be installed, and shows the last view without a connection, saying how old it is', async () => {
    const manifest = (await (await fetch(`${platform.url}/manifest.webmanifest`)).json()) as {
      start_url: string
      display: string
      icons: { src: string; sizes: string; type: string; purpose: string }[]
    }
    assert.deepEqual([manifest.start_url, manifest.display], ['/jetzt', 'standalone'])
    for (const { src, sizes, type } of manifest.icons.filter((icon) => icon.type === 'image/png')) {
      const answer = await fetch(platform.url + src)
      assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, type], src)
      const bytes = Buffer.from(await answer.arrayBuffer())
      assert.equal(`${bytes.readUInt32BE(16)}x${bytes.readUInt32BE(20)}`, sizes, src)
    }
    assert.deepEqual(manifest.icons.map(({ purpose }) => purpose).filter((purpose) => purpose === 'maskable').length, 1)
    const { page, context, close } = await visit(browser, platform.url + HERE, { width: 360, height: 800 }, /.*/)
    await page.getByRole('link', { name: 'Am Dom', exact: true }).waitFor()
    await until(page, `caches.match('/jetzt').then((found) => found !== undefined)`, 20_000)
    await context.setOffline(true)
    await page.reload()
    await page.getByText(/Keine Verbindung\. Gezeigt wird der Stand (gerade eben|vor \d)/).waitFor()
    await page.getByRole('link', { name: 'Am Dom', exact: true }).waitFor()
    await page.getByText('Linie 5 nach').first().waitFor()
    await context.setOffline(false)
    await page.reload()
    await page.getByText(/Stand: /).waitFor()
    await close()
  })

  it('keeps nothing that only somebody signed in may see, and forgets the rest at signing out', async () => {
    const { page, context, close } = await visit(browser, platform.url + HERE, {}, /.*/)
    const parks = page.locator('.lists a[href^="/parken/"]')
    await page.getByRole('link', { name: 'Am Dom', exact: true }).waitFor()
    assert.equal(await parks.count(), 1)
    await until(page, `caches.match('/jetzt').then((found) => found !== undefined)`, 20_000)
    assert.match(await page.evaluate<string>(`localStorage.getItem('jetzt')`), /Am Dom/)
    await signIn(platform, context)
    await page.reload()
    await until(page, `document.querySelectorAll('.lists a[href^="/parken/"]').length === 2`)
    // The page is kept anew once it stands: nothing in it is of the person who looks at it.
    await page.waitForLoadState('networkidle')
    const kept = await page.evaluate<string>(`(async () => {
      const texts = [localStorage.getItem('jetzt')]
      for (const name of await caches.keys()) {
        const cache = await caches.open(name)
        for (const request of await cache.keys()) texts.push(await (await cache.match(request)).clone().text())
      }
      return texts.join('\\n')
    })()`)
    assert.match(kept, /data-kept[\s\S]*"kind":"anonymous"/)
    assert.doesNotMatch(kept, /qzgarage|"staff":true/)
    // Without a connection it is what everybody may see; coming back, nothing of the person is kept either.
    await context.setOffline(true)
    await page.reload()
    await page.getByText(/Keine Verbindung\. Gezeigt wird der Stand/).waitFor()
    assert.equal(await parks.count(), 1)
    assert.equal(await page.getByRole('button', { name: 'Abmelden' }).count(), 0)
    await context.setOffline(false)
    await page.getByText(/Stand: /).waitFor()
    assert.equal(await parks.count(), 2)
    assert.doesNotMatch(await page.evaluate<string>(`localStorage.getItem('jetzt')`), /qzgarage/)
    await page.reload()
    await page.getByRole('button', { name: 'Abmelden' }).click()
    await page.waitForURL((url) => url.pathname === '/')
    await until(page, `localStorage.getItem('jetzt') === null && caches.keys().then(({ length }) => length === 0)`)
    await close()
  })

  it('draws thousands of places out of tiles, and lists what the map shows', async () => {
    const { page, troubles, close } = await visit(browser, `${platform.url}/datensaetze/saeulen`)
    const asked: string[] = []
    page.on('request', (request) => asked.push(new URL(request.url()).pathname))
    await page.reload()
    await page.getByText('3.000 im Ausschnitt').waitFor()
    assert.ok(asked.some((path) => /\/tiles\/charging\/\d+\/\d+\/\d+\.mvt$/.test(path)))
    assert.ok(!asked.includes('/api/v1/mobility/chargers'), 'all of them are loaded')
    const map = page.getByRole('group', { name: 'Karte der Ladestationen' })
    const list = page.getByRole('list', { name: 'Liste des Ausschnitts' })
    const dots = page.locator('svg circle.dot')
    const all = page.getByRole('button', { name: /^Alle \d+ Einträge zeigen/ })
    const listed = async () =>
      (await all.isVisible())
        ? Number(/\d+/.exec((await all.textContent())!))
        : await list.getByRole('listitem').count()
    assert.ok((await dots.count()) > 20)
    assert.equal(await listed(), await dots.count())
    await assertAccessible(page, 'the map of places')
    // Nearer by the list alone, until places stand by themselves; and back by the keys of the map.
    await list
      .getByRole('button', { name: /dicht beieinander/ })
      .first()
      .focus()
    for (let step = 0; step < 4 && (await list.getByRole('link').count()) === 0; step++) {
      const before = await page.getByRole('status').filter({ hasText: 'im Ausschnitt' }).textContent()
      await list
        .getByRole('button', { name: /dicht beieinander/ })
        .first()
        .press('Enter')
      await until(
        page,
        `!document.querySelector('.list [role=status]').textContent.includes(${JSON.stringify(before)})`,
      )
    }
    const link = list.getByRole('link', { name: /^Säule \d+$/ }).first()
    await link.waitFor()
    assert.equal(await listed(), await page.locator('svg circle.dot:visible').count())
    const name = (await link.textContent())!
    await map.focus()
    const whole = page.getByText('3.000 im Ausschnitt')
    for (let i = 0; i < 12 && !(await whole.isVisible()); i++) {
      await page.keyboard.press('-')
      // The move takes a quarter of a second, the list comes to rest after it.
      await page.waitForTimeout(600)
    }
    await whole.waitFor()
    await link.waitFor({ state: 'detached' })
    await page.goto(`${platform.url}/laden/saeulen:s${name.replace(/\D/g, '')}`)
    await page.getByRole('heading', { name }).waitFor()
    assert.deepEqual(troubles, [])
    await close()
  })

  it('draws few places as they are, with the same list', async () => {
    const { page, troubles, close } = await visit(browser, `${platform.url}/datensaetze/bahn`, {
      width: 360,
      height: 800,
    })
    const list = page.getByRole('list', { name: 'Liste des Ausschnitts' })
    await list.getByRole('link', { name: 'Domplatz' }).waitFor()
    assert.equal(await page.locator('svg circle.dot').count(), 2)
    await list.getByRole('link', { name: 'Hauptbahnhof' }).click()
    await page.getByRole('heading', { name: 'Hauptbahnhof', level: 1 }).waitFor()
    assert.deepEqual(troubles, [])
    await close()
  })

  it('shows two records of one charger beside each other, on the map and in metres', async () => {
    const { page, context, troubles, close } = await visit(browser, `${platform.url}/`)
    await signIn(platform, context)
    await page.goto(`${platform.url}/verwaltung/mobilitaet/ladepunkte`)
    const pair = page.getByRole('table', { name: 'Säule 3 und Station 3, 6 m auseinander' })
    await pair.getByRole('row', { name: 'Lage 49,20450; 12,30000 49,20455; 12,30000' }).waitFor()
    await pair.getByRole('row', { name: 'Abstand 5,6 m' }).waitFor()
    assert.equal(await page.locator('main circle.shape').count(), 2)
    const [a, b] = await Promise.all(
      [0, 1].map(async (i) => Number(await page.locator('main circle.shape').nth(i).getAttribute('cy'))),
    )
    // 5.6 metres lie well apart: the map is as near as it has to be.
    assert.ok(a! - b! > 14, `${a} ${b}`)
    // The map of the next one, by key.
    await page.getByRole('button', { name: /^Auf der Karte: Säule 4/ }).press('Enter')
    await page.locator('li', { hasText: 'Säule 4' }).locator('circle.shape').first().waitFor()
    assert.equal(await page.locator('main circle.shape').count(), 2)
    // Scrolled, a tab may lie half under the head of the page.
    await page.evaluate('scrollTo(0, 0)')
    await assertAccessible(page, 'pairs of chargers')
    await page.getByRole('button', { name: /^Dasselbe: Säule 4/ }).press('Enter')
    await page.getByText('Als dasselbe vermerkt.').waitFor()
    await page.locator('li', { hasText: 'Säule 4' }).waitFor({ state: 'detached' })
    assert.deepEqual(troubles, [])
    await close()
  })

  it('shows an operator’s report before it is sent, and says that it went or why not', async () => {
    const { page, context, troubles, close } = await visit(browser, `${platform.url}/`, {}, /502/)
    await signIn(platform, context)
    await page.goto(`${platform.url}/verwaltung/mobilitaet`)
    await page.getByRole('button', { name: 'Bericht zu parken senden' }).press('Enter')
    const dialog = page.getByRole('dialog')
    const letter = dialog.getByRole('region', { name: 'Text der E-Mail' })
    const shown = (await letter.textContent())!
    assert.match(shown, /Ihre Daten „parken“ in den letzten 30 Tagen/)
    await assertAccessible(page, 'the report before it is sent')
    await dialog.getByLabel('E-Mail-Adresse').fill('niemand@stadtwerk.example')
    await dialog.getByRole('button', { name: 'Senden' }).click()
    await dialog.getByText(/no such user/).waitFor()
    assert.equal(smtp.mails.length, 0)
    await dialog.getByLabel('E-Mail-Adresse').fill('leitung@stadtwerk.example')
    await dialog.getByLabel('E-Mail-Adresse').press('Enter')
    await dialog
      .getByRole('status')
      .getByText(/gesendet an leitung@stadtwerk\.example; der Mailserver/)
      .waitFor()
    const [mail] = smtp.mails
    assert.deepEqual([mail!.to, mail!.text], [['leitung@stadtwerk.example'], shown])
    await dialog.getByRole('button', { name: 'Schließen' }).last().click()
    await dialog.waitFor({ state: 'hidden' })
    assert.deepEqual(troubles, [])
    await close()
  })

  it('draws roadworks by clicks or by keys, saves them for everybody to see, and undoes it', async () => {
    const { page, context, troubles, close } = await visit(browser, `${platform.url}/`, {}, /404/)
    await signIn(platform, context)
    const enter = async (name: string, shape: 'Linie' | 'Fläche') => {
      await page.goto(`${platform.url}/verwaltung/mobilitaet/baustellen/neu`)
      await page.getByLabel('Bezeichnung').fill(name)
      await page.getByLabel('Datensatz').selectOption({ label: 'parken' })
      await page.getByRole('button', { name: shape }).click()
    }
    const listed = async (name: string) => {
      await page.goto(`${platform.url}/baustellen`)
      await page.getByRole('button', { name: 'Heute' }).waitFor()
      await page
        .getByRole('status')
        .filter({ hasText: /Baustelle|eingetragen/ })
        .first()
        .waitFor()
      return page.getByRole('row', { name: new RegExp(name) }).count()
    }
    const geometry = async (name: string): Promise<{ type: string; coordinates: unknown[] } | undefined> => {
      const answer = await fetch(`${platform.url}/api/v1/mobility/roadworks?dataset=parken&when=all`)
      const { features } = (await answer.json()) as {
        features: { geometry: { type: string; coordinates: unknown[] }; properties: { name: string } }[]
      }
      return features.find(({ properties }) => properties.name === name)?.geometry
    }
    const map = page.getByRole('group', { name: /^Karte zum Zeichnen/ })
    const corners = page.locator('circle.handle')
    const click = async (...places: [x: number, y: number][]) => {
      for (const [i, [x, y]] of places.entries()) {
        await map.click({ position: { x, y } })
        await until(page, `document.querySelectorAll('circle.handle').length === ${i + 1}`)
      }
    }
    // An area by clicks; a corner is moved by dragging, and the text follows.
    await enter('Platz gesperrt', 'Fläche')
    await click([150, 120], [300, 120], [300, 260], [150, 260])
    const text = page.getByLabel(/^Als Text: Ort/)
    const before = await text.inputValue()
    assert.equal(before.split('\n').length, 4)
    const box = (await corners.first().boundingBox())!
    await page.mouse.move(box.x + 7, box.y + 7)
    await page.mouse.down()
    await page.mouse.move(box.x - 40, box.y - 30, { steps: 4 })
    await page.mouse.up()
    assert.notEqual(await text.inputValue(), before)
    assert.equal(await corners.count(), 4)
    await page.getByRole('button', { name: 'Speichern' }).click()
    await page.getByText('Eingetragen.').waitFor()
    const area = (await geometry('Platz gesperrt'))!
    assert.deepEqual([area.type, (area.coordinates[0] as unknown[]).length], ['Polygon', 5])
    // Undone at once, as long as the message stands.
    await page.getByRole('button', { name: 'Rückgängig' }).click()
    await page.waitForURL(/\/baustellen$/)
    assert.equal(await geometry('Platz gesperrt'), undefined)
    assert.equal(await listed('Platz gesperrt'), 0)
    // A line by clicks: everybody finds it.
    await enter('Kanalstraße', 'Linie')
    await click([120, 200], [260, 150], [380, 210])
    await page.getByRole('button', { name: 'Speichern' }).click()
    await page.getByText('Eingetragen.').waitFor()
    assert.equal(await listed('Kanalstraße'), 1)
    assert.equal((await geometry('Kanalstraße'))!.coordinates.length, 3)
    // By keys alone, and by typing places.
    await enter('Tastenweg', 'Linie')
    await map.focus()
    await page.keyboard.press('Enter')
    await page.keyboard.press('ArrowRight')
    await page.waitForTimeout(400)
    await page.keyboard.press('Enter')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Backspace')
    await page.getByText('2 Punkte gesetzt').waitFor({ state: 'attached' })
    const [[lat1, lon1], [lat2, lon2]] = (await text.inputValue())
      .split('\n')
      .map((line) => line.split(', ').map(Number)) as [number[], number[]]
    assert.ok(lon2! > lon1! && Math.abs(lat1! - lat2!) < 1e-5, `${lon1} ${lat1} ${lon2} ${lat2}`)
    await text.fill('49,0191; 12,0971\n49,0117; 12,0989')
    await page.getByRole('button', { name: 'Speichern' }).click()
    await page.getByText('Eingetragen.').waitFor()
    assert.deepEqual((await geometry('Tastenweg'))!.coordinates, [
      [12.0971, 49.0191],
      [12.0989, 49.0117],
    ])
    assert.deepEqual(troubles, [])
    await close()
  })

  it('keeps favourites on the device alone', async () => {
    const { page, close } = await visit(browser, platform.url + HERE)
    await page.getByRole('button', { name: 'Ort merken' }).click()
    await page.goto(`${platform.url}/jetzt`)
    await page.getByRole('navigation', { name: 'Gemerkte Orte' }).getByRole('button', { name: 'Dom' }).click()
    await page.getByRole('link', { name: 'Am Dom', exact: true }).waitFor()
    assert.match(await page.evaluate<string>(`localStorage.getItem('jetzt.orte')`), /"Dom"/)
    await close()
  })
})
