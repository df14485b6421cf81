import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    png: 'Diagramm als Bild (PNG) herunterladen',
    svg: 'Diagramm als Zeichnung (SVG) herunterladen',
    failed: 'Das Bild konnte nicht erzeugt werden. Nehmen Sie die Zeichnung (SVG).',
  },
  en: {
    png: 'Download the chart as an image (PNG)',
    svg: 'Download the chart as a drawing (SVG)',
    failed: 'The image could not be made. Take the drawing (SVG).',
  },
})
