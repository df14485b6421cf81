/** What the grammar makes of $filter, $orderby, $select and $expand. `pos` is the 0-based character in the option's value. */
export type Expr =
  | { type: 'op'; op: string; args: Expr[]; pos: number }
  | { type: 'call'; name: string; args: Expr[]; pos: number }
  | { type: 'path'; segments: Segment[]; pos: number }
  | {
      type: 'lambda'
      segments: Segment[]
      which: 'any' | 'all'
      variable: string | null
      body: Expr | null
      pos: number
    }
  | { type: 'in'; value: Expr; list: Expr[]; pos: number }
  | Literal

export type Literal =
  | { type: 'number'; value: string; pos: number }
  | { type: 'string'; value: string; pos: number }
  | { type: 'boolean'; value: boolean; pos: number }
  | { type: 'null'; pos: number }
  | { type: 'time'; value: string; end: string | null; durationAt: 'start' | 'end' | null; pos: number }
  | { type: 'date'; value: string; pos: number }
  | { type: 'timeOfDay'; value: string; pos: number }
  | { type: 'duration'; value: string; pos: number }
  | { type: 'geometry'; value: string; pos: number }

/** One step of a path; array indices (`list[0]`) come as segments of their own with `index`. */
export interface Segment {
  name: string
  index?: boolean
  pos: number
}

export interface OrderItem {
  expr: Expr
  desc: boolean
}

export interface SelectItem {
  /** A property or relation, or a place inside a property's JSON. */
  path: Segment[]
  pos: number
}

export interface ExpandItem {
  path: Segment[]
  /** Where `/$ref` stands: the references instead of the entities. */
  ref: number | null
  options: NestedOption[]
}

/** An option inside the brackets of $expand; `raw` is its text, for the nextLink of the nested set. */
export interface NestedOption {
  name: string
  value: Expr | OrderItem[] | SelectItem[] | ExpandItem[] | number | boolean
  raw: string
  pos: number
}

/** One aggregate of `$apply`; `$count` has no expression. */
export interface AggregateItem {
  expr: Expr | null
  method: string
  alias: string
  pos: number
}

/** One transformation of `$apply` (OData Extension for Data Aggregation 4.0 §3). */
export type ApplyStep =
  | { kind: 'filter'; expr: Expr; pos: number }
  | { kind: 'compute'; items: { expr: Expr; alias: string; pos: number }[]; pos: number }
  | { kind: 'groupby'; paths: { segments: Segment[]; pos: number }[]; aggregates: AggregateItem[]; pos: number }
  | { kind: 'aggregate'; aggregates: AggregateItem[]; pos: number }
