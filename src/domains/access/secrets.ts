import { createHash, randomBytes } from 'node:crypto'

/** A new secret of 256 random bits, with a prefix that tells people (and secret scanners) what it is. */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`
}

/** What is stored of a secret. At 256 bits of entropy a plain SHA-256 cannot be reversed by guessing. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
