import { untrack } from 'svelte'
import type { City } from './api.ts'
import { type Camera, PlainCamera } from './camera.ts'
import { app } from './state.svelte.ts'

interface Hearers {
  moved: () => void
  /** A camera took over; `styled`: the city's map is drawn, else our own ground is wanted. */
  changed: (camera: Camera, styled: boolean) => void
}

/**
 * The camera over an element: our own ground at once, then MapLibre when the city has a map and the browser can draw it.
 * Returns how to end it. `leastZoom` is that of our own ground.
 */
export function openCamera(element: HTMLElement, city: City, on: Hearers, leastZoom?: number): () => void {
  let gone = false
  let current: Camera = new PlainCamera(element, on.moved, leastZoom)
  on.changed(current, false)
  const plain = (reason: string): void => {
    if (gone) return
    console.info(`own map ground instead of the city's map: ${reason}`)
    current.destroy()
    current = new PlainCamera(element, on.moved, leastZoom)
    on.changed(current, false)
  }
  if (city.map.kind !== 'plain') {
    // A new language or theme does not build the map anew.
    const { lang, dark } = untrack(() => ({ lang: app.lang, dark: app.dark }))
    import('./maplibre-camera.ts')
      .then(async ({ openMap }) => {
        if (gone) return
        const [w, s, e, n] = city.bounds
        const texts = {
          'Map.Title': app.t('start.map'),
          'AttributionControl.ToggleAttribution': app.t('map.credits'),
          'CooperativeGesturesHandler.WindowsHelpText': app.t('map.gesture.windows'),
          'CooperativeGesturesHandler.MacHelpText': app.t('map.gesture.mac'),
          'CooperativeGesturesHandler.MobileHelpText': app.t('map.gesture.mobile'),
        }
        const center: [number, number] = [(w + e) / 2, (s + n) / 2]
        const options = { attribution: city.map.attribution, center, texts, lang, dark }
        const map = await openMap(element, options, { moved: on.moved, failed: plain })
        if (gone) return map.destroy()
        current.destroy()
        current = map
        on.changed(map, true)
      })
      .catch((error) => plain(String(error)))
  }
  return () => {
    gone = true
    current.destroy()
  }
}
