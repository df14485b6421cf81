import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { databases } from '../../../test/support/database.ts'
import { type Town, town } from '../../../test/support/stations.ts'
import { outagesOf } from './outages.ts'
import type { SourceInfo } from './source-info.ts'

const at = (time: string): string => `2026-08-20T${time}:00Z`
const source = (id: string, kind: SourceInfo['kind'], schedule?: { every?: string; cron?: string }): SourceInfo =>
  ({ id, kind, definition: { schedule } }) as SourceInfo

for (const engine of databases()) {
  describe(`why values are missing, on the ${engine.name} database`, () => {
    let place: Town

    const asked = async (info: SourceInfo, from: string, to: string) =>
      (await outagesOf(place.db, [info], { from: at(from), to: at(to) }, 'Europe/Berlin')).map((one) =>
        [one.kind, one.from.slice(11, 16), one.to?.slice(11, 16) ?? '…', one.error ?? ''].join(' ').trim(),
      )

    before(async () => {
      place = await town(await engine.fresh())
      const runs: [source: string, trigger: string, time: string, outcome: string | null, error: string | null][] = [
        ['web', 'schedule', '06:00', 'ok', null],
        ['web', 'schedule', '06:15', 'failed', 'a.example answered 503'],
        ['web', 'schedule', '06:30', 'interrupted', 'the process ended before the run was over'],
        ['web', 'schedule', '06:45', 'unmodified', null],
        ['web', 'schedule', '07:00', 'ok', null],
        // Nobody asked for three hours.
        ['web', 'schedule', '10:00', 'ok', null],
        ['web', 'schedule', '10:15', 'failed', 'a.example answered 404'],
        ['web', 'command', '10:20', null, null],
        ['new', 'command', '05:00', 'failed', 'there is no file or folder x'],
        ['pushed', 'push', '00:00', 'ok', null],
      ]
      for (const [id, trigger, time, outcome, error] of runs)
        await place.db.query(
          'insert into source_run (source, trigger, started_at, outcome, error) values ($1, $2, $3, $4, $5)',
          [id, trigger, at(time), outcome, error],
        )
    })
    after(() => place.db.close())

    it('tells failed runs from the last good one to the next, and when nobody asked', async () => {
      const web = source('web', 'http', { every: '15m' })
      assert.deepEqual(await asked(web, '00:00', '23:00'), [
        'failed 06:00 06:45 the process ended before the run was over',
        'failed 10:00 … a.example answered 404',
        'idle 07:00 10:00',
        'empty 00:00 …',
      ])
      assert.deepEqual(await asked(web, '06:50', '06:55'), ['empty 06:50 …'])
      assert.deepEqual(await asked(web, '06:20', '06:25'), [
        'failed 06:00 06:45 the process ended before the run was over',
        'empty 06:20 …',
      ])
      assert.deepEqual(await asked(web, '08:00', '09:00'), ['idle 07:00 10:00', 'empty 08:00 …'])
    })

    it('knows of a source without a schedule only what failed, of a pushed one that none came', async () => {
      assert.deepEqual(await asked(source('web', 'file'), '08:00', '09:00'), ['empty 08:00 …'])
      assert.deepEqual(await asked(source('new', 'file'), '04:00', '09:00'), [
        'failed 05:00 … there is no file or folder x',
        'empty 04:00 …',
      ])
      assert.deepEqual(await asked(source('pushed', 'mqtt'), '04:00', '09:00'), ['silent 04:00 …'])
      assert.deepEqual(await outagesOf(place.db, [], { from: at('00:00'), to: at('01:00') }, 'UTC'), [])
    })
  })
}
