/** One new value, as `/api/v1/events` sends it after it is committed. */
export interface LiveValue {
  datastream: number
  id: number
  t: string
  tEnd: string | null
  value: number | null
  quality: number | null
}

/**
 * Listens to new values of these datastreams until the returned function is called. `connected` hears whether the
 * stream stands; the browser reconnects by itself, and after a break `resumed` says that values may have been missed.
 */
export function listenTo(
  datastreams: number[],
  on: { value: (value: LiveValue) => void; connected: (yes: boolean) => void; resumed: () => void },
): () => void {
  if (datastreams.length === 0) return () => {}
  const path = `/api/v1/events?datastream=${datastreams.join(',')}`
  let stream: EventSource | null = null
  let opened = false
  let retry: ReturnType<typeof setTimeout> | undefined
  let delay = 2_000

  const open = (): void => {
    stream = new EventSource(path)
    stream.addEventListener('open', () => {
      if (opened) on.resumed()
      opened = true
      delay = 2_000
      on.connected(true)
    })
    stream.addEventListener('observation', (event) => on.value(JSON.parse((event as MessageEvent<string>).data)))
    stream.addEventListener('error', () => {
      on.connected(false)
      // The browser gives up after an HTTP error (a restarting server behind a proxy): we do not, but ever slower.
      if (stream?.readyState === EventSource.CLOSED) {
        clearTimeout(retry)
        retry = setTimeout(open, delay)
        delay = Math.min(delay * 2, 60_000)
      }
    })
  }
  // A page kept open in a background tab for days holds a connection for nothing.
  const visibility = (): void => {
    if (document.hidden) {
      clearTimeout(retry)
      retry = setTimeout(() => {
        stream?.close()
        stream = null
      }, 120_000)
    } else {
      clearTimeout(retry)
      if (!stream || stream.readyState === EventSource.CLOSED) open()
    }
  }
  open()
  document.addEventListener('visibilitychange', visibility)
  return () => {
    clearTimeout(retry)
    stream?.close()
    document.removeEventListener('visibilitychange', visibility)
  }
}
