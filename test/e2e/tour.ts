/**
 * Every page there is, on an example city: for the screenshots (`npm run screenshots`) and the test that looks at all
 * of them. A route without a stop fails that test, so no page is forgotten.
 */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext } from 'playwright-core'
import { exploreLink, fresh } from '../../ui/src/lib/explore.ts'
import { placeSource } from '../support/parking.ts'
import type { RunningPlatform } from '../support/platform.ts'
import { FEED } from '../support/transit.ts'
import { peopleStops } from './tour-people.ts'

export interface Stop {
  /** File name of the pictures. */
  name: string
  path: string
  /** Seen signed in as staff. */
  staff?: boolean
  /** Seen signed in as this person: the cookie of a session, `name=value`. */
  session?: string
  /** What must be there before it is looked at, beside the heading. */
  wait?: string
}

interface Ids {
  board: string
  draft: string
  station: number
  stations: number[]
  dataset: string
}

async function json<T>(platform: RunningPlatform, path: string): Promise<T> {
  const answer = await fetch(platform.url + path)
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`)
  return (await answer.json()) as T
}

async function idsOf(platform: RunningPlatform): Promise<Ids> {
  const { stations } = await json<{
    stations: { id: number; dataset: string; headline: { dayTotal: number | null } }[]
  }>(platform, '/api/v1/stations')
  const busiest = [...stations].sort((a, b) => (b.headline?.dayTotal ?? 0) - (a.headline?.dayTotal ?? 0))
  return {
    board: await boardOf(platform, busiest[0]!.id),
    draft: await draftOf(platform),
    station: busiest[0]!.id,
    stations: busiest.slice(0, 6).map((one) => one.id),
    dataset: busiest[0]!.dataset,
  }
}

/** A published board: a figure, a chart, a map and a list around the busiest station. */
async function boardOf(platform: RunningPlatform, station: number): Promise<string> {
  const { headline } = await json<{ headline: { datastream: number; group: string } }>(
    platform,
    `/api/v1/stations/${station}`,
  )
  const { datastream: series, group } = headline
  const size = { width: 2, height: 2 }
  const items = [
    { kind: 'figure', ...size, group, show: 'day' },
    { kind: 'chart', ...size, series: [series], range: '7d', resolution: 'hour', compare: false },
    { kind: 'map', ...size, group },
    { kind: 'list', ...size, group },
  ]
  const answer = await fetch(`${platform.url}/api/v1/boards`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await platform.key()}`, 'content-type': 'application/json' },
    body: JSON.stringify({ title: 'Verkehr heute', visibility: 'published', items }),
  })
  if (!answer.ok) throw new Error(`/api/v1/boards: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { id: string }).id
}

/** A file somebody has just dropped into the form. */
async function draftOf(platform: RunningPlatform): Promise<string> {
  const lines = Array.from({ length: 48 }, (_, i) => {
    const at = new Date(Date.UTC(2026, 4, 1, i)).toISOString().slice(0, 16).replace('T', ' ')
    return `${at};${20 + (i % 9)};Domplatz;49.02;12.1`
  })
  const answer = await fetch(`${platform.url}/api/v1/source-drafts/file?name=passanten.csv`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await platform.key()}`, 'content-type': 'application/octet-stream' },
    body: ['Zeit;Passanten;Messstelle;Breite;Länge', ...lines].join('\n'),
  })
  if (!answer.ok) throw new Error(`/api/v1/source-drafts: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { id: string }).id
}

/** Roadworks somebody entered, with a detour and a file. */
async function roadworksOf(platform: RunningPlatform): Promise<string> {
  const authorization = `Bearer ${await platform.key()}`
  const post = async (path: string, body: unknown, type = 'application/json'): Promise<{ id: string }> => {
    const content = type === 'application/json' ? JSON.stringify(body) : String(body)
    const headers = { authorization, 'content-type': type }
    const answer = await fetch(platform.url + path, { method: 'POST', headers, body: content })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as { id: string }
  }
  await post('/api/v1/datasets', { id: 'tour-baustellen', title: 'Baustellen' })
  const line = (...coordinates: [number, number][]) => ({ type: 'LineString', coordinates })
  const { id } = await post('/api/v1/mobility/roadworks', {
    dataset: 'tour-baustellen',
    name: 'Leitungsbau Marktstraße',
    geometry: line([10.44, 51.16], [10.446, 51.163], [10.45, 51.162]),
    validFrom: '2026-01-01T07:00:00+01:00',
    properties: {
      ...{ type: 'ConstructionWorks', severity: 'high', road: 'Marktstraße', restrictions: ['roadClosed'] },
      ...{ detour: 'über die Ringstraße', detourGeometry: line([10.44, 51.16], [10.443, 51.168], [10.45, 51.162]) },
    },
  })
  await post(`/api/v1/mobility/roadworks/${id}/attachments?name=Verkehrsplan.pdf`, '%PDF-1.7', 'application/pdf')
  return encodeURIComponent(id)
}

/** A timetable with two faults, read twice. */
async function timetableOf(platform: RunningPlatform): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'zahnrad-tour-'))
  for (const stops of [FEED['stops.txt'], `${FEED['stops.txt']}d,Dom,49.0195,190.5\n`]) {
    const feed = { ...FEED, 'stops.txt': stops, 'routes.txt': FEED['routes.txt'].replace('Prüfening', '') }
    for (const [name, text] of Object.entries(feed)) writeFileSync(join(folder, name), text)
    const run = await platform.command('source', 'run', '--detect', folder, '--dataset', 'fahrplan')
    if (run.code !== 0 && run.code !== 3) throw new Error(`the timetable of the tour: ${run.stderr}`)
  }
}

/** A car park, a sharing station, a place to charge and roadworks, all released. */
async function placesOf(platform: RunningPlatform): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'zahnrad-tour-'))
  const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000
  const weeks = Array.from({ length: 21 * 24 }, (_, i) => hour - i * 3_600_000)
  const wave = (at: number) => Math.round(50 + 50 * Math.sin((at / 86_400_000) * 2 * Math.PI))
  const sources = [
    placeSource(
      folder,
      {
        dataset: 'tour-parken',
        concept: 'parking',
        key: 'dom',
        facts: { purpose: 'car', capacity: 100, type: 'garage' },
      },
      weeks.map((at) => ({ at, values: { free: wave(at) } })),
    ),
    placeSource(
      folder,
      { dataset: 'tour-raeder', concept: 'sharing', key: 'dom', facts: { capacity: 10 } },
      weeks.map((at) => ({
        at,
        values: { vehicles: Math.round(wave(at) / 10), docks: 10 - Math.round(wave(at) / 10) },
      })),
    ),
    placeSource(
      folder,
      { dataset: 'tour-laden', concept: 'charging', key: 'dom', facts: { points: 4 } },
      weeks.slice(0, 2).map((at) => ({ at, values: { free: 3, used: 1 } })),
    ),
  ]
  for (const { id } of sources) {
    const file = (name: string) => join(folder, `${id}.${name}`)
    const run = await platform.command('source', 'run', file('yaml'), '--from', file('csv'))
    if (run.code !== 0) throw new Error(`the places of the tour: ${run.stderr}`)
    await platform.command('dataset', 'release', id)
  }
  const answer = await fetch(`${platform.url}/api/v1/mobility/roadworks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await platform.key()}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ dataset: 'tour-parken', name: 'Leitungsbau Marktstraße', validFrom: '2026-01-05T07:00:00+01:00' },
      geometry: {
        type: 'LineString',
        coordinates: [
          [12.09, 49.018],
          [12.1, 49.02],
        ],
      },
      properties: { severity: 'high', detour: 'über die Ringstraße' },
    }),
  })
  if (!answer.ok) throw new Error(`/api/v1/mobility/roadworks: ${answer.status} ${await answer.text()}`)
}

/** The stops in the order a person would meet them. */
export async function stopsOf(platform: RunningPlatform): Promise<Stop[]> {
  const ids = await idsOf(platform)
  await timetableOf(platform)
  const roadworks = await roadworksOf(platform)
  await placesOf(platform)
  return [
    { name: 'start', path: '/', wait: 'main li a' },
    { name: 'start-table', path: '/?view=table', wait: 'tbody tr' },
    { name: 'station', path: `/stationen/${ids.station}?compare=year`, wait: 'canvas' },
    { name: 'sticker', path: `/stationen/${ids.station}/aufkleber`, wait: '.sticker svg' },
    { name: 'embedded', path: `/einbetten/stationen/${ids.station}?range=24h`, wait: 'canvas' },
    { name: 'compare', path: `/vergleich?stationen=${ids.stations.slice(0, 3).join(',')}`, wait: 'canvas' },
    { name: 'compare-six', path: `/vergleich?stationen=${ids.stations.join(',')}&kind=main`, wait: 'canvas' },
    { name: 'compare-none', path: '/vergleich', wait: '.empty' },
    { name: 'datasets', path: '/datensaetze', wait: 'main li h2' },
    { name: 'dataset', path: `/datensaetze/${ids.dataset}`, wait: '.years path' },
    { name: 'timetable', path: '/datensaetze/fahrplan/fahrplan?art=ERROR', staff: true, wait: 'main li' },
    { name: 'dataset-timetable', path: '/datensaetze/fahrplan', staff: true, wait: '#mobility' },
    { name: 'boards', path: '/tafeln', wait: 'main li h2' },
    { name: 'board', path: `/tafeln/${ids.board}`, wait: 'canvas' },
    { name: 'board-edit', path: `/tafeln/${ids.board}?bearbeiten=1`, staff: true, wait: '[role=toolbar]' },
    { name: 'board-screen', path: `/tafeln/${ids.board}?vollbild=1`, wait: 'canvas' },
    { name: 'staff-datasets', path: '/verwaltung/datensaetze', staff: true, wait: 'tbody tr' },
    { name: 'staff-dataset', path: `/verwaltung/datensaetze/${ids.dataset}`, staff: true, wait: 'main form' },
    {
      name: 'staff-station',
      path: `/verwaltung/datensaetze/${ids.dataset}/messstellen/${ids.station}`,
      staff: true,
      wait: 'main form',
    },
    { name: 'sources', path: '/verwaltung/quellen', staff: true, wait: 'tbody tr' },
    { name: 'source', path: '/verwaltung/quellen/beispiel-hafenbruecke', staff: true, wait: 'dl' },
    { name: 'source-run', path: '/verwaltung/quellen/beispiel/laeufe/1', staff: true, wait: 'dl' },
    { name: 'roadworks', path: '/verwaltung/mobilitaet/baustellen', staff: true, wait: 'main li .name' },
    { name: 'roadworks-new', path: '/verwaltung/mobilitaet/baustellen/neu', staff: true, wait: 'main form' },
    { name: 'roadworks-edit', path: `/verwaltung/mobilitaet/baustellen/${roadworks}`, staff: true, wait: 'main form' },
    { name: 'planning', path: '/verwaltung/mobilitaet', staff: true, wait: 'tbody tr' },
    { name: 'charger-pairs', path: '/verwaltung/mobilitaet/ladepunkte', staff: true, wait: '.empty' },
    { name: 'duty', path: '/verwaltung/mobilitaet/meldepflicht', staff: true, wait: 'tbody tr' },
    { name: 'deliveries', path: '/lieferungen', staff: true, wait: 'main section' },
    { name: 'deliveries-nobody', path: '/lieferungen', wait: '.empty' },
    { name: 'operation', path: '/verwaltung/betrieb', staff: true, wait: 'dl' },
    { name: 'odd-values', path: '/verwaltung/auffaellig', staff: true },
    { name: 'alerts', path: '/verwaltung/benachrichtigungen', staff: true, wait: 'section' },
    { name: 'connect', path: '/verwaltung/quellen/neu', staff: true },
    { name: 'connect-columns', path: `/verwaltung/quellen/neu/${ids.draft}`, staff: true, wait: 'table' },
    { name: 'setup', path: '/verwaltung/einrichten', staff: true },
    { name: 'city', path: '/verwaltung/stadt', staff: true, wait: 'main form' },
    { name: 'reviews', path: '/verwaltung/pruefung', staff: true },
    { name: 'review', path: `/verwaltung/pruefung/${ids.dataset}`, staff: true },
    { name: 'account', path: '/verwaltung/konto', staff: true },
    ...(await peopleStops(platform, ids.dataset)),
    { name: 'explore', path: '/explore', wait: 'main form' },
    {
      name: 'explore-answer',
      path: exploreLink({ ...fresh('Observations'), order: 'phenomenonTime', desc: true, top: 50 }, { as: 'chart' }),
      wait: 'canvas',
    },
    { name: 'explore-map', path: exploreLink(fresh('Things'), { as: 'map' }), wait: '.frame svg circle' },
    { name: 'now', path: '/jetzt?ort=10.4441,51.164&name=Ringgalerie', wait: 'main section li' },
    { name: 'now-empty', path: '/jetzt' },
    { name: 'now-modes', path: '/jetzt?ort=12.097,49.019&name=Dom', wait: 'main section li' },
    { name: 'parking', path: '/parken/tour-parken:dom', wait: '.week' },
    { name: 'parking-table', path: '/parken/tour-parken:dom?ansicht=tabelle&tage=28', wait: 'tbody tr' },
    { name: 'sharing', path: '/leihstationen/tour-raeder:dom?was=plaetze', wait: '.week' },
    { name: 'charging', path: '/laden/tour-laden:dom', wait: '.week' },
    { name: 'stop', path: '/haltestellen/fahrplan:a?tag=2026-11-23', staff: true, wait: 'tbody tr' },
    { name: 'stop-sticker', path: '/haltestellen/fahrplan:a/aufkleber', staff: true, wait: '.sticker svg' },
    { name: 'roadworks-calendar', path: '/baustellen', wait: 'tbody tr' },
    { name: 'roadworks-calendar-none', path: '/baustellen?ab=2020-01-01&ansicht=woche' },
    { name: 'departures-unknown', path: '/abfahrten/beispiel:1' },
    { name: 'search', path: '/suche?q=ring', wait: 'main li' },
    { name: 'search-nothing', path: '/suche?q=xyzxyz' },
    { name: 'imprint', path: '/impressum', wait: 'section' },
    { name: 'privacy', path: '/datenschutz', wait: 'section' },
    { name: 'accessibility', path: '/barrierefreiheit', wait: 'main form' },
    { name: 'accessibility-staff', path: '/barrierefreiheit', staff: true, wait: 'main form' },
    { name: 'feedback', path: '/verwaltung/rueckmeldungen', staff: true },
    { name: 'login', path: '/login' },
    { name: 'not-found', path: '/gibt/es/nicht' },
  ]
}

/** Signs a browser in with the session of a stop. */
export async function enter(platform: RunningPlatform, context: BrowserContext, session: string): Promise<void> {
  const [name, ...value] = session.split('=')
  await context.addCookies([{ name: name!, value: value.join('='), url: platform.url }])
}

/** A browser signed in by a new one-time link. */
export async function signIn(platform: RunningPlatform, context: BrowserContext): Promise<void> {
  const { stdout } = await platform.command('admin', 'link')
  const link = /https?:\S+/.exec(stdout)?.[0]
  if (!link) throw new Error(`no admin link in: ${stdout}`)
  const page = await context.newPage()
  await page.goto(link)
  await page.close()
}

/** Waits until this share of the example city's year is filled; the newest days come first. */
export async function filled(platform: RunningPlatform, share = 1): Promise<void> {
  for (const start = Date.now(); Date.now() - start < 240_000; ) {
    const answer = await fetch(`${platform.url}/api/v1/example`)
    if (answer.ok && ((await answer.json()) as { share: number }).share >= share) return
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  throw new Error('the example city does not fill')
}
