import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    title: 'Teilen',
    link: 'Link zu dieser Ansicht',
    copy: 'Kopieren',
    pass: 'Weitergeben …',
    code: 'QR-Code für das Gerät',
    codeOf: 'QR-Code zur Messstelle {name}',
    codeHint:
      'Er führt zum Steckbrief dieser Messstelle: was sie misst, wer sie betreibt, was gespeichert wird und wie lange.',
    sticker: 'Aufkleber drucken',
    svg: 'Code als SVG',
  },
  en: {
    title: 'Share',
    link: 'Link to this view',
    copy: 'Copy',
    pass: 'Pass on …',
    code: 'QR code for the device',
    codeOf: 'QR code to the station {name}',
    codeHint: 'It leads to this station’s profile: what it measures, who runs it, what is kept and for how long.',
    sticker: 'Print a sticker',
    svg: 'Code as SVG',
  },
})
