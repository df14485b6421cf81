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
    detourGeometry: { type: 'object', description: 'The way around it as a line: GeoJSON, EPSG:4326.' },
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

const VEHICLES = { name: 'Fahrzeuge', symbol: '', definition: 'ucum:{count}' }
const POINTS = { name: 'Ladepunkte', symbol: '', definition: 'ucum:{count}' }
const list = (description: string): ConceptProperty => ({ type: 'array', description })
const object = (description: string): ConceptProperty => ({ type: 'object', description })

/** A station of a sharing system; the terms are those of GBFS 3.0, station_information. */
const sharing: Concept = {
  id: 'sharing',
  name: { de: 'Leihstation', en: 'sharing station' },
  properties: {
    station_id: text('Id of the station in its system.'),
    name: list('Name in each language: {text, language}.'),
    short_name: list('Short name in each language.'),
    lat: number('Latitude, degrees.'),
    lon: number('Longitude, degrees.'),
    address: text('Street and number.'),
    cross_street: text('Crossing street.'),
    region_id: text('Region of the system it is in.'),
    post_code: text('Postal code.'),
    station_opening_hours: text('Opening hours as OpenStreetMap writes them.'),
    rental_methods: list('How one pays.'),
    is_virtual_station: truth('Whether there are no fixed docks.'),
    station_area: object('Area of a virtual station.'),
    parking_type: text('Kind of place.'),
    parking_hoop: truth('Whether there are hoops to lock to.'),
    contact_phone: text('Number to call.'),
    capacity: number('Docks, those out of order included.'),
    vehicle_types_capacity: list('Vehicles that fit, by type.'),
    vehicle_docks_capacity: list('Docks, by type.'),
    is_valet_station: truth('Whether staff takes vehicles when the docks are full.'),
    is_charging_station: truth('Whether vehicles are charged.'),
    rental_uris: object('Addresses to rent from.'),
  },
  series: {
    vehicles: measured(
      'sharing_vehicles',
      'Verfügbare Fahrzeuge',
      VEHICLES,
      'Fahrzeuge, die zu dieser Zeit an der Station zu leihen sind.',
    ),
    docks: measured(
      'sharing_docks',
      'Freie Rückgabeplätze',
      VEHICLES,
      'Plätze, an denen zu dieser Zeit ein Fahrzeug zurückgegeben werden kann.',
    ),
    vehicles_disabled: measured(
      'sharing_vehicles_disabled',
      'Fahrzeuge außer Betrieb',
      VEHICLES,
      'Fahrzeuge an der Station, die zu dieser Zeit niemand leihen kann.',
    ),
    docks_disabled: measured(
      'sharing_docks_disabled',
      'Rückgabeplätze außer Betrieb',
      VEHICLES,
      'Plätze, die zu dieser Zeit kein Fahrzeug annehmen.',
    ),
    state: measured(
      'sharing_state',
      'Zustand der Station',
      NO_UNIT,
      'open, rent_only, return_only, closed oder planned.',
      'text',
    ),
  },
}

/** A sharing system as a whole. Of its free-floating vehicles only their number is history. */
const sharingSystem: Concept = {
  id: 'sharing_system',
  name: { de: 'Leihsystem', en: 'sharing system' },
  properties: {
    system_id: text('Id of the system.'),
    languages: list('Languages of its texts.'),
    timezone: text('Time zone.'),
  },
  series: {
    vehicles: measured(
      'sharing_free_vehicles',
      'Verfügbare Fahrzeuge im System',
      VEHICLES,
      'Fahrzeuge, die zu dieser Zeit frei stehen und zu leihen sind.',
    ),
  },
}

/** A place to charge; the terms are those of OCPI 2.2.1, Location. */
const charging: Concept = {
  id: 'charging',
  name: { de: 'Ladestation', en: 'charging station' },
  properties: {
    id: text('Id of the location at its operator.'),
    country_code: text('Country of the operator.'),
    party_id: text('Id of the operator.'),
    name: text('Name of the place.'),
    address: text('Street and number.'),
    city: text('Town.'),
    postal_code: text('Postal code.'),
    country: text('Country, three letters.'),
    coordinates: object('Latitude and longitude, as text.'),
    operator: object('Who runs it: {name, website}.'),
    evses: list('Charge points with their connectors and present state.'),
    points: number('Number of charge points.'),
    devices: number('Number of devices (pillars).'),
    alike: list('Lines of the register that say the same.'),
    time_zone: text('Time zone.'),
    opening_times: object('When it is open.'),
    facilities: list('What is nearby.'),
    last_updated: text('When its description last changed.'),
  },
  series: {
    free: measured('charging_free', 'Freie Ladepunkte', POINTS, 'Ladepunkte, die zu dieser Zeit frei sind.'),
    used: measured(
      'charging_used',
      'Belegte Ladepunkte',
      POINTS,
      'Ladepunkte, an denen zu dieser Zeit geladen wird oder die reserviert oder zugestellt sind.',
    ),
    broken: measured(
      'charging_broken',
      'Ladepunkte außer Betrieb',
      POINTS,
      'Ladepunkte, die zu dieser Zeit außer Betrieb sind.',
    ),
  },
}

/** A part of the city, for sums by district. */
const district: Concept = {
  id: 'district',
  name: { de: 'Stadtteil', en: 'district' },
  properties: {
    number: text('Official number.'),
    inhabitants: number('How many people live there.'),
    description: text('Further words.'),
  },
  series: {},
}

/** Every concept by its id; a mode adds its own here. */
export const CONCEPTS: ReadonlyMap<string, Concept> = new Map(
  [parking, roadworks, sharing, sharingSystem, charging, district].map((one) => [one.id, one]),
)
