/** A text as data hold it (plain, in lines, or by language) as a form's two fields. */
export function twoTexts(value: unknown): { de: string; en: string } {
  if (typeof value === 'string') return { de: value, en: '' }
  if (Array.isArray(value)) return { de: value.filter((one) => typeof one === 'string').join(' '), en: '' }
  const { de, en } = (value ?? {}) as { de?: unknown; en?: unknown }
  return { de: typeof de === 'string' ? de : '', en: typeof en === 'string' ? en : '' }
}

/** The form's two fields as data; what was there, when nothing changed, so that nothing counts as changed. */
export function fromTwo(before: unknown, { de, en }: { de: string; en: string }): unknown {
  const was = twoTexts(before)
  if (was.de === de && was.en === en) return before
  const found = { ...(de.trim() && { de: de.trim() }), ...(en.trim() && { en: en.trim() }) }
  return Object.keys(found).length > 0 ? found : undefined
}
