import type { Bounds } from './camera.ts'

/** Larger cities, the largest first: enough to find one's way on a map without a ground. Longitude, latitude. */
const CITIES: readonly (readonly [string, number, number])[] = [
  ['Berlin', 13.4, 52.52],
  ['Hamburg', 9.99, 53.55],
  ['München', 11.58, 48.14],
  ['Köln', 6.96, 50.94],
  ['Frankfurt', 8.68, 50.11],
  ['Leipzig', 12.37, 51.34],
  ['Stuttgart', 9.18, 48.78],
  ['Hannover', 9.73, 52.37],
  ['Nürnberg', 11.08, 49.45],
  ['Dresden', 13.74, 51.05],
  ['Bremen', 8.8, 53.08],
  ['Rostock', 12.1, 54.09],
  ['Freiburg', 7.85, 48.0],
  ['Kassel', 9.48, 51.31],
  ['Saarbrücken', 6.99, 49.24],
  ['Kiel', 10.14, 54.32],
  ['Dortmund', 7.47, 51.51],
  ['Erfurt', 11.03, 50.98],
  ['Magdeburg', 11.63, 52.13],
  ['Würzburg', 9.93, 49.79],
  ['Münster', 7.63, 51.96],
  ['Regensburg', 12.1, 49.02],
  ['Karlsruhe', 8.4, 49.01],
  ['Ulm', 9.99, 48.4],
  ['Osnabrück', 8.05, 52.28],
  ['Schwerin', 11.42, 53.63],
  ['Bielefeld', 8.53, 52.02],
  ['Mannheim', 8.47, 49.49],
  ['Augsburg', 10.9, 48.37],
  ['Koblenz', 7.59, 50.36],
  ['Cottbus', 14.33, 51.76],
  ['Oldenburg', 8.21, 53.14],
  ['Lübeck', 10.69, 53.87],
  ['Passau', 13.43, 48.57],
  ['Chemnitz', 12.92, 50.83],
  ['Konstanz', 9.18, 47.66],
  ['Trier', 6.64, 49.75],
  ['Flensburg', 9.44, 54.78],
  ['Aachen', 6.08, 50.78],
  ['Göttingen', 9.93, 51.53],
]

const STEPS = [10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]

/** Multiples of a round number of degrees within a span; at least three of them where that is possible. */
export function roundDegrees(from: number, to: number): number[] {
  const step = STEPS.find((one) => (to - from) / one >= 3) ?? STEPS.at(-1)!
  const found: number[] = []
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + 1e-9; i++) found.push(Number((i * step).toFixed(3)))
  return found
}

export interface Place {
  name: string
  x: number
  y: number
}

type Project = (lon: number, lat: number) => [x: number, y: number]

/** Cities within the picture whose names do not cover one another; larger ones first. */
export function citiesIn([w, s, e, n]: Bounds, project: Project): Place[] {
  const taken: [number, number, number, number][] = []
  const found: Place[] = []
  for (const [name, lon, lat] of CITIES) {
    if (lon < w || lon > e || lat < s || lat > n) continue
    const [x, y] = project(lon, lat)
    const box: [number, number, number, number] = [x - 6, y - 10, x + 10 + name.length * 7.5, y + 10]
    if (taken.some((t) => box[0] < t[2] && box[2] > t[0] && box[1] < t[3] && box[3] > t[1])) continue
    taken.push(box)
    found.push({ name, x, y })
  }
  return found
}
