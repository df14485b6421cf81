/** Invitations and new passwords by mail, over a real SMTP server. */
import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

describe('links by mail', { timeout: 120_000 }, () => {
  const mails: { to: string[]; raw: string }[] = []
  let platform: RunningPlatform
  let key: string
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: ({ address }, _session, done) => done(address.startsWith('voll') ? new Error('mailbox full') : null),
    onData: (stream, session, done) => {
      text(stream).then((raw) => {
        const plain = raw.replace(/=\r?\n/g, '').replace(/=3D/g, '=')
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), raw: plain })
        done(null)
      }, done)
    },
  })
  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${platform.url}${path}`, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) },
    })
  const linkOf = (raw: string) => /https?:\/\/\S+\/login\?link=(zi_[\w-]+)/.exec(raw)?.[1]

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.server.address() as { port: number }
    platform = await startPlatform(databases()[0]!, {
      ...{ SMTP_URL: `smtp://127.0.0.1:${port}`, SMTP_FROM: 'Zahnrad <daten@stadt.example>' },
    })
    key = await platform.key()
  })
  after(async () => {
    await platform?.remove()
    await new Promise<void>((resolve) => server.close(resolve))
  })

  it('invites somebody, who sets a password by the link that came', async () => {
    const answer = await post(
      '/api/v1/people',
      { email: 'anna@stadt.example', name: 'Anna\r\nBcc: x@y.example' },
      { authorization: `Bearer ${key}` },
    )
    const invited = (await answer.json()) as { mailed: boolean; url: string }
    assert.deepEqual([answer.status, invited.mailed], [201, true])
    assert.deepEqual(mails[0]!.to, ['anna@stadt.example'])
    const [head = ''] = mails[0]!.raw.split('\r\n\r\n')
    assert.doesNotMatch(head, /^Bcc:/im)
    const token = linkOf(mails[0]!.raw)
    assert.equal(token, new URL(invited.url).searchParams.get('link'))
    assert.equal((await post('/api/v1/sign-in/password', { token, password: 'Vier Kähne am Kai' })).status, 204)
  })

  it('sends a new link to whoever forgot the password, and says the same of unknown addresses', async () => {
    mails.length = 0
    assert.equal((await post('/api/v1/sign-in/forgotten', { email: 'niemand@stadt.example' })).status, 204)
    assert.equal((await post('/api/v1/sign-in/forgotten', { email: 'anna@stadt.example' })).status, 204)
    for (let wait = 0; wait < 400 && mails.length === 0; wait++) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.deepEqual(
      mails.flatMap(({ to }) => to),
      ['anna@stadt.example'],
    )
    const password = 'Fünf Kähne am Kai'
    const changed = await post('/api/v1/sign-in/password', { token: linkOf(mails[0]!.raw), password })
    assert.equal(changed.status, 204)
    assert.equal((await post('/api/v1/sign-in', { email: 'anna@stadt.example', password })).status, 204)
    assert.doesNotMatch(platform.output(), /zi_/)
  })

  it('says when the mail did not go out; the link can be handed over', async () => {
    const answer = await post(
      '/api/v1/people',
      { email: 'voll@stadt.example', name: 'Voll' },
      { authorization: `Bearer ${key}` },
    )
    const { mailed, url } = (await answer.json()) as { mailed: boolean; url: string }
    assert.deepEqual([answer.status, mailed], [201, false])
    assert.match(url, /\/login\?link=zi_/)
  })
})
