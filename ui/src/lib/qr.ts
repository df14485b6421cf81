import { encode } from 'uqr'

/** Light modules around the code: readers want four (ISO/IEC 18004 §5.3.8). */
const QUIET = 4

/** The modules of a QR code as one SVG path in units of a module, and the side of the square it fills. */
export function qrPath(text: string): { path: string; size: number } {
  // Level Q survives a quarter of the code being scratched off: it hangs in the street.
  const { data, size } = encode(text, { ecc: 'Q', border: QUIET })
  let path = ''
  data.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue
      const start = x
      while (row[x + 1]) x++
      path += `M${start} ${y}h${x - start + 1}v1H${start}z`
    }
  })
  return { path, size }
}

/** A QR code as a standalone SVG document: black on white whatever the theme, as readers need it. */
export function qrSvg(text: string, title: string): string {
  const { path, size } = qrPath(text)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="480" height="480" role="img" shape-rendering="crispEdges"><title>${escaped(title)}</title><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>`
}

/** Text as it may stand in XML. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!)
