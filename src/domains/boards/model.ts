import Type, { type Static } from 'typebox'

/** Most boards one platform keeps, deleted ones that can still be restored included. */
export const MAX_BOARDS = 500
export const MAX_ITEMS = 24
/** Series one board may name, all items together: as many as one stream of events and one request for figures take. */
export const MAX_SERIES_OF_BOARD = 100
export const MAX_TEXT = 5_000
/** How long a deleted board can be brought back. */
export const RESTORE_DAYS = 30

const strict = { additionalProperties: false }
const DatastreamId = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Datastream id' })
const GroupKey = Type.String({
  minLength: 1,
  maxLength: 100,
  description: 'Group of stations: the key of what is observed',
})
const Slug = Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' })
const Title = Type.String({ maxLength: 120, description: 'Empty: named after what it shows' })

/** Where and how large: columns of four, rows of the grid. */
const size = {
  title: Type.Optional(Title),
  width: Type.Integer({ minimum: 1, maximum: 4, description: 'Columns, of four' }),
  height: Type.Integer({ minimum: 1, maximum: 4, description: 'Rows' }),
}

export const ChartItem = Type.Object(
  {
    kind: Type.Literal('chart'),
    ...size,
    series: Type.Array(DatastreamId, { minItems: 1, maxItems: 5, uniqueItems: true }),
    range: Type.Enum(['24h', '7d', '30d', '1y'], { description: 'The stretch up to the newest value' }),
    resolution: Type.Enum(['auto', 'raw', 'hour', 'day', 'week', 'month']),
    compare: Type.Boolean({ description: 'Show the same stretch of the previous year' }),
  },
  strict,
)
export const FigureItem = Type.Object(
  {
    kind: Type.Literal('figure'),
    ...size,
    series: Type.Optional(DatastreamId),
    group: Type.Optional(GroupKey),
    show: Type.Enum(['latest', 'day'], { description: 'Newest value, or what the day adds up to' }),
  },
  { ...strict, description: 'Names either one series or a group, whose stations are taken together' },
)
const stations = {
  dataset: Type.Optional(Slug),
  group: Type.Optional(GroupKey),
}
export const MapItem = Type.Object({ kind: Type.Literal('map'), ...size, ...stations }, strict)
export const ListItem = Type.Object({ kind: Type.Literal('list'), ...size, ...stations }, strict)
export const TextItem = Type.Object(
  {
    kind: Type.Literal('text'),
    ...size,
    text: Type.String({
      maxLength: MAX_TEXT,
      description: 'Paragraphs, "# headings", "- lists", "1. lists", **bold**, [links](https://…); never HTML',
    }),
  },
  strict,
)

/** The shape each kind of item must have. */
export const ITEMS = { chart: ChartItem, figure: FigureItem, map: MapItem, list: ListItem, text: TextItem }

export const BoardItem = Type.Union([ChartItem, FigureItem, MapItem, ListItem, TextItem])
export type BoardItem = Static<typeof BoardItem>

/** An item whose dataset or group the viewer may not know of: its place and its author's heading, nothing else. */
export const HiddenItem = Type.Object(
  { kind: Type.Enum(['figure', 'map', 'list']), ...size, hidden: Type.Literal(true) },
  strict,
)
export const ShownItem = Type.Union([...BoardItem.anyOf, HiddenItem])
export type ShownItem = BoardItem | Static<typeof HiddenItem>

export const Visibility = Type.Enum(['draft', 'published'], {
  description: 'draft: only the administration sees it · published: everyone who has the link',
})

export const BoardInput = Type.Object(
  {
    title: Type.String({ minLength: 1, maxLength: 120 }),
    description: Type.Optional(Type.String({ maxLength: 500 })),
    items: Type.Optional(Type.Array(BoardItem, { maxItems: MAX_ITEMS })),
    visibility: Type.Optional(Visibility),
  },
  strict,
)
export type BoardInput = Static<typeof BoardInput>

export interface Board {
  id: string
  title: string
  description: string
  items: BoardItem[]
  visibility: 'draft' | 'published'
  /** Counts the changes; who saves names the one they began with. */
  version: number
  createdAt: string
  changedAt: string
}

/** A board as its viewer may see it. */
export interface ShownBoard extends Omit<Board, 'items'> {
  items: ShownItem[]
}

/** A board as a list shows it: how many items of each kind are on it. */
export interface BoardSummary extends Omit<Board, 'items'> {
  kinds: Partial<Record<BoardItem['kind'], number>>
}
