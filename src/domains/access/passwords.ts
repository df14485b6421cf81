import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { Problem } from '../../kernel/problem.ts'

/**
 * scrypt by the OWASP Password Storage Cheat Sheet: N = 2^16, r = 8, p = 2 (64 MiB). Each hash carries its own
 * parameters, so these can be raised: an older one is renewed at the next sign-in.
 */
const PRESENT = { N: 2 ** 16, r: 8, p: 2 }
const LENGTH = 32
const SALT = 16
/** Each takes 64 MiB and a fraction of a second; more at once would only wait for each other. */
const AT_ONCE = 2
const MOST_WAITING = 50

const SHORTEST = 12
const LONGEST = 200

/** The usual ones that are long enough; shorter ones the length refuses. */
const COMMON = new Set(
  `123456789012 1234567890123 12345678901234 123456123456 qwertzuiopas qwertzuiopü qwertyuiopas qwertyuiop123 asdfghjklöä
  passwort1234 passwort12345 passwort123456 passwortpasswort password1234 password12345 password123456 passwordpassword
  hallohallo12 hallo1234567 hallo12345678 willkommen12 willkommen123 willkommen1234 willkommen2026 welcome12345 welcome123456
  administrator administrator1 administrator123 adminadmin12 adminadmin123 admin1234567 admin12345678 stadtverwaltung
  stadtverwaltung1 rathausrathaus sommer2026sommer ichliebedich ichliebedich1 iloveyou1234 schalke04schalke borussia1909
  fcbayern1900 deutschland1 deutschland123 geheimgeheim geheim123456 startstart12 changemechangeme changeme1234 letmeinletmein
  abcdefghijkl abcdefghijklm abcd12345678 abc123abc123 1q2w3e4r5t6z 1q2w3e4r5t6y 1qaz2wsx3edc yxcvbnmasdfg zahnradzahnrad
  trustno1trustno1 correcthorsebatterystaple testtesttest test12345678 computercomputer internet1234 superman1234 batman123456
  dragon123456 football1234 monkey123456 princess1234 sunshine1234 schatzschatz schatz123456 fussball1234 qwertz123456 qwerty123456`.split(
    /\s+/,
  ),
)

/** Throws 400 and says why when a password is too easy to guess. `about`: the person's name and e-mail address. */
export function requireGoodPassword(password: string, about: readonly string[]): void {
  const refuse = (why: string) => new Problem(400, 'password-weak', why)
  if (password.length < SHORTEST)
    throw refuse(`The password has ${password.length} characters; it needs at least ${SHORTEST}.`)
  if (password.length > LONGEST) throw refuse(`The password is longer than ${LONGEST} characters.`)
  const plain = password.toLowerCase()
  if (COMMON.has(plain)) throw refuse('This password is on the list of common ones: choose another.')
  if (new Set(plain).size < 5) throw refuse('The password repeats few characters: choose a more varied one.')
  const words = about.flatMap((text) => text.toLowerCase().split(/[\s@.]+/)).filter((word) => word.length >= 4)
  const rest = words.reduce((text, word) => text.replaceAll(word, ''), plain)
  if (rest.length < 6) throw refuse('The password is little more than your name or address.')
}

let running = 0
const queue: (() => void)[] = []

async function derive(password: string, salt: Buffer, { N, r, p }: typeof PRESENT): Promise<Buffer> {
  if (running >= AT_ONCE) {
    if (queue.length >= MOST_WAITING)
      throw new Problem(503, 'overloaded', 'Too many people are signing in at the moment: try again in a minute.')
    await new Promise<void>((resolve) => queue.push(resolve))
  }
  running++
  try {
    return await new Promise((resolve, reject) => {
      scrypt(password.normalize('NFC'), salt, LENGTH, { N, r, p, maxmem: 256 * N * r }, (error, key) =>
        error ? reject(error) : resolve(key),
      )
    })
  } finally {
    running--
    queue.shift()?.()
  }
}

/** What is stored of a password: `scrypt$N$r$p$salt$hash`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT)
  const key = await derive(password, salt, PRESENT)
  const { N, r, p } = PRESENT
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${key.toString('base64url')}`
}

/** A hash nobody has the password of: whoever tries an unknown address waits as long as for a known one. */
const NOBODY = `scrypt$${PRESENT.N}$${PRESENT.r}$${PRESENT.p}$${randomBytes(SALT).toString('base64url')}$${randomBytes(LENGTH).toString('base64url')}`

/** Is it the password? `renew` when it is and the hash should be made anew with today's parameters. */
export async function checkPassword(
  password: string,
  stored: string | null,
): Promise<{ right: boolean; renew: boolean }> {
  const [, N, r, p, salt, hash] = (stored ?? NOBODY).split('$')
  const parameters = { N: Number(N), r: Number(r), p: Number(p) }
  const expected = Buffer.from(hash!, 'base64url')
  const given = await derive(password.slice(0, LONGEST + 1), Buffer.from(salt!, 'base64url'), parameters)
  const right = timingSafeEqual(given, expected) && stored !== null
  return { right, renew: right && JSON.stringify(parameters) !== JSON.stringify(PRESENT) }
}
