/** What must hold of every page: nothing axe finds, nothing sideways, nothing from elsewhere, a heading, a title. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { databases } from '../support/database.ts'
import { type RunningPlatform, startPlatform } from '../support/platform.ts'
import { assertAccessible, type Look, launch, needsBrowser, tab, until, visitor } from './browser.ts'
import { enter, filled, type Stop, signIn, stopsOf } from './tour.ts'

const LOOKS: [string, Look, zoomed: boolean][] = [
  ['wide and light, and then at 200 % zoom', {}, true],
  ['360 px and dark', { width: 360, height: 800, dark: true }, false],
]

/** A window of 1440 × 900 CSS pixels becomes one of 720 × 450 at 200 % zoom (WCAG 1.4.4), by whoever wishes for less motion. */
async function zoom(page: Page): Promise<void> {
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 720, height: 450 })
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
}

/**
 * What a browser says of a page that is right: one that is not there answers 404, and a live stream that cannot keep
 * up with an example city being filled is ended by us and opened again by the page.
 */
const EXPECTED = /404|ERR_INCOMPLETE_CHUNKED_ENCODING \S+\/api\/v1\/events\?/

/** What is wrong with a page as it stands. */
async function problemsOf(page: Page, name: string): Promise<string[]> {
  const problems: string[] = []
  await until(page, `document.querySelectorAll('.skeleton').length === 0`, 15_000)
  const overflow = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
  if (overflow > 0) problems.push(`${name}: scrolls sideways by ${overflow} px`)
  const headings = await page.locator('h1').count()
  if (headings !== 1) problems.push(`${name}: ${headings} first headings`)
  if ((await page.title()).trim().length < 3) problems.push(`${name}: no title`)
  await assertAccessible(page, name)
  return problems
}

describe('every page', { skip: needsBrowser, timeout: 1_200_000 }, () => {
  let platform: RunningPlatform
  let browser: Browser
  let stops: Stop[]

  before(async () => {
    platform = await startPlatform(databases()[0]!, { ZAHNRAD_EXAMPLE: '1' })
    browser = await launch()
    await filled(platform, 0.1)
    stops = await stopsOf(platform)
  })
  after(async () => {
    await browser?.close()
    await platform?.remove()
  })

  it('is on the tour', async () => {
    const { routes } = (await import(join(import.meta.dirname, '../../ui/src/lib/routes.ts'))) as {
      routes: { pattern: RegExp }[]
    }
    const paths = stops.map((stop) => stop.path.replace(/[?#].*/, ''))
    const missed = routes.filter((route) => !paths.some((path) => route.pattern.test(path)))
    assert.deepEqual(
      missed.map((route) => String(route.pattern)),
      [],
    )
  })

  for (const [name, look, zoomed] of LOOKS) {
    it(`holds ${name}`, async () => {
      const problems: string[] = []
      const signed = await browser.newContext()
      await signIn(platform, signed)
      const cookies = await signed.cookies()
      await signed.close()
      // One visitor for each who sees pages, as people are: what was loaded once is there for the next page.
      const visitors = new Map<string, BrowserContext>()
      const visitorOf = async (stop: Stop) => {
        const who = stop.session ?? (stop.staff ? 'staff' : 'anybody')
        const known = visitors.get(who)
        if (known) return known
        const context = await visitor(browser, look)
        visitors.set(who, context)
        if (stop.staff) await context.addCookies(cookies)
        if (stop.session) await enter(platform, context, stop.session)
        return context
      }
      for (const stop of stops) {
        const context = await visitorOf(stop)
        try {
          const { page, troubles, close } = await tab(context, platform.url + stop.path, EXPECTED)
          try {
            await page
              .locator(stop.wait ?? 'h1')
              .first()
              .waitFor({ timeout: 15_000 })
            problems.push(...(await problemsOf(page, stop.name)))
            if (zoomed) {
              await zoom(page)
              problems.push(...(await problemsOf(page, `${stop.name} at 200 %`)))
            }
          } finally {
            if (troubles.length > 0) problems.push(`${stop.name}: ${troubles.join(' · ')}`)
            await close()
          }
        } catch (error) {
          problems.push(`${stop.name}: ${(error as Error).message}`)
        }
      }
      for (const context of visitors.values()) await context.close()
      assert.deepEqual(problems, [])
    })
  }
})
