/** A cause in the words of people who did not write the program, and what they can do. */
export interface PlainCause {
  text: string
  advice: string
}

type Words = [pattern: RegExp, text: (match: RegExpExecArray) => string, advice: string]

const ASK = 'Fragen Sie den Betreiber der Quelle. Es wird von selbst weiter versucht.'
const DEFINITION = 'Prüfen Sie die Beschreibung der Quelle: Die Datei hat vermutlich ihren Aufbau geändert.'

/** Causes as the program notes them, most telling first. What fits none is shown as it is. */
const WORDS: Words[] = [
  [
    /^(\S+) answered (401|403)/,
    ([, host, status]) => `${host} verweigert den Zugang (Antwort ${status}).`,
    'Prüfen Sie den Zugangsschlüssel der Quelle.',
  ],
  [
    /^(\S+) answered (404|410)/,
    ([, host, status]) => `${host} hat unter dieser Adresse nichts mehr (Antwort ${status}).`,
    'Suchen Sie die neue Adresse und tragen Sie sie in der Quelle ein.',
  ],
  [/^(\S+) answered (5\d\d)/, ([, host, status]) => `${host} ist gestört (Antwort ${status}).`, ASK],
  [/^(\S+) answered (\d+)/, ([, host, status]) => `${host} antwortet mit ${status} statt mit Daten.`, ASK],
  [
    /not a public address/,
    () => 'Die Adresse liegt im eigenen Netz und darf nicht abgerufen werden.',
    'Wer den Rechner betreibt, kann es mit ZAHNRAD_ALLOW_PRIVATE=1 erlauben.',
  ],
  [
    /the feed stands still: it is of (\S+?),/,
    ([, time]) => `Die Quelle antwortet, aber ihre Daten stehen still (Stand ${time}).`,
    'Sie werden nicht mehr als aktuell gezeigt. Fragen Sie den Betreiber der Quelle.',
  ],
  [/^(\S+) cannot be reached/, ([, host]) => `${host} ist nicht erreichbar.`, ASK],
  [/redirects more than/, () => 'Die Adresse leitet im Kreis weiter.', 'Prüfen Sie die Adresse der Quelle.'],
  [/did not arrive within/, () => 'Die Daten kamen nicht rechtzeitig an.', ASK],
  [
    /there is no file or folder/,
    () => 'Die Datei oder der Ordner fehlt.',
    'Prüfen Sie den Pfad der Quelle und ob die Lieferung dort ankommt.',
  ],
  [/cannot be read: /, () => 'Die Datei kann nicht gelesen werden.', 'Prüfen Sie, ob das Programm sie lesen darf.'],
  [
    /uses (\$\w+), but the environment/,
    ([, name]) => `In der Umgebung des Programms fehlt ${name}.`,
    'Wer den Rechner betreibt, muss diese Angabe setzen.',
  ],
  [
    /no file of .* matches/,
    () => 'In der Lieferung ist keine passende Datei.',
    'Prüfen Sie from.files in der Beschreibung.',
  ],
  [
    /limits\.\w+|bytes long|bytes allowed|looks like a trap|more than the \d+ allowed/,
    () => 'Die Lieferung ist größer als erlaubt.',
    'Ist die Größe richtig, dann erhöhen Sie die Grenze unter limits in der Beschreibung.',
  ],
  [/is empty$/, () => 'Die Datei ist leer.', ASK],
  [/cut off/, () => 'Die Datei endet mittendrin.', ASK],
  [
    /encod|UTF-8/i,
    () => 'Der Zeichensatz der Datei ist ein anderer als angegeben.',
    'Prüfen Sie format.encoding in der Beschreibung.',
  ],
  [/column|header/, () => 'Eine Spalte fehlt oder heißt anders als erwartet.', DEFINITION],
  [/not readable as|not JSON|format\.rows/, () => 'Die Datei hat nicht das erwartete Format.', DEFINITION],
  [
    /run was stopped|platform is stopping/,
    () => 'Der Lauf wurde angehalten.',
    'Führen Sie die Quelle noch einmal aus: Was schon gespeichert ist, bleibt.',
  ],
  [
    /process ended before/,
    () => 'Das Programm endete, bevor der Lauf fertig war.',
    'Führen Sie die Quelle noch einmal aus: Was schon gespeichert ist, bleibt.',
  ],
  [
    /^nothing good since|^nothing came yet/,
    () => 'Es kommen keine neuen Werte.',
    'Prüfen Sie, ob Geräte und Absender arbeiten und ob die Adresse noch stimmt.',
  ],
]

/** In German, without what only programmers read. The text as noted stays available beside it. */
export function plainCause(cause: string): PlainCause {
  for (const [pattern, text, advice] of WORDS) {
    const match = pattern.exec(cause)
    if (match) return { text: text(match), advice }
  }
  return { text: cause, advice: 'Sehen Sie in das Protokoll der Quelle.' }
}
