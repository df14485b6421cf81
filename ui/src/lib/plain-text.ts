/**
 * Texts on boards: headings, paragraphs, lists, bold words and links — read into a tree that the page draws with elements
 * of its own. There is no way from here to HTML, so a hostile text stays a text.
 */
export type Span = { text: string; bold?: true; href?: string }

export type Block =
  | { kind: 'heading'; level: 1 | 2; spans: Span[] }
  | { kind: 'paragraph'; lines: Span[][] }
  | { kind: 'list'; ordered: boolean; items: Span[][] }

const HEADING = /^(#{1,3})\s+(.+?)\s*#*$/
const BULLET = /^\s{0,3}[-*•]\s+(.+)$/
const NUMBER = /^\s{0,3}\d{1,3}[.)]\s+(.+)$/
const INLINE = /\*\*(.{1,500}?)\*\*|\[([^[\]]{1,300})\]\(([^()\s]{1,1000})\)/g

export function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let open: Block | null = null
  for (const line of text.split('\n')) {
    const heading = HEADING.exec(line)
    const bullet = BULLET.exec(line)
    const item = bullet ?? NUMBER.exec(line)
    if (line.trim() === '') open = null
    else if (heading) {
      open = null
      blocks.push({ kind: 'heading', level: heading[1] === '#' ? 1 : 2, spans: spansOf(heading[2]!) })
    } else if (item) {
      const ordered = !bullet
      if (open?.kind !== 'list' || open.ordered !== ordered) {
        open = { kind: 'list', ordered, items: [] }
        blocks.push(open)
      }
      open.items.push(spansOf(item[1]!))
    } else {
      if (open?.kind !== 'paragraph') {
        open = { kind: 'paragraph', lines: [] }
        blocks.push(open)
      }
      open.lines.push(spansOf(line.trim()))
    }
  }
  return blocks
}

function spansOf(text: string): Span[] {
  const spans: Span[] = []
  let at = 0
  for (const found of text.matchAll(INLINE)) {
    const [whole, bold, label, target] = found
    const href = target === undefined ? null : safeTarget(target)
    if (bold === undefined && href === null) continue
    if (found.index > at) spans.push({ text: text.slice(at, found.index) })
    spans.push(bold === undefined ? { text: label!, href: href! } : { text: bold, bold: true })
    at = found.index + whole.length
  }
  if (at < text.length) spans.push({ text: text.slice(at) })
  return spans
}

/** Web addresses, mail addresses and pages of this platform; anything else is no link. */
function safeTarget(target: string): string | null {
  if (/^\/(?![/\\])/.test(target)) return target
  if (!/^(https?:\/\/|mailto:)/i.test(target) || !URL.canParse(target)) return null
  const { protocol } = new URL(target)
  return ['http:', 'https:', 'mailto:'].includes(protocol) ? target : null
}
