import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../../test/support/database.ts'
import { type Sample, sampleStation } from '../../../test/support/sensing.ts'
import type { Database } from '../../kernel/db/index.ts'
import { createLog } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { type Actor, ANONYMOUS, OWNER, type Role } from '../access/index.ts'
import { Release, Retention, type Sheet } from './index.ts'

const code = (expected: string) => (error: unknown) => error instanceof Problem && error.code === expected
const SHEET: Sheet = {
  purpose: 'Radverkehr planen',
  legalBasis: '§ 3 EGovG',
  personal: false,
  personalWhat: null,
  retentionDays: 30,
  k: 1,
}
const DAY = 86_400_000

for (const engine of databases()) {
  describe(`release on the ${engine.name} database`, () => {
    let db: Database
    let sample: Sample
    let release: Release

    before(async () => {
      db = await engine.fresh()
      sample = await sampleStation(db, 2)
      release = new Release({ db, catalog: sample.catalog, access: sample.access })
    })
    after(async () => {
      await sample.access.close()
      await db.close()
    })

    let people = 0
    async function person(role: Role): Promise<Actor> {
      const { access } = sample
      const email = `${role}${++people}@stadt.example`
      const { id } = await access.accounts.invite({ email, name: `${role} ${people}` }, OWNER)
      await db.query(`update account set state = 'active' where id = $1`, [id])
      await access.grants.give({ account: id, role, dataset: sample.dataset, space: null }, OWNER)
      return { kind: 'user', name: `user:${email}`, account: id }
    }
    const state = () => sample.catalog.require('probe').state

    it('asks its questions, and lets nobody release alone what they prepared once a second person could', async () => {
      const owner = await person('owner')
      const steward = await person('steward')
      await assert.rejects(release.move('probe', 'review', steward), code('sheet-incomplete'))
      assert.deepEqual((await release.review('probe', steward)).missing, [
        ...['purpose', 'legalBasis', 'personal', 'licence', 'retentionDays', 'k'],
      ])
      await sample.catalog.ensure({ id: 'probe', title: 'Probe', licence: 'dl-by-de/2.0' })
      const personal = await release.saveSheet('probe', { ...SHEET, personal: true }, steward)
      assert.deepEqual(personal.missing, ['personalWhat'])
      await release.saveSheet('probe', SHEET, steward)
      await assert.rejects(release.move('probe', 'released', steward), code('forbidden'))
      await release.move('probe', 'review', steward)
      await assert.rejects(release.saveSheet('probe', SHEET, steward), code('sheet-in-use'))
      assert.deepEqual((await release.inbox(steward)).length, 0)
      assert.deepEqual(
        (await release.inbox(owner)).map((one) => one.dataset.id),
        ['probe'],
      )
      await assert.rejects(release.move('probe', 'draft', owner), code('reason-missing'))
      await release.move('probe', 'draft', owner, { reason: 'Der Zweck ist zu weit gefasst.' })
      await release.move('probe', 'review', owner)
      await release.move('probe', 'released', owner)
      assert.equal(state(), 'released', 'there is nobody else who could')
      await release.move('probe', 'withdrawn', owner, { reason: 'Zähler verstellt' })
      const gatekeeper = await person('gatekeeper')
      await release.move('probe', 'review', owner)
      await assert.rejects(release.move('probe', 'released', owner), code('four-eyes'))
      const key = await sample.access.keys.create(
        { name: 'Umweg', grants: [{ role: 'owner', dataset: sample.dataset, space: null }] },
        owner,
      )
      await assert.rejects(
        release.move('probe', 'released', await sample.access.authenticate({ bearer: key.key })),
        code('four-eyes'),
        'nor by a key of theirs',
      )
      await release.move('probe', 'released', gatekeeper)
      const { steps } = await release.review('probe', owner)
      assert.deepEqual(
        steps.map((step) => [step.from, step.to, step.actor.split(/[:\d]/)[1], step.reason]),
        [
          ['draft', 'review', 'steward', null],
          ['review', 'draft', 'owner', 'Der Zweck ist zu weit gefasst.'],
          ['draft', 'review', 'owner', null],
          ['review', 'released', 'owner', null],
          ['released', 'withdrawn', 'owner', 'Zähler verstellt'],
          ['withdrawn', 'review', 'owner', null],
          ['review', 'released', 'gatekeeper', null],
        ],
      )
      await release.move('probe', 'draft', gatekeeper)
      await assert.rejects(release.move('probe', 'released', owner), code('four-eyes'), 'nor without a submission')
      await release.setFourEyes(false, OWNER)
      await release.move('probe', 'released', owner)
      await assert.rejects(release.setFourEyes(true, owner), code('forbidden'))
      await release.setFourEyes(true, OWNER)
    })

    it('lets the machine’s owner release, noted as such', async () => {
      await release.move('probe', 'draft', OWNER)
      await release.move('probe', 'released', OWNER)
      const [entry] = await sample.access.log.search({ act: 'dataset.release' })
      assert.deepEqual(entry!.detail, {
        before: 'draft',
        after: 'released',
        by: 'the machine’s owner, without review',
      })
      assert.equal(entry!.actor, 'owner')
    })

    it('is not public until its small counts are, and shows the measured ones to who may change them', async () => {
      const { access, catalog, sensing, dataset, datastreams } = sample
      const sees = (actor: Actor) => access.visible(actor).includes(dataset)
      const [steward, gatekeeper, consumer] = [
        await person('steward'),
        await person('gatekeeper'),
        await person('consumer'),
      ]
      await sensing.append(
        Array.from({ length: 100 }, (_, i) => ({
          datastream: datastreams[0]!,
          t: `2026-01-01T00:00:0${i % 10}.${100 + i}Z`,
          tEnd: null,
          v: 2,
        })),
      )
      assert.ok(sees(ANONYMOUS))
      assert.deepEqual(access.measured(steward), [])
      const waiting = await release.saveSheet('probe', { ...SHEET, k: 5 }, OWNER)
      assert.deepEqual(waiting.protecting, { done: 0, total: 0 })
      assert.deepEqual([ANONYMOUS, gatekeeper, consumer, steward].map(sees), [false, false, false, true])
      sensing.smallCounts.look()
      await sensing.smallCounts.idle()
      await catalog.refresh(dataset)
      assert.equal((await release.review('probe', OWNER)).protecting, null)
      assert.deepEqual([ANONYMOUS, gatekeeper, consumer, steward].map(sees), [true, true, true, true])
      assert.deepEqual(
        [ANONYMOUS, gatekeeper, consumer, steward, OWNER].map((actor) => access.measured(actor).length),
        [0, 0, 0, 1, 1],
      )
      const shown = await db.query<{ v: number }>(
        'select distinct v from observation where datastream = $1 order by v',
        [datastreams[0]],
      )
      assert.deepEqual(shown, [{ v: 0 }, { v: 5 }])
      await release.saveSheet('probe', SHEET, OWNER)
      sensing.smallCounts.look()
      await sensing.smallCounts.idle()
      await catalog.refresh(dataset)
      assert.ok(sees(ANONYMOUS))
      await db.transaction((tx) => tx.query('delete from observation where datastream = $1', [datastreams[0]]))
      await db.query('delete from rollup_hour')
      await db.query('delete from datastream_state')
    })

    it('deletes what is older than it may be kept, with its sums, and says so', async () => {
      const { sensing, access, datastreams } = sample
      const now = Math.floor(Date.now() / 3_600_000) * 3_600_000
      const [series, empty] = datastreams as [number, number]
      const at = (days: number, minutes = 0) => new Date(now - days * DAY + minutes * 60_000).toISOString()
      const rows = (id: number, days: number[]) =>
        days.flatMap((day) =>
          [0, 15, 30, 45].map((minute) => ({ datastream: id, t: at(day, minute), tEnd: at(day, minute + 15), v: 1 })),
        )
      await sensing.append(rows(series, [90, 60, 31, 29, 1]))
      await sensing.append(rows(empty, [40]))
      await release.saveSheet('probe', { ...SHEET, retentionDays: 30 }, OWNER)
      const retention = new Retention({ db, access, sensing, log: createLog('silent') })
      // Half an hour past the full hour: the interval that ends then goes, what begins then stays.
      const deleted = await retention.run(now + 30 * 60_000 - DAY * 1)
      assert.deepEqual(
        deleted.map(({ dataset, values }) => [dataset, values]),
        [['probe', 4 + 4 + 2 + 4]],
      )
      const [state] = await db.query<{ n: number; tMin: string }>(
        'select n, t_min as "tMin" from datastream_state where datastream = $1',
        [series],
      )
      assert.deepEqual([state!.n, Date.parse(state!.tMin)], [10, now - 31 * DAY + 30 * 60_000])
      const sums = await db.query<{ n: number }>('select n from rollup_hour where datastream = $1 order by hour', [
        series,
      ])
      assert.deepEqual(
        sums.map((sum) => sum.n),
        [2, 4, 4],
      )
      assert.deepEqual(await db.query('select n from datastream_state where datastream = $1', [empty]), [{ n: 0 }])
      assert.deepEqual(await db.query('select n from rollup_hour where datastream = $1', [empty]), [])
      const [entry] = await access.log.search({ act: 'retention.delete' })
      assert.deepEqual([entry!.object, entry!.detail.values], ['dataset:probe', 14])
      await retention.setAuditDays(1, OWNER)
      assert.equal(await retention.auditDays(), 1)
      assert.deepEqual(await retention.run(now + 30 * 60_000 - DAY * 1), [])
    })
  })
}
