/** From the admin link to an account, a key and a second person, as people do it in a browser. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Browser } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, launch, needsBrowser, visit } from './browser.ts'

const PASSWORD = 'Sieben Boote im Hafen'
const [engine] = databases()

describe('signing in, in a browser', { skip: needsBrowser, timeout: 180_000 }, () => {
  let platform: RunningPlatform
  let browser: Browser
  before(async () => {
    platform = await startPlatform(engine!)
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await platform?.remove()
  })

  const picture = async (page: { screenshot(options: object): Promise<unknown> }, name: string) => {
    if (process.env.PICTURES) await page.screenshot({ path: `${process.env.PICTURES}/${name}.png`, fullPage: true })
  }

  it('leads whoever came by the admin link to an account of their own, and lets them make and revoke a key', async () => {
    const { page, troubles, close } = await visit(browser, `${platform.adminLink}&next=/login`, {}, /404/)
    await page.getByLabel('E-Mail-Adresse').fill('chefin@stadt.example')
    await page.getByLabel('Ihr Name').fill('Die Chefin')
    await page.getByLabel('Neues Passwort').fill('passwort1234')
    await picture(page, 'first')
    await assertAccessible(page, 'the form for the first account')
    await page.getByRole('button', { name: 'Konto anlegen' }).click()
    await page.getByRole('alert').getByText('zu leicht zu erraten').waitFor()
    await page.getByLabel('Neues Passwort').fill(PASSWORD)
    await page.getByRole('button', { name: 'Konto anlegen' }).click()
    await page.getByRole('heading', { name: 'Mein Konto' }).waitFor()
    await page.getByText('die ganze Plattform').waitFor()
    await page.getByRole('button', { name: 'Neuer Schlüssel' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Auswertung')
    await page.getByRole('button', { name: 'Schlüssel erzeugen' }).click()
    const key = await page.locator('code.key').textContent()
    assert.match(key!, /^zk_/)
    await page.getByRole('button', { name: 'Schließen' }).click()
    await page.getByText('Auswertung').first().waitFor()
    await picture(page, 'account')
    await page.setViewportSize({ width: 360, height: 800 })
    await picture(page, 'account-360')
    assert.equal(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), true)
    await page.setViewportSize({ width: 1440, height: 900 })
    await assertAccessible(page, 'the account')
    const use = () => fetch(`${platform.url}/api/v1/session`, { headers: { authorization: `Bearer ${key}` } })
    assert.equal((await use()).status, 200)
    await page.getByRole('button', { name: 'Schlüssel Auswertung widerrufen' }).click()
    await page.getByRole('button', { name: 'Widerrufen', exact: true }).last().click()
    await page.getByText('Sie haben keinen Schlüssel.').waitFor()
    assert.equal((await use()).status, 401)
    assert.deepEqual(
      troubles.filter((text) => !/400 \(Bad Request\)/.test(text)),
      [],
    )
    await close()
  })

  it('lets an invited person choose a password, sign out and in again, and go on where they were', async () => {
    const { stdout } = await platform.command('user', 'invite', 'otto@partner.example', '--name', 'Otto', '--json')
    const { page, troubles, close } = await visit(browser, JSON.parse(stdout).url, {}, /401|404|410/)
    await page.getByText('Willkommen, Otto').waitFor()
    await page.getByLabel('Neues Passwort').fill(PASSWORD)
    await page.getByRole('button', { name: 'Speichern und anmelden' }).click()
    await page.getByText('Sie sehen, was freigegeben ist.').waitFor()
    await page.getByRole('button', { name: 'Abmelden' }).click()
    await page.getByRole('link', { name: 'Anmelden' }).waitFor()
    await page.goto(`${platform.url}/login?next=/datensaetze`)
    await page.getByLabel('E-Mail-Adresse').fill('otto@partner.example')
    await page.getByLabel('Passwort', { exact: true }).fill('falsch')
    await page.getByRole('button', { name: 'Anmelden', exact: true }).click()
    await page.getByRole('alert').getByText('falsch').waitFor()
    await picture(page, 'login')
    await assertAccessible(page, 'the sign-in page')
    await page.setViewportSize({ width: 360, height: 800 })
    await picture(page, 'login-360')
    await page.getByLabel('Passwort', { exact: true }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Anmelden', exact: true }).click()
    await page.waitForURL('**/datensaetze')
    await page.goto(JSON.parse(stdout).url)
    await page.getByRole('alert').getByText('schon benutzt').waitFor()
    assert.deepEqual(troubles, [])
    await close()
  })

  it('adds a passkey to an account, signs in with it by button and by autofill, and removes it', async () => {
    const { stdout } = await platform.command('user', 'invite', 'petra@stadt.example', '--name', 'Petra', '--json')
    const { page, context, troubles, close } = await visit(browser, JSON.parse(stdout).url, {}, /40[0-9]/)
    const cdp = await context.newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
        ...{ isUserVerified: true, automaticPresenceSimulation: true },
      },
    })
    // The device answers at once, autofill included: a browser that cannot do that shows what the button does.
    await page.addInitScript(`
      if (localStorage.getItem('no autofill')) PublicKeyCredential.isConditionalMediationAvailable = async () => false
    `)
    await page.getByLabel('Neues Passwort').fill(PASSWORD)
    await page.getByRole('button', { name: 'Speichern und anmelden' }).click()
    await page.getByText('Sie haben keinen Passkey.').waitFor()
    await page.getByRole('button', { name: 'Neuer Passkey' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Diensttelefon')
    await page.getByLabel('Ihr Passwort').fill('falsch')
    await page.getByRole('button', { name: 'Weiter' }).click()
    await page.getByRole('alert').getByText('Das Passwort ist falsch.').waitFor()
    await page.getByLabel('Ihr Passwort').fill(PASSWORD)
    await picture(page, 'passkey-new')
    await assertAccessible(page, 'adding a passkey')
    await page.getByRole('button', { name: 'Weiter' }).click()
    await page.getByText('Zuletzt benutzt: nie').waitFor()
    const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId })
    assert.deepEqual(
      credentials.map(({ rpId, isResidentCredential }) => [rpId, isResidentCredential]),
      [['localhost', true]],
    )
    await assertAccessible(page, 'the account with a passkey')
    await picture(page, 'passkeys')
    await page.setViewportSize({ width: 360, height: 800 })
    await picture(page, 'passkeys-360')
    await page.setViewportSize({ width: 1440, height: 900 })
    // By the button.
    await page.evaluate(`localStorage.setItem('no autofill', '1')`)
    await page.getByRole('button', { name: 'Abmelden' }).click()
    await page.getByRole('link', { name: 'Anmelden' }).waitFor()
    await page.goto(`${platform.url}/login?next=/datensaetze`)
    await page.getByRole('button', { name: 'Mit Passkey anmelden' }).waitFor()
    await picture(page, 'login-passkey')
    await page.getByRole('button', { name: 'Mit Passkey anmelden' }).click()
    await page.waitForURL(({ pathname }) => pathname === '/datensaetze')
    // By autofill: nothing is pressed, the device answers what the form waits for.
    await page.evaluate(`localStorage.removeItem('no autofill')`)
    await page.getByRole('button', { name: 'Abmelden' }).click()
    await page.getByRole('link', { name: 'Anmelden' }).waitFor()
    await page.goto(`${platform.url}/login?next=/verwaltung/konto`)
    await page.waitForURL(({ pathname }) => pathname === '/verwaltung/konto')
    await page.getByText(/Zuletzt benutzt: (?!nie)/).waitFor()
    await page.getByRole('button', { name: 'Passkey Diensttelefon entfernen' }).click()
    await page.getByRole('button', { name: 'Entfernen', exact: true }).last().click()
    await page.getByText('Sie haben keinen Passkey.').waitFor()
    await page.evaluate(`localStorage.setItem('no autofill', '1')`)
    await page.getByRole('button', { name: 'Abmelden' }).click()
    await page.getByRole('link', { name: 'Anmelden' }).waitFor()
    await page.goto(`${platform.url}/login`)
    await page.getByRole('button', { name: 'Mit Passkey anmelden' }).click()
    await page.getByRole('alert').getByText('Dieser Passkey gilt hier nicht.').waitFor()
    assert.deepEqual(troubles, [])
    await close()
  })

  it('takes a dataset from its answers to its release, one person after the other', async () => {
    for (const role of ['owner', 'gatekeeper']) {
      const { stdout } = await platform.command(
        ...['user', 'invite', `${role}@stadt.example`, '--name', role, '--role', role, '--json'],
      )
      const token = new URL(JSON.parse(stdout).url).searchParams.get('link')
      const answer = await fetch(`${platform.url}/api/v1/sign-in/password`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ token, password: PASSWORD }),
      })
      assert.equal(answer.status, 204)
    }
    const key = await platform.key('for the dataset')
    const call = async (method: string, path: string, body: unknown, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${platform.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })
      assert.ok(answer.ok, await answer.clone().text())
      return answer
    }
    await call('POST', '/api/v1/datasets', { id: 'rad', title: 'Radverkehr' })
    await call('PATCH', '/api/v1/datasets/rad', { licence: 'dl-by-de/2.0' }, { 'if-match': '*' })
    const as = async (role: string, path: string) => {
      const tab = await visit(browser, `${platform.url}/login?next=${path}`, {}, /40[0-9]/)
      await tab.page.getByLabel('E-Mail-Adresse').fill(`${role}@stadt.example`)
      await tab.page.getByLabel('Passwort', { exact: true }).fill(PASSWORD)
      await tab.page.getByRole('button', { name: 'Anmelden', exact: true }).click()
      await tab.page.waitForURL(`**${path}`)
      return tab
    }
    const owner = await as('owner', '/verwaltung/pruefung/rad')
    await owner.page.getByRole('button', { name: 'Zur Prüfung einreichen' }).click()
    await owner.page.getByRole('alert').getByText('Es fehlen noch Angaben').waitFor()
    const missing =
      'Zweck, Rechtsgrundlage, Beziehen sich die Daten auf Personen?, Aufbewahrung in Tagen, Kleinste Anzahl'
    await owner.page.getByText(`Es fehlen noch: ${missing}`).waitFor()
    await owner.page.getByLabel('Zweck').fill('Radwege planen')
    await owner.page.getByLabel('Rechtsgrundlage').fill('Beschluss des Rates')
    await owner.page.getByLabel('Beziehen sich die Daten').selectOption({ label: 'Nein' })
    await owner.page.getByLabel('Aufbewahrung in Tagen').fill('0')
    await owner.page.getByLabel('Kleinste Anzahl').fill('1')
    await picture(owner.page, 'review')
    await assertAccessible(owner.page, 'the answers for a release')
    await owner.page.getByRole('button', { name: 'Zur Prüfung einreichen' }).click()
    await owner.page.getByText('In Prüfung').first().waitFor()
    await owner.page.getByRole('button', { name: 'Freigeben' }).click()
    await owner.page.getByRole('alert').getByText('Vier-Augen-Prinzip').waitFor()
    const gatekeeper = await as('gatekeeper', '/verwaltung/pruefung')
    await gatekeeper.page.getByRole('link', { name: 'Radverkehr' }).click()
    await gatekeeper.page.getByRole('button', { name: 'Zurückgeben' }).click()
    await gatekeeper.page.getByRole('alert').getByText('begründen').waitFor()
    await gatekeeper.page.getByRole('button', { name: 'Freigeben' }).click()
    await gatekeeper.page.getByText('Der Datensatz ist freigegeben.').waitFor()
    await gatekeeper.page.setViewportSize({ width: 360, height: 800 })
    await picture(gatekeeper.page, 'review-360')
    assert.equal((await fetch(`${platform.url}/api/v1/datasets/rad`)).status, 200)
    assert.deepEqual([...owner.troubles, ...gatekeeper.troubles], [])
    await owner.close()
    await gatekeeper.close()
  })
})
