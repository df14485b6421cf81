import Type, { type Static } from 'typebox'

/** Shapes of "add a source by form". The mapping is checked as the definition it becomes, with line and field. */
export const DraftParams = Type.Object({ id: Type.String({ pattern: '^[a-z0-9]{12}$' }) })
export type DraftParams = Static<typeof DraftParams>

export const DraftPartParams = Type.Object({
  ...DraftParams.properties,
  part: Type.String({ minLength: 1, maxLength: 64 }),
})
export type DraftPartParams = Static<typeof DraftPartParams>

export const NewPart = Type.Object(
  { url: Type.String({ pattern: '^https?://', maxLength: 2000 }) },
  { additionalProperties: false },
)
export type NewPart = Static<typeof NewPart>

export const FileQuery = Type.Object(
  { name: Type.String({ minLength: 1, maxLength: 200, description: 'Name of the file that is sent as the body' }) },
  { additionalProperties: false },
)
export type FileQuery = Static<typeof FileQuery>

export const NewDraft = Type.Object(
  {
    url: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 2000 })),
    topic: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'Waits for the first message' })),
    webhook: Type.Optional(
      Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$', description: 'Waits for what is posted under this id' }),
    ),
  },
  { additionalProperties: false, description: 'Exactly one' },
)
export type NewDraft = Static<typeof NewDraft>

export const DraftChange = Type.Object(
  {
    mapping: Type.Optional(
      Type.Object(
        { columns: Type.Array(Type.Object({}, { additionalProperties: true }), { maxItems: 5000 }) },
        {
          additionalProperties: true,
        },
      ),
    ),
    // Not a union: with coercion on, a union would turn null into an empty text.
    yaml: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: 1_000_000 })),
  },
  {
    additionalProperties: false,
    description: 'The choices, or the text edited by hand; null goes back to the choices',
  },
)

export const DraftReading = Type.Object(
  {
    separator: Type.Optional(Type.String({ minLength: 1, maxLength: 4 })),
    decimal: Type.Optional(Type.Enum([',', '.'])),
    encoding: Type.Optional(Type.Enum(['utf-8', 'iso-8859-1', 'iso-8859-15', 'windows-1252', 'utf-16le', 'utf-16be'])),
    header: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 400, description: 'Line of the header, from 1; 0 where there is none' }),
    ),
    rows: Type.Optional(Type.String({ minLength: 1, maxLength: 500, description: 'json: path to the rows' })),
    sheet: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, description: 'xlsx: number of the sheet' })),
  },
  { additionalProperties: false, description: 'What is left out is recognised' },
)
export type DraftReading = Static<typeof DraftReading>

export const DraftAnswer = Type.Object(
  {
    id: Type.String(),
    kind: Type.Enum(['file', 'http', 'mqtt', 'webhook']),
    name: Type.String(),
    origin: Type.String(),
    detection: Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()]),
    mapping: Type.Union([Type.Object({}, { additionalProperties: true }), Type.Null()]),
    text: Type.Union([Type.String(), Type.Null()], { description: 'The definition that would be saved, YAML' }),
    issues: Type.Union(
      [
        Type.Array(Type.Object({ line: Type.Optional(Type.Integer()), field: Type.String(), message: Type.String() })),
        Type.Null(),
      ],
      { description: 'What that text lacks to be a definition' },
    ),
    parts: Type.Array(
      Type.Object({
        role: Type.String(),
        origin: Type.String(),
        schedule: Type.Union([Type.String(), Type.Null()], { description: 'null: read together with the source' }),
      }),
      { description: 'Further addresses and files that belong to it' },
    ),
    source: Type.Union([Type.String(), Type.Null()]),
  },
  { additionalProperties: true },
)
