import { datasetOfDatastream, datastreamsForEdit, propertiesOf, thingForEdit } from '../../domains/sensing/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { difference, limitProperties } from './dataset-edit.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { DatastreamPatchBody, NumberParams, ThingPatchBody, Versioned } from './schemas-datasets.ts'

/** Stations and series as forms show and change them, for staff. */
export function addEntityEdit(api: FastifyInstance, deps: PortalDeps): void {
  const { db, access, catalog, sensing } = deps
  const tags = ['Datasets']

  api.get<{ Params: { id: string } }>(
    '/api/v1/things/:id',
    {
      schema: {
        tags,
        summary: 'A station with its series as they can be changed, for staff',
        params: NumberParams,
        response: { 200: Versioned, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const visible = access.visible(request.actor)
      const id = Number(request.params.id)
      const thing = await thingForEdit(db, visible, id)
      if (!thing) throw new Problem(404, 'not-found', `There is no station ${id}, or it is not public.`)
      access.require(request.actor, 'update', { dataset: thing.dataset })
      const dataset = catalog.byKey(thing.dataset)!
      reply.header('cache-control', 'no-cache').header('etag', `"${thing.version}"`)
      return {
        ...thing,
        dataset: { id: dataset.id, title: dataset.title, state: dataset.state },
        datastreams: await datastreamsForEdit(db, visible, id),
        observedProperties: await propertiesOf(db, visible, thing.dataset),
      }
    },
  )

  api.patch<{ Params: { id: string }; Body: ThingPatchBody }>(
    '/api/v1/things/:id',
    {
      schema: {
        tags,
        summary: 'Changes a station; needs If-Match',
        params: NumberParams,
        body: ThingPatchBody,
        response: { 200: Versioned, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const visible = access.visible(request.actor)
      const id = Number(request.params.id)
      const thing = await thingForEdit(db, visible, id)
      if (!thing) throw new Problem(404, 'not-found', `There is no station ${id}, or it is not public.`)
      access.require(request.actor, 'update', { dataset: thing.dataset })
      limitProperties(request.body.properties)
      const { before, after } = await sensing.editThing(visible, id, request.body, request.headers['if-match'])
      await access.audit(request.actor, 'thing.update', `thing:${id}`, difference(before, after))
      return reply.header('etag', `"${after.version}"`).send(after)
    },
  )

  api.patch<{ Params: { id: string }; Body: DatastreamPatchBody }>(
    '/api/v1/datastreams/:id',
    {
      schema: {
        tags,
        summary: 'Changes a series; needs If-Match',
        params: NumberParams,
        body: DatastreamPatchBody,
        response: { 200: Versioned, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const visible = access.visible(request.actor)
      const id = Number(request.params.id)
      const dataset = await datasetOfDatastream(db, visible, id)
      if (dataset === null) throw new Problem(404, 'not-found', `There is no series ${id}, or it is not public.`)
      access.require(request.actor, 'update', { dataset })
      const { before, after } = await sensing.editDatastream(visible, id, request.body, request.headers['if-match'])
      await access.audit(request.actor, 'datastream.update', `datastream:${id}`, difference(before, after))
      return reply.header('etag', `"${after.version}"`).send(after)
    },
  )
}
