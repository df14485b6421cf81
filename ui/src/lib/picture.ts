import type { Station } from './api.ts'
import type { Panel, Picture } from './chart-svg.ts'
import { holidaysIn } from './holidays.ts'
import { t } from './picture.texts.ts'
import { app } from './state.svelte.ts'
import type { Span } from './view.ts'

export interface Drawing {
  title: string
  subtitle: string
  panels: Panel[]
  span: Span
  stations: Station[]
  /** Public address of what is shown. */
  address: string
}

/** Everything a picture says beside its lines: from whom, under which licence, of when, and whether it is measured. */
export function pictureOf({ title, subtitle, panels, span, stations, address }: Drawing): Picture {
  const datasets = new Map(stations.map((s) => [s.dataset.id, s.dataset]))
  const sources = [...datasets.values()].map((d) => {
    const by = d.attribution ?? d.publisher ?? d.title
    const licence = d.licenceName ?? d.licence
    return t('source', { source: licence ? `${by} (${licence})` : by })
  })
  return {
    title,
    subtitle,
    panels,
    notes: [...new Set(sources), t('date', { date: app.format.dateTime(app.now), zone: app.zone.name }), address],
    mark: stations.some((s) => s.dataset.simulated) ? t('mark') : null,
    span,
    zone: app.zone,
    format: app.format,
    holidays: holidaysIn(span, app.zone, app.city?.key ?? null, app.lang),
    words: { suspect: t('suspect'), gap: t('gap'), previous: t('previous') },
  }
}

/** Hands a file to the visitor. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export const svgBlob = (svg: string): Blob => new Blob([svg], { type: 'image/svg+xml' })

/** The same picture in pixels, twice as fine as the drawing's own size. */
export async function pngBlob(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(svgBlob(svg))
  try {
    const image = new Image()
    image.src = url
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.naturalWidth * 2
    canvas.height = image.naturalHeight * 2
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height)
    return await new Promise<Blob>((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'),
    )
  } finally {
    URL.revokeObjectURL(url)
  }
}

/** `promenade-nord_2026-08-14_2026-08-20`: safe on every file system. */
export function fileName(title: string, span: Span): string {
  const letters: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' }
  const plain = title
    .toLowerCase()
    .replace(/[äöüß]/g, (c) => letters[c]!)
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 60)
  return `${plain || 'diagramm'}_${app.zone.isoDate(span.from)}_${app.zone.isoDate(span.to - 1)}`
}
