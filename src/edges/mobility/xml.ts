/** An element on its way out; texts and attributes are escaped when it is written. */
export interface Out {
  name: string
  attributes: Record<string, string | number>
  children: readonly (Out | string)[]
}

type Child = Out | string | number | null | undefined | readonly Child[]

/** Builds an element; children that are null or undefined are left out. */
export function el(name: string, attributes: Record<string, string | number>, ...children: Child[]): Out {
  const flat = children
    .flat(4)
    .filter((child): child is Out | string | number => child !== null && child !== undefined)
    .map((child) => (typeof child === 'number' ? String(child) : (child as Out | string)))
  return { name, attributes, children: flat }
}

// Characters XML 1.0 has no place for.
// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are taken out
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string) => text.replace(FORBIDDEN, '').replace(/[&<>"]/g, (one) => ESCAPES[one]!)

/** The document as text. */
export function documentOf(root: Out): string {
  const parts: string[] = ['<?xml version="1.0" encoding="UTF-8"?>\n']
  write(root, parts)
  return parts.join('')
}

function write({ name, attributes, children }: Out, parts: string[]): void {
  parts.push('<', name)
  for (const [key, value] of Object.entries(attributes)) parts.push(' ', key, '="', escaped(String(value)), '"')
  if (children.length === 0) {
    parts.push('/>')
    return
  }
  parts.push('>')
  for (const child of children) {
    if (typeof child === 'string') parts.push(escaped(child))
    else write(child, parts)
  }
  parts.push('</', name, '>')
}
