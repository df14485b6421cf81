import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../../test/support/database.ts'
import type { Database } from '../../kernel/db/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { Access, type Actor, ANONYMOUS, OWNER } from '../access/index.ts'
import { Catalog } from '../catalog/index.ts'
import { Requests } from './index.ts'

const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected
const later = (ms: number) => new Date(Date.now() + ms).toISOString()
const DAY = 86_400_000

for (const engine of databases()) {
  describe(`requests on the ${engine.name} database`, () => {
    let db: Database
    let catalog: Catalog
    let access: Access
    let requests: Requests
    let owner: Actor
    let partner: Actor

    before(async () => {
      db = await engine.fresh()
      catalog = await Catalog.load(db)
      access = new Access({ db, catalog, openWrite: false })
      requests = new Requests({ db, catalog, access })
      for (const id of ['fahrten', 'entwurf', 'offenes']) await catalog.ensure({ id, title: id })
      await catalog.setAudience('fahrten', 'restricted')
      await catalog.setState('fahrten', 'released')
      await catalog.setState('offenes', 'released')
      owner = await person('eigner')
      partner = await person('partner')
      const dataset = catalog.require('fahrten').key
      await access.grants.give({ account: owner.account!, role: 'owner', dataset, space: null }, OWNER)
    })
    after(async () => {
      await access.close()
      await db.close()
    })

    async function person(name: string): Promise<Actor> {
      const { id, email } = await access.accounts.invite({ email: `${name}@a.example`, name }, OWNER)
      await db.query(`update account set state = 'active' where id = $1`, [id])
      await access.refresh()
      return { kind: 'user', name: `user:${email}`, account: id }
    }
    const reads = () => access.can(partner, 'read', { dataset: catalog.require('fahrten').key })
    const ask = (more: object = {}) =>
      requests.ask({ dataset: 'fahrten', purpose: 'Forschung', until: later(30 * DAY), terms: null, ...more }, partner)

    it('offers what is restricted, and nothing that is hidden or open', async () => {
      assert.deepEqual(
        requests.askable(partner).map(({ id }) => id),
        ['fahrten'],
      )
      assert.deepEqual(requests.askable(ANONYMOUS), [])
      for (const dataset of ['entwurf', 'offenes', 'nichts']) await assert.rejects(ask({ dataset }), code('not-found'))
      await assert.rejects(ask({ until: later(-DAY) }), code('bad-until'))
      await assert.rejects(ask({ until: later(2000 * DAY) }), code('bad-until'))
    })

    it('binds a request to the terms that were shown', async () => {
      await assert.rejects(requests.saveTerms({ dataset: null, body: 'x', odrl: null }, owner), code('forbidden'))
      const general = await requests.saveTerms({ dataset: null, body: 'Nur für den Zweck.', odrl: null }, OWNER)
      await assert.rejects(ask(), code('terms-changed'))
      const odrl = {
        '@context': 'http://www.w3.org/ns/odrl.jsonld',
        '@type': 'Agreement',
        permission: [{ action: 'use' }],
      }
      for (const wrong of [{ permission: [{ action: 'use' }] }, { '@type': 'Set' }, { '@type': 'Set', permission: [] }])
        await assert.rejects(
          requests.saveTerms({ dataset: 'fahrten', body: 'x', odrl: wrong }, owner),
          code('odrl-invalid'),
        )
      const own = await requests.saveTerms({ dataset: 'fahrten', body: 'Keine Weitergabe.', odrl }, owner)
      await assert.rejects(ask({ terms: general }), code('terms-changed'))
      const shown = await requests.terms(catalog.require('fahrten').key)
      assert.deepEqual(
        [shown!.id, shown!.body, shown!.odrl, shown!.dataset],
        [own, 'Keine Weitergabe.', odrl, 'fahrten'],
      )
    })

    it('is decided by the owner, ends by itself, and can be given back', async () => {
      const terms = (await requests.terms(catalog.require('fahrten').key))!.id
      const first = await ask({ terms })
      await assert.rejects(ask({ terms }), code('asked-already'))
      await assert.rejects(requests.decide(first, { grant: true }, partner), code('request-unknown'))
      await assert.rejects(requests.decide(first, { grant: false }, owner), code('reason-missing'))
      await requests.decide(first, { grant: false, reason: 'Zweck unklar' }, owner)
      assert.equal(reads(), false)
      const second = await ask({ terms })
      assert.deepEqual(
        (await requests.toDecide(owner)).map(({ id, state }) => [id, state]),
        [
          [second, 'open'],
          [first, 'refused'],
        ],
      )
      assert.deepEqual(await requests.toDecide(partner), [])
      await assert.rejects(requests.decide(second, { grant: true, until: later(60 * DAY) }, owner), code('bad-until'))
      const until = later(1_200)
      await requests.decide(second, { grant: true, until }, owner)
      await assert.rejects(requests.decide(second, { grant: true }, owner), code('decided-already'))
      assert.equal(reads(), true)
      assert.deepEqual(requests.askable(partner), [])
      await new Promise<void>((resolve) => {
        const off = access.changed.on(() => {
          off()
          resolve()
        })
      })
      assert.equal(reads(), false)
      assert.deepEqual(
        (await requests.mine(partner)).map(({ state }) => state),
        ['ended', 'refused'],
      )
      const third = await ask({ terms })
      await requests.decide(third, { grant: true }, owner)
      assert.equal(reads(), true)
      await requests.end(third, partner)
      assert.equal(reads(), false)
      await assert.rejects(requests.end(third, owner), code('ended-already'))
      const fourth = await ask({ terms })
      await assert.rejects(requests.end(fourth, owner), code('still-open'))
      await requests.end(fourth, partner)
      const acts = (await access.log.search({ act: 'request' })).map(({ act }) => act.slice(8)).reverse()
      assert.deepEqual(acts, ['ask', 'refuse', 'ask', 'grant', 'ask', 'grant', 'end', 'ask', 'end'])
      assert.equal((await access.log.verify()).ok, true)
    })
  })
}
