import { app } from './state.svelte.ts'
import { texts } from './texts.ts'

/** Shapes of the API for operator and steward; `/api/v1/openapi.json` is the reference. */
export type SourceState = 'ok' | 'late' | 'broken' | 'new' | 'paused'

export interface Cause {
  text: string
  advice: string
  original: string
}

export interface RunningRun {
  run: number
  startedAt: string
  progress: { rows: number; values: number; seconds: number; share?: number; file?: string } | null
  secondsLeft: number | null
}

export interface SourcePart {
  /** `main`, or its role in the definition. */
  name: string
  format: string
  origin: string
  schedule: string | null
  state: Exclude<SourceState, 'paused'>
  since: string
  cause: Cause | null
  nextRun: string | null
  lastGood: string | null
  contentAt: string | null
}

/** A file as the source sent it. */
export interface RawFile {
  id: number
  part: string | null
  good: boolean
  run: number
  origin: string
  name: string
  readAt: string
  bytes: number
  sha256: string | null
  why: 'too-large' | 'too-many' | 'full' | 'private' | 'secret' | 'small-counts' | null
}

export interface SourceSummary {
  id: string
  title: string
  dataset: { id: string; title: string }
  kind: 'http' | 'file' | 'mqtt' | 'webhook'
  state: SourceState
  since: string
  cause: Cause | null
  /** The part the cause is about, where there are several. */
  ailing: string | null
  schedule: string | null
  nextRun: string | null
  lastGood: string | null
  running: RunningRun | null
  /** Empty where the source is one thing. */
  parts: SourcePart[]
  rate: { kind: 'hour' | 'run'; points: [string, number][] }
  flags: number
}

export interface SourceDetail extends SourceSummary {
  version: number
  versions: { version: number; addedAt: string }[]
  yaml: string
}

export interface SourceRun {
  id: number
  part: string | null
  version: number | null
  trigger: string
  origin: string | null
  startedAt: string
  finishedAt: string | null
  outcome: 'ok' | 'unmodified' | 'rejections' | 'failed' | 'interrupted' | null
  cause: Cause | null
  read: number
  accepted: number
  unchanged: number
  corrected: number
  rejected: number
  rejections: { reason: string; count: number }[]
  running: RunningRun | null
}

export interface Rejected {
  rejected: number
  kept: number
  rows: { reason: string; row: number; column: string; value: unknown; file?: string; values: number }[]
}

export interface ListedFlag {
  id: number
  datastream: number
  rule: 'range' | 'stuck' | 'spike' | 'drop'
  from: string
  to: string
  text: string
  name: string
  station: { id: number; name: string }
  source: string | null
  okAt: string | null
}

const t = texts({
  de: {
    sinceTime: 'seit {time}',
    sinceDay: 'seit {day}, {time}',
    sinceYear: 'seit {day}',
    seconds: '{n} s',
    minutes: '{n} min',
    hours: '{n} h',
    'state.ok': 'in Ordnung',
    'state.late': 'verspätet',
    'state.broken': 'gestört',
    'state.new': 'neu',
    'state.paused': 'angehalten',
    'outcome.ok': 'fertig',
    'outcome.unmodified': 'nichts Neues',
    'outcome.rejections': 'viel abgelehnt',
    'outcome.failed': 'fehlgeschlagen',
    'outcome.interrupted': 'abgebrochen',
    'outcome.running': 'läuft',
    'trigger.schedule': 'nach Plan',
    'trigger.command': 'von Hand',
    'trigger.push': 'zugesendet',
    'part.main': 'Hauptteil',
    'part.timetable': 'Fahrplan',
    'part.trip-updates': 'Verspätungen',
    'part.vehicle-positions': 'Fahrzeuge',
    'part.alerts': 'Meldungen',
    'part.live': 'Echtzeit',
    'part.status': 'Zustände',
    'part.static': 'Verzeichnis',
    every: 'alle {n}',
    'once.s': 'jede Sekunde',
    'once.m': 'jede Minute',
    'once.h': 'stündlich',
    'once.d': 'täglich',
    cron: 'nach Plan ({cron})',
    manual: 'von Hand',
  },
  en: {
    sinceTime: 'since {time}',
    sinceDay: 'since {day}, {time}',
    sinceYear: 'since {day}',
    seconds: '{n} s',
    minutes: '{n} min',
    hours: '{n} h',
    'state.ok': 'all right',
    'state.late': 'late',
    'state.broken': 'broken',
    'state.new': 'new',
    'state.paused': 'paused',
    'outcome.ok': 'done',
    'outcome.unmodified': 'nothing new',
    'outcome.rejections': 'much rejected',
    'outcome.failed': 'failed',
    'outcome.interrupted': 'interrupted',
    'outcome.running': 'running',
    'trigger.schedule': 'by schedule',
    'trigger.command': 'by hand',
    'trigger.push': 'sent to us',
    'part.main': 'Main part',
    'part.timetable': 'Timetable',
    'part.trip-updates': 'Delays',
    'part.vehicle-positions': 'Vehicles',
    'part.alerts': 'Alerts',
    'part.live': 'Real time',
    'part.status': 'States',
    'part.static': 'Register',
    every: 'every {n}',
    'once.s': 'every second',
    'once.m': 'every minute',
    'once.h': 'hourly',
    'once.d': 'daily',
    cron: 'by schedule ({cron})',
    manual: 'by hand',
  },
})

/** Worst first: what needs somebody stands on top. */
export const STATES: readonly SourceState[] = ['broken', 'late', 'new', 'ok', 'paused']

export const stateWord = (state: SourceState): string => t(`state.${state}`)
export const outcomeWord = (run: Pick<SourceRun, 'outcome'>): string => t(`outcome.${run.outcome ?? 'running'}`)
export const triggerWord = (trigger: string): string => t.or(`trigger.${trigger}`, trigger)

/** What a part of a source is to people; what nobody named keeps its name. */
export const partWord = (name: string, format: string): string =>
  name === 'main' && format === 'gtfs' ? t('part.timetable') : t.or(`part.${name.replace(/-\d+$/, '')}`, name)

/** `seit 14:15 Uhr`, `seit 20.8., 14:15 Uhr`, `seit 20.8.2024`. */
export function sinceText(iso: string): string {
  const at = Date.parse(iso)
  const { format, zone, now } = app
  if (zone.isoDate(at) === zone.isoDate(now)) return t('sinceTime', { time: format.time(at) })
  if (now - at > 180 * 86_400_000) return t('sinceYear', { day: format.day(at) })
  return t('sinceDay', { day: format.shortDay(at), time: format.time(at) })
}

/** Today the time alone, else with its day. */
export function whenText(iso: string): string {
  const at = Date.parse(iso)
  const { format, zone, now } = app
  if (zone.isoDate(at) === zone.isoDate(now)) return format.time(at)
  return `${now - at > 180 * 86_400_000 ? format.day(at) : format.shortDay(at)}, ${format.time(at)}`
}

/** `4 s`, `12 min`, `3 h`. */
export function secondsText(seconds: number): string {
  if (seconds < 90) return t('seconds', { n: app.format.number(Math.max(1, Math.round(seconds))) })
  if (seconds < 90 * 60) return t('minutes', { n: app.format.number(Math.round(seconds / 60)) })
  return t('hours', { n: app.format.number(Math.round(seconds / 360) / 10) })
}

/** `alle 15 min`; the city's people read words, not letters of a definition. */
export function scheduleText(schedule: string | null): string {
  if (schedule === null) return t('manual')
  const every = /^every (\d+)\s*([smhd])$/.exec(schedule)
  if (!every)
    return schedule.startsWith('every ') ? t('every', { n: schedule.slice(6) }) : t('cron', { cron: schedule })
  if (every[1] === '1') return t(`once.${every[2] as 'd'}`)
  const unit = { s: 's', m: 'min', h: 'h', d: app.lang === 'de' ? 'Tage' : 'days' }[every[2] as 's' | 'm' | 'h' | 'd']
  return t('every', { n: `${every[1]}\u00a0${unit}` })
}

/** Sizes of files and disks: `1,2 GB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let i = 0
  while (value >= 1000 && i < units.length - 1) {
    value /= 1000
    i++
  }
  return `${app.format.number(value, value < 10 && i > 0 ? 1 : 0)}\u00a0${units[i]}`
}
