const HOUR = 3_600_000
/** When nobody looks. */
const NIGHT = 3

/**
 * Whether a screen should load its page anew: at once for a new version of the platform, else once a day at night (or
 * after a day and a bit, where the screen is off at night). `age` in milliseconds since it was loaded, `hour` the city's.
 */
export function shouldReload(is: { loaded: string; current: string; age: number; hour: number }): boolean {
  if (is.loaded !== is.current) return true
  return (is.hour === NIGHT && is.age > 12 * HOUR) || is.age > 25 * HOUR
}

/** Keeps the screen lit while the page is seen, where the browser can; ends with the returned function. */
export function keepAwake(): () => void {
  if (!('wakeLock' in navigator)) return () => {}
  let lock: WakeLockSentinel | null = null
  let ended = false
  const take = (): void => {
    if (document.hidden || ended) return
    navigator.wakeLock.request('screen').then(
      (got) => {
        if (ended) void got.release()
        else lock = got
      },
      // Refused, by a low battery for example: the device's own settings decide.
      () => {},
    )
  }
  take()
  document.addEventListener('visibilitychange', take)
  return () => {
    ended = true
    document.removeEventListener('visibilitychange', take)
    void lock?.release()
  }
}
