/** People, roles and requests in a browser: a city gives partners exactly what was agreed, and can say why. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, launch, needsBrowser, until, type Visit, visit } from './browser.ts'
import { enter } from './tour.ts'

const PASSWORD = 'Acht Kutter vor Anker'
const [engine] = databases()

describe('people and rights, in a browser', { skip: needsBrowser, timeout: 400_000 }, () => {
  let platform: RunningPlatform
  let browser: Browser
  let machine: string
  let admin: string
  let owner: string
  let otto: string
  let ottoId: number
  const visits: Visit[] = []

  /** Posts as whoever the headers say; answers what came. */
  const call = async (headers: Record<string, string>, method: string, path: string, body?: unknown) =>
    fetch(platform.url + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  const session = (answer: Response) => answer.headers.get('set-cookie')!.split(';')[0]!
  const open = async (cookie: string, path: string, look = {}): Promise<Page> => {
    const tab = await visit(browser, 'about:blank', look, /40[0-9]/)
    visits.push(tab)
    await enter(platform, tab.context, cookie)
    await tab.page.goto(platform.url + path)
    return tab.page
  }
  const statusOf = async (cookie: string, path: string) => (await call({ cookie }, 'GET', path)).status
  const becomes = async (status: number, cookie: string, path: string) => {
    for (let i = 0; i < 200; i++) {
      if ((await statusOf(cookie, path)) === status) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.fail(`${path} does not become ${status}`)
  }
  /** By the Tab key alone, as somebody without a mouse. */
  const tabTo = async (page: Page, role: 'button' | 'link' | 'textbox' | 'checkbox', name: string) => {
    const target = page.getByRole(role, { name })
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab')
      if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return
    }
    assert.fail(`Tab does not reach ${role} ${name}`)
  }

  before(async () => {
    platform = await startPlatform(engine!)
    browser = await launch()
    machine = await platform.key('preparing')
    const key = { authorization: `Bearer ${machine}` }
    for (const [id, title] of [
      ['rad', 'Radverkehr'],
      ['fahrten', 'Lieferfahrten'],
    ]) {
      assert.equal((await call(key, 'POST', '/api/v1/datasets', { id, title })).status, 201)
      const released = { state: 'released', audience: 'restricted' }
      assert.equal((await call(key, 'POST', `/api/v1/datasets/${id}/state`, released)).status, 200)
    }
    const thing = await call(key, 'POST', '/d/fahrten/sta/v1.1/Things', {
      ...{ name: 'Domplatz', description: '' },
      Locations: [
        {
          ...{ name: 'Ort', description: '', encodingType: 'application/geo+json' },
          location: { type: 'Point', coordinates: [7.6, 51.95] },
        },
      ],
      Datastreams: [
        {
          ...{ name: 'Fahrten', description: '' },
          observationType: 'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement',
          unitOfMeasurement: { name: 'Anzahl', symbol: '1', definition: 'http://unitsofmeasure.org/ucum.html' },
          Sensor: { name: 'Zähler', description: '', encodingType: 'text/html', metadata: 'x' },
          ObservedProperty: { name: 'Fahrten', description: '', definition: 'http://example.org/trips' },
          Observations: [{ result: 4711, phenomenonTime: '2026-11-01T00:00:00Z' }],
        },
      ],
    })
    assert.equal(thing.status, 201)
    const link = (await platform.command('admin', 'link')).stdout.trim()
    const first = { email: 'chefin@stadt.example', name: 'Die Chefin', password: PASSWORD }
    const byLink = session(await fetch(link, { redirect: 'manual' }))
    admin = session(await call({ cookie: byLink }, 'POST', '/api/v1/sign-in/first', first))
    const { stdout } = await platform.command(
      ...['user', 'invite', 'anna@stadt.example', '--name', 'Anna Berg', '--role', 'owner', '--on', 'dataset:fahrten'],
      '--json',
    )
    const token = new URL(JSON.parse(stdout).url).searchParams.get('link')
    owner = session(await call({}, 'POST', '/api/v1/sign-in/password', { token, password: PASSWORD }))
  })
  after(async () => {
    await browser?.close()
    await platform?.remove()
  })

  it('invites a person, makes a group, gives it a role on a data space, and explains the right', async () => {
    const page = await open(admin, '/verwaltung/nutzer')
    await page.getByRole('button', { name: 'Person einladen' }).click()
    await page.getByLabel('E-Mail-Adresse').fill('anna@stadt.example')
    await page.getByLabel('Name', { exact: true }).fill('Otto Lind')
    await page.getByRole('button', { name: 'Einladen', exact: true }).click()
    await page.getByRole('alert').getByText('schon ein Konto').waitFor()
    await page.getByLabel('E-Mail-Adresse').fill('otto@partner.example')
    await assertAccessible(page, 'the invitation')
    await page.getByRole('button', { name: 'Einladen', exact: true }).click()
    await page.getByText('Es ging keine E-Mail hinaus').waitFor()
    const link = new URL((await page.locator('dialog code').textContent())!)
    const token = link.searchParams.get('link')
    otto = session(await call({}, 'POST', '/api/v1/sign-in/password', { token, password: PASSWORD }))
    await page.getByRole('button', { name: 'Schließen' }).click()

    await page.goto(`${platform.url}/verwaltung/raeume`)
    await page.getByRole('button', { name: 'Neuer Datenraum' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Verkehr')
    await page.getByRole('button', { name: 'Anlegen' }).click()
    await page.getByRole('heading', { name: 'Verkehr', exact: true }).waitFor()
    await page.getByLabel('Datenraum von Radverkehr').selectOption({ label: 'Verkehr' })
    await page.getByText('Radverkehr ist jetzt in „Verkehr“').waitFor()

    await page.goto(`${platform.url}/verwaltung/nutzer/gruppen`)
    await page.getByText('Noch keine Gruppen').waitFor()
    await page.getByRole('button', { name: 'Neue Gruppe' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Stadtwerke Süd')
    await page.getByLabel('Art').selectOption({ label: 'Partner' })
    assert.equal(await page.getByLabel('Kurzname').inputValue(), 'stadtwerke-sued')
    await page.getByRole('button', { name: 'Anlegen' }).click()
    await page.getByRole('heading', { name: 'Stadtwerke Süd', level: 1 }).waitFor()
    await page.getByLabel('Person aufnehmen').selectOption({ label: 'Otto Lind · otto@partner.example' })
    await page.getByRole('button', { name: 'Aufnehmen' }).click()
    await page.getByText('Otto Lind gehört jetzt zu Stadtwerke Süd.').waitFor()
    assert.equal(await statusOf(otto, '/api/v1/datasets/rad'), 404)
    await page.getByRole('button', { name: 'Rolle geben' }).click()
    await page.getByLabel('Gilt für').selectOption({ label: 'Datenraum Verkehr' })
    await assertAccessible(page, 'giving a role')
    await page.getByRole('button', { name: 'Geben', exact: true }).click()
    await page.getByText('Stadtwerke Süd hat jetzt die Rolle Lesen.').waitFor()
    assert.equal(await statusOf(otto, '/api/v1/datasets/rad'), 200)

    await page.goto(`${platform.url}/verwaltung/rechte`)
    await page.getByLabel('Person').selectOption({ label: 'Otto Lind · otto@partner.example' })
    await page.getByLabel('Datensatz').selectOption({ label: 'Radverkehr' })
    await page.getByRole('heading', { name: 'Otto Lind darf „Radverkehr“ lesen.' }).waitFor()
    assert.deepEqual(await page.locator('.chain li').allTextContents(), [
      'Otto Lind gehört zur Gruppe „Stadtwerke Süd“.',
      'Diese Gruppe hat im Datenraum „Verkehr“ die Rolle Lesen, ohne Ende.',
      '„Radverkehr“ liegt im Datenraum „Verkehr“.',
      'Die Rolle Lesen erlaubt: wissen, dass es ihn gibt, lesen, mit Programmen nutzen.',
    ])
    await page.getByRole('button', { name: 'ändern' }).click()
    await page.getByRole('heading', { name: 'Otto Lind darf „Radverkehr“ nicht ändern.' }).waitFor()
    await page.getByText('erlaubt nur: wissen, dass es ihn gibt, lesen').waitFor()
    ottoId = Number(new URL(page.url()).searchParams.get('person'))

    await page.goto(`${platform.url}/verwaltung/nutzer/rollen`)
    await page.getByRole('button', { name: 'von Stadtwerke Süd entziehen' }).click()
    await page.getByText('Die Rolle Lesen ist entzogen.').waitFor()
    assert.equal(await statusOf(otto, '/api/v1/datasets/rad'), 404)
    await page.getByRole('button', { name: 'Rückgängig' }).click()
    await page.getByText('Rückgängig gemacht.').waitFor()
    assert.equal(await statusOf(otto, '/api/v1/datasets/rad'), 200)

    await page.goto(`${platform.url}/verwaltung/raeume`)
    await page.getByRole('button', { name: 'Verkehr umbenennen' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Verkehr und Wege')
    await page.getByRole('button', { name: 'Speichern' }).click()
    await page.getByRole('heading', { name: 'Verkehr und Wege' }).waitFor()
  })

  it('lets a partner ask by keyboard, the owner grant until a day, and ends the access by itself', async () => {
    const terms = await open(owner, '/verwaltung/bedingungen')
    await terms.getByLabel('Text', { exact: true }).fill('Nur zum Planen von Ladezonen.')
    await terms.getByLabel('Für Programme').fill('{ "permission": ')
    await terms.getByText('Das ist kein JSON').waitFor()
    await terms.getByLabel('Für Programme').fill('')
    await terms.getByRole('button', { name: 'Vorlage einsetzen' }).click()
    await terms.getByRole('button', { name: 'Als neue Fassung' }).click()
    await terms.getByText('gilt ab jetzt').waitFor()

    const page = await open(otto, '/datensaetze')
    await page.getByRole('link', { name: 'Zugang anfragen: Lieferfahrten' }).waitFor()
    await page.getByRole('link', { name: 'Lieferfahrten', exact: true }).click()
    await page.getByText('nur auf Anfrage').waitFor()
    await tabTo(page, 'link', 'Zugang anfragen: Lieferfahrten')
    await page.keyboard.press('Enter')
    await page.getByText('Nur zum Planen von Ladezonen.').waitFor()
    await tabTo(page, 'textbox', 'Wofür brauchen Sie die Daten?')
    await page.keyboard.type('Wir planen eine Ladezone am Dom.')
    await tabTo(page, 'checkbox', 'Ich nehme die Bedingungen an.')
    await page.keyboard.press('Space')
    await assertAccessible(page, 'asking for access')
    await tabTo(page, 'button', 'Anfrage senden')
    await page.keyboard.press('Enter')
    await page.getByText('Die Anfrage ist gesendet.').waitFor()
    assert.equal(await statusOf(otto, '/api/v1/datasets/fahrten'), 404)

    const inbox = await open(owner, '/verwaltung/anfragen')
    await inbox.getByRole('heading', { name: 'Otto Lind möchte „Lieferfahrten“' }).waitFor()
    await inbox.getByText('Wir planen eine Ladezone am Dom.').waitFor()
    await inbox.getByRole('button', { name: 'Anfrage von Otto Lind bewilligen' }).click()
    const inTenDays = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10)
    await inbox.getByLabel('Zugang bis').fill(inTenDays)
    await inbox.getByLabel('Begründung').fill('Gerne, für die Ladezone.')
    await assertAccessible(inbox, 'the decision')
    await inbox.getByRole('button', { name: 'Bewilligen', exact: true }).click()
    await inbox.getByText('Otto Lind hat jetzt Zugang.').waitFor()
    assert.equal(await statusOf(otto, '/api/v1/datasets/fahrten'), 200)
    const values = '/d/fahrten/sta/v1.1/Observations?$select=result'
    assert.match(await (await call({ cookie: otto }, 'GET', values)).text(), /"result":4711/)
    await page.reload()
    await page.getByText('Begründung: Gerne, für die Ladezone.').waitFor()
    await page.goto(`${platform.url}/verwaltung/konto`)
    await page.getByText('Datensatz fahrten').waitFor()

    await inbox.reload()
    const row = inbox.getByRole('row', { name: /otto@partner.example SensorThings/ })
    await row.waitFor()
    assert.equal(await row.getByRole('cell').nth(1).textContent(), '1')

    const soon = new Date(Date.now() + 2_500).toISOString()
    const shorter = { account: ottoId, role: 'consumer', on: 'dataset:fahrten', until: soon, note: '' }
    assert.equal((await call({ cookie: admin }, 'POST', '/api/v1/grants', shorter)).status, 201)
    await becomes(404, otto, '/api/v1/datasets/fahrten')
    assert.equal(await statusOf(otto, values), 404)
    await page.goto(`${platform.url}/anfragen`)
    await page.getByText('beendet', { exact: true }).waitFor()
    const why = await open(admin, `/verwaltung/rechte?person=${ottoId}&datensatz=fahrten`)
    await why.getByRole('heading', { name: 'Otto Lind darf „Lieferfahrten“ nicht lesen.' }).waitFor()
    await why.getByText('Die Rolle Lesen für den Datensatz „Lieferfahrten“ ist am').waitFor()
  })

  it('shows all of it in the log, with what was and is, proves the log and exports it', async () => {
    const page = await open(admin, '/verwaltung/protokoll')
    await page.getByLabel('Wer', { exact: true }).fill('otto')
    await page.getByText('Zugang angefragt').click()
    await page.getByText('Wir planen eine Ladezone am Dom.').waitFor()
    assert.match(page.url(), /wer=otto/)
    await page.getByRole('button', { name: 'Filter löschen' }).click()
    for (const [area, acts] of [
      ['Anfragen', ['Zugang bewilligt', 'Zugang angefragt']],
      ['Rollen', ['Rolle gegeben', 'Rolle entzogen']],
      ['Gruppen', ['In Gruppe aufgenommen', 'Gruppe angelegt']],
      ['Konten', ['Person eingeladen']],
      ['Lesen nicht öffentlicher Daten', ['Daten gelesen']],
    ] as const) {
      await page.getByLabel('Was', { exact: true }).selectOption({ label: area })
      for (const act of acts) await page.getByText(act).first().waitFor()
    }
    await page.getByLabel('Was', { exact: true }).selectOption({ label: 'Datenräume' })
    await page.getByText('Datenraum gespeichert').first().click()
    await page.locator('del', { hasText: 'Verkehr' }).waitFor()
    await page.locator('ins', { hasText: 'Verkehr und Wege' }).waitFor()
    await page.getByRole('button', { name: 'Kette prüfen' }).click()
    await page.getByText(/Unversehrt: \d+ Einträge geprüft/).waitFor()
    await assertAccessible(page, 'the log')
    await page.setViewportSize({ width: 360, height: 800 })
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true)
    const csv = await page.getByRole('link', { name: 'Als CSV' }).getAttribute('href')
    const text = await (await call({ cookie: admin }, 'GET', csv!)).text()
    assert.match(text, /^id,at,actor,act,object,origin,detail,hash\r\n\d+,/)
    assert.ok(text.includes('space.save') && !text.includes('grant.give'), 'the export keeps to the filter')
    await page.getByLabel('Was', { exact: true }).selectOption({ label: 'Protokoll' })
    await page.getByText('Protokoll ausgegeben').waitFor()
  })

  it('blocks, lets in again and ends sessions; a role below administration sees none of it', async () => {
    const page = await open(admin, `/verwaltung/nutzer/${ottoId}`)
    await page.getByRole('button', { name: /Alle Sitzungen beenden/ }).click()
    await page.getByText('Alle Sitzungen von Otto Lind sind beendet.').waitFor()
    assert.equal(await statusOf(otto, '/api/v1/account'), 401)
    await page.getByRole('button', { name: 'Sperren' }).click()
    await page.getByRole('button', { name: 'Sperren' }).last().click()
    await page.getByText('Otto Lind ist gesperrt.').waitFor()
    const again = { email: 'otto@partner.example', password: PASSWORD }
    assert.equal((await call({}, 'POST', '/api/v1/sign-in', again)).status, 401)
    await page.getByRole('button', { name: 'Wieder zulassen' }).click()
    await page.getByText('Otto Lind darf sich wieder anmelden.').waitFor()
    assert.equal((await call({}, 'POST', '/api/v1/sign-in', again)).status, 204)
    const other = await open(owner, '/verwaltung/nutzer')
    await other.getByText('brauchen Sie die Rolle Administration').waitFor()
    await until(other, `!document.querySelector('.staff').textContent.includes('Nutzer')`)
    assert.deepEqual(
      visits.flatMap((one) => one.troubles).filter((text) => !text.startsWith(`left the origin: ${platform.url}`)),
      [],
    )
  })
})
