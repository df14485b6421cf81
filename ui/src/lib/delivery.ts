import { app } from './state.svelte.ts'

/** Why a mail server or a web receiver did not take a message, as programs say it, for people. */
const WORDS: [pattern: RegExp, german: string, english: string][] = [
  [
    /ECONNREFUSED|ECONNRESET|EPIPE|ESOCKET/,
    'Der Empfänger nimmt keine Verbindung an.',
    'The receiver refuses the connection.',
  ],
  [/ENOTFOUND|EAI_AGAIN|EDNS/, 'Den Namen des Empfängers findet niemand.', 'Nobody knows the name of the receiver.'],
  [/ETIMEDOUT|timeout|did not arrive/i, 'Der Empfänger antwortet nicht.', 'The receiver does not answer.'],
  [/EAUTH|\b535\b|answered 40[13]/, 'Der Empfänger lehnt die Anmeldung ab.', 'The receiver refuses the sign-in.'],
  [
    /certificate|self.signed|TLS|SSL/i,
    'Dem Zertifikat des Empfängers ist nicht zu trauen.',
    'The certificate of the receiver cannot be trusted.',
  ],
  [
    /EENVELOPE|\b55\d\b/,
    'Der Mailserver kennt eine der Adressen nicht.',
    'The mail server does not know one of the addresses.',
  ],
  [
    /answered 404|answered 410/,
    'Unter dieser Adresse nimmt niemand Nachrichten an.',
    'Nobody takes messages at this address.',
  ],
  [/answered 5\d\d|\b4\d\d\b/, 'Der Empfänger ist gestört.', 'The receiver is out of order.'],
  [/not a public address/, 'Die Adresse liegt im eigenen Netz.', 'The address lies in a private network.'],
]

/** The sentence for it, or the text as it came. */
export function deliveryText(error: string): string {
  const found = WORDS.find(([pattern]) => pattern.test(error))
  return found ? (app.lang === 'de' ? found[1] : found[2]) : error
}
