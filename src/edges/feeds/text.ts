import { isUtf8 } from 'node:buffer'
import iconv from 'iconv-lite'
import { FileError } from '../../domains/sources/index.ts'

const SAMPLE = 65_536

/**
 * Text of a file as UTF-8 bytes, whatever it was written in; the byte order mark is taken off. Throws
 * {@link FileError} when the bytes are not in the encoding they should be in, and says which one they look like.
 */
export async function* utf8Chunks(
  bytes: AsyncIterable<Uint8Array>,
  encoding: string | undefined,
): AsyncIterable<Buffer> {
  let first = true
  let check: Utf8Check | undefined
  let decoder: ReturnType<typeof iconv.getDecoder> | undefined
  for await (const raw of bytes) {
    let chunk = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
    if (first && chunk.length > 0) {
      first = false
      const found = encodingOf(chunk, encoding)
      if (found === 'utf-8') {
        check = new Utf8Check()
        if (chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf) chunk = chunk.subarray(3)
      } else decoder = iconv.getDecoder(found)
    }
    if (check) {
      check.chunk(chunk)
      yield chunk
    } else if (decoder) yield Buffer.from(decoder.write(chunk))
  }
  check?.end()
  const rest = decoder?.end()
  if (rest) yield Buffer.from(rest)
}

function encodingOf(chunk: Buffer, declared: string | undefined): string {
  const mark =
    chunk[0] === 0xff && chunk[1] === 0xfe
      ? 'utf-16le'
      : chunk[0] === 0xfe && chunk[1] === 0xff
        ? 'utf-16be'
        : undefined
  if (declared === undefined) return mark ?? 'utf-8'
  if (declared.startsWith('utf-16')) {
    if (mark === undefined && !chunk.subarray(0, SAMPLE).includes(0)) {
      throw new FileError(
        `the file is not ${declared}: it has no byte order mark and no zero bytes; try format.encoding utf-8`,
      )
    }
    return mark ?? declared
  }
  if (mark)
    throw new FileError(
      `the file is ${mark} (it has that byte order mark), not ${declared}: set format.encoding to ${mark}`,
    )
  const sample = chunk.subarray(0, SAMPLE)
  if (declared !== 'utf-8' && sample.some((byte) => byte > 0x7f) && isUtf8(withoutCutTail(sample))) {
    throw new FileError(
      `the file is UTF-8, not ${declared}: its umlauts would be read as two letters each; leave out format.encoding`,
    )
  }
  return declared
}

/** Cuts an unfinished multi-byte character off the end. */
function withoutCutTail(bytes: Buffer): Buffer {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!
    if ((byte & 0xc0) === 0x80) continue
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return needed > back ? bytes.subarray(0, bytes.length - back) : bytes
  }
  return bytes
}

/** Checks a stream for valid UTF-8, chunk by chunk. */
class Utf8Check {
  #tail: Buffer = Buffer.alloc(0)
  #before = 0

  chunk(chunk: Buffer): void {
    const joined = this.#tail.length > 0 ? Buffer.concat([this.#tail, chunk]) : chunk
    const whole = withoutCutTail(joined)
    if (!isUtf8(whole)) throw this.#error(whole)
    this.#before += whole.length
    this.#tail = Buffer.from(joined.subarray(whole.length))
  }

  end(): void {
    if (this.#tail.length > 0) throw this.#error(this.#tail)
  }

  #error(bytes: Buffer): FileError {
    let good = 0
    let bad = bytes.length
    while (bad - good > 1) {
      const middle = (good + bad) >> 1
      if (isUtf8(withoutCutTail(bytes.subarray(0, middle)))) good = middle
      else bad = middle
    }
    const at = withoutCutTail(bytes.subarray(0, good)).length
    const byte = (bytes[at] ?? 0).toString(16).padStart(2, '0')
    return new FileError(
      `the file is not UTF-8 (byte 0x${byte} near position ${this.#before + at + 1}): it may be windows-1252 or iso-8859-1, set format.encoding`,
    )
  }
}

/** A whole file as text, at most `maxBytes` long. Throws {@link FileError} like {@link utf8Chunks}. */
export async function wholeText(
  bytes: AsyncIterable<Uint8Array>,
  { name, maxBytes, encoding }: { name: string; maxBytes: number; encoding?: string },
): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of utf8Chunks(bytes, encoding)) {
    size += chunk.length
    if (size > maxBytes) throw new FileError(`${name} is larger than ${maxBytes} bytes: raise limits.document`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
