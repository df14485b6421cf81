/**
 * Every page there is, on an example city: for the screenshots (`npm run screenshots`) and the test that looks at all
 * of them. A route without a stop fails that test, so no page is forgotten.
 */
import type { BrowserContext } from 'playwright-core'
import type { RunningPlatform } from '../support/platform.ts'

export interface Stop {
  /** File name of the pictures. */
  name: string
  path: string
  /** Seen signed in as staff. */
  staff?: boolean
  /** What must be there before it is looked at, beside the heading. */
  wait?: string
}

interface Ids {
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
    station: busiest[0]!.id,
    stations: busiest.slice(0, 3).map((one) => one.id),
    dataset: busiest[0]!.dataset,
  }
}

/** The stops in the order a person would meet them. */
export async function stopsOf(platform: RunningPlatform): Promise<Stop[]> {
  const ids = await idsOf(platform)
  return [
    { name: 'start', path: '/', wait: 'main li a' },
    { name: 'start-table', path: '/?view=table', wait: 'tbody tr' },
    { name: 'station', path: `/stationen/${ids.station}?compare=year`, wait: 'canvas' },
    { name: 'datasets', path: '/datensaetze', wait: 'main li h2' },
    { name: 'dataset', path: `/datensaetze/${ids.dataset}`, wait: '.years path' },
    { name: 'login', path: '/login' },
    { name: 'not-found', path: '/gibt/es/nicht' },
  ]
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
    const { stdout } = await platform.command('example', 'status', '--json')
    const { progress } = JSON.parse(stdout) as { progress: { share: number } | null }
    if (progress && progress.share >= share) return
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  throw new Error('the example city does not fill')
}
