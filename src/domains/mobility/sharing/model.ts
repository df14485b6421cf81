import { type Static, type TSchema, Type } from 'typebox'

/**
 * What a sharing system says, in the terms of GBFS 3.0 (github.com/MobilityData/gbfs, gbfs.md). Every older version is
 * brought to this form when it is read, and `/gbfs/{system}` answers in it. Each record is checked against its schema:
 * the reader of a feed and the description of our own interface derive from them.
 */
const LANGUAGE = '^[a-z]{2,3}(-[A-Z]{2})?$'
const Id = Type.String({ minLength: 1, maxLength: 200 })
const Time = Type.String({ format: 'date-time' })
const Count = Type.Integer({ minimum: 0, maximum: 1_000_000 })
const Uri = Type.String({ format: 'uri', maxLength: 2000 })
const Localized = Type.Array(
  Type.Object({ text: Type.String({ maxLength: 4000 }), language: Type.String({ pattern: LANGUAGE }) }),
  { minItems: 1 },
)
const LocalizedUri = Type.Array(Type.Object({ text: Uri, language: Type.String({ pattern: LANGUAGE }) }), {
  minItems: 1,
})
const RentalUris = Type.Object({ android: Type.Optional(Uri), ios: Type.Optional(Uri), web: Type.Optional(Uri) })
const optional = <T extends TSchema>(schema: T) => Type.Optional(schema)
const OfTypes = Type.Array(Type.Object({ vehicle_type_ids: Type.Array(Id), count: Count }))
const Latitude = Type.Number({ minimum: -90, maximum: 90 })
const Longitude = Type.Number({ minimum: -180, maximum: 180 })
const MultiPolygon = Type.Object({ type: Type.Literal('MultiPolygon'), coordinates: Type.Array(Type.Unknown()) })
const oneOf = <const T extends string[]>(...values: T) => Type.Enum(values)

export const StationInformation = Type.Object({
  station_id: Id,
  name: Localized,
  short_name: optional(Localized),
  lat: Latitude,
  lon: Longitude,
  address: optional(Type.String()),
  cross_street: optional(Type.String()),
  region_id: optional(Id),
  post_code: optional(Type.String()),
  station_opening_hours: optional(Type.String()),
  rental_methods: optional(
    Type.Array(
      oneOf('key', 'creditcard', 'paypass', 'applepay', 'androidpay', 'transitcard', 'accountnumber', 'phone'),
    ),
  ),
  is_virtual_station: optional(Type.Boolean()),
  station_area: optional(MultiPolygon),
  parking_type: optional(oneOf('parking_lot', 'street_parking', 'underground_parking', 'sidewalk_parking', 'other')),
  parking_hoop: optional(Type.Boolean()),
  contact_phone: optional(Type.String({ pattern: '^\\+[1-9]\\d{1,14}$' })),
  capacity: optional(Count),
  vehicle_types_capacity: optional(OfTypes),
  vehicle_docks_capacity: optional(OfTypes),
  is_valet_station: optional(Type.Boolean()),
  is_charging_station: optional(Type.Boolean()),
  rental_uris: optional(RentalUris),
})
export type StationInformation = Static<typeof StationInformation>

export const StationStatus = Type.Object({
  station_id: Id,
  num_vehicles_available: Count,
  vehicle_types_available: optional(Type.Array(Type.Object({ vehicle_type_id: Id, count: Count }))),
  num_vehicles_disabled: optional(Count),
  num_docks_available: optional(Count),
  num_docks_disabled: optional(Count),
  is_installed: Type.Boolean(),
  is_renting: Type.Boolean(),
  is_returning: Type.Boolean(),
  last_reported: Time,
  vehicle_docks_available: optional(OfTypes),
})
export type StationStatus = Static<typeof StationStatus>

export const Vehicle = Type.Object({
  vehicle_id: Id,
  lat: optional(Latitude),
  lon: optional(Longitude),
  is_reserved: Type.Boolean(),
  is_disabled: Type.Boolean(),
  rental_uris: optional(RentalUris),
  vehicle_type_id: optional(Id),
  last_reported: optional(Time),
  current_range_meters: optional(Type.Number({ minimum: 0 })),
  current_fuel_percent: optional(Type.Number({ minimum: 0, maximum: 1 })),
  station_id: optional(Id),
  home_station_id: optional(Id),
  pricing_plan_id: optional(Id),
  vehicle_equipment: optional(
    Type.Array(oneOf('child_seat_a', 'child_seat_b', 'child_seat_c', 'winter_tires', 'snow_chains')),
  ),
  available_until: optional(Time),
})
export type Vehicle = Static<typeof Vehicle>

export const VehicleType = Type.Object({
  vehicle_type_id: Id,
  form_factor: oneOf('bicycle', 'cargo_bicycle', 'car', 'moped', 'scooter_standing', 'scooter_seated', 'other'),
  rider_capacity: optional(Count),
  cargo_volume_capacity: optional(Count),
  cargo_load_capacity: optional(Count),
  propulsion_type: oneOf(
    'human',
    'electric_assist',
    'electric',
    'combustion',
    'combustion_diesel',
    'hybrid',
    'plug_in_hybrid',
    'hydrogen_fuel_cell',
  ),
  eco_labels: optional(
    Type.Array(Type.Object({ country_code: Type.String({ pattern: '^[A-Z]{2}' }), eco_sticker: Type.String() })),
  ),
  max_range_meters: optional(Type.Number({ minimum: 0 })),
  name: optional(Localized),
  g_CO2_km: optional(Count),
  vehicle_image: optional(Uri),
  make: optional(Localized),
  model: optional(Localized),
  color: optional(Type.String()),
  description: optional(Localized),
  wheel_count: optional(Count),
  max_permitted_speed: optional(Count),
  rated_power: optional(Count),
  default_reserve_time: optional(Count),
  return_constraint: optional(oneOf('free_floating', 'roundtrip_station', 'any_station', 'hybrid')),
  vehicle_assets: optional(
    Type.Object({
      icon_url: Uri,
      icon_url_dark: optional(Uri),
      icon_last_modified: Type.String({ format: 'date' }),
    }),
  ),
  default_pricing_plan_id: optional(Id),
  pricing_plan_ids: optional(Type.Array(Id)),
})
export type VehicleType = Static<typeof VehicleType>

const PriceSegments = Type.Array(
  Type.Object({
    start: Count,
    rate: Type.Number(),
    interval: Count,
    end: optional(Count),
  }),
)
export const PricingPlan = Type.Object({
  plan_id: Id,
  url: optional(Uri),
  name: Localized,
  currency: Type.String({ pattern: '^\\w{3}$' }),
  price: Type.Number({ minimum: 0 }),
  is_taxable: Type.Boolean(),
  description: Localized,
  per_km_pricing: optional(PriceSegments),
  per_min_pricing: optional(PriceSegments),
  surge_pricing: optional(Type.Boolean()),
})

export const Region = Type.Object({ region_id: Id, name: Localized })

export const SystemAlert = Type.Object({
  alert_id: Id,
  type: oneOf('system_closure', 'station_closure', 'station_move', 'other'),
  times: optional(Type.Array(Type.Object({ start: Time, end: optional(Time) }))),
  station_ids: optional(Type.Array(Id)),
  region_ids: optional(Type.Array(Id)),
  url: optional(LocalizedUri),
  summary: Localized,
  description: optional(Localized),
  last_updated: optional(Time),
})

const Rule = Type.Object({
  vehicle_type_ids: optional(Type.Array(Id)),
  ride_start_allowed: Type.Boolean(),
  ride_end_allowed: Type.Boolean(),
  ride_through_allowed: Type.Boolean(),
  maximum_speed_kph: optional(Count),
  station_parking: optional(Type.Boolean()),
})
export const GeofencingZone = Type.Object({
  type: Type.Literal('Feature'),
  properties: Type.Object({
    name: optional(Localized),
    start: optional(Time),
    end: optional(Time),
    rules: optional(Type.Array(Rule)),
  }),
  geometry: MultiPolygon,
})
export type GeofencingRule = Static<typeof Rule>

export const SystemInformation = Type.Object({
  system_id: Id,
  languages: Type.Array(Type.String({ pattern: LANGUAGE }), { minItems: 1 }),
  name: Localized,
  opening_hours: Type.String(),
  short_name: optional(Localized),
  operator: optional(Localized),
  url: optional(Uri),
  purchase_url: optional(Uri),
  start_date: optional(Type.String({ format: 'date' })),
  termination_date: optional(Type.String({ format: 'date' })),
  phone_number: optional(Type.String({ pattern: '^\\+[1-9]\\d{1,14}$' })),
  email: optional(Type.String({ format: 'email' })),
  feed_contact_email: optional(Type.String({ format: 'email' })),
  timezone: Type.String(),
  license_id: optional(Type.String()),
  license_url: optional(Uri),
  attribution_organization_name: optional(Localized),
  attribution_url: optional(Uri),
  brand_assets: optional(
    Type.Object({
      brand_last_modified: Type.String({ format: 'date' }),
      brand_image_url: Uri,
      brand_image_url_dark: optional(Uri),
      brand_terms_url: optional(Uri),
      color: optional(Type.String({ pattern: '^#([a-fA-F0-9]{6})$' })),
    }),
  ),
  terms_url: optional(LocalizedUri),
  terms_last_updated: optional(Type.String({ format: 'date' })),
  privacy_url: optional(LocalizedUri),
  privacy_last_updated: optional(Type.String({ format: 'date' })),
  rental_apps: optional(
    Type.Object({
      android: optional(Type.Object({ store_uri: Uri, discovery_uri: Uri })),
      ios: optional(Type.Object({ store_uri: Uri, discovery_uri: Uri })),
    }),
  ),
})
export type SystemInformation = Static<typeof SystemInformation>

/** The files that hold a list of records: what the list is called, and the schema of a record. */
export const RECORDS = {
  station_information: { list: 'stations', id: 'station_id', schema: StationInformation },
  station_status: { list: 'stations', id: 'station_id', schema: StationStatus },
  vehicle_status: { list: 'vehicles', id: 'vehicle_id', schema: Vehicle },
  vehicle_types: { list: 'vehicle_types', id: 'vehicle_type_id', schema: VehicleType },
  system_pricing_plans: { list: 'plans', id: 'plan_id', schema: PricingPlan },
  system_regions: { list: 'regions', id: 'region_id', schema: Region },
  system_alerts: { list: 'alerts', id: 'alert_id', schema: SystemAlert },
} as const
export type RecordFile = keyof typeof RECORDS

/** Every file of a system we read and offer, beside the entry `gbfs.json` itself. */
export type SystemFile = RecordFile | 'system_information' | 'geofencing_zones'
