import { tick } from 'svelte'
import { isPage } from './routes.ts'

/** Where we are. Pages read it; only `go` and the browser's buttons change it. */
export const place = $state({ path: location.pathname, search: location.search, visit: 0 })

const KEEP = 'lang'

/** The address of a page, keeping the language if it stands in the current one. */
export function href(path: string): string {
  const url = new URL(path, location.origin)
  const lang = new URLSearchParams(place.search).get(KEEP)
  if (lang && !url.searchParams.has(KEEP)) url.searchParams.set(KEEP, lang)
  return url.pathname + url.search + url.hash
}

/** Goes to another page: new history entry, focus and scroll start anew. */
export function go(path: string): void {
  const url = new URL(path, location.origin)
  const samePage = url.pathname === place.path
  history.pushState({}, '', url)
  place.path = url.pathname
  place.search = url.search
  if (!samePage) void arrive()
}

/**
 * Changes the view of the same page: the parameters given (null removes one). A view is a step one can go back from,
 * unless it only completes the current one.
 */
export function view(params: Record<string, string | null>, options: { replace?: boolean } = {}): void {
  const query = new URLSearchParams(place.search)
  for (const [name, value] of Object.entries(params)) {
    if (value === null || value === '') query.delete(name)
    else query.set(name, value)
  }
  // Commas and colons are legal in a query and readable; encoded they are neither.
  const text = query.toString().replace(/%2C/g, ',').replace(/%3A/g, ':')
  const search = text ? `?${text}` : ''
  if (search === place.search) return
  history[options.replace ? 'replaceState' : 'pushState']({}, '', place.path + search + location.hash)
  place.search = search
}

/** A new page is announced by moving the focus to its heading, as a full page load would. */
async function arrive(): Promise<void> {
  place.visit++
  await tick()
  window.scrollTo(0, 0)
}

export function listen(): void {
  window.addEventListener('popstate', () => {
    const moved = location.pathname !== place.path
    place.path = location.pathname
    place.search = location.search
    if (moved) place.visit++
  })
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = (event.target as Element).closest?.('a')
    if (!link || link.target || link.hasAttribute('download') || link.origin !== location.origin) return
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return
    if (!isPage(link.pathname)) return
    event.preventDefault()
    go(link.href)
  })
}
