import 'maplibre-gl/dist/maplibre-gl.css'
import '../styles/maplibre.css'
import { AttributionControl, Map as MapLibre, setWorkerUrl } from 'maplibre-gl'
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url'
import { loadStyle } from './base-map.ts'
import type { Bounds, Camera } from './camera.ts'

// By default the worker starts from a blob: address; from our own origin the content security policy can be stricter.
setWorkerUrl(workerUrl)

/**
 * A camera over MapLibre, for a city with a map style or a map file of its own. Loaded only then. Throws when the map
 * cannot be had or the browser has no WebGL; `failed` is called when that shows later, so that our own ground can take
 * over.
 */
export async function openMap(
  element: HTMLElement,
  options: {
    attribution: string | null
    center: [number, number]
    texts: Record<string, string>
    lang: string
    dark: boolean
  },
  on: { moved: () => void; failed: (reason: string) => void },
): Promise<Camera> {
  const base = await loadStyle(options.lang)
  const map = new MapLibre({
    container: element,
    style: base.style(options.dark),
    center: options.center,
    zoom: 11,
    attributionControl: false,
    cooperativeGestures: !matchMedia('(min-width: 901px)').matches,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: matchMedia('(prefers-reduced-motion: reduce)').matches ? 0 : 200,
    locale: options.texts,
  })
  map.getCanvas().style.filter = base.filter(options.dark)
  // Top left: the other corners hold our own controls and the legend.
  const credits = options.attribution ? { customAttribution: options.attribution } : {}
  map.addControl(new AttributionControl({ compact: true, ...credits }), 'top-left')
  map.touchZoomRotate.disableRotation()
  map.keyboard.disableRotation()
  let touched = false
  let dark = options.dark
  map.on('move', on.moved)
  map.on('movestart', (event) => {
    if (event.originalEvent) touched = true
  })
  let styled = false
  map.once('style.load', () => {
    styled = true
    on.moved()
  })
  map.on('error', (event) => {
    if (!styled) on.failed(event.error?.message ?? 'the map style cannot be loaded')
  })
  return {
    get touched() {
      return touched
    },
    get zoom() {
      return map.getZoom()
    },
    project(lon, lat) {
      const p = map.project([lon, lat])
      return [p.x, p.y]
    },
    bounds() {
      return map.getBounds().toArray().flat() as Bounds
    },
    fit([w, s, e, n], animate, most = 14) {
      map.fitBounds([w, s, e, n], {
        padding: Math.min(56, element.clientWidth / 8),
        maxZoom: most,
        animate,
        duration: 250,
      })
    },
    zoomBy(steps, around) {
      touched = true
      map.easeTo({
        zoom: map.getZoom() + steps,
        ...(around ? { around: { lng: around[0], lat: around[1] } as never } : {}),
      })
    },
    resize() {
      map.resize()
    },
    setDark(wanted) {
      if (wanted === dark) return
      dark = wanted
      map.setStyle(base.style(dark))
      map.getCanvas().style.filter = base.filter(dark)
    },
    destroy() {
      map.remove()
    },
  }
}
