import { SqlError } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import type { Ground } from './ground.ts'
import type { Actor, Grant, Group, Resource, Role, Scope } from './model.ts'

export interface GrantSpec extends Scope {
  account?: number
  group?: number
  role: Role
  until?: string | null
  note?: string
}

export type GroupSpec = Pick<Group, 'slug' | 'title' | 'kind' | 'claim'>

/** Roles that only somebody who administers people may give. */
const HIGH: readonly Role[] = ['admin', 'architect', 'gatekeeper', 'owner', 'controller']

const resourceOf = ({ dataset, space }: Scope): Resource =>
  dataset !== null ? { dataset } : space !== null ? { space } : 'platform'

/** Who holds which role where; groups and who is in them. Every change is noted and holds at once. */
export class Grants {
  readonly #ground: Ground

  constructor(ground: Ground) {
    this.#ground = ground
  }

  /**
   * Gives a role. Administrators give any; whoever manages a dataset or space gives the lesser ones (steward, consumer)
   * on it. Answers the grant's number.
   */
  async give(spec: GrantSpec, by: Actor): Promise<number> {
    const { db, directory, require, audit, refresh } = this.#ground
    this.#requireMay(spec.role, spec, by, require)
    if ((spec.account === undefined) === (spec.group === undefined))
      throw new Problem(400, 'grant-to-one', 'A role is given to an account or to a group: name one of them.')
    const to = this.#recipient(spec.account ?? null, spec.group ?? null)
    if (spec.until && Date.parse(spec.until) <= Date.now())
      throw new Problem(400, 'until-past', 'The right would have ended already: choose a day to come.')
    const same = directory
      .grants()
      .find(
        (grant) =>
          grant.account === (spec.account ?? null) &&
          grant.group === (spec.group ?? null) &&
          grant.key === null &&
          grant.role === spec.role &&
          grant.dataset === spec.dataset &&
          grant.space === spec.space,
      )
    const values = [spec.until ?? null, spec.note ?? '', by.name]
    const [row] = same
      ? await db.query<{ id: number }>(
          'update access_grant set until = $1, note = $2, granted_by = $3 where id = $4 returning id',
          [...values, same.id],
        )
      : await db.query<{ id: number }>(
          `insert into access_grant (until, note, granted_by, account, user_group, role, space, dataset)
           values ($1, $2, $3, $4, $5, $6, $7, $8) returning id`,
          [...values, spec.account ?? null, spec.group ?? null, spec.role, spec.space, spec.dataset],
        )
    await audit(by, 'grant.give', to, { ...(await this.#described(spec)), until: spec.until ?? null })
    await refresh()
    return row!.id
  }

  /** Takes a role back; open connections it carried end at once. 404 when there is none of that number. */
  async take(id: number, by: Actor): Promise<Grant> {
    const { db, directory, require, audit, refresh } = this.#ground
    const grant = directory.grants().find((one) => one.id === id && one.key === null)
    if (!grant) throw new Problem(404, 'grant-unknown', `There is no right ${id}.`)
    this.#requireMay(grant.role, grant, by, require)
    await db.query('delete from access_grant where id = $1', [id])
    await audit(by, 'grant.take', this.#recipient(grant.account, grant.group), await this.#described(grant))
    await refresh()
    return grant
  }

  #requireMay(role: Role, scope: Scope, by: Actor, require: Ground['require']): void {
    if (HIGH.includes(role)) require(by, 'administer', 'platform')
    else require(by, 'manage', resourceOf(scope))
  }

  #recipient(account: number | null, group: number | null): string {
    const { directory } = this.#ground
    if (group !== null) {
      const found = directory.group(group)
      if (!found) throw new Problem(404, 'group-unknown', `There is no group ${group}.`)
      return `group:${found.slug}`
    }
    const person = directory.person(account!)
    if (!person) throw new Problem(404, 'account-unknown', `There is no account ${account}.`)
    return `account:${person.email}`
  }

  /** Role and scope by the names people know. */
  async #described({ role, dataset, space }: Scope & { role: Role }): Promise<Record<string, unknown>> {
    const { db } = this.#ground
    if (dataset !== null) {
      const [row] = await db.query<{ id: string }>('select id from dataset where key = $1', [dataset])
      if (!row) throw new Problem(404, 'dataset-unknown', `There is no dataset with the key ${dataset}.`)
      return { role, scope: `dataset:${row.id}` }
    }
    if (space !== null) {
      const [row] = await db.query<{ id: string }>('select id from data_space where key = $1', [space])
      if (!row) throw new Problem(404, 'space-unknown', `There is no data space with the key ${space}.`)
      return { role, scope: `space:${row.id}` }
    }
    return { role, scope: 'platform' }
  }

  /** Creates a group, or changes the one with this number. */
  async saveGroup(spec: GroupSpec, by: Actor, id?: number): Promise<number> {
    const { db, require, audit, refresh } = this.#ground
    require(by, 'administer', 'platform')
    try {
      const values = [spec.slug, spec.title, spec.kind, spec.claim]
      const [row] =
        id === undefined
          ? await db.query<{ id: number }>(
              'insert into user_group (slug, title, kind, claim) values ($1, $2, $3, $4) returning id',
              values,
            )
          : await db.query<{ id: number }>(
              'update user_group set slug = $1, title = $2, kind = $3, claim = $4 where id = $5 returning id',
              [...values, id],
            )
      if (!row) throw new Problem(404, 'group-unknown', `There is no group ${id}.`)
      await audit(by, id === undefined ? 'group.create' : 'group.change', `group:${spec.slug}`, { ...spec })
      await refresh()
      return row.id
    } catch (error) {
      if (error instanceof SqlError && error.code === '23505')
        throw new Problem(409, 'group-taken', 'There is already a group with this short name or claim.')
      throw error
    }
  }

  /** Removes a group with the rights it gave. */
  async removeGroup(id: number, by: Actor): Promise<void> {
    const { db, directory, require, audit, refresh } = this.#ground
    require(by, 'administer', 'platform')
    const group = directory.group(id)
    if (!group) throw new Problem(404, 'group-unknown', `There is no group ${id}.`)
    await db.query('delete from user_group where id = $1', [id])
    await audit(by, 'group.remove', `group:${group.slug}`)
    await refresh()
  }

  /** Puts a person into a group or takes them out. What the identity provider says of groups stays its own. */
  async setMember(group: number, account: number, member: boolean, by: Actor): Promise<void> {
    const { db, require, audit, refresh } = this.#ground
    require(by, 'administer', 'platform')
    const to = this.#recipient(null, group)
    const who = this.#recipient(account, null)
    const rows = member
      ? await db.query(
          `insert into group_member (user_group, account) values ($1, $2) on conflict do nothing returning 1`,
          [group, account],
        )
      : await db.query(
          `delete from group_member where user_group = $1 and account = $2 and origin = 'local' returning 1`,
          [group, account],
        )
    if (rows.length === 0) return
    await audit(by, member ? 'group.add' : 'group.drop', to, { account: who })
    await refresh()
  }

  /** Who is in which group because the identity provider says so. */
  claimed(): Promise<{ group: number; account: number }[]> {
    return this.#ground.db.query(
      `select user_group as "group", account from group_member where origin = 'claim' order by 1, 2`,
    )
  }

  async members(group: number): Promise<{ account: number; origin: 'local' | 'claim' }[]> {
    return this.#ground.db.query('select account, origin from group_member where user_group = $1', [group])
  }
}
