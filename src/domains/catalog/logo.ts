import { createHash } from 'node:crypto'
import { Problem } from '../../kernel/problem.ts'

/** A picture the header shows in place of the platform's mark. */
export interface Logo {
  type: 'image/png' | 'image/svg+xml'
  bytes: Buffer
  /** Changes with the bytes: stands in its address, so that browsers may keep it for good. */
  version: string
}

export const LOGO_BYTES = 256 * 1024
const LONGEST_SIDE = 4096
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/**
 * What an SVG could do beyond being a picture. It is served in a sandbox without any rights and shown as `<img>`, where
 * none of it works; refusing it here says so to who uploads it, and keeps it from whoever opens the file elsewhere.
 */
const UNSAFE: readonly [RegExp, string][] = [
  [/<!(doctype|entity)/i, 'a document type or entity'],
  [/<\?xml-stylesheet/i, 'a style sheet from elsewhere'],
  [
    /<(?:[\w-]+:)?(script|foreignobject|iframe|object|embed|audio|video|handler|listener)[\s/>]/i,
    'a script or embedded page',
  ],
  [/\son[a-z]+\s*=/i, 'an event handler'],
  [/javascript:/i, 'a script address'],
  [
    /(?:href|src)\s*=\s*["']?\s*(?!["']?\s*(?:#|data:image\/(?:png|jpeg|webp|gif);))[^\s"'>]/i,
    'a link to something outside itself',
  ],
  [/@import|url\(\s*["']?\s*(?!["']?\s*(?:#|data:))[^\s"')]/i, 'a style that loads something'],
]

/** Checks an uploaded picture; throws Problem 413 or 422 that says what is wrong with it. */
export function checkLogo(bytes: Buffer): Logo {
  if (bytes.length > LOGO_BYTES)
    throw new Problem(
      413,
      'logo-too-large',
      `The logo has ${bytes.length} bytes, at most ${LOGO_BYTES} (256 KB) are taken.`,
    )
  const version = createHash('sha256').update(bytes).digest('hex').slice(0, 16)
  if (bytes.subarray(0, PNG.length).equals(PNG)) {
    checkPng(bytes)
    return { type: 'image/png', bytes, version }
  }
  checkSvg(bytes)
  return { type: 'image/svg+xml', bytes, version }
}

/** The header (PNG §11.2.1, IHDR) comes first and tells the size. */
function checkPng(bytes: Buffer): void {
  if (bytes.length < 33 || bytes.toString('latin1', 12, 16) !== 'IHDR')
    throw new Problem(422, 'logo-broken', 'The file begins like a PNG picture but is not a whole one.')
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  if (width < 1 || height < 1 || width > LONGEST_SIDE || height > LONGEST_SIDE)
    throw new Problem(
      422,
      'logo-too-large',
      `The picture is ${width} × ${height} pixels, at most ${LONGEST_SIDE} × ${LONGEST_SIDE} are taken.`,
    )
}

function checkSvg(bytes: Buffer): void {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw notAPicture()
  }
  const inner = text.replace(/^\uFEFF?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*)*/, '')
  if (!/^<(?:!doctype\s|(?:svg:)?svg[\s>])/i.test(inner) || !/<\/(?:svg:)?svg>\s*(?:<!--[\s\S]*?-->\s*)*$/.test(text))
    throw notAPicture()
  // References to characters could hide any of these words.
  const plain = text.replace(/&#(x?)([0-9a-f]+);?/gi, (_, hex: string, code: string) =>
    String.fromCharCode(Number.parseInt(code, hex ? 16 : 10) & 0xffff),
  )
  for (const [pattern, what] of UNSAFE) {
    if (pattern.test(plain))
      throw new Problem(422, 'logo-unsafe', `The SVG holds ${what}: export it again as a plain picture, or take a PNG.`)
  }
}

function notAPicture(): Problem {
  return new Problem(422, 'logo-not-a-picture', 'The logo must be a PNG or an SVG picture; this file is neither.')
}
