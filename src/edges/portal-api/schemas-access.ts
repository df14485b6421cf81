import Type, { type Static, type TSchema } from 'typebox'
import { ROLES } from '../../domains/access/index.ts'

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const closed = { additionalProperties: false }
const name = Type.String({ minLength: 1, maxLength: 120 })
const email = Type.String({ minLength: 3, maxLength: 254 })
const time = Type.String({ format: 'date-time' })
const role = Type.Enum([...ROLES])
/** `platform`, `space:ID` or `dataset:ID`. */
const scope = Type.String({ pattern: '^(platform|(space|dataset):[a-z0-9][a-z0-9-]{0,62})$' })
const slug = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })

export const NumberParams = Type.Object({ id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }) }, closed)
export type NumberParams = Static<typeof NumberParams>

export const RenameBody = Type.Object({ name }, closed)
export const PasswordBody = Type.Object(
  { old: Type.String({ maxLength: 500 }), password: Type.String({ minLength: 1, maxLength: 500 }) },
  closed,
)
export const KeyBody = Type.Object(
  {
    name,
    expiresAt: nullable(time),
    grants: Type.Array(Type.Object({ role, on: scope }, closed), { minItems: 1, maxItems: 20 }),
  },
  closed,
)
export const InviteBody = Type.Object({ email, name, role: Type.Optional(role), on: Type.Optional(scope) }, closed)
export const BlockBody = Type.Object({ blocked: Type.Boolean() }, closed)
export const GroupBody = Type.Object(
  {
    slug,
    title: name,
    kind: Type.Enum(['department', 'organisation', 'project']),
    claim: nullable(Type.String({ minLength: 1, maxLength: 200 })),
  },
  closed,
)
export const MemberParams = Type.Object(
  {
    id: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
    account: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
  },
  closed,
)
export const GrantBody = Type.Object(
  {
    account: Type.Optional(Type.Integer({ minimum: 1 })),
    group: Type.Optional(Type.Integer({ minimum: 1 })),
    role,
    on: scope,
    until: nullable(time),
    note: Type.String({ maxLength: 500 }),
  },
  closed,
)
export const SpaceParams = Type.Object({ id: slug }, closed)
export const SpaceBody = Type.Object({ title: name, description: Type.String({ maxLength: 2000 }) }, closed)
export const SpaceOfBody = Type.Object({ space: nullable(slug) }, closed)
export const RightsQuery = Type.Object({ account: Type.Integer({ minimum: 1 }), dataset: slug }, closed)
const filter = {
  actor: Type.Optional(Type.String({ maxLength: 254 })),
  act: Type.Optional(Type.String({ maxLength: 60 })),
  object: Type.Optional(Type.String({ maxLength: 254 })),
  from: Type.Optional(time),
  to: Type.Optional(time),
}
export const AuditExport = Type.Object(
  { ...filter, format: Type.Optional(Type.Enum(['ndjson', 'csv'], { default: 'ndjson' })) },
  closed,
)
export const AuditSearch = Type.Object(
  {
    ...filter,
    before: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  },
  closed,
)
export const AskBody = Type.Object(
  {
    dataset: slug,
    purpose: Type.String({ minLength: 10, maxLength: 4000 }),
    until: time,
    terms: nullable(Type.Integer({ minimum: 1 })),
  },
  closed,
)
export const DecideBody = Type.Object(
  { grant: Type.Boolean(), reason: Type.Optional(Type.String({ maxLength: 2000 })), until: Type.Optional(time) },
  closed,
)
export const TermsQuery = Type.Object({ dataset: Type.Optional(slug) }, closed)
export const TermsBody = Type.Object(
  {
    dataset: nullable(slug),
    body: Type.String({ minLength: 1, maxLength: 50_000 }),
    odrl: nullable(Type.Record(Type.String({ maxLength: 200 }), Type.Unknown())),
  },
  closed,
)
