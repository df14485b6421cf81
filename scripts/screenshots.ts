/**
 * `npm run screenshots`: every page of a platform with the example city, at 360 and 1440 px, light and dark, into
 * `screenshots/` (not kept in the repository). `npm run screenshots -- NAME…` takes only those pages.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { buildInterface } from '../src/interface.ts'
import { createLog } from '../src/kernel/log.ts'
import { launch, needsBrowser } from '../test/e2e/browser.ts'
import { enter, filled, type Stop, signIn, stopsOf } from '../test/e2e/tour.ts'
import { databases } from '../test/support/database.ts'
import { type RunningPlatform, startPlatform } from '../test/support/platform.ts'
import { provideServices } from './services.ts'

const FOLDER = join(import.meta.dirname, '..', 'screenshots')
const WIDTHS = [360, 1440]
const THEMES = ['light', 'dark'] as const
const TRIES_MS = 15_000

async function pictures(browser: Browser, platform: RunningPlatform, stops: Stop[]): Promise<number> {
  let taken = 0
  for (const width of WIDTHS) {
    for (const theme of THEMES) {
      const callers = Map.groupBy(stops, (stop) => (stop.staff ? 'staff' : (stop.session ?? '')))
      for (const [caller, wanted] of callers) {
        const context = await browser.newContext({
          viewport: { width, height: width === 360 ? 800 : 900 },
          colorScheme: theme,
          locale: 'de-DE',
          reducedMotion: 'reduce',
        })
        if (caller === 'staff') await signIn(platform, context)
        else if (caller) await enter(platform, context, caller)
        const page = await context.newPage()
        for (const stop of wanted) {
          await page.goto(platform.url + stop.path)
          await page
            .locator(stop.wait ?? 'h1')
            .first()
            .waitFor({ timeout: TRIES_MS })
          await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {})
          await page.screenshot({ path: join(FOLDER, `${stop.name}-${width}-${theme}.png`) })
          taken++
        }
        await context.close()
      }
    }
  }
  return taken
}

if (needsBrowser || !provideServices()) {
  console.error(`Screenshots need Chromium: ${needsBrowser}`)
  process.exit(1)
}
await buildInterface(createLog('warn'))
const names = process.argv.slice(2)
const platform = await startPlatform(databases()[0]!, { ZAHNRAD_EXAMPLE: '1' })
const browser = await launch()
try {
  console.log('The example city is being filled …')
  await filled(platform)
  const stops = (await stopsOf(platform)).filter((stop) => names.length === 0 || names.includes(stop.name))
  if (names.length === 0) rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  console.log(`${await pictures(browser, platform, stops)} pictures in screenshots/`)
} finally {
  await browser.close()
  await platform.remove()
}
