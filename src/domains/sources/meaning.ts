import { Cron } from 'croner'
import { compilePattern } from '../../kernel/pattern.ts'
import { CONCEPTS } from '../features/index.ts'
import { clockOf } from './clock.ts'
import { compileExpression } from './compute.ts'
import { KNOWN_SYSTEMS, toDegrees } from './crs.ts'
import type { DefinitionDocument, SeriesDocument } from './definition.ts'
import { isFeedType } from './feed.ts'
import type { Path } from './model.ts'
import { isPart, MAIN } from './parts.ts'
import { hint } from './suggest.ts'
import { placeholders } from './template.ts'
import { compileTimeFormat } from './time-format.ts'
import { PROPERTIES } from './vocabulary.ts'

export interface MeaningIssue {
  path: Path
  message: string
}

/** Mistakes a schema cannot see: two origins, an expression that does not compile, a lookup that has no such field. */
export function checkMeaning(definition: DefinitionDocument): MeaningIssue[] {
  const issues: MeaningIssue[] = []
  const say = (path: Path, message: string) => issues.push({ path, message })
  const attempt = (path: Path, work: () => unknown) => {
    try {
      work()
    } catch (error) {
      say(path, (error as Error).message)
    }
  }
  checkOrigin(definition, say, attempt)
  if (definition.timeZone !== undefined) {
    attempt(['timeZone'], () => {
      try {
        clockOf(definition.timeZone!)
      } catch {
        throw new Error(
          `"${definition.timeZone}" is not a time zone: write Europe/Berlin, UTC or a fixed offset like +01:00`,
        )
      }
    })
  }
  checkSections(definition, say, attempt)
  if (Object.keys(definition.time).length > 0) checkTime(definition, say, attempt)
  for (const [name, expression] of Object.entries(definition.compute ?? {})) {
    attempt(['compute', name], () => compileExpression(expression))
  }
  for (const [name, pattern] of Object.entries(definition.preamble ?? {}))
    attempt(['preamble', name], () => compilePattern(pattern))
  const { format } = definition
  if (format.headerLine !== undefined) {
    attempt(['format', 'headerLine'], () => compilePattern(format.headerLine!))
    if (format.skip !== undefined || format.header !== undefined)
      say(['format', 'headerLine'], 'goes with neither skip nor header')
  }
  if (definition.preamble && !format.skip && format.headerLine === undefined) {
    say(['preamble'], 'reads the lines above the header: say with format.skip or format.headerLine where that is')
  }
  const { location, valid } = definition.thing
  if (valid?.format !== undefined) attempt(['thing', 'valid', 'format'], () => compileTimeFormat(valid.format!))
  if (location) {
    const ways = [
      location.lat !== undefined && location.lon !== undefined,
      location.point !== undefined,
      location.geometry !== undefined,
    ]
    if (location.crs !== undefined && !toDegrees(location.crs))
      say(['thing', 'location', 'crs'], `is not known: ${KNOWN_SYSTEMS.join(', ')} are`)
    if (ways.filter(Boolean).length !== 1) say(['thing', 'location'], 'needs either lat and lon, or point, or geometry')
  }
  for (const [index, series] of definition.series.entries())
    checkSeries(definition, series, ['series', index], say, attempt)
  checkPlaceholders(definition, say)
  return issues
}

/** Which sections a feed, a concept and a plain mapping need, and which have no meaning for them. */
function checkSections(definition: DefinitionDocument, say: Say, attempt: Attempt): void {
  const { from, format, concept, thing, time, series, sum, with: others } = definition
  const timed = Object.keys(time).length > 0
  if (isFeedType(format.type)) {
    for (const [name, given] of [
      ['thing', thing.key !== ''],
      ['time', timed],
      ['series', series.length > 0],
      ['concept', concept !== undefined],
      ['sum', sum !== undefined],
    ] as const)
      if (given) say([name], `is for mappings: a feed of type ${format.type} says it itself`)
    if ((from.mqtt || from.webhook) && format.type === 'gtfs')
      say(['from'], `a feed of type ${format.type} is fetched: give http or file`)
    if ((from.mqtt || from.webhook) && others) say(['with'], 'is for what is fetched; each message says what it is')
    checkCompanions(definition, say, attempt)
    return
  }
  if (thing.valid && concept === undefined) say(['thing', 'valid'], 'is for things with a concept')
  const terms = concept === undefined ? undefined : CONCEPTS.get(concept)?.properties
  for (const name of Object.keys(terms ? (thing.properties ?? {}) : {}))
    if (!terms![name]) say(['thing', 'properties', name], `is no term of ${concept}${hint(name, Object.keys(terms!))}`)
  if (sum && concept !== undefined)
    say(['sum'], 'makes car parks of bays: with it the bays are none themselves, leave out concept')
  const occupancy = sum?.occupancy ?? 'occupancy'
  if (sum && !series.some(({ property }) => property === occupancy || placeholders(property).length > 0))
    say(['sum', 'occupancy'], `no series has the observed property "${occupancy}"`)
  if (others) say(['with'], `is for feeds; ${format.type} reads one file`)
  if (thing.key === '') say(['thing'], 'is missing: what measures or, with a concept, what is described')
  if (series.length === 0 && concept === undefined)
    say(['series'], 'is missing: what is measured (only a definition with a concept can do without)')
  if (series.length > 0 && !timed) say(['time'], 'is missing: when the values of a row were measured')
  if (series.length === 0 && timed) say(['time'], 'is given, but no series has values for it')
}

/** A part's name stands in addresses and states. */
const PART = /^[a-z0-9][a-z0-9+-]{0,62}$/

/** The further files of a feed, and the parts that run by themselves. */
function checkCompanions(definition: DefinitionDocument, say: Say, attempt: Attempt): void {
  const names = new Set([MAIN])
  for (const [index, companion] of (definition.with ?? []).entries()) {
    const path = ['with', index]
    const { http, file, role, schedule } = companion
    if ((http === undefined) === (file === undefined)) say(path, 'needs exactly one of http and file')
    if (http && !URL.canParse(http.url)) say([...path, 'http', 'url'], 'is not a web address')
    if (!isPart(definition, companion)) continue
    if (!PART.test(role)) say([...path, 'role'], 'names a part: write a–z, 0–9, + and -')
    else if (names.has(role))
      say([...path, 'role'], `is taken: every part has a name of its own, and "${MAIN}" is from`)
    names.add(role)
    if (schedule) checkSchedule(schedule, definition.timeZone, [...path, 'schedule'], say, attempt)
  }
}

function checkSchedule(
  schedule: { every?: string; cron?: string },
  timeZone: string | undefined,
  path: Path,
  say: Say,
  attempt: Attempt,
): void {
  if (schedule.every !== undefined && schedule.cron !== undefined)
    say(path, 'gives every and cron: exactly one is possible')
  if (schedule.cron === undefined) return
  attempt(
    [...path, 'cron'],
    () => new Cron(schedule.cron!, { paused: true, timezone: timeZone?.includes('/') ? timeZone : 'UTC' }),
  )
}

type Say = (path: Path, message: string) => void
type Attempt = (path: Path, work: () => unknown) => void

function checkOrigin({ from, schedule, timeZone }: DefinitionDocument, say: Say, attempt: Attempt): void {
  const origins = (['http', 'file', 'mqtt', 'webhook'] as const).filter((name) => from[name] !== undefined)
  if (origins.length !== 1) {
    say(
      ['from'],
      origins.length === 0
        ? 'says not where from: give one of http, file, mqtt, webhook'
        : `gives ${origins.join(' and ')}: exactly one is possible`,
    )
  }
  for (const [name, field, address] of [
    ['http', 'url', from.http?.url],
    ['mqtt', 'broker', from.mqtt?.broker],
  ] as const) {
    if (address !== undefined && !URL.canParse(address)) say(['from', name, field], 'is not a web address')
  }
  if (from.files !== undefined) attempt(['from', 'files'], () => compilePattern(from.files!))
  if (!schedule) return
  const pushed = from.mqtt !== undefined || from.webhook !== undefined
  checkSchedule(schedule, timeZone, ['schedule'], say, attempt)
  if (pushed && (schedule.every ?? schedule.cron) !== undefined) {
    say(['schedule'], 'a source that is pushed to has no runs of its own: give only expect')
  }
  if (!pushed && schedule.expect !== undefined)
    say(['schedule', 'expect'], 'is for webhook and mqtt; a fetched source is judged by every or cron')
}

function checkTime({ time }: DefinitionDocument, say: Say, attempt: Attempt): void {
  const ways = [time.column, time.value, time.arrival].filter((way) => way !== undefined)
  if (ways.length !== 1) say(['time'], 'needs exactly one of column, value, arrival')
  if (time.format !== undefined) attempt(['time', 'format'], () => compileTimeFormat(time.format!))
  if (time.stamp !== undefined && time.period === undefined)
    say(['time', 'stamp'], 'says start or end of a period: give time.period too')
}

function checkSeries(
  definition: DefinitionDocument,
  series: SeriesDocument,
  path: Path,
  say: Say,
  attempt: Attempt,
): void {
  if ((series.column === undefined) === (series.columns === undefined))
    say(path, 'needs exactly one of column and columns')
  if (series.columns !== undefined)
    attempt([...path, 'columns'], () =>
      compilePattern(series.columns!.replaceAll(/(?<!\\[pPuk])\{[A-Za-z][^}]*\}/g, 'x')),
    )
  if (
    placeholders(series.property).length === 0 &&
    !definition.properties?.[series.property] &&
    !PROPERTIES.has(series.property)
  ) {
    const known = [...Object.keys(definition.properties ?? {}), ...PROPERTIES.keys()]
    say(
      [...path, 'property'],
      `there is no observed property "${series.property}"${hint(series.property, known)}: describe it under properties`,
    )
  }
  if (
    series.type !== undefined &&
    series.type !== 'number' &&
    (series.factor ?? series.values ?? series.aggregate) !== undefined
  ) {
    say(path, `is of type ${series.type}: factor, values and aggregate are for numbers`)
  }
  const quality = series.quality
  if (
    quality &&
    quality.column === undefined &&
    (quality.good ?? quality.suspect ?? quality.missing ?? quality.otherwise) !== undefined
  ) {
    say([...path, 'quality'], 'has statuses but no column to find them in')
  }
}

/** A placeholder `{lookup.field}` of a lookup that exists has to name a field some entry has. */
function checkPlaceholders(definition: DefinitionDocument, say: Say): void {
  const lookups = definition.lookups ?? {}
  const fields = new Map(
    Object.entries(lookups).map(([name, { entries }]) => [
      name,
      [...new Set(Object.values(entries).flatMap((entry) => Object.keys(entry)))],
    ]),
  )
  const visit = (value: unknown, path: Path): void => {
    if (typeof value === 'string') {
      for (const name of placeholders(value).flatMap((placeholder) => placeholder.split('|'))) {
        const [head, ...rest] = name.split('.')
        const known = fields.get(head!)
        const field = rest.join('.')
        if (known && rest.length > 0 && !known.includes(field)) {
          say(path, `the lookup "${head}" has no field "${field}"${hint(field, known)}`)
        }
      }
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, [...path, index])
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) visit(item, [...path, key])
    }
  }
  visit(definition.thing, ['thing'])
  visit(definition.series, ['series'])
  visit(definition.time, ['time'])
}
