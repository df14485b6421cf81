import type { Entity } from './format.ts'
import type { EntityType } from './model.ts'

/** Most entities of one relation that are told of a change on the other side. */
const MOST = 100
/** What grows with time: nobody listens to each of its entities. */
const HISTORY = new Set(['Observation', 'HistoricalLocation', 'Task'])

/** Where an entity is told beside its set, for a broker that does not say who listens to what. */
export interface Spread {
  /** Query options that make a topic of the set bring along what each entity belongs to. */
  readonly options: string
  /** The entity as its own topic gives it, and the topics below the root of the relations it is at the end of. */
  split(found: Entity): { entity: Entity; topics: string[] }
}

/** The relations of a type as topics: of a Datastream `Things(1)/Datastreams`, of a Thing `Datastreams(7)/Thing`. */
export function spreadOf(type: EntityType): Spread {
  const ways = type.navigations.filter(({ to }) => !HISTORY.has(to.name))
  const expands = ways.map(({ name, many }) => `${name}($select=id${many ? `;$top=${MOST}` : ''})`)
  return {
    options: expands.length > 0 ? `?$expand=${expands.join(',')}` : '',
    split(found) {
      const entity = { ...found }
      const topics: string[] = []
      for (const { name, to, inverse, shown } of ways) {
        const related = [found[name] ?? []].flat() as Entity[]
        delete entity[name]
        delete entity[`${name}@iot.nextLink`]
        if (related.length > 0 || !shown) entity[`${name}@iot.navigationLink`] = `${found['@iot.selfLink']}/${name}`
        for (const { '@iot.id': id } of related) topics.push(`${to.set}(${id})/${inverse}`)
      }
      return { entity, topics }
    },
  }
}
