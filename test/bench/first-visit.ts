/** One visit with an empty cache, as slow as it is told, and what was asked for before the page could be used. */
import type { Browser } from 'playwright-core'

export interface Slowness {
  /** Times slower than this machine. */
  cpu: number
  latencyMs: number
  /** Bytes a second. */
  down: number
  up: number
}

/** A mid-range phone on a slow mobile network (the figures of Lighthouse's "slow 4G"). */
export const PHONE: Slowness = { cpu: 4, latencyMs: 150, down: 1_600_000 / 8, up: 750_000 / 8 }

interface Asked {
  url: string
  startMs: number
  endMs: number
  /** Over the wire, with headers. */
  bytes: number
}

export interface FirstVisit {
  /** From asking for the page until `usable` was painted and the page could react to a touch. */
  usableMs: number
  longestAfterMs: number
  /** Answered before the page was usable. */
  before: Asked[]
  all: Asked[]
  /** Requests that had to wait for the answer of an earlier one, in a row: each costs a round trip. */
  waves: number
}

const WATCH = (selector: string): string => `
  window.visitTasks = []
  new PerformanceObserver((list) => { for (const e of list.getEntries()) window.visitTasks.push([e.startTime, e.duration]) })
    .observe({ type: 'longtask', buffered: true })
  const look = () => {
    if (!document.querySelector(${JSON.stringify(selector)})) return void requestAnimationFrame(look)
    // After the frame that paints it, once nothing else holds the page up.
    requestAnimationFrame(() => setTimeout(() => { window.visitUsable = performance.now() }))
  }
  requestAnimationFrame(look)
`

/** Waves: a request belongs to the wave after the latest answer that was complete when it began. */
function wavesOf(asked: Asked[]): number {
  const depth = new Map<Asked, number>()
  for (const one of [...asked].sort((a, b) => a.startMs - b.startMs)) {
    const earlier = [...depth].filter(([other]) => other.endMs <= one.startMs).map(([, n]) => n)
    depth.set(one, 1 + Math.max(0, ...earlier))
  }
  return Math.max(0, ...depth.values())
}

/** Opens `url` in a new tab without a cache; done when something matches `usable`. Throws after a minute. */
export async function firstVisit(
  browser: Browser,
  url: string,
  usable: string,
  slowness?: Slowness,
): Promise<FirstVisit> {
  const context = await browser.newContext({
    viewport: { width: 360, height: 800 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
    locale: 'de-DE',
  })
  try {
    const page = await context.newPage()
    const client = await context.newCDPSession(page)
    await client.send('Network.enable')
    await client.send('Network.setCacheDisabled', { cacheDisabled: false })
    if (slowness) {
      await client.send('Emulation.setCPUThrottlingRate', { rate: slowness.cpu })
      await client.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: slowness.latencyMs,
        downloadThroughput: slowness.down,
        uploadThroughput: slowness.up,
      })
    }
    const open = new Map<string, Asked>()
    const all: Asked[] = []
    let origin = 0
    client.on('Network.requestWillBeSent', ({ requestId, request, timestamp }) => {
      if (!request.url.startsWith('http')) return
      origin ||= timestamp
      const one = { url: request.url, startMs: Math.round((timestamp - origin) * 1000), endMs: Infinity, bytes: 0 }
      open.set(requestId, one)
      all.push(one)
    })
    client.on('Network.loadingFinished', ({ requestId, timestamp, encodedDataLength }) => {
      const one = open.get(requestId)
      if (!one) return
      one.endMs = Math.round((timestamp - origin) * 1000)
      one.bytes = encodedDataLength
    })
    await page.addInitScript(WATCH(usable))
    await page.goto(url, { waitUntil: 'commit' })
    let usableMs: number | undefined
    for (const start = Date.now(); usableMs === undefined; ) {
      if (Date.now() - start > 60_000) throw new Error(`${url}: nothing matches ${usable} within a minute`)
      await new Promise((resolve) => setTimeout(resolve, 100))
      usableMs = await page.evaluate<number | undefined>('window.visitUsable')
    }
    await page.waitForLoadState('networkidle', { timeout: 3_000 }).catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 500))
    const tasks = await page.evaluate<[number, number][]>('window.visitTasks')
    const at = usableMs
    const before = all.filter((one) => one.endMs <= at)
    return {
      usableMs: at,
      longestAfterMs: Math.max(0, ...tasks.filter(([start]) => start >= at).map(([, duration]) => duration)),
      before,
      all,
      waves: wavesOf(before),
    }
  } finally {
    await context.close()
  }
}
