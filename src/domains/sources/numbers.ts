const strict = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$/
const german = /^[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?$/

/** Reads a number as files write it; NaN for anything else, Infinity included. Plain counts take the short way. */
export function readNumber(text: string): number {
  const length = text.length
  if (length < 16) {
    let value = 0
    let index = 0
    for (; index < length; index++) {
      const digit = text.charCodeAt(index) - 48
      if (!(digit >= 0 && digit <= 9)) break
      value = value * 10 + digit
    }
    if (index === length && length > 0) return value
  }
  const trimmed = text.trim()
  return strict.test(trimmed) ? finite(Number(trimmed)) : Number.NaN
}

/** The same with a decimal comma; points may group thousands (`1.234,5`). */
export function readCommaNumber(text: string): number {
  const trimmed = text.trim()
  if (!german.test(trimmed)) return Number.NaN
  return finite(Number(trimmed.replaceAll('.', '').replace(',', '.')))
}

function finite(value: number): number {
  return Number.isFinite(value) ? value : Number.NaN
}
