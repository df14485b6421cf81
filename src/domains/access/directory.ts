import type { Queryable } from '../../kernel/db/index.ts'
import type { Grant, Group } from './model.ts'

export interface Person {
  id: number
  email: string
  name: string
  state: 'invited' | 'active' | 'blocked'
}

/** A grant as it reaches somebody: directly, or through a group. */
export interface Effective {
  grant: Grant
  group: Group | null
}

/**
 * People, groups and grants in memory: they are few, and asked for with every request. Read again after each change;
 * what has ended does not count, though it stays in the table until it is cleared away.
 */
export class Directory {
  readonly #db: Queryable
  #people = new Map<number, Person>()
  #groups = new Map<number, Group>()
  #groupsOf = new Map<number, number[]>()
  #grants: Grant[] = []
  #byAccount = new Map<number, Grant[]>()
  #byGroup = new Map<number, Grant[]>()
  #byKey = new Map<number, Grant[]>()

  constructor(db: Queryable) {
    this.#db = db
  }

  async reload(): Promise<void> {
    const people = await this.#db.query<Person>('select id, email, name, state from account')
    const groups = await this.#db.query<Group>('select id, slug, title, kind, claim from user_group order by title')
    const members = await this.#db.query<{ group: number; account: number }>(
      'select distinct user_group as "group", account from group_member',
    )
    const grants = await this.#db.query<Grant>(
      `select id, account, user_group as "group", api_key as key, role, space, dataset, until, note,
              granted_by as "grantedBy", created_at as "createdAt" from access_grant order by id`,
    )
    this.#people = new Map(people.map((person) => [person.id, person]))
    this.#groups = new Map(groups.map((group) => [group.id, group]))
    this.#groupsOf = gather(
      members,
      (member) => member.account,
      (member) => member.group,
    )
    this.#grants = grants
    this.#byAccount = gather(
      grants,
      (grant) => grant.account,
      (grant) => grant,
    )
    this.#byGroup = gather(
      grants,
      (grant) => grant.group,
      (grant) => grant,
    )
    this.#byKey = gather(
      grants,
      (grant) => grant.key,
      (grant) => grant,
    )
  }

  person(id: number): Person | undefined {
    return this.#people.get(id)
  }

  people(): Person[] {
    return [...this.#people.values()]
  }

  group(id: number): Group | undefined {
    return this.#groups.get(id)
  }

  groups(): Group[] {
    return [...this.#groups.values()]
  }

  groupsOf(account: number): Group[] {
    return (this.#groupsOf.get(account) ?? []).flatMap((id) => this.#groups.get(id) ?? [])
  }

  grants(): readonly Grant[] {
    return this.#grants
  }

  /** What holds for the account now, its own and its groups'. Nothing for one that is not active. */
  ofAccount(account: number): Effective[] {
    if (this.#people.get(account)?.state !== 'active') return []
    const own = (this.#byAccount.get(account) ?? []).map((grant): Effective => ({ grant, group: null }))
    const shared = this.groupsOf(account).flatMap((group) =>
      (this.#byGroup.get(group.id) ?? []).map((grant): Effective => ({ grant, group })),
    )
    return [...own, ...shared].filter(({ grant }) => holds(grant))
  }

  /** Every grant of the account and its groups, also what has ended and what rests while the account is not active. */
  everOfAccount(account: number): (Effective & { ended: boolean })[] {
    const own = (this.#byAccount.get(account) ?? []).map((grant) => ({ grant, group: null }))
    const shared = this.groupsOf(account).flatMap((group) =>
      (this.#byGroup.get(group.id) ?? []).map((grant) => ({ grant, group })),
    )
    return [...own, ...shared].map((one) => ({ ...one, ended: !holds(one.grant) }))
  }

  ofKey(key: number): Effective[] {
    return (this.#byKey.get(key) ?? []).filter(holds).map((grant) => ({ grant, group: null }))
  }

  /** The next moment at which a grant ends by itself; null when none will. */
  nextEnd(): number | null {
    const now = Date.now()
    const ends = this.#grants.flatMap(({ until }) => (until && Date.parse(until) > now ? Date.parse(until) : []))
    return ends.length > 0 ? Math.min(...ends) : null
  }
}

const holds = (grant: Grant): boolean => grant.until === null || Date.parse(grant.until) > Date.now()

function gather<R, K, V>(rows: readonly R[], key: (row: R) => K | null, value: (row: R) => V): Map<K, V[]> {
  const map = new Map<K, V[]>()
  for (const row of rows) {
    const at = key(row)
    if (at === null) continue
    const list = map.get(at)
    if (list) list.push(value(row))
    else map.set(at, [value(row)])
  }
  return map
}
