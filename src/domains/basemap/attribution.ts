const escaped = (text: string): string =>
  text
    .replace(/&(?!(#\d+|#x[0-9a-f]+|[a-z]+);)/gi, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;')

/**
 * An attribution as it may stand in our pages: its text, and links to http(s) without a query (keys may stand there).
 * Images, scripts and styles of the upstream's are dropped: nothing may be loaded from elsewhere.
 */
export function cleanAttribution(html: string): string {
  let clean = ''
  let open = false
  for (const [, tag, text] of html.slice(0, 2_000).matchAll(/<([^>]*)>|([^<]+)/g)) {
    if (text !== undefined) {
      clean += escaped(text)
      continue
    }
    const href = /^a\s[^>]*?href\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(tag!)
    const url = href ? safeLink(href[1] ?? href[2] ?? '') : null
    if (url && !open) {
      clean += `<a href="${escaped(url)}" rel="noopener">`
      open = true
    } else if (open && /^\/a\s*$/i.test(tag!)) {
      clean += '</a>'
      open = false
    }
  }
  return `${clean}${open ? '</a>' : ''}`.trim()
}

function safeLink(text: string): string | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return null
  return `${url.origin}${url.pathname}${url.hash}`
}

/** Several attributions as one, each once; null where there is none. */
export function joinAttributions(parts: readonly (string | null | undefined)[]): string | null {
  const clean = parts.map((part) => cleanAttribution(part ?? '')).filter(Boolean)
  const kept = clean.filter(
    (one, i) => !clean.some((other, j) => j !== i && other.includes(one) && (other !== one || j < i)),
  )
  return kept.length > 0 ? kept.join(' | ') : null
}
