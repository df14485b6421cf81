import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    title: 'Einbetten',
    lead: 'Fügen Sie diese Zeile in Ihre Seite ein. Das Diagramm bleibt dort aktuell; Quelle und Lizenz stehen darin.',
    code: 'Code zum Einbetten',
    copy: 'Code kopieren',
    preview: 'Vorschau',
    previewOf: 'Vorschau: {name}',
  },
  en: {
    title: 'Embed',
    lead: 'Put this line into your page. The chart stays up to date there; source and licence stand in it.',
    code: 'Code for embedding',
    copy: 'Copy code',
    preview: 'Preview',
    previewOf: 'Preview: {name}',
  },
})
