import { at, description, encodingType, name, properties, toMany, toOne } from './model-parts.ts'
import type { EntitySpec, NavigationSpec, Property } from './model-types.ts'
import { showInstant } from './times.ts'
import { json } from './values.ts'

/** The entity types of OGC 17-079r1 (Tasking Core) as data. */

const parameters = (accepts: Property['accepts']): Property => ({
  name: 'taskingParameters',
  accepts,
  mandatory: true,
  column: 'parameters',
  columns: ['parameters'],
  format: (row) => row.parameters,
  value: (alias) => json(at(alias, 'parameters')),
})

/** What a Thing has besides, where Tasking is switched on. */
export const TASKING_CAPABILITIES: NavigationSpec = toMany('TaskingCapabilities', 'TaskingCapability', 'thing', 'Thing')

const ACTUATOR: EntitySpec = {
  name: 'Actuator',
  set: 'Actuators',
  table: 'actuator',
  owned: true,
  properties: [
    name,
    description,
    encodingType,
    {
      name: 'metadata',
      accepts: 'any',
      mandatory: true,
      column: 'metadata',
      columns: ['metadata'],
      format: (row) => row.metadata,
      value: (alias) => json(at(alias, 'metadata')),
    },
    properties,
  ],
  navigations: [toMany('TaskingCapabilities', 'TaskingCapability', 'actuator', 'Actuator')],
}

const TASKING_CAPABILITY: EntitySpec = {
  name: 'TaskingCapability',
  set: 'TaskingCapabilities',
  table: 'tasking_capability',
  owned: true,
  owners: ['Thing'],
  properties: [name, description, parameters('dataRecord'), properties],
  navigations: [
    toOne('Thing', 'Thing', 'thing', 'TaskingCapabilities'),
    toOne('Actuator', 'Actuator', 'actuator', 'TaskingCapabilities'),
    toMany('Tasks', 'Task', 'tasking_capability', 'TaskingCapability'),
  ],
}

const TASK: EntitySpec = {
  name: 'Task',
  set: 'Tasks',
  table: 'task',
  owned: true,
  owners: ['TaskingCapability'],
  right: 'task',
  properties: [
    {
      name: 'creationTime',
      accepts: 'instant',
      filled: true,
      column: 'creation_time',
      columns: ['creation_time'],
      format: (row) => showInstant(row.creation_time),
      value: (alias) => ({ kind: 'time', start: at(alias, 'creation_time'), end: null, notNull: true }),
    },
    parameters('object'),
  ],
  navigations: [toOne('TaskingCapability', 'TaskingCapability', 'tasking_capability', 'Tasks')],
}

/** In the order the root document names the sets, after those of the Sensing part. */
export const TASKING_TYPES: readonly EntitySpec[] = [ACTUATOR, TASK, TASKING_CAPABILITY]
