import type { StyleSpecification } from 'maplibre-gl'

/** Light ground becomes dark, and each colour keeps its hue: water stays blue. */
const INVERTED = 'invert(0.92) hue-rotate(180deg) brightness(0.9) contrast(0.85) saturate(0.6)'
/** A photograph turned inside out is none: it only steps back. */
const DIMMED = 'brightness(0.6) saturate(0.7)'

/** What makes a foreign style bearable beside dark pages: nothing if it is dark itself. */
export function darkFilter({ layers, sources }: StyleSpecification): string {
  const ground = layers.find((layer) => layer.type === 'background')
  const color = ground?.paint?.['background-color']
  if (typeof color === 'string' && isDark(color)) return ''
  return Object.values(sources).some(({ type }) => type === 'vector' || type === 'geojson') ? INVERTED : DIMMED
}

/** Whether a colour as styles write it most (`#rgb`, `#rrggbb`, `rgb()`, `hsl()`) is dark; any other counts as light. */
function isDark(color: string): boolean {
  const hsl = /^hsla?\([^,%]+[,\s]\s*[\d.]+%[,\s]\s*([\d.]+)%/.exec(color)
  if (hsl) return Number(hsl[1]) < 40
  const hex = /^#([0-9a-f]{3,8})$/i.exec(color)?.[1]
  const long = hex && (hex.length < 6 ? [...hex].map((one) => one + one).join('') : hex)
  const parts = long
    ? [0, 2, 4].map((at) => Number.parseInt(long.slice(at, at + 2), 16))
    : (/^rgba?\(([\d.]+)[,\s]+([\d.]+)[,\s]+([\d.]+)/.exec(color)?.slice(1).map(Number) ?? [])
  const [r = 255, g = 255, b = 255] = parts
  return 0.2126 * r + 0.7152 * g + 0.0722 * b < 100
}
