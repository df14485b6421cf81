import pg from 'pg'

const AGAIN_MS = 1_000

/**
 * Keeps a connection of its own that listens on a channel (PostgreSQL LISTEN), and opens it anew when it is lost; then
 * `heard` is called with an empty payload, since what was sent meanwhile is gone. Returns how to stop.
 */
export function listenTo(
  url: string,
  channel: string,
  heard: (payload: string) => void,
  onError: (error: Error) => void,
): () => Promise<void> {
  let client: pg.Client | undefined
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let before = false

  const connect = async () => {
    const fresh = new pg.Client({ connectionString: url, application_name: 'zahnrad listening', keepAlive: true })
    client = fresh
    const lost = (error?: Error) => {
      if (client !== fresh) return
      client = undefined
      if (error) onError(error)
      fresh.end().catch(() => {})
      if (stopped) return
      timer = setTimeout(connect, AGAIN_MS)
      timer.unref()
    }
    fresh.on('error', lost)
    fresh.on('end', () => lost())
    fresh.on('notification', ({ payload }) => heard(payload ?? ''))
    try {
      await fresh.connect()
      await fresh.query(`listen ${pg.escapeIdentifier(channel)}`)
      if (before) heard('')
      before = true
    } catch (error) {
      lost(error as Error)
    }
  }
  void connect()
  return async () => {
    stopped = true
    clearTimeout(timer)
    const last = client
    client = undefined
    await last?.end().catch(() => {})
  }
}
