import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../../test/support/database.ts'
import type { Database } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { Catalog } from '../catalog/index.ts'
import { Access, type Account, type Actor, ANONYMOUS, OWNER } from './index.ts'
import { checkPassword, hashPassword, requireGoodPassword } from './passwords.ts'
import { Throttle } from './throttle.ts'

const WHERE = { from: '192.0.2.7', agent: 'test' }
const PASSWORD = 'Mühlrad dreht am Bach'
const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected
const PLATFORM = { dataset: null, space: null }

for (const engine of databases()) {
  describe(`access on the ${engine.name} database`, () => {
    let db: Database
    let catalog: Catalog
    let access: Access
    const dataset: Record<string, number> = {}
    let people = 0

    before(async () => {
      db = await engine.fresh()
      catalog = await Catalog.load(db)
      access = new Access({ db, catalog, openWrite: false })
      await catalog.saveSpace({ id: 'verkehr', title: 'Verkehr' })
      for (const state of ['draft', 'review', 'released', 'withdrawn'] as const) {
        dataset[state] = (await catalog.ensure({ id: state, title: state })).key
        await catalog.setState(state, state)
      }
      dataset.partners = (await catalog.ensure({ id: 'partners', title: 'Partners' })).key
      await catalog.setAudience('partners', 'restricted')
      await catalog.setState('partners', 'released')
      await catalog.setSpace('draft', 'verkehr')
      await catalog.setSpace('partners', 'verkehr')
    })
    after(async () => {
      await access.close()
      await db.close()
    })

    /** A person with a password, and the actor of a session of theirs. */
    async function person(name = `person${++people}`): Promise<{ account: Account; actor: Actor; token: string }> {
      const account = await access.accounts.invite({ email: `${name}@stadt.example`, name: `Frau ${name}` }, OWNER)
      const { token } = await access.accounts.link(account.id, OWNER)
      const session = await access.accounts.redeemLink(token, PASSWORD, WHERE)
      return { account, actor: await access.authenticate({ session: session.token }), token: session.token }
    }
    const sees = (actor: Actor) =>
      access
        .visible(actor)
        .map((key) => catalog.byKey(key)!.id)
        .sort()

    it('lets everybody read what is released to the public, and nothing else', async () => {
      assert.deepEqual(sees(ANONYMOUS), ['released'])
      const { actor } = await person()
      assert.deepEqual(sees(actor), ['released'])
      for (const action of ['create', 'update', 'delete', 'release', 'manage'] as const)
        assert.equal(access.can(actor, action, { dataset: dataset.released! }), false, action)
      assert.equal(access.can(actor, 'know', { dataset: dataset.partners! }), true)
      assert.equal(access.can(ANONYMOUS, 'know', { dataset: dataset.partners! }), false)
      assert.equal(access.can(actor, 'know', { dataset: dataset.draft! }), false)
      assert.equal(access.can(actor, 'read', { dataset: 999_999 }), false)
      assert.throws(() => access.require(ANONYMOUS, 'manage', 'platform'), code('key-required'))
      assert.throws(() => access.require(actor, 'manage', 'platform'), code('forbidden'))
    })

    it('inherits roles downwards from platform, data space and dataset, through groups too', async () => {
      const space = catalog.requireSpace('verkehr').key
      const { account, actor } = await person()
      const give = (spec: object) =>
        access.grants.give({ account: account.id, ...PLATFORM, role: 'consumer', ...spec }, OWNER)
      const own = await give({ dataset: dataset.review })
      assert.deepEqual(sees(actor), ['released', 'review'])
      await access.grants.take(own, OWNER)
      assert.deepEqual(sees(actor), ['released'])
      const consumer = await give({ space })
      assert.deepEqual(sees(actor), ['partners', 'released'], 'a consumer of a space gets what is released in it')
      const steward = await give({ space, role: 'steward' })
      assert.deepEqual(sees(actor), ['draft', 'partners', 'released'])
      assert.equal(access.can(actor, 'update', { dataset: dataset.draft! }), true)
      assert.equal(access.can(actor, 'release', { dataset: dataset.draft! }), false)
      assert.equal(access.can(actor, 'update', { dataset: dataset.review! }), false)
      await access.grants.take(consumer, OWNER)
      await access.grants.take(steward, OWNER)
      const group = await access.grants.saveGroup(
        { slug: `amt-${account.id}`, title: 'Amt', kind: 'department', claim: null },
        OWNER,
      )
      await access.grants.give({ group, ...PLATFORM, role: 'gatekeeper' }, OWNER)
      assert.deepEqual(sees(actor), ['released'])
      await access.grants.setMember(group, account.id, true, OWNER)
      assert.deepEqual(sees(actor), ['draft', 'partners', 'released', 'review', 'withdrawn'])
      assert.equal(access.can(actor, 'release', { dataset: dataset.review! }), true)
      assert.equal(access.can(actor, 'update', { dataset: dataset.review! }), false)
      const why = access.explain(account.id, 'release', dataset.review!)
      assert.deepEqual(
        [why.everybody, why.grants.map(({ grant, group }) => [grant.role, group?.title])],
        [false, [['gatekeeper', 'Amt']]],
      )
      await access.grants.removeGroup(group, OWNER)
      assert.deepEqual(sees(actor), ['released'])
    })

    it('lets an owner give the lesser roles on the own dataset, and no more', async () => {
      const owner = await person()
      const partner = await person()
      await access.grants.give(
        { account: owner.account.id, dataset: dataset.draft!, space: null, role: 'owner' },
        OWNER,
      )
      const give = (scope: object, role: 'consumer' | 'owner' = 'consumer') =>
        access.grants.give({ account: partner.account.id, ...PLATFORM, ...scope, role }, owner.actor)
      await give({ dataset: dataset.draft })
      assert.deepEqual(sees(partner.actor), ['draft', 'released'])
      await assert.rejects(give({ dataset: dataset.review }), code('forbidden'))
      await assert.rejects(give({ dataset: dataset.draft }, 'owner'), code('forbidden'))
      await assert.rejects(give({}), code('forbidden'))
      await catalog.setState('draft', 'withdrawn')
      assert.deepEqual(sees(partner.actor), ['released'], 'withdrawn is withdrawn for consumers')
      await catalog.setState('draft', 'draft')
    })

    it('ends a right by itself and tells open connections within a second', async () => {
      const { account, actor } = await person()
      const until = new Date(Date.now() + 1_500).toISOString()
      await access.grants.give(
        { account: account.id, dataset: dataset.draft!, space: null, role: 'consumer', until },
        OWNER,
      )
      assert.deepEqual(sees(actor), ['draft', 'released'])
      await new Promise<void>((resolve) => {
        const off = access.changed.on(() => {
          off()
          resolve()
        })
      })
      assert.ok(Date.now() < Date.parse(until) + 1_000)
      assert.deepEqual(sees(actor), ['released'])
    })

    it('signs in by password, the same answer for a wrong address and a wrong password', async () => {
      const { account, token } = await person('anna')
      const session = await access.accounts.signIn(' Anna@Stadt.example ', PASSWORD, WHERE)
      const actor = await access.authenticate({ session: session.token })
      assert.deepEqual([actor.kind, actor.name, actor.account], ['user', 'user:anna@stadt.example', account.id])
      const refused = async (email: string, password: string) => {
        const error = await access.accounts.signIn(email, password, WHERE).catch((e) => e as Problem)
        return [(error as Problem).status, (error as Problem).message]
      }
      assert.deepEqual(await refused('anna@stadt.example', 'wrong'), await refused('nobody@stadt.example', 'wrong'))
      const sessions = await access.sessions.list(account.id)
      assert.deepEqual(
        sessions.map((one) => [one.method, one.origin, one.agent]),
        [
          ['password', '192.0.2.7', 'test'],
          ['password', '192.0.2.7', 'test'],
        ],
      )
      assert.equal(await access.sessions.endOne(account.id + 1, sessions[0]!.id), false)
      assert.equal(await access.sessions.endOne(account.id, sessions[0]!.id), true)
      assert.equal((await access.authenticate({ session: session.token })).kind, 'anonymous')
      assert.equal((await access.authenticate({ session: token })).kind, 'user')
    })

    it('locks an address after ten wrong passwords, never the machine’s owner', async () => {
      await person('berta')
      for (let i = 0; i < 10; i++)
        await assert.rejects(access.accounts.signIn('berta@stadt.example', 'wrong', WHERE), code('sign-in-refused'))
      await assert.rejects(access.accounts.signIn('berta@stadt.example', PASSWORD, WHERE), code('too-many-attempts'))
      const session = await access.redeem(await access.createLoginCode(OWNER), WHERE)
      assert.equal((await access.authenticate({ session: session!.token })).kind, 'staff')
      const [entry] = await access.log.search({ act: 'session.lock-out' })
      assert.equal(entry?.object, 'account:berta@stadt.example')
    })

    it('ends sessions by age and by idleness', async () => {
      for (const change of [`expires_at = now() - interval '1 s'`, `seen_at = now() - interval '25 hours'`]) {
        const { account, token } = await person()
        await db.query(`update session set ${change} where account = $1`, [account.id])
        const other = new Access({ db, catalog, openWrite: false })
        assert.equal((await other.authenticate({ session: token })).kind, 'anonymous')
        await other.close()
      }
    })

    it('gives links that work once, and ends all sessions with a new password', async () => {
      const { account, token } = await person('clara')
      const first = await access.accounts.link(account.id, OWNER)
      const second = await access.accounts.link(account.id, OWNER)
      assert.equal(await access.accounts.linkInfo(first.token), null)
      assert.equal((await access.accounts.linkInfo(second.token))!.email, 'clara@stadt.example')
      await assert.rejects(access.accounts.redeemLink(second.token, 'clara@stadt1', WHERE), code('password-weak'))
      await access.accounts.redeemLink(second.token, 'Ein ganz anderes Rad', WHERE)
      await assert.rejects(access.accounts.redeemLink(second.token, PASSWORD, WHERE), code('link-ended'))
      assert.equal((await access.authenticate({ session: token })).kind, 'anonymous')
      await access.accounts.signIn('clara@stadt.example', 'Ein ganz anderes Rad', WHERE)
    })

    it('blocks a person with sessions, keys and rights at once', async () => {
      const { account, actor, token } = await person()
      await access.grants.give({ account: account.id, ...PLATFORM, role: 'steward' }, OWNER)
      const { key } = await access.keys.create({ name: 'Skript', grants: [{ role: 'steward', ...PLATFORM }] }, actor)
      assert.equal(access.can(await access.authenticate({ bearer: key }), 'update', { dataset: dataset.draft! }), true)
      const ended: string[] = []
      const off = access.revoked.on((name) => ended.push(name))
      await access.accounts.setBlocked(account.id, true, OWNER)
      off()
      assert.ok(ended.includes(actor.name) && ended.some((name) => name.endsWith('/Skript')), String(ended))
      assert.deepEqual(sees(actor), ['released'])
      assert.equal((await access.authenticate({ session: token })).kind, 'anonymous')
      await assert.rejects(access.authenticate({ bearer: key }), code('key-unknown'))
      await assert.rejects(access.accounts.signIn(account.email, PASSWORD, WHERE), code('sign-in-refused'))
    })

    it('makes keys that can do less than their owner, never more, also later', async () => {
      const { account, actor } = await person()
      const grant = await access.grants.give(
        { account: account.id, dataset: dataset.draft!, space: null, role: 'steward' },
        OWNER,
      )
      const here = { dataset: dataset.draft!, space: null }
      const make = (name: string, role: 'consumer' | 'steward' | 'owner', scope: object = here) =>
        access.keys.create({ name, grants: [{ role, ...PLATFORM, ...scope }] }, actor)
      await assert.rejects(make('a', 'owner'), code('key-beyond-rights'))
      await assert.rejects(make('a', 'steward', PLATFORM), code('key-beyond-rights'))
      await assert.rejects(access.keys.create({ name: 'a' }, actor), code('key-without-rights'))
      const { key, id } = await make('Leser', 'consumer')
      await assert.rejects(make('Leser', 'consumer'), code('key-name-taken'))
      const reader = await access.authenticate({ bearer: key })
      assert.deepEqual(sees(reader), ['draft', 'released'])
      assert.equal(access.can(reader, 'create', { dataset: dataset.draft! }), false)
      await assert.rejects(
        access.keys.create({ name: 'b', grants: [{ role: 'consumer', ...here }] }, reader),
        code('forbidden'),
      )
      await access.grants.take(grant, OWNER)
      assert.deepEqual(sees(reader), ['released'])
      assert.equal(await access.keys.revoke(id, account.id + 1), null)
      assert.ok(await access.keys.revoke(id, account.id))
      await assert.rejects(access.authenticate({ bearer: key }), code('key-unknown'))
    })

    it('ends a key by its date and tells its connections', async () => {
      const expiresAt = new Date(Date.now() + 1_500).toISOString()
      const { key } = await access.keys.create(
        { name: 'kurz', expiresAt, grants: [{ role: 'consumer', ...PLATFORM }] },
        OWNER,
      )
      const actor = await access.authenticate({ bearer: key })
      await new Promise<void>((resolve) => {
        const off = access.revoked.on((name) => {
          if (name !== actor.name) return
          off()
          resolve()
        })
      })
      await assert.rejects(access.authenticate({ bearer: key }), code('key-unknown'))
    })

    it('asks the database nothing for who is known already', async () => {
      const { token, actor, account } = await person()
      await access.grants.give({ account: account.id, ...PLATFORM, role: 'consumer' }, OWNER)
      const { key } = await access.keys.create({ name: 'heiß', grants: [{ role: 'consumer', ...PLATFORM }] }, actor)
      await access.authenticate({ bearer: key })
      let queries = 0
      const query = db.query
      db.query = ((...parameters: Parameters<Database['query']>) => {
        queries++
        return query.apply(db, parameters)
      }) as Database['query']
      try {
        for (let i = 0; i < 100; i++) {
          for (const who of [{ bearer: key }, { session: token }, {}]) {
            const asking = await access.authenticate({ ...who, from: '192.0.2.1' })
            access.used(asking, 'test', access.visible(asking))
          }
        }
      } finally {
        db.query = query
      }
      assert.equal(queries, 0)
      assert.equal(
        access.visible(await access.authenticate({ bearer: key })),
        access.visible(actor),
        'one array for all who see the same',
      )
    })

    it('takes people from an identity provider, with the groups their claims name', async () => {
      const group = await access.grants.saveGroup(
        { slug: 'claimed', title: 'Tiefbau', kind: 'department', claim: '/tiefbau' },
        OWNER,
      )
      const claims = {
        issuer: 'https://id.example',
        subject: '42',
        email: 'Otto@stadt.example',
        emailVerified: true,
        name: 'Otto',
      }
      const enter = async (groups: string[]) => {
        const { token } = await access.accounts.fromClaims({ ...claims, groups }, WHERE)
        return access.authenticate({ session: token })
      }
      const actor = await enter(['/tiefbau', '/other'])
      assert.deepEqual(
        access.directory.groupsOf(actor.account!).map(({ id }) => id),
        [group],
      )
      assert.equal((await enter([])).account, actor.account)
      assert.deepEqual(access.directory.groupsOf(actor.account!), [])
      await assert.rejects(
        access.accounts.fromClaims({ ...claims, subject: '43', groups: [] }, WHERE),
        code('account-of-another'),
      )
      await access.accounts.invite({ email: 'chef@stadt.example', name: 'Chef' }, OWNER)
      const chef = { ...claims, subject: '44', email: 'chef@stadt.example', groups: [] }
      await assert.rejects(
        access.accounts.fromClaims({ ...chef, emailVerified: false }, WHERE),
        code('account-of-another'),
        'an address nobody checked takes no account over',
      )
      await access.accounts.fromClaims(chef, WHERE)
      await access.accounts.setBlocked(actor.account!, true, OWNER)
      await assert.rejects(enter([]), code('account-blocked'))
    })

    it('chains the log, and shows what was tampered with', async () => {
      const { actor } = await person()
      await Promise.all(Array.from({ length: 20 }, (_, i) => access.audit(actor, 'test.act', `thing:${i}`, { i })))
      const before = await access.log.verify()
      assert.deepEqual([before.ok, before.broken], [true, undefined])
      await assert.rejects(db.query(`update audit set actor = 'x' where id = 1`), /append-only/)
      await assert.rejects(db.query('delete from audit where id = 1'), /append-only/)
      await assert.rejects(db.query('truncate audit'), /append-only/)
      for (const [tamper, id] of [
        [`update audit set detail = '{"i": 99}' where id = 3`, 3],
        [`delete from audit where id = 4`, 5],
        [`delete from audit where id = (select last from audit_head)`, before.last],
      ] as const) {
        const found = await db
          .transaction(async (tx) => {
            await tx.query('alter table audit disable trigger all')
            await tx.query(tamper)
            await tx.query('alter table audit enable trigger all')
            const seen = await new Access({
              db: Object.assign(Object.create(db), { query: tx.query.bind(tx) }),
              catalog,
              openWrite: false,
            }).log.verify()
            throw Object.assign(new Error('undo'), { seen })
          })
          .catch((error) => error.seen)
        assert.deepEqual([found?.ok, found?.broken?.id], [false, id], tamper)
      }
      assert.equal((await access.log.verify()).ok, true)
    })

    it('forgets by age from the old end, and the rest still proves itself', async () => {
      const all = (await access.log.verify()).entries
      assert.equal(await access.log.keep(1), 0)
      await db.transaction(async (tx) => {
        await tx.query('alter table audit disable trigger all')
        await tx.query(`update audit set at = at - interval '10 days' where id <= 5`)
        await tx.query('alter table audit enable trigger all')
      })
      assert.equal((await access.log.verify()).broken?.id, 1)
      assert.equal(await access.log.keep(5), 5)
      const proof = await access.log.verify()
      assert.deepEqual([proof.ok, proof.entries], [true, all - 5])
      await access.audit(OWNER, 'test.after', 'platform')
      assert.equal((await access.log.verify()).ok, true)
    })

    it('keeps who used what by day as long as the log, and no longer', async () => {
      await db.query(
        `insert into dataset_use (dataset, day, actor, channel, requests)
         values ($1, current_date - 400, 'user:alt', 'series', 1), ($1, current_date - 3, 'user:neu', 'series', 1)`,
        [dataset.partners],
      )
      await access.log.keep(300)
      const left = await db.query<{ actor: string }>(
        `select actor from dataset_use where actor in ('user:alt', 'user:neu')`,
      )
      assert.deepEqual(left, [{ actor: 'user:neu' }])
      await db.query('delete from dataset_use')
    })

    it('notes the use of what is not public once a minute, never a secret', async () => {
      const { account, actor } = await person()
      await access.grants.give(
        { account: account.id, dataset: dataset.partners!, space: null, role: 'consumer' },
        OWNER,
      )
      for (let i = 0; i < 30; i++) access.used(actor, 'series', [dataset.released!, dataset.partners!])
      await access.log.flush()
      const entries = await access.log.search({ actor: actor.name, act: 'data' })
      assert.deepEqual(
        entries.map((entry) => [entry.act, entry.object, entry.detail]),
        [['data.read', 'dataset:partners', { channel: 'series', requests: { partners: 30 } }]],
      )
      const use = (await access.log.useOf(dataset.partners!)).find((one) => one.actor === actor.name)
      assert.deepEqual([use!.actor, use!.channel, use!.requests], [actor.name, 'series', 30])
      const pages: string[] = []
      for await (const page of access.log.export()) pages.push(JSON.stringify(page))
      assert.doesNotMatch(pages.join(), /z[ksli]_|scrypt|Mühlrad/)
    })
  })
}

describe('passwords', () => {
  it('are refused when they are easy to guess', () => {
    for (const bad of [
      'kurz',
      'passwort1234',
      'aaaaaaaaaaaaaaaa',
      'anna@stadt.example',
      'annamustermann1',
      'x'.repeat(201),
    ])
      assert.throws(
        () => requireGoodPassword(bad, ['anna@stadt.example', 'Anna Mustermann']),
        code('password-weak'),
        bad,
      )
    requireGoodPassword(PASSWORD, ['anna@stadt.example', 'Anna Mustermann'])
  })

  it('are stored with their parameters, and renewed when those are raised', async () => {
    const stored = await hashPassword(PASSWORD)
    assert.match(stored, /^scrypt\$65536\$8\$2\$[\w-]{22}\$[\w-]{43}$/)
    assert.notEqual(await hashPassword(PASSWORD), stored)
    assert.deepEqual(await checkPassword(PASSWORD, stored), { right: true, renew: false })
    assert.deepEqual(await checkPassword(`${PASSWORD}x`, stored), { right: false, renew: false })
    assert.deepEqual(await checkPassword('', null), { right: false, renew: false })
    const old = 'scrypt$1024$8$1$c2FsdHNhbHRzYWx0$gZeRHxFP8NdIGxwPzyiUgbnxP8OvVXO6tG3fTgTk8jI'
    assert.equal((await checkPassword('geheim', old)).right, false)
  })
})

describe('throttle', () => {
  it('counts by name in bounded memory', () => {
    const throttle = new Throttle(2, 60_000)
    throttle.take('a')
    throttle.take('a')
    assert.throws(() => throttle.take('a'), code('too-many-attempts'))
    throttle.take('b')
    throttle.forget('a')
    throttle.take('a')
    for (let i = 0; i < 20_000; i++) throttle.take(`x${i}`)
    throttle.take('a')
  })
})
