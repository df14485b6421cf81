import { t } from '../parts/SeriesChart.texts.ts'
import type { Station } from './api.ts'
import type { Cause } from './series.ts'
import { app } from './state.svelte.ts'

/** Why a station's newest values are missing, as far as its source says; null where nothing is awaited. */
export function causeOf(station: Station, newest: number): Cause | null {
  const { source, state } = station
  if (state === 'broken') {
    return {
      after: newest,
      text: source?.causeText ? t('cause.broken', { cause: source.causeText[app.lang] }) : t('cause.brokenUnknown'),
    }
  }
  if (state !== 'late') return null
  const lastGood = source?.lastGood
  const text = lastGood
    ? t('cause.lateSource', { age: app.format.age(Date.parse(lastGood), app.now) })
    : t('cause.late')
  return { after: newest, text }
}
