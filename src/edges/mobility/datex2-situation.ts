import type { Attachment, Feature } from '../../domains/features/index.ts'
import { header, location, type Publisher, payload, words } from './datex2-common.ts'
import { publicId } from './place.ts'
import { asFile } from './roadworks-own.ts'
import { el, type Out } from './xml.ts'

const SEVERITIES = new Set(['none', 'low', 'medium', 'high', 'highest', 'unknown'])
/** sit:RoadOrCarriagewayOrLaneManagementTypeEnum, as far as it restricts. */
const RESTRICTIONS = new Set([
  'carriagewayClosures',
  'contraflow',
  'heightRestrictionInOperation',
  'intermittentShortTermClosures',
  'laneClosures',
  'lanesDeviated',
  'narrowLanes',
  'overnightClosures',
  'roadClosed',
  'singleAlternateLineTraffic',
  'weightRestrictionInOperation',
])

/** sit:SituationPublication (CEN/TS 16157-3): a situation for each of the roadworks, a record for each restriction. */
export function situations(
  publisher: Publisher,
  features: readonly Feature[],
  { origin, files }: { origin: string; files: ReadonlyMap<number, readonly Attachment[]> },
): Out {
  return payload(
    'sit:SituationPublication',
    publisher,
    features.map((feature) =>
      situation(
        feature,
        (files.get(feature.id) ?? []).map((file) => ({
          ...file,
          url: origin + asFile(publicId(publisher.dataset, feature), file).url,
        })),
      ),
    ),
  )
}

type File = Attachment & { url: string }

function situation(feature: Feature, files: readonly File[]): Out {
  const { severity, restrictions } = feature.properties
  const known = Array.isArray(restrictions) ? restrictions.filter((one) => RESTRICTIONS.has(one)) : []
  return el(
    'sit:situation',
    { id: feature.key },
    typeof severity === 'string' && SEVERITIES.has(severity) ? el('sit:overallSeverity', {}, severity) : null,
    el('sit:situationVersionTime', {}, feature.changedAt),
    header('sit:headerInformation'),
    works(feature, files),
    rerouting(feature),
    known.map((restriction: string) =>
      record(feature, `${feature.key}-${restriction}`, 'sit:RoadOrCarriagewayOrLaneManagement', [
        el('sit:complianceOption', {}, 'mandatory'),
        el('sit:roadOrCarriagewayOrLaneManagementType', {}, restriction),
      ]),
    ),
  )
}

/** What happens there (sit:Activity and sit:Roadworks); without a known kind it is maintenance. */
const ACTIVITIES: Record<string, Out> = {
  ConstructionWorks: el('sit:constructionWorkType', {}, 'constructionWork'),
  MaintenanceWorks: el('sit:roadMaintenanceType', {}, 'roadworks'),
  PublicEvent: el('sit:publicEventType', {}, 'other'),
}

function works(feature: Feature, files: readonly File[]): Out {
  const { type } = feature.properties
  const known = typeof type === 'string' && Object.hasOwn(ACTIVITIES, type) ? type : 'MaintenanceWorks'
  return record(feature, `${feature.key}-works`, `sit:${known}`, [ACTIVITIES[known]!], { files })
}

/** The way around it, where it was drawn: sit:ReroutingManagement with its itinerary. */
function rerouting(feature: Feature): Out | null {
  const { detour, detourGeometry } = feature.properties
  const { type, coordinates } = (detourGeometry ?? {}) as { type?: string; coordinates?: unknown[] }
  const lines = type === 'LineString' ? [coordinates] : type === 'MultiLineString' ? coordinates! : []
  if (lines.length === 0) return null
  return record(feature, `${feature.key}-rerouting`, 'sit:ReroutingManagement', [
    el('sit:complianceOption', {}, 'advisory'),
    el('sit:reroutingManagementType', {}, 'followDiversionSigns'),
    typeof detour === 'string' && detour !== '' ? words('sit:reroutingItineraryDescription', detour) : null,
    el(
      'sit:alternativeRoute',
      { 'xsi:type': 'loc:ItineraryByIndexedLocations' },
      lines.map((line, index) =>
        el(
          'loc:locationContainedInItinerary',
          { index },
          location('loc:location', { type: 'LineString', coordinates: line }, feature.name),
        ),
      ),
    ),
  ])
}

const link = (address: string, ...more: Out[]): Out =>
  el('sit:urlLink', {}, el('com:urlLinkAddress', {}, address), more)

/** One record; the one that tells people what happens (`told`) has the words, the links and the files. */
function record(
  feature: Feature,
  id: string,
  type: string,
  own: (Out | null)[],
  told?: { files: readonly File[] },
): Out {
  const { properties, name, geometry, changedAt, validFrom, validTo } = feature
  const { description, detour, url } = properties
  const comment = (text: unknown, kind: string, extended: { _extendedValue?: string } = {}) =>
    told && typeof text === 'string' && text !== ''
      ? el('sit:generalPublicComment', {}, words('sit:comment', text), el('sit:commentType', extended, kind))
      : null
  return el(
    'sit:situationRecord',
    { 'xsi:type': type, id, version: Date.parse(changedAt) },
    el('sit:situationRecordCreationTime', {}, changedAt),
    el('sit:situationRecordVersionTime', {}, changedAt),
    el('sit:probabilityOfOccurrence', {}, 'certain'),
    el(
      'sit:validity',
      {},
      el('com:validityStatus', {}, properties.status === 'suspended' ? 'suspended' : 'definedByValidityTimeSpec'),
      el(
        'com:validityTimeSpecification',
        {},
        el('com:overallStartTime', {}, validFrom ?? changedAt),
        validTo === null ? null : el('com:overallEndTime', {}, validTo),
      ),
    ),
    comment(name, 'roadworksName'),
    comment(description, 'description'),
    // Version 2 has a kind of comment for the way around; version 3 takes it as an extended one.
    comment(detour && `Umleitung: ${detour}`, '_extended', { _extendedValue: 'routeRecommendation' }),
    told && typeof url === 'string' && URL.canParse(url) ? link(new URL(url).href) : null,
    told?.files.map(({ url: address, name: title, mediaType }) =>
      link(
        address,
        words('com:urlLinkDescription', title),
        el('com:urlLinkType', {}, mediaType === 'application/pdf' ? 'documentPdf' : 'image'),
      ),
    ) ?? null,
    location('sit:locationReference', geometry, name),
    ...own,
  )
}
