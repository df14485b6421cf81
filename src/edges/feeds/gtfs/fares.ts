import type { Ids } from './ids.ts'
import type { Notices } from './notices.ts'
import { LOCATIONS } from './schema.ts'
import type { TableRow } from './table.ts'

/** What files that are passed on refer to (GTFS Fares v2, GTFS-Flex): field by field, one of these files has the id. */
const REFERENCES: Record<string, Record<string, readonly (readonly [file: string, field: string])[]>> = {
  'stop_times.txt': {
    location_group_id: [['location_groups.txt', 'location_group_id']],
    location_id: [[LOCATIONS, 'id']],
    pickup_booking_rule_id: [['booking_rules.txt', 'booking_rule_id']],
    drop_off_booking_rule_id: [['booking_rules.txt', 'booking_rule_id']],
  },
  'fare_rules.txt': {
    origin_id: [['stops.txt', 'zone_id']],
    destination_id: [['stops.txt', 'zone_id']],
    contains_id: [['stops.txt', 'zone_id']],
  },
  'timeframes.txt': { service_id: [['calendar.txt', 'service_id']] },
  'fare_products.txt': {
    rider_category_id: [['rider_categories.txt', 'rider_category_id']],
    fare_media_id: [['fare_media.txt', 'fare_media_id']],
  },
  'fare_leg_rules.txt': {
    network_id: [
      ['routes.txt', 'network_id'],
      ['networks.txt', 'network_id'],
    ],
    from_area_id: [['areas.txt', 'area_id']],
    to_area_id: [['areas.txt', 'area_id']],
    from_timeframe_group_id: [['timeframes.txt', 'timeframe_group_id']],
    to_timeframe_group_id: [['timeframes.txt', 'timeframe_group_id']],
    fare_product_id: [['fare_products.txt', 'fare_product_id']],
  },
  'fare_leg_join_rules.txt': {
    from_network_id: [
      ['routes.txt', 'network_id'],
      ['networks.txt', 'network_id'],
    ],
    to_network_id: [
      ['routes.txt', 'network_id'],
      ['networks.txt', 'network_id'],
    ],
    from_stop_id: [['stops.txt', 'stop_id']],
    to_stop_id: [['stops.txt', 'stop_id']],
  },
  'fare_transfer_rules.txt': {
    from_leg_group_id: [['fare_leg_rules.txt', 'leg_group_id']],
    to_leg_group_id: [['fare_leg_rules.txt', 'leg_group_id']],
    fare_product_id: [['fare_products.txt', 'fare_product_id']],
  },
  'stop_areas.txt': { area_id: [['areas.txt', 'area_id']], stop_id: [['stops.txt', 'stop_id']] },
  'route_networks.txt': { network_id: [['networks.txt', 'network_id']], route_id: [['routes.txt', 'route_id']] },
  'location_group_stops.txt': {
    location_group_id: [['location_groups.txt', 'location_group_id']],
    stop_id: [['stops.txt', 'stop_id']],
  },
}

const WANTED = new Set(
  Object.values(REFERENCES)
    .flatMap((fields) => Object.values(fields).flat())
    .map(([file, field]) => `${file} ${field}`),
)
/** Files of ids kept beyond the tables every feed has; more ids than this are no fares. */
const MOST_IDS = 1_000_000

/** Tables read before, and where is said what is missing. */
interface Tables {
  notices: Notices
  stops: Ids
  routes: Ids
  services: Ids
}

/** Follows the references between files that are passed on as they came. A row with a dangling one is passed on, too. */
export class FareReferences {
  readonly #state: Tables
  readonly #ids = new Map<string, Set<string>>()

  constructor(state: Tables) {
    this.#state = state
  }

  /** Remembers an id of a file; `networkId` of a route likewise. */
  add(file: string, field: string, id: string): void {
    const key = `${file} ${field}`
    if (!WANTED.has(key) || id === '') return
    const ids = this.#ids.get(key) ?? new Set()
    if (ids.size < MOST_IDS) ids.add(id)
    this.#ids.set(key, ids)
  }

  row({ file, values, number: csvRowNumber }: TableRow): void {
    const fields = REFERENCES[file]
    for (const [field, value] of Object.entries(values)) {
      const id = String(value)
      this.add(file, field, id)
      const parents = fields?.[field]
      if (!parents || parents.some(([parent, of]) => this.#has(parent, of, id))) continue
      this.#state.notices.add('foreign_key_violation', {
        childFilename: file,
        childFieldName: field,
        parentFilename: parents.map(([parent]) => parent).join(' or '),
        parentFieldName: parents[0]![1],
        fieldValue: id,
        csvRowNumber,
      })
    }
  }

  #has(file: string, field: string, id: string): boolean {
    const { stops, routes, services } = this.#state
    const tables: Record<string, Ids> = {
      'stops.txt stop_id': stops,
      'routes.txt route_id': routes,
      'calendar.txt service_id': services,
    }
    const table = tables[`${file} ${field}`]
    const ids = this.#ids.get(`${file} ${field}`)
    if (table) return table.absent || table.has(id)
    return ids !== undefined && (ids.has(id) || ids.size >= MOST_IDS)
  }
}
