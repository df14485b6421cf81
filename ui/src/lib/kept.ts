/** What "here and now" keeps for when there is no connection. */
export const KEPT = 'jetzt'

/** Takes it away, at signing out: the last view, and the page itself. Favourites stay, they are the device's. */
export async function forgetKept(): Promise<void> {
  try {
    localStorage.removeItem(KEPT)
    for (const name of await caches.keys()) await caches.delete(name)
  } catch {
    // Without a store, or on a page that is not secure, nothing is kept.
  }
}
