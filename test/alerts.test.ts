/** Alerts as they arrive: a real SMTP server and a real web receiver, on both databases; the clock is the test's. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import { text } from 'node:stream/consumers'
import { after, before, beforeEach, describe, it } from 'node:test'
import { SMTPServer } from 'smtp-server'
import { OWNER } from '../src/domains/access/index.ts'
import { Alerts, type ChannelSpec, type Fact } from '../src/domains/alerts/index.ts'
import { Mailer } from '../src/edges/mail/index.ts'
import type { Database } from '../src/kernel/db/index.ts'
import { Fetcher } from '../src/kernel/fetch/index.ts'
import { createLog } from '../src/kernel/log.ts'
import { databases } from './support/database.ts'
import { type Sample, sampleStation } from './support/sensing.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Quoted-printable and base64 as mail programs undo them. */
function decoded(raw: string): { subject: string; id: string; body: string } {
  const [head = '', ...rest] = raw.split(/\r?\n\r?\n/)
  const unfolded = head.replace(/\r?\n[ \t]+/g, ' ')
  const header = (name: string) => new RegExp(`^${name}: (.*)$`, 'im').exec(unfolded)?.[1] ?? ''
  const bytes = (quoted: string) =>
    Buffer.from(
      quoted.replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
      'latin1',
    )
  const subject = header('Subject')
    .replace(/\?= =\?/g, '?==?')
    .replace(/=\?UTF-8\?([QB])\?(.*?)\?=/gi, (_, kind, word) =>
      (kind.toUpperCase() === 'B' ? Buffer.from(word, 'base64') : bytes(word.replaceAll('_', ' '))).toString('utf8'),
    )
  const content = rest.join('\n\n')
  const encoding = header('Content-Transfer-Encoding').toLowerCase()
  const body =
    encoding === 'base64'
      ? Buffer.from(content, 'base64').toString('utf8')
      : encoding === 'quoted-printable'
        ? bytes(content.replace(/=\r?\n/g, '')).toString('utf8')
        : content
  return { subject, id: header('Message-ID'), body }
}

class PostOffice {
  readonly mails: { to: string[]; subject: string; id: string; body: string }[] = []
  /** Takes the mail and says it failed, as when the line breaks after the last byte. */
  forgetful = false
  port = 0
  #server: SMTPServer | undefined

  async open(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onData: (stream, session, done) => {
        text(stream).then((raw) => {
          this.mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), ...decoded(raw) })
          done(this.forgetful ? new Error('lost') : null)
        }, done)
      },
    })
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.server.address() as { port: number }).port
    this.#server = server
  }

  async close(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server) await new Promise<void>((resolve) => server.close(resolve))
  }
}

const broken = (id: string, since: number, changes: Partial<Fact> = {}): Fact => ({
  key: `source:${id}`,
  kind: 'broken',
  source: id,
  dataset: null,
  title: `Quelle „${id}“`,
  cause: 'https://daten.example ist nicht erreichbar.',
  advice: 'Fragen Sie den Betreiber.',
  path: `/verwaltung/quellen/${id}`,
  since: new Date(since).toISOString(),
  ...changes,
})

const EMAIL: ChannelSpec = {
  name: 'Bereitschaft',
  kind: 'email',
  targets: ['dienst@stadt.example'],
  events: ['late', 'broken', 'implausible'],
  datasets: [],
  sources: [],
  quietFrom: null,
  quietTo: null,
  groupMinutes: 2,
  perHour: 6,
  active: true,
}

for (const engine of databases()) {
  describe(`alerts on the ${engine.name} database`, { timeout: 120_000 }, () => {
    const office = new PostOffice()
    const fetcher = new Fetcher({ allowPrivate: true })
    let db: Database
    let sample: Sample
    let facts: Fact[] = []
    let mailer: Mailer
    let alerts: Alerts

    const restart = () => {
      alerts = new Alerts({
        db,
        access: sample.access,
        catalog: sample.catalog,
        log: createLog('silent'),
        facts: async () => ({ wrong: new Map(facts.map((fact) => [fact.key, fact])), isWatched: () => true }),
        mailer,
        poster: fetcher,
        secret: 'a secret of sixteen letters',
        letterhead: () => ({ city: 'Musterstadt', timeZone: 'Europe/Berlin', origin: 'https://daten.example' }),
      })
    }
    /** A look every `step` from `from` for `length`; answers when it ends. */
    const pass = async (from: number, length: number, step = MINUTE): Promise<number> => {
      let now = from
      for (; now < from + length; now += step) await alerts.tick(now)
      return now
    }

    before(async () => {
      db = await engine.fresh()
      sample = await sampleStation(db, 1)
      await office.open()
      mailer = new Mailer({ url: `smtp://127.0.0.1:${office.port}`, from: 'Zahnrad <daten@stadt.example>' })
    })
    after(async () => {
      mailer.close()
      await office.close()
      await fetcher.close()
      await db.close()
    })
    beforeEach(async () => {
      await db.query('delete from alert_channel')
      await db.query('delete from alert_problem')
      office.mails.length = 0
      facts = []
      restart()
    })

    it('tell once that it began, daily that it still is, and that it is over', async () => {
      await alerts.keepChannel(EMAIL, OWNER)
      const start = Date.parse('2026-08-20T12:00:00Z')
      facts = [broken('rad', start)]
      let now = await pass(start, 10 * MINUTE)
      assert.deepEqual(
        office.mails.map(({ subject, to }) => [subject, ...to]),
        [['Musterstadt: Quelle „rad“ – gestört', 'dienst@stadt.example']],
      )
      assert.match(office.mails[0]!.body, /Ist gestört, seit Do, 20\.8\.2026, 14:00 Uhr\./)
      assert.match(office.mails[0]!.body, /Was tun: Fragen Sie den Betreiber\./)
      assert.match(office.mails[0]!.body, /https:\/\/daten\.example\/verwaltung\/quellen\/rad/)
      now = await pass(now, 49 * HOUR, 10 * MINUTE)
      assert.deepEqual(
        office.mails.slice(1).map(({ subject }) => subject),
        new Array(2).fill('Musterstadt: Quelle „rad“ – weiterhin gestört'),
      )
      facts = []
      await pass(now, HOUR)
      assert.equal(office.mails.length, 4)
      assert.equal(office.mails[3]!.subject, 'Musterstadt: Quelle „rad“ – wieder in Ordnung')
    })

    it('turn a storm of a thousand problems into one mail, and limit the rest', async () => {
      await alerts.keepChannel({ ...EMAIL, perHour: 3 }, OWNER)
      const start = Date.parse('2026-08-20T12:00:00Z')
      facts = Array.from({ length: 1000 }, (_, i) => broken(`s${i}`, start))
      let now = await pass(start, 8 * MINUTE)
      assert.equal(office.mails.length, 1)
      assert.match(office.mails[0]!.subject, /1000 Meldungen/)
      assert.match(office.mails[0]!.body, /… und 980 weitere/)
      // New trouble every minute for an hour: three mails, and nothing is forgotten.
      facts = []
      await db.query('delete from alert_problem')
      for (let i = 0; i < 60; i++) {
        facts.push(broken(`t${i}`, now))
        now = await pass(now, MINUTE)
      }
      assert.ok(office.mails.length <= 1 + 3, `${office.mails.length} mails`)
      await pass(now, 2 * HOUR, 5 * MINUTE)
      const told = office.mails.map(({ body }) => body).join()
      const counted = office.mails.slice(1).map(({ subject }) => Number(/(\d+) Meldungen/.exec(subject)?.[1] ?? 1))
      assert.match(told, /„t0“/)
      assert.equal(
        counted.reduce((a, b) => a + b, 0),
        60,
      )
    })

    it('hold back over the night the clocks change and send one digest in the morning', async () => {
      await alerts.keepChannel({ ...EMAIL, quietFrom: '22:00', quietTo: '06:00' }, OWNER)
      // 24 to 25 October 2026: the night is nine hours long, 20:00Z to 05:00Z.
      const evening = Date.parse('2026-10-24T20:05:00Z')
      facts = [broken('rad', evening), broken('wetter', evening)]
      let now = await pass(evening, 2 * HOUR, 5 * MINUTE)
      facts = [broken('rad', evening)]
      now = await pass(now, Date.parse('2026-10-25T05:00:00Z') - now, 5 * MINUTE)
      assert.equal(office.mails.length, 0)
      restart()
      await pass(now, 10 * MINUTE)
      assert.equal(office.mails.length, 1)
      const { subject, body } = office.mails[0]!
      assert.equal(subject, 'Musterstadt: 2 Meldungen – 1 gestört, 1 schon vorbei')
      assert.match(body, /ZWISCHENDURCH GESTÖRT, JETZT WIEDER IN ORDNUNG \(1\)\n\nQuelle „wetter“/)
    })

    it('keep what a dead mail server did not take, and deliver it once it is back', async () => {
      await alerts.keepChannel(EMAIL, OWNER)
      await office.close()
      const start = Date.parse('2026-08-20T12:00:00Z')
      facts = [broken('rad', start)]
      let now = await pass(start, HOUR, 5 * MINUTE)
      facts.push(broken('wetter', now))
      // The process dies and comes back.
      restart()
      now = await pass(now, HOUR, 5 * MINUTE)
      const [failing] = await alerts.deliveries(OWNER)
      assert.match(failing!.error ?? '', /ECONNREFUSED/)
      assert.ok(failing!.attempts > 2 && failing!.attempts < 20, `${failing!.attempts} attempts`)
      assert.equal((await alerts.sentSince(start)).failing, 1)
      await office.open()
      await pass(now, 2 * HOUR, 5 * MINUTE)
      assert.deepEqual(
        office.mails.map(({ subject }) => subject),
        ['Musterstadt: Quelle „rad“ – gestört', 'Musterstadt: Quelle „wetter“ – gestört'],
      )
    })

    it('repeat a mail that may have been lost under the same id', async () => {
      await alerts.keepChannel(EMAIL, OWNER)
      const start = Date.parse('2026-08-20T12:00:00Z')
      facts = [broken('rad', start)]
      office.forgetful = true
      const now = await pass(start, 5 * MINUTE)
      office.forgetful = false
      restart()
      await pass(now, 30 * MINUTE)
      assert.ok(office.mails.length >= 2)
      assert.equal(new Set(office.mails.map(({ id }) => id)).size, 1)
    })

    it('go only to those who asked: by event, dataset and source', async () => {
      const { dataset } = sample
      await alerts.keepChannel({ ...EMAIL, targets: ['a@x.example'], datasets: ['probe'] }, OWNER)
      await alerts.keepChannel({ ...EMAIL, targets: ['b@x.example'], sources: ['rad'] }, OWNER)
      await alerts.keepChannel({ ...EMAIL, targets: ['c@x.example'], events: ['late'] }, OWNER)
      const start = Date.parse('2026-08-20T12:00:00Z')
      facts = [broken('rad', start), broken('wetter', start, { dataset })]
      await pass(start, 10 * MINUTE)
      const got = office.mails.map(({ to, subject }) => `${to} ${subject}`).sort()
      assert.deepEqual(got, [
        'a@x.example Musterstadt: Quelle „wetter“ – gestört',
        'b@x.example Musterstadt: Quelle „rad“ – gestört',
      ])
    })

    it('are signed for a web receiver, and repeated until it takes them', async () => {
      const seen: { headers: Record<string, unknown>; body: string }[] = []
      const receiver: Server = createServer(async (request, response) => {
        seen.push({ headers: request.headers, body: await text(request) })
        response.writeHead(seen.length === 1 ? 500 : 204).end()
      })
      await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
      const { port } = receiver.address() as { port: number }
      const channel = await alerts.keepChannel(
        { ...EMAIL, kind: 'webhook', targets: [`http://127.0.0.1:${port}/alarm`] },
        OWNER,
      )
      const start = Date.parse('2026-08-20T12:00:00Z')
      facts = [broken('rad', start)]
      await pass(start, 15 * MINUTE)
      receiver.close()
      assert.equal(seen.length, 2)
      const key = await alerts.keyFor(channel.id, OWNER)
      for (const { headers, body } of seen) {
        const signed = `${headers['x-zahnrad-timestamp']}.${body}`
        assert.equal(headers['x-zahnrad-signature'], `sha256=${createHmac('sha256', key).update(signed).digest('hex')}`)
        assert.equal(headers['x-zahnrad-delivery'], seen[0]!.headers['x-zahnrad-delivery'])
      }
      const { messages } = JSON.parse(seen[1]!.body)
      assert.deepEqual([messages[0].source, messages[0].kind, messages[0].event], ['rad', 'began', 'broken'])
      const audit = JSON.stringify(await db.query('select * from audit'))
      assert.ok(!audit.includes(key))
    })

    it('refuse what cannot work, and strangers', async () => {
      const bad = (changes: Partial<ChannelSpec>, code: string) =>
        assert.rejects(
          alerts.keepChannel({ ...EMAIL, ...changes }, OWNER),
          (error: { code?: string }) => error.code === code,
        )
      await bad({ targets: ['dienst@stadt.example\r\nBcc: x@y.example'] }, 'bad-channel')
      await bad({ quietFrom: '22:00' }, 'bad-channel')
      await bad({ quietFrom: '25:00', quietTo: '06:00' }, 'bad-channel')
      await bad({ kind: 'webhook', targets: ['ftp://x.example'] }, 'bad-channel')
      await bad({ kind: 'webhook', targets: ['https://u:p@x.example'] }, 'bad-channel')
      const stranger = { kind: 'anonymous', name: 'anonymous' } as const
      await assert.rejects(alerts.channels(stranger), (error: { status?: number }) => error.status === 401)
      await assert.rejects(alerts.test(1, stranger), (error: { status?: number }) => error.status === 401)
    })

    it('show by a test message that the way works, or why not', async () => {
      const { id } = await alerts.keepChannel(EMAIL, OWNER)
      assert.deepEqual(await alerts.test(id, OWNER), { sent: true, error: null })
      assert.equal(office.mails[0]?.subject, 'Musterstadt: Probe für „Bereitschaft“')
      await office.close()
      const failed = await alerts.test(id, OWNER)
      await office.open()
      assert.equal(failed.sent, false)
      assert.match(failed.error ?? '', /ECONNREFUSED/)
    })
  })
}
