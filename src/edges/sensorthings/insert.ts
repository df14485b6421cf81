import type { NewObservation } from '../../domains/sensing/index.ts'
import { type Queryable, type Sql, sql } from '../../kernel/db/index.ts'
import { type Body, readBody, type Target } from './body.ts'
import { Builder } from './builder.ts'
import { allow, mayLink, type Work } from './changes.ts'
import { columnsOf } from './columns.ts'
import { bad } from './errors.ts'
import { requireFeatures } from './features.ts'
import { type EntityType, type Navigation, navigationOf } from './model.ts'
import { COMPLEX, checkComponents, componentsOf, setComponents } from './multi.ts'
import { observationValues, type RawObservation } from './observation-values.ts'
import { followHistory, linkPlaces, placeThing } from './places.ts'
import { checkTask, noteOf } from './tasking.ts'

/** An entity that exists (perhaps only in this transaction). */
export interface Found {
  id: number
  dataset: number
}

/** The relation a new entity is made through: POST `Things(1)/Datastreams`, or inside another entity's body. */
export interface Through {
  /** The navigation of the parent that leads to the new entity. */
  navigation: Navigation
  parentType: EntityType
  parent: Found
}

/** Makes one entity with all inside it, in one transaction (OGC 18-088 §10.2). Observations are written by {@link flush}. */
export class Inserter {
  readonly #work: Work
  readonly #observations: { row: NewObservation; where: string }[] = []

  constructor(work: Work) {
    this.#work = work
  }

  /**
   * Returns the id of the new entity; of an Observation its place in the rows {@link flush} writes.
   * `ambient` is the dataset of the entity it is made inside of.
   */
  async insert(
    type: EntityType,
    json: unknown,
    where: string,
    through: Through | null,
    ambient: number | null,
  ): Promise<Found> {
    const body = readBody(type, json, 'create', where)
    const given = through && navigationOf(type, through.navigation.inverse)
    if (given && !given.many && body.links.has(given)) this.#checkSame(body, given, through.parent)
    const owner = await this.#owner(body, through, given)
    const dataset = ambient ?? owner?.dataset ?? through?.parent.dataset ?? this.#home(body)
    allow(this.#work.context, type.right ?? 'create', dataset)
    const points = await this.#toOne(body, dataset, through, given, owner)
    if (type.name === 'Observation') return this.#observation(body, dataset, points)
    if (type.name === 'Task') await checkTask(this.#work, body, [...points.values()][0]!.id)
    const id = await this.#row(body, dataset, points)
    this.#work.changed.push({ dataset, type: type.name, id, change: 'created', ...noteOf(body) })
    await this.#toMany(body, { id, dataset }, through, given)
    return { id, dataset }
  }

  /** Writes the observations gathered and returns their ids in order. */
  async flush(): Promise<number[]> {
    if (this.#observations.length === 0) return []
    const { tx, context, stored } = this.#work
    // Only now the Things around them stand where the request puts them.
    await requireFeatures(
      tx,
      this.#observations.flatMap(({ row: { foi, datastream }, where }) => (foi ? [] : [{ datastream, where }])),
    )
    const rows = await context.sensing.appendIn(
      tx,
      this.#observations.map(({ row }) => row),
    )
    stored.push(...rows)
    await widenAreas(this.#work, rows)
    return rows.map((row) => row.id)
  }

  #home(body: Body): number {
    if (this.#work.home !== null) return this.#work.home
    throw bad(`${body.where}${body.type.owners?.[0] ?? body.type.name} is missing`)
  }

  /** In `Things(1)/Datastreams` a body that names another Thing contradicts the address. */
  #checkSame(body: Body, given: Navigation, parent: Found): void {
    const [target] = body.links.get(given)!
    if (target && 'id' in target && target.id === parent.id) return
    throw bad(`${body.where}${given.name}: contradicts the entity it is made through (id ${parent.id})`)
  }

  /** The existing entity that decides the dataset: the Thing of a Datastream, the Datastream of an Observation. */
  async #owner(body: Body, through: Through | null, given: Navigation | null | undefined): Promise<Found | null> {
    for (const name of body.type.owners ?? []) {
      if (given?.name === name) return through!.parent
      const navigation = navigationOf(body.type, name)!
      const [target] = body.links.get(navigation) ?? []
      if (target && 'id' in target) return this.find(navigation.to, target)
    }
    return null
  }

  /** The rows this one points to: `column` → id. */
  async #toOne(
    body: Body,
    dataset: number,
    through: Through | null,
    given: Navigation | null | undefined,
    owner: Found | null,
  ): Promise<Map<Navigation, Found>> {
    const points = new Map<Navigation, Found>()
    for (const navigation of body.type.navigations) {
      if (navigation.many) {
        const filled = (body.links.get(navigation)?.length ?? 0) > 0 || navigation === given
        if (navigation.mandatory && !filled) throw this.#missing(body, navigation)
        continue
      }
      if (navigation === given) {
        mayLink(this.#work.context, dataset, through!.parent.dataset, `${body.where}${navigation.name}`)
        points.set(navigation, through!.parent)
        continue
      }
      const [target] = body.links.get(navigation) ?? []
      if (!target) {
        if (navigation.mandatory) throw this.#missing(body, navigation)
        continue
      }
      points.set(
        navigation,
        await this.#target(navigation, target, dataset, body.type.owners?.includes(navigation.name) ? owner : null),
      )
    }
    return points
  }

  #missing(body: Body, navigation: Navigation) {
    return bad(`${body.where}${navigation.name} is missing (mandatory for ${body.type.name})`)
  }

  /** A link followed, or the entity inside made. */
  async #target(navigation: Navigation, target: Target, dataset: number, known: Found | null): Promise<Found> {
    const type = navigation.to
    if (!('id' in target)) return this.insert(type, target.body, target.where, null, dataset)
    const found = known ?? (await this.find(type, target))
    mayLink(this.#work.context, dataset, found.dataset, target.where)
    return found
  }

  /** An existing entity the actor may see, or 400 naming the link. */
  async find(type: EntityType, target: { id: number; where: string }): Promise<Found> {
    const found = await lookUp(this.#work, type, target.id)
    if (!found) throw bad(`${target.where}: ${type.set}(${target.id}) does not exist`)
    return found
  }

  async #row(body: Body, dataset: number, points: Map<Navigation, Found>): Promise<number> {
    const columns = columnsOf(body)
    columns.set('dataset', sql`${dataset}::int4`)
    if (body.type.kind === 'multi') {
      columns.set('kind', sql`'multi'`)
      columns.set('observation_type', sql`${COMPLEX}::text`)
    }
    for (const [navigation, { id }] of points) {
      if (navigation.via.kind === 'column') columns.set(navigation.via.column, sql`${id}::int4`)
    }
    const [row] = await this.#work.tx.run<{ id: number }>(insertSql(body.type.table, columns))
    return row!.id
  }

  async #observation(body: Body, dataset: number, points: Map<Navigation, Found>): Promise<Found> {
    const raw: Record<string, unknown> = {}
    for (const [property, value] of body.values) raw[property.name] = timeText(value)
    let datastream = 0
    let components: number | null = null
    let foi: number | null = null
    for (const [navigation, { id }] of points) {
      if (navigation.name === 'FeatureOfInterest') {
        foi = id
        continue
      }
      if (datastream !== 0)
        throw bad(`${body.where}MultiDatastream: an Observation belongs to one Datastream or MultiDatastream`)
      datastream = id
      if (navigation.name === 'MultiDatastream') components = await componentsOf(this.#work.tx, id)
    }
    if (datastream === 0) throw bad(`${body.where}Datastream is missing (mandatory for Observation)`)
    const values = observationValues(raw as RawObservation, body.where, components)
    const row: NewObservation = { datastream, foi, ...values }
    this.#observations.push({ row, where: body.where })
    return { id: this.#observations.length - 1, dataset }
  }

  /** What leads from the new entity to others: links set, entities made. */
  async #toMany(body: Body, self: Found, through: Through | null, given: Navigation | null | undefined): Promise<void> {
    for (const navigation of body.type.navigations) {
      if (!navigation.many) continue
      const targets = body.links.get(navigation) ?? []
      const linked: Found[] = given === navigation ? [through!.parent] : []
      for (const target of targets) linked.push(...(await this.#member(body.type, navigation, target, self)))
      if (linked.length > 0 && navigation.via.kind === 'link')
        await connect(this.#work, body.type, self, navigation, linked)
    }
    if (body.type.name === 'HistoricalLocation') await followHistory(this.#work, self.id)
    if (body.type.name === 'MultiDatastream') await checkComponents(this.#work.tx, self.id, body.where)
  }

  /** One element of a to-many navigation; returns what is still to be linked by a link table. */
  async #member(type: EntityType, navigation: Navigation, target: Target, self: Found): Promise<Found[]> {
    const to = navigation.to
    if ('id' in target) {
      const found = await this.find(to, target)
      await adopt(this.#work, type, self, navigation, found, target.where)
      return navigation.via.kind === 'link' ? [found] : []
    }
    if (navigation.via.kind === 'link') return [await this.insert(to, target.body, target.where, null, self.dataset)]
    await this.insert(to, target.body, target.where, { navigation, parentType: type, parent: self }, self.dataset)
    return []
  }
}

const timeText = (value: unknown): unknown => {
  if (value === null || typeof value !== 'object' || !('start' in value) || !('end' in value)) return value
  const { start, end } = value as { start: unknown; end: unknown }
  return typeof start === 'string' && (typeof end === 'string' || end === null)
    ? end === null
      ? start
      : `${start}/${end}`
    : value
}

/** The row of an entity the actor may see, or null. */
async function lookUp({ tx, context }: Work, type: EntityType, id: number): Promise<Found | null> {
  const source = new Builder(context.visible).source(type)
  const dataset = type.owned
    ? sql.ref(`${source.alias}.dataset`)
    : sql`(select d.dataset from datastream d where d.id = ${sql.ref(`${source.alias}.datastream`)})`
  const [row] = await tx.run<Found>(
    sql`select ${sql.ref(`${source.alias}.id`)} as id, ${dataset} as dataset from ${source.from}
      where ${sql.ref(`${source.alias}.id`)} = ${id}::int8 and ${sql.join(source.where, sql` and `)}`,
  )
  return row ?? null
}

function insertSql(table: string, columns: Map<string, Sql>): Sql<{ id: number }> {
  const names = sql.join([...columns.keys()].map((name) => sql.ref(name)))
  return sql`insert into ${sql.table(table)} (${names}) values (${sql.join([...columns.values()])}) returning id`
}

/** Existing entities that a reverse navigation (a Thing's Datastreams) takes over point here from now on. */
export async function adopt(
  work: Work,
  type: EntityType,
  self: Found,
  navigation: Navigation,
  member: Found,
  where: string,
): Promise<void> {
  const { via } = navigation
  allow(work.context, 'update', member.dataset)
  // The link is stored with the member: it must not become more public than what it points to.
  mayLink(work.context, member.dataset, self.dataset, where)
  if (via.kind === 'link') return mayLink(work.context, self.dataset, member.dataset, where)
  const to = navigation.to
  if (via.kind !== 'reverse' || to.name === 'Observation' || to.name === 'Task') {
    throw bad(`${where}: change the ${to.name} itself to relate it to another ${type.name}`)
  }
  await work.tx.run(
    sql`update ${sql.table(to.table)} set ${sql.ref(via.column)} = ${self.id}::int4 where id = ${member.id}::int4`,
  )
  work.changed.push({ dataset: member.dataset, type: to.name, id: member.id, change: 'updated' })
}

/** Fills a link table, with what follows from it for Things and HistoricalLocations. */
export async function connect(
  work: Work,
  type: EntityType,
  self: Found,
  navigation: Navigation,
  members: readonly Found[],
): Promise<void> {
  const ids = members.map((member) => member.id)
  if (type.name === 'Thing') return placeThing(work, self.id, ids)
  if (type.name === 'MultiDatastream') return setComponents(work.tx, self.id, ids)
  if (navigation.target === 'MultiDatastream')
    throw bad(
      'an ObservedProperty joins a MultiDatastream by a change of that MultiDatastream, which says at which place',
    )
  if (type.name === 'HistoricalLocation') return linkPlaces(work, self.id, ids)
  for (const member of members) {
    if (navigation.target === 'Thing') await placeThing(work, member.id, [self.id])
    else {
      await linkPlaces(work, member.id, [self.id])
      await followHistory(work, member.id)
    }
  }
}

/** Observations with a feature of their own widen their datastream's observedArea (OGC 18-088 Table 8). */
export async function widenAreas(
  { tx }: { tx: Queryable },
  rows: readonly { datastream: number; foi?: number | null }[],
): Promise<void> {
  const pairs = new Map<string, { datastream: number; foi: number }>()
  for (const { datastream, foi } of rows) if (foi) pairs.set(`${datastream}:${foi}`, { datastream, foi })
  if (pairs.size === 0) return
  const list = [...pairs.values()]
  await tx.run(
    sql`update datastream d set observed_area = st_convexhull(st_collect(a.geom, d.observed_area))
      from (select p.datastream, st_collect(f.geom) as geom from unnest(${list.map((p) => p.datastream)}::int4[], ${list.map((p) => p.foi)}::int4[]) as p (datastream, foi)
        join feature_of_interest f on f.id = p.foi where f.geom is not null group by p.datastream) a
      where d.id = a.datastream and (d.observed_area is null or not st_covers(d.observed_area, a.geom))`,
  )
}

/**
 * Observations left their datastream: its observedArea is made anew of the features the remaining ones name, where one
 * of the features named by those that went is no longer among them.
 */
export async function narrowAreas(
  { tx }: { tx: Queryable },
  gone: readonly { datastream: number; foi?: number | null }[],
): Promise<void> {
  const list = gone.filter(({ foi }) => foi)
  if (list.length === 0) return
  await tx.run(
    sql`update datastream d set observed_area = (select st_convexhull(st_collect(f.geom)) from feature_of_interest f
        where f.id in (select o.foi from observation o where o.datastream = d.id and o.foi is not null))
      where d.observed_area is not null and d.id in (
        select p.datastream from unnest(${list.map((p) => p.datastream)}::int4[], ${list.map((p) => p.foi)}::int4[]) as p (datastream, foi)
        where not exists (select 1 from observation o where o.foi = p.foi and o.datastream = p.datastream))`,
  )
}
