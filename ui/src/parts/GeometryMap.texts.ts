import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    map: 'Karte; mit Pfeiltasten verschieben, mit + und − vergrößern',
    drawingMap: 'Karte zum Zeichnen; dasselbe steht darunter als Text',
  },
  en: {
    map: 'Map; arrow keys move it, + and − zoom',
    drawingMap: 'Map to draw on; the text below says the same',
  },
})
