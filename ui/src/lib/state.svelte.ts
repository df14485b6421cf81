import { type City, Failure, get, type Unit } from './api.ts'
import { Format } from './format.ts'
import { fill, isMessage, type Lang, type MessageKey, messages } from './messages.ts'
import { place, view } from './router.svelte.ts'
import { Zone } from './zone.ts'

export type Theme = 'system' | 'light' | 'dark'

function stored(name: string): string | null {
  try {
    return localStorage.getItem(`zahnrad.${name}`)
  } catch {
    return null
  }
}

function store(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(`zahnrad.${name}`)
    else localStorage.setItem(`zahnrad.${name}`, value)
  } catch {
    // storage switched off: the choice lasts as long as the page
  }
}

const keptPage = (): boolean => 'kept' in document.documentElement.dataset

const isLang = (value: string | null): value is Lang => value === 'de' || value === 'en'

/** What every page shares: language, theme, the city's profile, and a clock that ticks once a minute. */
class App {
  city = $state<City | null>(null)
  cityFailure = $state<Failure | null>(null)
  theme = $state<Theme>((stored('theme') as Theme | null) ?? 'system')
  dark = $state(false)
  online = $state(navigator.onLine)
  /** Now, to the minute: ages and "today" follow it. Corrected by the server's clock, for devices whose own is wrong. */
  now = $state(Date.now())

  /** Counts when all data came or went at once (the example city): pages begin anew. */
  renewed = $state(0)

  #remembered = $state(stored('lang'))
  #skew = 0
  readonly #zones = new Map<string, Zone>()

  /** Languages the city offers its pages in. */
  readonly languages: readonly Lang[] = $derived(
    (this.city?.languages ?? ['de', 'en']).filter((one): one is Lang => isLang(one)),
  )
  readonly lang: Lang = $derived.by(() => {
    const asked = new URLSearchParams(place.search).get('lang')
    const offered = this.languages
    // Asked for, else remembered, else the city's first; a language the city does not offer never.
    return (
      [asked, this.#remembered].find((one): one is Lang => isLang(one) && offered.includes(one)) ?? offered[0] ?? 'de'
    )
  })
  readonly zone: Zone = $derived(this.#zone(this.city?.timeZone ?? 'Europe/Berlin'))
  readonly format: Format = $derived(new Format(this.lang, this.zone))
  /** Signed in, with a task in the administration: sections and tools for the administration are shown. The server decides each act anew. */
  readonly staff: boolean = $derived(this.city?.actor.staff === true)

  /**
   * Answers may be meant for one person: somebody is signed in here or in another tab, or it is not known. A page that came
   * out of the browser's store (`public/sw.js`) was made for nobody and cannot tell.
   */
  get known(): boolean {
    return keptPage() || this.city?.actor.kind !== 'anonymous' || stored('known') !== null
  }

  #zone(name: string): Zone {
    let zone = this.#zones.get(name)
    if (!zone) {
      zone = new Zone(name)
      this.#zones.set(name, zone)
    }
    return zone
  }

  /** Text in the page's language. */
  t = (key: MessageKey, params: Record<string, string | number> = {}): string => fill(messages[this.lang][key], params)

  /** Text that depends on a number: looks for `key.one` and `key.other`; `{n}` is the number as written. */
  tn = (key: string, n: number, params: Record<string, string | number> = {}): string => {
    const form = new Intl.PluralRules(this.lang).select(n) === 'one' ? 'one' : 'other'
    return this.t(`${key}.${form}` as MessageKey, { n: this.format.number(n), ...params })
  }

  /** What people call a group; cities may measure what we have no word for, then the data's own name stands. */
  groupName = (key: string | null, fallback: string): string => {
    const message = `group.${key}`
    return isMessage(message) ? this.t(message) : fallback
  }

  groupShort = (key: string | null, fallback: string): string => {
    const message = `short.${key}`
    return isMessage(message) ? this.t(message) : this.groupName(key, fallback)
  }

  /** What stands behind a value: a measure's symbol; of counts, what is counted, where we have a word for it. */
  unitText = (unit: Unit, group: string | null): string => {
    const message = `unit.${group}`
    if (isMessage(message)) return this.t(message)
    return unit.symbol === '1' ? '' : unit.symbol
  }

  setLang(lang: Lang): void {
    store('lang', lang)
    this.#remembered = lang
    view({ lang: lang === this.languages[0] ? null : lang }, { replace: true })
  }

  setTheme(theme: Theme): void {
    this.theme = theme
    store('theme', theme === 'system' ? null : theme)
    this.applyTheme()
  }

  applyTheme(): void {
    const root = document.documentElement
    if (this.theme === 'system') delete root.dataset.kernTheme
    else root.dataset.kernTheme = this.theme
    this.dark = this.theme === 'dark' || (this.theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  }

  /** Sets the clock by the server's: `iso` is what it called now. */
  setClock(iso: string): void {
    const skew = Date.parse(iso) - Date.now()
    this.#skew = Math.abs(skew) > 60_000 ? skew : 0
    this.now = Date.now() + this.#skew
  }

  async loadCity(): Promise<void> {
    this.cityFailure = null
    try {
      this.city = await get<City>('/api/v1/city')
      // Told to other tabs, which cannot see that their requests are somebody's now.
      if (!keptPage()) store('known', this.city.actor.kind === 'anonymous' ? null : 'yes')
    } catch (error) {
      this.cityFailure = error instanceof Failure ? error : new Failure('network', String(error))
    }
  }

  /** All data came or went: the frame and the page are to be read again. */
  async renew(): Promise<void> {
    await this.loadCity()
    this.renewed++
  }

  start(): void {
    this.applyTheme()
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.applyTheme())
    window.addEventListener('online', () => {
      this.online = true
      if (!this.city) void this.loadCity()
    })
    window.addEventListener('offline', () => {
      this.online = false
    })
    const tick = (): void => {
      this.now = Date.now() + this.#skew
      setTimeout(tick, 60_000 - (this.now % 60_000) + 20)
    }
    tick()
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.now = Date.now() + this.#skew
    })
    void this.loadCity()
  }
}

export const app = new App()
