import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { plainCause } from './plain-cause.ts'

describe('causes in plain words', () => {
  const known: [cause: string, text: RegExp][] = [
    ['https://daten.example answered 503', /^https:\/\/daten\.example ist gestört \(Antwort 503\)\.$/],
    ['https://daten.example answered 404', /nichts mehr/],
    ['https://daten.example answered 401', /verweigert den Zugang/],
    ['https://x.example cannot be reached: connect ECONNREFUSED', /^https:\/\/x\.example ist nicht erreichbar\.$/],
    [
      'https://x.example cannot be reached: "x" leads to 10.0.0.1, which is not a public address (the operator can …)',
      /im eigenen Netz/,
    ],
    ['https://x.example did not arrive within 10m', /nicht rechtzeitig/],
    ['there is no file or folder /srv/x.csv', /fehlt/],
    ['the definition uses $SOURCE_KEY, but the environment of the platform has no such variable', /fehlt \$SOURCE_KEY/],
    ['x.csv: the time column "Zeit" is not in the header; did you mean "zeit"?', /Spalte fehlt/],
    ['x.json: the document ends in the middle: it was cut off', /endet mittendrin/],
    ['x.csv: the file is empty', /ist leer/],
    ['x.xlsx: the workbook is larger than 67108864 bytes (limits.document)', /größer als erlaubt/],
    ['x.json: the document is not JSON: Unexpected token', /nicht das erwartete Format/],
    ['The run was stopped.', /angehalten/],
    ['The process ended before the run did.', /bevor der Lauf fertig war/],
    ['nothing good since 2026-08-20T12:00:00Z', /keine neuen Werte/],
  ]
  for (const [cause, text] of known) {
    it(cause, () => {
      const plain = plainCause(cause)
      assert.match(plain.text, text)
      assert.ok(plain.advice.length > 10)
    })
  }

  it('leave what they do not know as it is', () => {
    assert.equal(plainCause('Batterie tauschen').text, 'Batterie tauschen')
  })
})
