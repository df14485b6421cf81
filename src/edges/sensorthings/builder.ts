import { type Sql, sql } from '../../kernel/db/index.ts'
import type { EntityType, Navigation } from './model.ts'

/** The tables one step of navigation adds to FROM, and the conditions that tie them to where it came from. */
export interface Hop {
  alias: string
  from: Sql
  where: Sql[]
  /** Of observations gathered datastream by datastream: the expressions of the leading sort keys they already come by. */
  sorted?: readonly Sql[]
  /** The order the entities have by themselves, where they have one. */
  rank?: Sql
}

/**
 * Makes the pieces of one statement. Everything that reads an entity table goes through {@link source} or {@link hop},
 * and these add the predicate of what the caller may see: no expand, filter path, order or count can forget it.
 */
export class Builder {
  /** Keys of the datasets whose entities this statement may touch. */
  readonly visible: readonly number[]
  #aliases = 0

  constructor(visible: readonly number[]) {
    this.visible = visible
  }

  alias(prefix: string): string {
    return `${prefix}${++this.#aliases}`
  }

  /** A table of an entity type under a new alias, restricted to what is visible. */
  source(type: EntityType): Hop {
    const alias = this.alias('e')
    return { alias, from: sql`${sql.table(type.table)} as ${sql.ref(alias)}`, where: [this.#seen(type, alias)] }
  }

  /**
   * The entities that `navigation` leads to from a visible row: by its alias in this statement, or (for relations to
   * several) by its id alone, when the caller has made sure that it may be seen.
   */
  hop(navigation: Navigation, parent: string | number): Hop {
    const parentId = typeof parent === 'number' ? sql`${parent}::int4` : sql.ref(`${parent}.id`)
    const type = navigation.to
    const alias = this.alias('e')
    const table = sql`${sql.table(type.table)} as ${sql.ref(alias)}`
    const id = sql.ref(`${alias}.id`)
    const { via } = navigation
    switch (via.kind) {
      case 'column':
        return {
          alias,
          from: table,
          where: [sql`${id} = ${sql.ref(`${parent}.${via.column}`)}`, this.#seen(type, alias)],
        }
      case 'reverse': {
        const tie = sql`${sql.ref(`${alias}.${via.column}`)} = ${parentId}`
        // An Observation belongs to its Datastream's dataset, and that Datastream is the visible row we come from.
        return { alias, from: table, where: type.owned ? [tie, this.#seen(type, alias)] : [tie] }
      }
      case 'link': {
        const link = this.alias('l')
        if (via.repeats) {
          const linked = sql`select ${sql.ref(`${link}.${via.to}`)} from ${sql.table(via.table)} as ${sql.ref(link)} where ${sql.ref(`${link}.${via.from}`)} = ${parentId}`
          return { alias, from: table, where: [sql`${id} in (${linked})`, this.#seen(type, alias)] }
        }
        const from = sql`${sql.table(via.table)} as ${sql.ref(link)} join ${table} on ${id} = ${sql.ref(`${link}.${via.to}`)}`
        const where = [sql`${sql.ref(`${link}.${via.from}`)} = ${parentId}`, this.#seen(type, alias)]
        return { alias, from, where, ...(via.rank && { rank: sql.ref(`${link}.${via.rank}`) }) }
      }
      case 'feature':
        return { alias, from: table, where: [sql`${id} = ${featureOf(String(parent))}`, this.#seen(type, alias)] }
      case 'featureObservations':
        return {
          alias,
          from: sql`lateral (${observationsOf(parentId)}) as ${sql.ref(alias)}`,
          where: [this.#seen(type, alias)],
        }
    }
  }

  #seen(type: EntityType, alias: string): Sql {
    const visible = sql`any(${this.visible}::int4[])`
    const own = sql`${sql.ref(`${alias}.dataset`)} = ${visible}`
    if (type.owned && type.kind) return sql`${own} and ${sql.ref(`${alias}.kind`)} = ${sql.lit(type.kind)}`
    if (type.owned) return own
    return sql`${sql.ref(`${alias}.datastream`)} in (select vd.id from datastream vd where vd.dataset = ${visible})`
  }
}

/** The feature an observation refers to: its own, or its datastream's default at that time (migrations/0003). */
function featureOf(observation: string): Sql {
  const o = (column: string) => sql.ref(`${observation}.${column}`)
  return sql`coalesce(${o('foi')}, (select df.foi from datastream_foi df
    where df.datastream = ${o('datastream')} and df.valid_from <= ${o('t')} order by df.valid_from desc limit 1))`
}

/** The reverse: observations that name the feature, and those of the times when it is a datastream's default. */
function observationsOf(feature: Sql): Sql {
  return sql`select o.* from observation o where o.foi = ${feature}
    union all
    select o.* from (
      select df.datastream, df.valid_from, df.foi,
        coalesce((select min(n.valid_from) from datastream_foi n where n.datastream = df.datastream and n.valid_from > df.valid_from), 'infinity') as valid_to
      from datastream_foi df where df.foi = ${feature}) df
    join observation o on o.datastream = df.datastream and o.foi is null and o.t >= df.valid_from and o.t < df.valid_to`
}

export const and = (conditions: readonly Sql[]): Sql =>
  conditions.length === 0
    ? sql`true`
    : sql`${sql.join(
        conditions.map((c) => sql`(${c})`),
        sql` and `,
      )}`

export const fromAll = (hops: readonly Hop[]): Sql =>
  sql.join(
    hops.map((hop) => hop.from),
    sql`, `,
  )
