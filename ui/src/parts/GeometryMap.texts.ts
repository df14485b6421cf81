import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    map: 'Karte; mit Pfeiltasten verschieben, mit + und − vergrößern',
    drawingMap:
      'Karte zum Zeichnen; Pfeiltasten verschieben sie, Eingabe setzt in der Mitte einen Punkt, Rücktaste nimmt den letzten weg; dasselbe steht darunter als Text',
    'corners.one': '{n} Punkt gesetzt',
    'corners.other': '{n} Punkte gesetzt',
  },
  en: {
    map: 'Map; arrow keys move it, + and − zoom',
    drawingMap:
      'Map to draw on; arrow keys move it, Enter sets a point in the middle, Backspace takes the last away; the text below says the same',
    'corners.one': '{n} point set',
    'corners.other': '{n} points set',
  },
})
