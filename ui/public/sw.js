// The page "here and now" opens without a connection: its files come from here then. Data is never kept here; the page
// itself keeps the last view and says how old it is. What is kept was asked for without saying who asks: the page and the
// city as everybody may see them, whoever was signed in; the page says that it was kept.
const CACHE = 'zahnrad-shell-2'
const SHELL = '/jetzt'
/** What the page needs beside its own files. */
const BESIDE = ['/before-paint.js', '/mark.svg', '/icon-192.png', '/manifest.webmanifest']

self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name !== CACHE).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

/** Keeps the page and the files it was made of, and none of an earlier build. */
async function keep(files) {
  const cache = await caches.open(CACHE)
  const wanted = new Set(files.filter((file) => typeof file === 'string' && file.startsWith('/assets/')))
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url)
    if (pathname.startsWith('/assets/') && !wanted.has(pathname)) await cache.delete(request)
  }
  const missing = []
  for (const file of wanted) if (!(await cache.match(file))) missing.push(file)
  await cache.addAll(missing)
  for (const path of BESIDE) await cache.add(new Request(path, { credentials: 'omit' }))
  const page = await fetch(SHELL, { credentials: 'omit', headers: { accept: 'text/html' } })
  if (!page.ok) return
  const headers = new Headers(page.headers)
  // Of the bytes as they came, not of this text.
  for (const name of ['content-encoding', 'content-length', 'etag']) headers.delete(name)
  const text = (await page.text()).replace('<html', '<html data-kept')
  await cache.put(SHELL, new Response(text, { headers }))
}

self.addEventListener('message', (event) => {
  if (event.source && Array.isArray(event.data?.keep)) event.waitUntil(keep(event.data.keep).catch(() => {}))
})

async function fromNetwork(request, key) {
  try {
    return await fetch(request)
  } catch (error) {
    const kept = await caches.match(key)
    if (kept) return kept
    throw error
  }
}

async function fromCache(request) {
  return (await caches.match(request)) ?? fetch(request)
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode === 'navigate' && url.pathname.startsWith(SHELL)) event.respondWith(fromNetwork(request, SHELL))
  else if (url.pathname.startsWith('/assets/')) event.respondWith(fromCache(request))
  else if (BESIDE.includes(url.pathname)) event.respondWith(fromNetwork(request, url.pathname))
})
