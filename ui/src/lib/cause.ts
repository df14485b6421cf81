import { t } from '../parts/SeriesChart.texts.ts'
import { get, type Station } from './api.ts'
import type { Cause } from './series.ts'
import { app } from './state.svelte.ts'
import type { Span } from './view.ts'

/** Why a station's newest values are missing, as far as its source says; empty where nothing is awaited. */
export function newestCauses(station: Station, newest: number): Cause[] {
  const text = newestCause(station)
  if (text === null) return []
  return [{ from: newest, to: null, series: station.datastreams.map((d) => d.id), text }]
}

function newestCause({ source, state }: Station): string | null {
  if (state === 'broken') {
    const cause = source?.causeText?.[app.lang] ?? source?.cause
    return cause ? t('cause.broken', { cause }) : t('cause.brokenUnknown')
  }
  if (state !== 'late') return null
  const lastGood = source?.lastGood
  return lastGood ? t('cause.lateSource', { age: app.format.age(Date.parse(lastGood), app.now) }) : t('cause.late')
}

interface Outage {
  datastreams: number[]
  kind: 'failed' | 'idle' | 'silent' | 'empty'
  from: string
  to: string | null
  cause: { de: string; en: string } | null
}

/** Why values of a range are missing, as the log of their sources tells; the most telling first. */
export async function loggedCauses(datastreams: readonly number[], span: Span, signal?: AbortSignal): Promise<Cause[]> {
  if (datastreams.length === 0 || span.to <= span.from) return []
  const range = `from=${new Date(span.from).toISOString()}&to=${new Date(span.to).toISOString()}`
  const ids = datastreams.slice(0, 10).join(',')
  const { outages } = await get<{ outages: Outage[] }>(`/api/v1/outages?datastream=${ids}&${range}`, signal)
  return outages.map(({ datastreams, kind, from, to, cause }) => ({
    from: Date.parse(from),
    to: to === null ? null : Date.parse(to),
    series: datastreams,
    text: kind === 'failed' && cause ? t('cause.failed', { cause: cause[app.lang] }) : t(`cause.${kind}`),
  }))
}
