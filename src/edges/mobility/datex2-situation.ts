import type { Feature } from '../../domains/features/index.ts'
import { header, location, type Publisher, payload, words } from './datex2-common.ts'
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
export function situations(publisher: Publisher, features: readonly Feature[]): Out {
  return payload('sit:SituationPublication', publisher, features.map(situation))
}

function situation(feature: Feature): Out {
  const { severity, restrictions } = feature.properties
  const known = Array.isArray(restrictions) ? restrictions.filter((one) => RESTRICTIONS.has(one)) : []
  return el(
    'sit:situation',
    { id: feature.key },
    typeof severity === 'string' && SEVERITIES.has(severity) ? el('sit:overallSeverity', {}, severity) : null,
    el('sit:situationVersionTime', {}, feature.changedAt),
    header('sit:headerInformation'),
    works(feature),
    known.map((restriction: string) =>
      record(feature, `${feature.key}-${restriction}`, 'sit:RoadOrCarriagewayOrLaneManagement', [
        el('sit:complianceOption', {}, 'mandatory'),
        el('sit:roadOrCarriagewayOrLaneManagementType', {}, restriction),
      ]),
    ),
  )
}

function works(feature: Feature): Out {
  const construction = feature.properties.type === 'ConstructionWorks'
  return record(
    feature,
    `${feature.key}-works`,
    construction ? 'sit:ConstructionWorks' : 'sit:MaintenanceWorks',
    [
      construction
        ? el('sit:constructionWorkType', {}, 'constructionWork')
        : el('sit:roadMaintenanceType', {}, 'roadworks'),
    ],
    true,
  )
}

function record(feature: Feature, id: string, type: string, own: Out[], told = false): Out {
  const { properties, name, geometry, changedAt, validFrom, validTo } = feature
  const { description, detour, url } = properties
  const comment = (text: unknown, kind: string) =>
    told && typeof text === 'string' && text !== ''
      ? el('sit:generalPublicComment', {}, words('sit:comment', text), el('sit:commentType', {}, kind))
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
    comment(detour && `Umleitung: ${detour}`, 'other'),
    told && typeof url === 'string' && URL.canParse(url)
      ? el('sit:urlLink', {}, el('com:urlLinkAddress', {}, new URL(url).href))
      : null,
    location('sit:locationReference', geometry, name),
    ...own,
  )
}
