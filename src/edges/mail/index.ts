import { createTransport } from 'nodemailer'

export interface Mail {
  /** Stable: a receiver that gets it twice can tell. */
  messageId: string
  to: readonly string[]
  subject: string
  text: string
}

const WAIT_MS = 15_000

/** Sends mail by SMTP. Connections are opened when needed; passwords stand in the address and nowhere else. */
export class Mailer {
  readonly #transport: ReturnType<typeof createTransport>
  readonly #from: string

  constructor({ url, from }: { url: string; from: string }) {
    const limits = { connectionTimeout: WAIT_MS, greetingTimeout: WAIT_MS, socketTimeout: WAIT_MS }
    const address = new URL(url)
    for (const [name, value] of Object.entries(limits)) {
      if (!address.searchParams.has(name)) address.searchParams.set(name, String(value))
    }
    this.#transport = createTransport(address.href)
    this.#from = from
  }

  /** Resolves when the server took it, with the addresses it refused. Throws when it took none. */
  async send({ messageId, to, subject, text }: Mail): Promise<{ refused: string[] }> {
    const { rejected = [] } = (await this.#transport.sendMail({
      from: this.#from,
      to: [...to],
      subject,
      text,
      messageId: `<${messageId}>`,
      // Says to other programs that nobody wrote this: no holiday replies (RFC 3834).
      headers: { 'Auto-Submitted': 'auto-generated' },
    })) as { rejected?: (string | { address: string })[] }
    return { refused: rejected.map((one) => (typeof one === 'string' ? one : one.address)) }
  }

  close(): void {
    this.#transport.close()
  }
}
