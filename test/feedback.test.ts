/** Legal pages and messages about barriers, on the real program with a real mail server. */
import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import pg from 'pg'
import { SMTPServer } from 'smtp-server'
import { databases } from './support/database.ts'
import { type RunningPlatform, startPlatform } from './support/platform.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at field by field
type Json = any

for (const engine of databases()) {
  describe(`legal facts and feedback (${engine.name})`, { timeout: 240_000 }, () => {
    const mails: string[] = []
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData: (stream, _session, done) => {
        text(stream).then((raw) => {
          mails.push(raw)
          done(null)
        }, done)
      },
    })
    let platform: RunningPlatform
    let authorization: string

    const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const answer = await fetch(platform.url + path, {
        method,
        headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
        body: body === undefined ? undefined : JSON.stringify(body),
      })
      const answered = await answer.text()
      return { status: answer.status, body: (answered ? JSON.parse(answered) : null) as Json }
    }

    before(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.server.address() as { port: number }
      platform = await startPlatform(engine, {
        ...{ SMTP_URL: `smtp://127.0.0.1:${port}`, SMTP_FROM: 'daten@stadt.example' },
      })
      authorization = `Bearer ${await platform.key()}`
    })
    after(async () => {
      await platform?.remove()
      await new Promise<void>((resolve) => server.close(resolve))
    })

    it('tells who is responsible as the profile says it, and refuses days that do not exist', async () => {
      const empty = (await call('GET', '/api/v1/city/legal')).body
      assert.deepEqual([empty.legal.body, empty.kept.auditDays, empty.kept.feedbackDays], [null, 730, 365])
      const { profile } = (await call('GET', '/api/v1/city/profile', undefined, { authorization })).body
      const legal = {
        ...profile.legal,
        ...{ body: 'Stadt Probe', address: 'Markt 1\n12345 Probe', accessibilityContact: 'barrieren@stadt.example' },
      }
      const wrong = { ...profile, legal: { ...legal, statementDate: '2026-02-30' } }
      const refused = await call('PUT', '/api/v1/city', wrong, { authorization })
      assert.deepEqual([refused.status, refused.body.mistakes[0].code], [422, 'date-unknown'])
      const saved = await call('PUT', '/api/v1/city', { ...profile, legal }, { authorization })
      assert.equal(saved.status, 200, JSON.stringify(saved.body))
      assert.deepEqual((await call('GET', '/api/v1/city/legal')).body.legal, legal)
      const { legal: _, ...older } = profile
      assert.equal((await call('PUT', '/api/v1/city', { ...older, name: 'Probe' }, { authorization })).status, 200)
      assert.equal((await call('GET', '/api/v1/city/legal')).body.legal.body, 'Stadt Probe', 'kept when not sent')
    })

    it('takes a message, mails it, shows it to staff alone, and lets them mark it', async () => {
      const message = 'Die Karte geht nicht mit der Tastatur.\r\n.\r\nBcc: x@y.example'
      const sent = await call('POST', '/api/v1/feedback', {
        page: '/stationen/7',
        message,
        email: ' Anna@Stadt.Example ',
      })
      assert.equal(sent.status, 201)
      assert.equal((await call('GET', '/api/v1/feedback')).status, 401)
      assert.equal((await call('PUT', `/api/v1/feedback/${sent.body.id}/done`, { done: true })).status, 401)
      const list = async () => (await call('GET', '/api/v1/feedback', undefined, { authorization })).body.feedback
      const [first] = await list()
      assert.deepEqual(
        [first.page, first.message, first.email, first.doneAt],
        ['/stationen/7', message, 'anna@stadt.example', null],
      )
      const mark = (done: boolean) => call('PUT', `/api/v1/feedback/${first.id}/done`, { done }, { authorization })
      assert.equal((await mark(true)).status, 204)
      assert.notEqual((await list())[0].doneAt, null)
      assert.equal((await mark(false)).status, 204)
      assert.equal((await list())[0].doneAt, null)
      assert.equal((await call('PUT', '/api/v1/feedback/99999/done', { done: true }, { authorization })).status, 404)
      for (let wait = 0; wait < 100 && mails.length === 0; wait++)
        await new Promise((resolve) => setTimeout(resolve, 50))
      const [head] = mails[0]!.split('\r\n\r\n')
      assert.match(head!, /^To: barrieren@stadt\.example/m)
      assert.doesNotMatch(head!, /^Bcc/im)
    })

    it('refuses what is empty or too much', async () => {
      const tell = (body: object) => call('POST', '/api/v1/feedback', body)
      assert.equal((await tell({ page: '', message: '  ' })).body.code, 'feedback-empty')
      assert.equal((await tell({ page: '', message: 'x'.repeat(5001) })).status, 400)
      assert.equal((await tell({ page: '', message: 'gut so', email: 'keine' })).body.code, 'email-invalid')
      const answers: number[] = []
      for (let i = 0; i < 6; i++) answers.push((await tell({ page: '', message: `Nachricht ${i}` })).status)
      assert.deepEqual(answers, [201, 201, 201, 201, 429, 429])
    })

    it('deletes what is older than a year', { skip: engine.name === 'embedded' }, async () => {
      const client = new pg.Client({ connectionString: platform.env.DATABASE_URL })
      await client.connect()
      await client.query(
        `update feedback set at = now() - interval '366 days' where id = (select min(id) from feedback)`,
      )
      const count = async () => (await client.query('select count(*)::int as n from feedback')).rows[0].n
      const before = await count()
      await platform.command('dataset', 'retention')
      assert.equal(await count(), before - 1)
      await client.end()
    })
  })
}
