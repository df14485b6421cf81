import { decodeFeed, feedBytes, looksLikeFeed, type Realtime } from '../../../domains/mobility/index.ts'
import {
  type ApplyingFeed,
  FileError,
  parseDuration,
  Rejections,
  type RunFigures,
} from '../../../domains/sources/index.ts'

/** How long a feed counts as live after the time it gives, where the definition says nothing (`format.validity`). */
const VALIDITY_S = 1_800
/** The same for one that is fetched by itself, at least: three of its distances. */
const LEAST_S = 180

/**
 * GTFS Realtime 1.0 and 2.0, protobuf or JSON: TripUpdates, VehiclePositions and Alerts, each in a file of its own or
 * together. It is put on the dataset's timetable (format `gtfs`), which may come from another source.
 */
export function gtfsRealtime(realtime: Realtime): ApplyingFeed {
  return {
    id: 'gtfs-rt',
    detect({ name, head }) {
      const found = looksLikeFeed(head)
      if (!found) return null
      const role = found.kinds.length > 0 ? found.kinds.join('+') : (byName(name) ?? 'main')
      const what = found.kinds.length > 0 ? found.kinds.join(', ') : 'no entities'
      return { role, confidence: 0.95, reason: `its header is that of GTFS Realtime, and it holds ${what}` }
    },
    isLive: () => true,
    async unchanged({ source, part, dataset, every, dated }) {
      if (every !== null) await realtime.requireMoving({ source, part, dataset, dated })
    },
    async apply(inputs, options, context) {
      const total: RunFigures = { read: 0, accepted: 0, unchanged: 0, corrected: 0, rejected: 0, rejections: [] }
      const rejections = new Rejections()
      const every = context.every === null ? null : Math.max(LEAST_S, 3 * context.every)
      const validity = options.validity === undefined ? (every ?? VALIDITY_S) : parseDuration(options.validity).seconds
      const failures: string[] = []
      const seen = new Map<string, number>()
      for (const { role, name, bytes } of inputs) {
        const count = (seen.get(role) ?? 0) + 1
        seen.set(role, count)
        try {
          const message = decodeFeed(await feedBytes(bytes, context.maxDocumentBytes))
          const figures = await realtime.take({
            source: context.source,
            part: count === 1 ? role : `${role} ${count}`,
            dataset: context.dataset,
            run: context.run,
            arrivedAt: Date.now() / 1000,
            validity,
            message,
            standing: context.every !== null,
            dated: context.dated,
          })
          for (const field of ['read', 'accepted', 'unchanged', 'corrected', 'rejected'] as const)
            total[field] += figures[field]
          for (const { reason, count, examples } of figures.rejections) rejections.merge(reason, count, examples)
        } catch (error) {
          // One file of several that is no good leaves the others their place.
          if (!(error instanceof FileError)) throw error
          failures.push(inputs.length === 1 ? error.message : `${name}: ${error.message}`)
          total.read++
          total.rejected++
          rejections.merge(`the file cannot be used: ${error.message}`, 1, [
            { row: 0, column: '', value: null, file: name },
          ])
        }
      }
      if (failures.length === inputs.length) throw new FileError(failures.join('; '))
      return { ...total, rejections: rejections.list() }
    },
  }
}

/** An empty feed does not show what it will hold; its name may. */
function byName(name: string): string | undefined {
  if (/alert/i.test(name)) return 'alerts'
  if (/vehicle/i.test(name)) return 'vehicle-positions'
  return /trip|delay|update/i.test(name) ? 'trip-updates' : undefined
}
