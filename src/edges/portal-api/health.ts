import type { SourceHealth, SourceHealthOf } from '../../domains/sensing/index.ts'
import { plainCause, type SourceInfo, type Sources } from '../../domains/sources/index.ts'

const REMEMBERED_MS = 2_000

/**
 * What the sources say of themselves, remembered for two seconds. A series whose source is not registered came from a
 * single `source run FILE`: an archive.
 */
export function sourceHealth(sources: Pick<Sources, 'list' | 'log'>): SourceHealthOf {
  let known: { until: number; list: Promise<SourceInfo[]> } | undefined
  return async (ids) => {
    if (ids.length === 0) return new Map()
    if (!known || known.until < Date.now()) known = { until: Date.now() + REMEMBERED_MS, list: sources.list() }
    const { list } = known
    const infos = new Map((await list.catch(forget)).map((info) => [info.id, info]))
    const found = await Promise.all(
      ids.map(async (id): Promise<[string, SourceHealth]> => {
        const info = infos.get(id)
        return [id, info ? healthOf(info) : { ...ONCE, id, lastGood: await lastGood(sources, id) }]
      }),
    )
    return new Map(found)
  }
  function forget(error: unknown): never {
    known = undefined
    throw error
  }
}

const ONCE = { title: null, schedule: null, manual: true, state: 'ok' as const, cause: null, causeText: null }

function healthOf(info: SourceInfo): SourceHealth {
  const { schedule } = info.definition
  const { cause } = info.health
  const pushed = info.kind === 'mqtt' || info.kind === 'webhook'
  return {
    id: info.id,
    title: info.title,
    schedule: schedule?.every !== undefined ? `every ${schedule.every}` : (schedule?.cron ?? null),
    manual: !info.scheduled && !pushed && schedule?.expect === undefined,
    state: info.health.state,
    lastGood: info.lastGood,
    cause,
    causeText: cause === null ? null : { de: plainCause(cause).text, en: cause },
  }
}

async function lastGood(sources: Pick<Sources, 'log'>, id: string): Promise<string | null> {
  const runs = await sources.log(id, 20)
  const good = runs.find((run) => run.outcome === 'ok' || run.outcome === 'rejections' || run.outcome === 'unmodified')
  return good?.finishedAt ?? null
}
