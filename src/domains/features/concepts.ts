/** What kinds of features there are, as data: the terms of their facts and the series that hold what changes. */

export interface ConceptProperty {
  type: 'string' | 'number' | 'boolean' | 'object' | 'array'
  /** The possible values, where they are a fixed list. */
  values?: readonly string[]
  description: string
}

export interface ConceptSeries {
  /** Key of the observed property; the datastream is found again by it. */
  property: string
  /** What people read. */
  name: string
  description: string
  type: 'number' | 'text' | 'boolean'
  unit: { name: string; symbol: string; definition: string }
  aggregate: 'sum' | 'mean'
}

export interface Concept {
  id: string
  /** One of them, for messages. */
  name: { de: string; en: string }
  properties: Readonly<Record<string, ConceptProperty>>
  /** By the short name that feeds use (`free`). */
  series: Readonly<Record<string, ConceptSeries>>
}

const text = (description: string, values?: readonly string[]): ConceptProperty => ({
  type: 'string',
  description,
  ...(values ? { values } : {}),
})
const number = (description: string): ConceptProperty => ({ type: 'number', description })
const truth = (description: string): ConceptProperty => ({ type: 'boolean', description })

const NO_UNIT = { name: 'ohne Einheit', symbol: '', definition: 'ucum:1' }
const SPACES = { name: 'Stellplätze', symbol: '', definition: 'ucum:{count}' }

const measured = (
  property: string,
  name: string,
  unit: ConceptSeries['unit'],
  description: string,
  type: ConceptSeries['type'] = 'number',
): ConceptSeries => ({ property, name, description, type, unit, aggregate: 'mean' })

/** Car parks, bicycle parking and single bays; after DATEX II's parking profile. */
const parking: Concept = {
  id: 'parking',
  name: { de: 'Parkmöglichkeit', en: 'parking facility' },
  properties: {
    purpose: text('What is parked here.', ['car', 'bike']),
    type: text('Kind of facility.', [
      'garage',
      'underground',
      'openSpace',
      'onStreet',
      'parkAndRide',
      'bay',
      'wallLoops',
      'stands',
      'lockers',
      'shed',
      'twoTier',
      'other',
    ]),
    capacity: number('Number of spaces.'),
    capacityDisabled: number('Spaces for people with a disability.'),
    capacityWomen: number('Spaces for women.'),
    capacityFamily: number('Spaces for families.'),
    capacityCharging: number('Spaces with a charger.'),
    capacityCarsharing: number('Spaces for shared cars.'),
    user: text('Whom it is reserved for, where it is.', ['disabled', 'women', 'families', 'residents', 'staff']),
    address: text('Street, number and place.'),
    openingHours: text('Opening hours: as OpenStreetMap writes them, or in words.'),
    fee: truth('Whether parking costs something.'),
    feeDescription: text('The fees in words.'),
    maxHeight: number('Greatest height of a vehicle, metres.'),
    maxStay: text('Longest stay, in words.'),
    covered: truth('Whether there is a roof.'),
    lighting: truth('Whether there is light.'),
    parkAndRide: truth('Whether it is meant for changing to public transport.'),
    live: truth('Whether the source says how many spaces are free.'),
    operator: text('Who runs it.'),
    url: text('Page about it.'),
    district: text('Part of the town.'),
    description: text('Further words.'),
  },
  series: {
    free: measured('parking_free', 'Freie Stellplätze', SPACES, 'Stellplätze, die zu dieser Zeit nicht belegt sind.'),
    occupied: measured(
      'parking_occupied',
      'Belegte Stellplätze',
      SPACES,
      'Stellplätze, die zu dieser Zeit belegt sind.',
    ),
    capacity: measured(
      'parking_capacity',
      'Stellplätze zurzeit',
      SPACES,
      'Stellplätze, die zu dieser Zeit benutzbar sind; weicht vom Bestand ab, wenn Teile gesperrt sind.',
    ),
    state: measured(
      'parking_state',
      'Zustand',
      NO_UNIT,
      'open, spacesAvailable, almostFull, full, closed oder unknown.',
      'text',
    ),
    trend: measured(
      'parking_trend',
      'Tendenz der Belegung',
      NO_UNIT,
      'increasing, stable oder decreasing: ob mehr oder weniger Stellplätze belegt werden.',
      'text',
    ),
  },
}

/** Roadworks and events on the road; after DATEX II's SituationRecord. */
const roadworks: Concept = {
  id: 'roadworks',
  name: { de: 'Baustelle', en: 'roadworks' },
  properties: {
    type: text('Kind of record, as DATEX II calls it.'),
    severity: text('How much traffic is disturbed.', ['none', 'low', 'medium', 'high', 'highest', 'unknown']),
    description: text('What happens.'),
    detour: text('The way around it, in words.'),
    road: text('Name or number of the road.'),
    direction: text('Direction that is concerned.'),
    cause: text('Why.'),
    restrictions: { type: 'array', description: 'What is closed or restricted, in the words of DATEX II.' },
    operator: text('Who does the works.'),
    url: text('Page about it.'),
    status: text('Whether it stands or was called off.', ['active', 'suspended', 'cancelled']),
    records: { type: 'array', description: 'Each record of the situation: its type, words and validity.' },
  },
  series: {},
}

/** Every concept by its id; a mode adds its own here. */
export const CONCEPTS: ReadonlyMap<string, Concept> = new Map([parking, roadworks].map((one) => [one.id, one]))
