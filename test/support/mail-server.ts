/** A mail server that takes what it gets, and knows nobody by the name of `niemand`. */
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'

interface Received {
  to: string[]
  headers: string
  /** Decoded, lines by \n. */
  text: string
}

export interface MailServer {
  /** For `SMTP_URL`. */
  url: string
  mails: Received[]
  close(): Promise<void>
}

export async function startMailServer(): Promise<MailServer> {
  const mails: Received[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onRcptTo: ({ address }, _session, done) =>
      address.startsWith('niemand@') ? done(Object.assign(new Error('no such user'), { responseCode: 550 })) : done(),
    onData: (stream, session, done) => {
      text(stream).then((raw) => {
        mails.push({ to: session.envelope.rcptTo.map(({ address }) => address), ...read(raw) })
        done(null)
      }, done)
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as { port: number }
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** Headers and text of a mail of one part (RFC 5322, 2.1; quoted-printable of RFC 2045, 6.7). */
function read(raw: string): Pick<Received, 'headers' | 'text'> {
  const [, headers, body] = /^([\s\S]*?)\r\n\r\n([\s\S]*)$/.exec(raw)!
  const encoding = /^Content-Transfer-Encoding: (\S+)/im.exec(headers!)?.[1]?.toLowerCase()
  const bytes =
    encoding === 'base64'
      ? Buffer.from(body!, 'base64')
      : encoding === 'quoted-printable'
        ? Buffer.from(
            body!
              .replace(/=\r\n/g, '')
              .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
            'latin1',
          )
        : Buffer.from(body!)
  return { headers: headers!, text: bytes.toString('utf8').replaceAll('\r\n', '\n').trimEnd() }
}
