/** Passkeys from outside, on the real program: what the server takes and what it refuses. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Authenticator } from './support/authenticator.ts'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any
const PASSWORD = 'Acht Kähne am Kai'
const EMAIL = 'anna@stadt.example'

for (const engine of databases()) {
  describe(`passkeys (${engine.name})`, { timeout: 120_000 }, () => {
    const device = new Authenticator()
    let platform: RunningPlatform
    let cookie: string
    let passkey: number

    const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = { cookie }) => {
      const answer = await fetch(platform.url + path, {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const text = await answer.text()
      return {
        status: answer.status,
        body: (text ? JSON.parse(text) : null) as Json,
        cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '',
      }
    }
    const told = ({ status, body }: { status: number; body: Json }) => [status, body?.code]
    const challenge = async () => (await call('POST', '/api/v1/sign-in/passkey/challenge', undefined, {})).body
    const signIn = (answer: object, headers: Record<string, string> = {}) =>
      call('POST', '/api/v1/sign-in/passkey', answer, headers)
    const begin = async () => (await call('POST', '/api/v1/account/passkeys/challenge', { password: PASSWORD })).body
    const add = (response: object) => call('POST', '/api/v1/account/passkeys', { name: 'Diensttelefon', response })

    before(async () => {
      platform = await startPlatform(engine)
      const { stdout } = await platform.command('user', 'invite', EMAIL, '--name', 'Anna', '--json')
      const token = new URL(JSON.parse(stdout).url).searchParams.get('link')
      cookie = (await call('POST', '/api/v1/sign-in/password', { token, password: PASSWORD }, {})).cookie
    })
    after(() => platform?.remove())

    it('adds one after the password was given again, for this address alone, by a challenge that works once', async () => {
      assert.deepEqual(told(await call('POST', '/api/v1/account/passkeys/challenge', { password: 'falsch' })), [
        403,
        'password-wrong',
      ])
      const anonymous = await call('POST', '/api/v1/account/passkeys/challenge', { password: PASSWORD }, {})
      assert.equal(anonymous.status, 401)
      const options = await begin()
      assert.equal(options.rp.id, new URL(platform.url).hostname)
      assert.deepEqual(
        [options.authenticatorSelection.residentKey, options.authenticatorSelection.userVerification],
        ['required', 'required'],
      )
      assert.equal(Buffer.from(options.user.id, 'base64url').includes('anna'), false, 'the handle tells nothing')
      const elsewhere = device.create(options, 'https://boese.example')
      assert.deepEqual(told(await add(elsewhere)), [400, 'passkey-refused'])
      assert.deepEqual(told(await add(device.create(options, platform.url))), [410, 'passkey-ended'], 'used up')
      const careless = await begin()
      device.verifies = false
      assert.deepEqual(told(await add(device.create(careless, platform.url))), [400, 'passkey-refused'])
      device.verifies = true
      const good = device.create(await begin(), platform.url)
      const made = await add(good)
      assert.equal(made.status, 201, JSON.stringify(made.body))
      passkey = made.body.id
      assert.deepEqual(told(await add(good)), [410, 'passkey-ended'], 'a replay')
      const { passkeys } = (await call('GET', '/api/v1/account/passkeys')).body
      assert.deepEqual(
        passkeys.map(({ id, name, lastUsedAt }: Json) => [id, name, lastUsedAt]),
        [[passkey, 'Diensttelefon', null]],
      )
      assert.deepEqual(
        (await begin()).excludeCredentials.map(({ id }: Json) => id),
        [good.id],
      )
    })

    it('does not take a challenge given for something else, or to somebody else', async () => {
      const options = await challenge()
      const crossed = device.create({ ...(await begin()), challenge: options.challenge }, platform.url)
      assert.deepEqual(told(await add(crossed)), [410, 'passkey-ended'])
      const adding = await begin()
      const asSignIn = device.get({ challenge: adding.challenge, rpId: adding.rp.id }, platform.url)
      assert.deepEqual(told(await signIn(asSignIn)), [410, 'passkey-ended'])
      const other = (await call('POST', '/api/v1/sign-in', { email: EMAIL, password: PASSWORD }, {})).cookie
      const moved = await call(
        'POST',
        '/api/v1/account/passkeys',
        { name: 'x', response: device.create(await begin(), platform.url) },
        { cookie: other },
      )
      assert.deepEqual(told(moved), [410, 'passkey-ended'], 'another session of the same person')
    })

    it('signs in, once for each challenge, and notes it', async () => {
      const answer = device.get(await challenge(), platform.url)
      const entered = await signIn(answer)
      assert.equal(entered.status, 204)
      const session = (await call('GET', '/api/v1/session', undefined, { cookie: entered.cookie })).body
      assert.equal(session.name, `user:${EMAIL}`)
      const account = (await call('GET', '/api/v1/account', undefined, { cookie: entered.cookie })).body
      assert.equal(account.sessions.find((one: Json) => one.current).method, 'passkey')
      assert.deepEqual(told(await signIn(answer)), [410, 'passkey-ended'], 'a replay')
      const { passkeys } = (await call('GET', '/api/v1/account/passkeys')).body
      assert.ok(Date.now() - Date.parse(passkeys[0].lastUsedAt) < 60_000)
    })

    it('refuses other challenges, origins, keys, holders and careless devices', async () => {
      const own = { ...(await challenge()), challenge: Buffer.alloc(32, 7).toString('base64url') }
      assert.deepEqual(told(await signIn(device.get(own, platform.url))), [410, 'passkey-ended'])
      assert.deepEqual(told(await signIn(device.get(await challenge(), 'https://boese.example'))), [
        401,
        'passkey-unknown',
      ])
      const elsewhere = { ...(await challenge()), rpId: 'boese.example' }
      assert.equal((await signIn(device.get(elsewhere, platform.url))).status, 401)
      const stranger = new Authenticator()
      stranger.create(await begin(), platform.url)
      const forged = { ...stranger.get(await challenge(), platform.url), id: device.get(own, platform.url).id }
      assert.equal((await signIn({ ...forged, rawId: forged.id })).status, 401, 'signed by another key')
      assert.equal((await signIn(stranger.get(await challenge(), platform.url))).status, 401, 'never added')
      const claimed = device.get(await challenge(), platform.url)
      claimed.response.userHandle = Buffer.from('somebody else').toString('base64url')
      assert.equal((await signIn(claimed)).status, 401, 'of another person')
      device.verifies = false
      assert.equal((await signIn(device.get(await challenge(), platform.url))).status, 401, 'without verification')
      device.verifies = true
      const foreign = { origin: 'https://boese.example' }
      assert.equal(
        (await signIn(device.get(await challenge(), platform.url), foreign)).status,
        403,
        'from another site',
      )
      assert.equal((await signIn({ id: 'x' })).status, 400)
      const unreadable = device.get(await challenge(), platform.url)
      unreadable.response.clientDataJSON = '!!'
      assert.equal((await signIn(unreadable)).status, 400)
    })

    it('refuses a counter that does not move on, and notes that there may be a copy', async () => {
      assert.equal((await signIn(device.get(await challenge(), platform.url))).status, 204)
      device.counter--
      assert.equal((await signIn(device.get(await challenge(), platform.url))).status, 401)
      const { stdout } = await platform.command('audit', 'list', '--act', 'passkey', '--json')
      const acts = (JSON.parse(stdout) as Json[]).map(({ act }) => act)
      assert.deepEqual(acts.slice(0, 2), ['passkey.copied', 'passkey.add'])
      assert.equal((await signIn(device.get(await challenge(), platform.url))).status, 204)
    })

    it('ends with its removal, and while the account is blocked', async () => {
      await platform.command('user', 'block', EMAIL)
      assert.equal((await signIn(device.get(await challenge(), platform.url))).status, 401)
      await platform.command('user', 'unblock', EMAIL)
      const entered = await signIn(device.get(await challenge(), platform.url))
      assert.equal(entered.status, 204)
      cookie = entered.cookie
      assert.equal((await call('DELETE', `/api/v1/account/passkeys/${passkey + 1}`)).status, 404)
      assert.equal((await call('DELETE', `/api/v1/account/passkeys/${passkey}`)).status, 204)
      assert.deepEqual(told(await signIn(device.get(await challenge(), platform.url))), [401, 'passkey-unknown'])
      assert.deepEqual((await call('GET', '/api/v1/account/passkeys')).body.passkeys, [])
    })

    it('makes whoever tries too often wait', async () => {
      const tries = async () => (await signIn({ ...device.get(await challenge(), platform.url) })).status
      let status = 401
      for (let i = 0; i < 60 && status === 401; i++) status = await tries()
      assert.equal(status, 429)
    })
  })
}
