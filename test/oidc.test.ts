/** Signing in by OpenID Connect: the real program against a real provider, each in a process of its own. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

/** A browser as far as it matters: follows redirects, keeps cookies by host and port, sends forms. */
class Browser {
  readonly #jar = new Map<string, Map<string, string>>()

  async visit(address: string, form?: Record<string, string>): Promise<{ url: string; status: number; text: string }> {
    let url = new URL(address)
    let body: URLSearchParams | undefined = form && new URLSearchParams(form)
    for (let hop = 0; hop < 20; hop++) {
      const jar = this.#jar.get(url.host) ?? new Map<string, string>()
      this.#jar.set(url.host, jar)
      const answer = await fetch(url, {
        method: body ? 'POST' : 'GET',
        redirect: 'manual',
        headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
        body,
      })
      for (const line of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
        if (value === '') jar.delete(name!)
        else jar.set(name!, value!)
      }
      const next = answer.headers.get('location')
      if (answer.status < 300 || answer.status >= 400 || !next)
        return { url: url.href, status: answer.status, text: await answer.text() }
      url = new URL(next, url)
      body = undefined
    }
    throw new Error(`too many redirects: ${url}`)
  }

  /** Signs in at the provider's own pages, up to where that leads. */
  async signIn(platform: RunningPlatform, login: string) {
    const page = await this.visit(`${platform.url}/login/oidc?next=/stationen/7`)
    const action = (text: string) => /action="([^"]+)"/.exec(text)![1]!
    const consent = await this.visit(action(page.text), { prompt: 'login', login, password: 'any' })
    return this.visit(action(consent.text), { prompt: 'consent' })
  }
}

const [engine] = databases()

describe('signing in by OpenID Connect', { timeout: 120_000 }, () => {
  let platform: RunningPlatform
  let provider: ChildProcess
  before(async () => {
    const script = join(import.meta.dirname, 'support', 'openid-provider.ts')
    provider = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [issuer] = await once(provider.stdout!, 'data')
    platform = await startPlatform(engine!, {
      OIDC_ISSUER: String(issuer).trim(),
      OIDC_CLIENT_ID: 'zahnrad',
      OIDC_CLIENT_SECRET: 'a secret of the test',
    })
  })
  after(async () => {
    provider?.kill()
    await platform?.remove()
  })

  const session = async (browser: Browser) =>
    JSON.parse((await browser.visit(`${platform.url}/api/v1/session`)).text) as { kind: string; name: string }

  it('takes people in, with their groups, and goes on where they were', async () => {
    const methods = (await (await fetch(`${platform.url}/api/v1/sign-in`)).json()) as { oidc: boolean }
    assert.equal(methods.oidc, true)
    const browser = new Browser()
    const landed = await browser.signIn(platform, 'anna')
    assert.equal(landed.url, `${platform.url}/stationen/7`)
    assert.deepEqual(await session(browser), {
      kind: 'user',
      name: 'user:anna@id.example',
      staff: false,
      openWrite: false,
    })
    const { stdout } = await platform.command('user', 'list', '--json')
    const [anna] = JSON.parse(stdout) as { name: string; state: string; issuer: string }[]
    assert.deepEqual([anna!.name, anna!.state, anna!.issuer], ['Frau anna', 'active', platform.env.OIDC_ISSUER])
  })

  it('refuses what was not begun in this browser, a second use, and accounts it cannot vouch for', async () => {
    const stranger = new Browser()
    const refused = await stranger.visit(`${platform.url}/login/oidc/callback?code=x&state=y`)
    assert.equal(refused.url, `${platform.url}/login?failed=oidc-flow-ended`)
    await platform.command('user', 'invite', 'unchecked@id.example', '--name', 'Jemand', '--role', 'admin')
    const thief = new Browser()
    assert.match((await thief.signIn(platform, 'unchecked')).url, /failed=account-of-another$/)
    assert.equal((await session(thief)).kind, 'anonymous')
    await platform.command('user', 'block', 'anna@id.example')
    assert.match((await new Browser().signIn(platform, 'anna')).url, /failed=account-blocked$/)
  })
})
