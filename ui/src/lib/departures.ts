import type { Departure } from './now.svelte.ts'
import { app } from './state.svelte.ts'
import { texts } from './texts.ts'

const t = texts({
  de: {
    line: 'Linie {route} nach {headsign}',
    lineOnly: 'Linie {route}',
    track: 'Gleis {platform}',
    platform: 'Steig {platform}',
    'late.one': '{n} Minute später',
    'late.other': '{n} Minuten später',
    'early.one': '{n} Minute früher',
    'early.other': '{n} Minuten früher',
    onTime: 'pünktlich',
    scheduled: 'nach Plan',
    cancelled: 'fällt aus',
    skipped: 'hält hier nicht',
    added: 'zusätzlich',
  },
  en: {
    line: 'Line {route} to {headsign}',
    lineOnly: 'Line {route}',
    track: 'track {platform}',
    platform: 'platform {platform}',
    'late.one': '{n} minute late',
    'late.other': '{n} minutes late',
    'early.one': '{n} minute early',
    'early.other': '{n} minutes early',
    onTime: 'on time',
    scheduled: 'as planned',
    cancelled: 'cancelled',
    skipped: 'does not stop here',
    added: 'additional',
  },
})

/** Trains leave from a track, all else from a platform (GTFS route_type, the extended types too). */
const isRail = (type: number | null | undefined): boolean => type === 2 || (type != null && type >= 100 && type < 200)

/** `3 Minuten später`, `pünktlich`, `fällt aus`; what is stale is told as planned. */
export function statusOf({ status, delay }: Departure, stale = false): string {
  if (status !== 'live') return t(status)
  if (stale) return t('scheduled')
  const minutes = Math.round((delay ?? 0) / 60)
  if (minutes === 0) return t('onTime')
  return t.n(minutes > 0 ? 'late' : 'early', Math.abs(minutes))
}

export const platformOf = ({ platform, route_type }: Departure): string =>
  platform ? t(isRail(route_type) ? 'track' : 'platform', { platform }) : ''

/** As one would say it: `Linie 5 nach Hauptbahnhof, 14:32, 3 Minuten später, Gleis 2`. */
export function sayDeparture(departure: Departure, stale = false): string {
  const { route, headsign, planned, expected } = departure
  const line = headsign ? t('line', { route, headsign }) : t('lineOnly', { route })
  const clock = app.format.clock(Date.parse(planned ?? expected ?? ''))
  return [line, clock, statusOf(departure, stale), platformOf(departure)].filter(Boolean).join(', ')
}
