import { randomUUID } from 'node:crypto'
import type { SendLink } from '../../domains/access/index.ts'
import type { Mailer } from './index.ts'

/** Sends people the link by which they get or renew their password. The link itself is in no log. */
export function linkSender(mailer: Mailer, city: () => string): SendLink {
  return async ({ token, kind, hours, account }, origin) => {
    const invited = kind === 'invitation'
    const lasts = hours % 24 === 0 ? `${hours / 24} ${hours === 24 ? 'Tag' : 'Tage'}` : `${hours} Stunden`
    const { refused } = await mailer.send({
      messageId: `${randomUUID()}@zahnrad`,
      to: [account.email],
      // A name can hold no line break here: what follows one would be read as a header of its own.
      subject: `${city()}: ${invited ? 'Ihr Zugang' : 'Neues Passwort'}`.replace(/\s+/g, ' '),
      text: [
        `Guten Tag ${account.name},`,
        invited
          ? `für Sie wurde ein Zugang zur Datenplattform ${city()} eingerichtet. Bitte vergeben Sie ein Passwort:`
          : `für Ihren Zugang zur Datenplattform ${city()} wurde ein neues Passwort angefordert. Sie vergeben es hier:`,
        `${origin}/login?link=${token}`,
        `Der Link gilt ${lasts} und nur einmal. Haben Sie diese Nachricht nicht erwartet, müssen Sie nichts tun.`,
      ].join('\n\n'),
    })
    if (refused.length > 0) throw new Error('the mail server refused the address')
  }
}
