/**
 * An authenticator in software (W3C Web Authentication §6): makes a passkey with an ES256 key of its own and signs with
 * it as a device would, so that a test can also answer what no browser would.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'

interface Options {
  challenge: string
  rp?: { id?: string }
  rpId?: string
  user?: { id: string }
}

const base64url = (data: Buffer | string) => Buffer.from(data).toString('base64url')
const sha256 = (data: Buffer | string) => createHash('sha256').update(data).digest()

/** CBOR (RFC 8949) of byte strings up to 64 KiB, short texts and small integers: all an attestation needs. */
const bytes = (data: Buffer) => {
  const head = data.length < 256 ? [0x58, data.length] : [0x59, data.length >> 8, data.length & 255]
  return Buffer.concat([Buffer.from(head), data])
}
const text = (words: string) => Buffer.concat([Buffer.from([0x60 + words.length]), Buffer.from(words)])
const int = (n: number) => Buffer.from([n >= 0 ? n : 0x20 - n - 1])
const map = (...pairs: Buffer[]) => Buffer.concat([Buffer.from([0xa0 + pairs.length / 2]), ...pairs])

const PRESENT = 0x01
const VERIFIED = 0x04
const ATTESTED = 0x40

export class Authenticator {
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly #id = randomBytes(32)
  #handle = ''
  /** How often it has signed, as it tells. */
  counter = 0
  /** Whether it says that it checked who uses it. */
  verifies = true

  /** Answers `navigator.credentials.create`, as if it was asked on `origin`. */
  create({ challenge, rp, user }: Options, origin: string) {
    this.#handle = user!.id
    const { x, y } = this.#keys.publicKey.export({ format: 'jwk' })
    const cose = map(
      ...[int(1), int(2), int(3), int(-7), int(-1), int(1)],
      ...[int(-2), bytes(Buffer.from(x!, 'base64url')), int(-3), bytes(Buffer.from(y!, 'base64url'))],
    )
    const id = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.#id.length]), this.#id])
    const data = Buffer.concat([this.#data(rp!.id!, ATTESTED), id, cose])
    const attestationObject = map(text('fmt'), text('none'), text('attStmt'), map(), text('authData'), bytes(data))
    return {
      ...this.#outer(),
      response: {
        clientDataJSON: clientData('webauthn.create', challenge, origin),
        attestationObject: base64url(attestationObject),
        transports: ['internal'],
      },
    }
  }

  /** Answers `navigator.credentials.get`, as if it was asked on `origin`. */
  get({ challenge, rpId }: Options, origin: string) {
    this.counter++
    const data = this.#data(rpId!, 0)
    const clientDataJSON = clientData('webauthn.get', challenge, origin)
    const signed = Buffer.concat([data, sha256(Buffer.from(clientDataJSON, 'base64url'))])
    return {
      ...this.#outer(),
      response: {
        clientDataJSON,
        authenticatorData: base64url(data),
        signature: base64url(sign('sha256', signed, this.#keys.privateKey)),
        userHandle: this.#handle,
      },
    }
  }

  #outer() {
    return {
      id: base64url(this.#id),
      rawId: base64url(this.#id),
      type: 'public-key' as const,
      clientExtensionResults: {},
    }
  }

  #data(rpId: string, flags: number): Buffer {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    return Buffer.concat([sha256(rpId), Buffer.from([flags | PRESENT | (this.verifies ? VERIFIED : 0)]), counter])
  }
}

function clientData(type: string, challenge: string, origin: string): string {
  return base64url(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
}
