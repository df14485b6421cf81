/** A real browser that notices what a person would not: console errors, policy violations, requests to elsewhere. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
export const executablePath = CANDIDATES.find((path) => path && existsSync(path))
export const needsBrowser = executablePath ? false : 'install chromium (or name one in CHROMIUM)'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

export interface Visit {
  page: Page
  context: BrowserContext
  /** What went wrong so far: console errors, uncaught errors, policy violations, requests that left the origin. */
  troubles: string[]
  close(): Promise<void>
}

export interface Look {
  width?: number
  height?: number
  dark?: boolean
  reducedMotion?: boolean
}

/** A German visitor with this window, who keeps cookies and files of pages seen before. */
export function visitor(browser: Browser, look: Look = {}): Promise<BrowserContext> {
  return browser.newContext({
    viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
    colorScheme: look.dark ? 'dark' : 'light',
    reducedMotion: look.reducedMotion ? 'reduce' : 'no-preference',
    locale: 'de-DE',
    hasTouch: (look.width ?? 1440) < 600,
  })
}

/** Opens a tab. What goes wrong in it is noted; failures that belong to it (a 404 that is asked for) are told by `expected`. */
export async function tab(context: BrowserContext, url: string, expected?: RegExp): Promise<Omit<Visit, 'context'>> {
  const page = await context.newPage()
  const troubles: string[] = []
  const note = (text: string): void => {
    if (!expected?.test(text)) troubles.push(text)
  }
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()))
      note(`${message.type()}: ${message.text()} ${message.location().url}`)
  })
  page.on('pageerror', (error) => note(`uncaught: ${error.message}`))
  const origin = new URL(url).origin
  page.on('request', (request) => {
    const target = new URL(request.url())
    if (target.origin !== origin && !['data:', 'blob:'].includes(target.protocol)) note(`left the origin: ${target}`)
  })
  await page.goto(url)
  return { page, troubles, close: () => page.close() }
}

/** Opens a page as a German visitor who comes for the first time. */
export async function visit(browser: Browser, url: string, look: Look = {}, expected?: RegExp): Promise<Visit> {
  const context = await visitor(browser, look)
  const opened = await tab(context, url, expected)
  return { ...opened, context, close: () => context.close() }
}

/** Nothing axe finds: WCAG 2.0 to 2.2, levels A and AA, and its best practices. */
export async function assertAccessible(page: Page, what: string): Promise<void> {
  // A running animation is measured half way; the end is what counts.
  await page.evaluate('Promise.all(document.getAnimations().map((a) => a.finished.catch(() => {})))')
  // Evaluated by the debugger, not by the page: the content security policy stays as it is.
  if ((await page.evaluate('typeof axe')) === 'undefined') await page.evaluate(AXE)
  const found = await page.evaluate<{ id: string; nodes: { target: string[]; failureSummary: string }[] }[]>(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations'] }).then((r) => r.violations)`,
  )
  const text = found.map(
    (v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} – ${n.failureSummary}`).join('\n  ')}`,
  )
  assert.deepEqual(text, [], `${what} is not accessible`)
}

/** Waits until an expression holds in the page. (Playwright's own way evaluates strings, which the policy forbids.) */
export async function until(page: Page, expression: string, limitMs = 5000): Promise<void> {
  for (const start = performance.now(); performance.now() - start < limitMs; ) {
    if (await page.evaluate(expression)) return
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
  throw new Error(`does not come true within ${limitMs} ms: ${expression}`)
}

interface TraceEvent {
  name: string
  pid: number
  tid: number
  tdur?: number
  args: { name?: string }
}

/**
 * Milliseconds of processor time of each task on the page's main thread while `work` runs, the longest first. Not the
 * time by the clock: that tells how busy the machine is.
 */
export async function tasksDuring(page: Page, work: () => Promise<void>): Promise<number[]> {
  const client = await page.context().newCDPSession(page)
  const events: TraceEvent[] = []
  client.on('Tracing.dataCollected', ({ value }) => events.push(...(value as unknown as TraceEvent[])))
  await client.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: ['disabled-by-default-devtools.timeline', 'toplevel'] },
  })
  await work()
  const complete = new Promise((resolve) => client.once('Tracing.tracingComplete', resolve))
  await client.send('Tracing.end')
  await complete
  const main = new Set(
    events.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map((e) => `${e.pid}/${e.tid}`),
  )
  const tasks = events.filter((e) => e.name === 'RunTask' && main.has(`${e.pid}/${e.tid}`))
  return tasks.map((e) => (e.tdur ?? 0) / 1000).sort((a, b) => b - a)
}
