import protobuf, { type INamespace, type Type } from 'protobufjs/light.js'

/**
 * The wire form of GTFS Realtime 2.0 (gtfs-realtime.proto): field numbers, types and enumerations. Fields the reference
 * calls required are optional here: what is missing is said in a sentence, not by a decoder's exception.
 */
type Field = [id: number, type: string, many?: 'repeated']

// proto2: a delay of 0 is not the same as no delay, so presence is explicit.
const message = (fields: Record<string, Field>, nested?: INamespace['nested']) => ({
  edition: 'proto2',
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, [id, type, rule]]) => [name, { id, type, ...(rule && { rule }) }]),
  ),
  ...(nested && { nested }),
})
const values = (names: string, start = 0) => ({
  values: Object.fromEntries(names.split(' ').map((name, i) => [name, i + start])),
})

const nested: INamespace['nested'] = {
  FeedMessage: message({ header: [1, 'FeedHeader'], entity: [2, 'FeedEntity', 'repeated'] }),
  FeedHeader: message(
    {
      gtfsRealtimeVersion: [1, 'string'],
      incrementality: [2, 'Incrementality'],
      timestamp: [3, 'uint64'],
      feedVersion: [4, 'string'],
    },
    { Incrementality: values('FULL_DATASET DIFFERENTIAL') },
  ),
  FeedEntity: message({
    id: [1, 'string'],
    isDeleted: [2, 'bool'],
    tripUpdate: [3, 'TripUpdate'],
    vehicle: [4, 'VehiclePosition'],
    alert: [5, 'Alert'],
  }),
  TripUpdate: message(
    {
      trip: [1, 'TripDescriptor'],
      stopTimeUpdate: [2, 'StopTimeUpdate', 'repeated'],
      vehicle: [3, 'VehicleDescriptor'],
      timestamp: [4, 'uint64'],
      delay: [5, 'int32'],
      tripProperties: [6, 'TripProperties'],
    },
    {
      StopTimeEvent: message({
        delay: [1, 'int32'],
        time: [2, 'int64'],
        uncertainty: [3, 'int32'],
        scheduledTime: [4, 'int64'],
      }),
      StopTimeUpdate: message(
        {
          stopSequence: [1, 'uint32'],
          arrival: [2, 'StopTimeEvent'],
          departure: [3, 'StopTimeEvent'],
          stopId: [4, 'string'],
          scheduleRelationship: [5, 'ScheduleRelationship'],
          stopTimeProperties: [6, 'StopTimeProperties'],
          departureOccupancyStatus: [7, 'VehiclePosition.OccupancyStatus'],
        },
        {
          ScheduleRelationship: values('SCHEDULED SKIPPED NO_DATA UNSCHEDULED'),
          StopTimeProperties: message(
            {
              assignedStopId: [1, 'string'],
              stopHeadsign: [2, 'string'],
              pickupType: [3, 'DropOffPickupType'],
              dropOffType: [4, 'DropOffPickupType'],
            },
            { DropOffPickupType: values('REGULAR NONE PHONE_AGENCY COORDINATE_WITH_DRIVER') },
          ),
        },
      ),
      TripProperties: message({
        tripId: [1, 'string'],
        startDate: [2, 'string'],
        startTime: [3, 'string'],
        shapeId: [4, 'string'],
        tripHeadsign: [5, 'string'],
        tripShortName: [6, 'string'],
      }),
    },
  ),
  VehiclePosition: message(
    {
      trip: [1, 'TripDescriptor'],
      position: [2, 'Position'],
      currentStopSequence: [3, 'uint32'],
      currentStatus: [4, 'VehicleStopStatus'],
      timestamp: [5, 'uint64'],
      congestionLevel: [6, 'CongestionLevel'],
      stopId: [7, 'string'],
      vehicle: [8, 'VehicleDescriptor'],
      occupancyStatus: [9, 'OccupancyStatus'],
      occupancyPercentage: [10, 'uint32'],
      multiCarriageDetails: [11, 'CarriageDetails', 'repeated'],
    },
    {
      CarriageDetails: message({
        id: [1, 'string'],
        label: [2, 'string'],
        occupancyStatus: [3, 'OccupancyStatus'],
        occupancyPercentage: [4, 'int32'],
        carriageSequence: [5, 'uint32'],
      }),
      VehicleStopStatus: values('INCOMING_AT STOPPED_AT IN_TRANSIT_TO'),
      CongestionLevel: values('UNKNOWN_CONGESTION_LEVEL RUNNING_SMOOTHLY STOP_AND_GO CONGESTION SEVERE_CONGESTION'),
      OccupancyStatus: values(
        'EMPTY MANY_SEATS_AVAILABLE FEW_SEATS_AVAILABLE STANDING_ROOM_ONLY CRUSHED_STANDING_ROOM_ONLY FULL NOT_ACCEPTING_PASSENGERS NO_DATA_AVAILABLE NOT_BOARDABLE',
      ),
    },
  ),
  Position: message({
    latitude: [1, 'float'],
    longitude: [2, 'float'],
    bearing: [3, 'float'],
    odometer: [4, 'double'],
    speed: [5, 'float'],
  }),
  Alert: message(
    {
      activePeriod: [1, 'TimeRange', 'repeated'],
      informedEntity: [5, 'EntitySelector', 'repeated'],
      cause: [6, 'Cause'],
      effect: [7, 'Effect'],
      url: [8, 'TranslatedString'],
      headerText: [10, 'TranslatedString'],
      descriptionText: [11, 'TranslatedString'],
      ttsHeaderText: [12, 'TranslatedString'],
      ttsDescriptionText: [13, 'TranslatedString'],
      severityLevel: [14, 'SeverityLevel'],
      imageAlternativeText: [16, 'TranslatedString'],
      causeDetail: [17, 'TranslatedString'],
      effectDetail: [18, 'TranslatedString'],
    },
    {
      Cause: values(
        'UNKNOWN_CAUSE OTHER_CAUSE TECHNICAL_PROBLEM STRIKE DEMONSTRATION ACCIDENT HOLIDAY WEATHER MAINTENANCE CONSTRUCTION POLICE_ACTIVITY MEDICAL_EMERGENCY',
        1,
      ),
      Effect: values(
        'NO_SERVICE REDUCED_SERVICE SIGNIFICANT_DELAYS DETOUR ADDITIONAL_SERVICE MODIFIED_SERVICE OTHER_EFFECT UNKNOWN_EFFECT STOP_MOVED NO_EFFECT ACCESSIBILITY_ISSUE',
        1,
      ),
      SeverityLevel: values('UNKNOWN_SEVERITY INFO WARNING SEVERE', 1),
    },
  ),
  TimeRange: message({ start: [1, 'uint64'], end: [2, 'uint64'] }),
  EntitySelector: message({
    agencyId: [1, 'string'],
    routeId: [2, 'string'],
    routeType: [3, 'int32'],
    trip: [4, 'TripDescriptor'],
    stopId: [5, 'string'],
    directionId: [6, 'uint32'],
  }),
  TranslatedString: message(
    { translation: [1, 'Translation', 'repeated'] },
    { Translation: message({ text: [1, 'string'], language: [2, 'string'] }) },
  ),
  TripDescriptor: message(
    {
      tripId: [1, 'string'],
      startTime: [2, 'string'],
      startDate: [3, 'string'],
      scheduleRelationship: [4, 'ScheduleRelationship'],
      routeId: [5, 'string'],
      directionId: [6, 'uint32'],
    },
    {
      ScheduleRelationship: {
        values: {
          SCHEDULED: 0,
          ADDED: 1,
          UNSCHEDULED: 2,
          CANCELED: 3,
          REPLACEMENT: 5,
          DUPLICATED: 6,
          DELETED: 7,
          NEW: 8,
        },
      },
    },
  ),
  VehicleDescriptor: message(
    {
      id: [1, 'string'],
      label: [2, 'string'],
      licensePlate: [3, 'string'],
      wheelchairAccessible: [4, 'WheelchairAccessible'],
    },
    { WheelchairAccessible: values('NO_VALUE UNKNOWN WHEELCHAIR_ACCESSIBLE WHEELCHAIR_INACCESSIBLE') },
  ),
}

const root = protobuf.Root.fromJSON({ nested })

export const FeedMessageType: Type = root.lookupType('FeedMessage')
export const FeedHeaderType: Type = root.lookupType('FeedHeader')
export const FeedEntityType: Type = root.lookupType('FeedEntity')
export const Reader = protobuf.Reader
