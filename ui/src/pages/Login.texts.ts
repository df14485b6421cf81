import { texts } from '../lib/texts.ts'

export const t = texts({
  de: {
    title: 'Anmelden',
    lead: 'Für die Verwaltung. Zum Ansehen der freigegebenen Daten brauchen Sie keine Anmeldung.',
    expired: 'Dieser Link wurde schon benutzt oder ist abgelaufen. Ein Link gilt 24 Stunden und nur einmal.',
    how: 'Sie melden sich mit einem Einmal-Link an. Wer den Rechner betreibt, erzeugt ihn mit diesem Befehl:',
    already: 'Sie sind angemeldet.',
    goOn: 'Zur Verwaltung',
  },
  en: {
    title: 'Sign in',
    lead: 'For the administration. Looking at released data needs no account.',
    expired: 'This link was used before or has expired. A link is good for 24 hours, and once only.',
    how: 'You sign in by a one-time link. Whoever runs the machine makes one by this command:',
    already: 'You are signed in.',
    goOn: 'To the administration',
  },
})
