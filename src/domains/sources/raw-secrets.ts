import { createReadStream } from 'node:fs'
import type { Unpack } from './model.ts'

/** Bounds of looking into an archive. */
const LIMITS = { maxEntries: 1000, maxBytes: 500_000_000 }
/** So much of one piece is looked at again with the next: a word may lie across both. */
const OVERLAP = 256

const NAMES =
  'access_?token|auth_?token|refresh_?token|token|api_?key|client_?secret|secret|password|passwd|passwort|authorization'
const SECRETS: readonly RegExp[] = [
  new RegExp(`"(?:${NAMES})"\\s*:\\s*"[^"]`, 'i'),
  new RegExp(`<(?:\\w+:)?(?:${NAMES})>[^<\\s]`, 'i'),
  new RegExp(`[?&](?:${NAMES}|key|sig|signature)=[^&\\s"<]`, 'i'),
  new RegExp(`(?:^|[\\n;,\\t])"?(?:${NAMES})"?(?:[;,\\t\\r\\n]|$)`, 'i'),
  /\bbearer\s+[a-z0-9._~+/-]{16,}/i,
]

/** Does a file hold what looks like a key, a token or a password, or one of these values? Archives are looked into. */
export async function holdsSecret(
  unpack: Unpack,
  file: { path: string; name: string },
  values: readonly string[],
): Promise<boolean> {
  const isBad = (text: string) =>
    SECRETS.some((pattern) => pattern.test(text)) || values.some((value) => text.includes(value))
  const holds = async (bytes: AsyncIterable<Uint8Array>): Promise<boolean> => {
    let rest = ''
    for await (const chunk of bytes) {
      const text = rest + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1')
      if (isBad(text)) return true
      rest = text.slice(-OVERLAP)
    }
    return false
  }
  try {
    const all = unpack(
      { path: file.path, name: file.name, keepZip: false },
      LIMITS,
      () => {},
      () => true,
    )
    for await (const { bytes } of all) if (await holds(bytes)) return true
    return false
  } catch {
    // A broken archive, or none: what lies there is looked at as it is.
    return holds(createReadStream(file.path))
  }
}
