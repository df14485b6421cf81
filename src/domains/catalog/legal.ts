import Type, { type Static } from 'typebox'

const text = (maxLength: number) => Type.Union([Type.String({ minLength: 1, maxLength }), Type.Null()])

/** What the law makes a city say of itself on its pages; null = not stated yet. Addresses may have several lines. */
export const LegalSchema = Type.Object(
  {
    /** Who is responsible: "Stadt Musterhausen, Amt für Digitales". */
    body: text(300),
    address: text(500),
    /** Who represents it: "Oberbürgermeisterin Dr. Erika Muster". */
    representative: text(300),
    email: text(254),
    phone: text(60),
    dataProtectionOfficer: text(1000),
    supervisoryAuthority: text(1000),
    /** Where barriers are reported: an e-mail address; feedback from the form goes there, too. */
    accessibilityContact: text(254),
    /** The body that mediates when the city does not answer (BGG §16 and the laws of the Länder). */
    enforcementBody: text(1000),
    /** Day the accessibility statement was made or last looked over, `2026-11-24`. */
    statementDate: Type.Union([Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }), Type.Null()]),
    /** How it was made: by the city itself or by somebody else (Decision (EU) 2018/1523). */
    statementMethod: Type.Union([Type.Enum(['self', 'external']), Type.Null()]),
    /** Barriers that are known; null = none are. */
    knownBarriers: text(4000),
  },
  { additionalProperties: false },
)
export type Legal = Static<typeof LegalSchema>

export const NO_LEGAL: Legal = {
  body: null,
  address: null,
  representative: null,
  email: null,
  phone: null,
  dataProtectionOfficer: null,
  supervisoryAuthority: null,
  accessibilityContact: null,
  enforcementBody: null,
  statementDate: null,
  statementMethod: null,
  knownBarriers: null,
}
