import { Type } from 'typebox'
import { attachmentsOf, findFeatures } from '../../domains/features/index.ts'
import { parkingStates } from '../../domains/mobility/index.ts'
import { measuredReader } from '../../domains/sensing/index.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { parkingStatus, parkingTable } from './datex2-parking.ts'
import { situations } from './datex2-situation.ts'
import type { MobilityDeps } from './deps.ts'
import { visibleDataset } from './place.ts'
import { ProblemAnswer } from './schemas.ts'
import { documentOf, type Out } from './xml.ts'

const Params = Type.Object({ dataset: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}$' }) })
const FileParams = Type.Object({ file: Type.String({ pattern: '^[a-z0-9][a-z0-9-]{0,62}\\.xml$' }) })

/** DATEX II 3.1 (CEN/TS 16157): `/datex2/parking/{dataset}/table.xml`, `status.xml` and `/datex2/roadworks/{dataset}.xml`. */
export function addDatex2(api: FastifyInstance, deps: MobilityDeps): void {
  const { db, access, catalog, city } = deps
  const tags = ['Mobility']
  const response = { '4xx': ProblemAnswer }

  const ofDataset = async (request: FastifyRequest, id: string, concept: string) => {
    const visible = access.visible(request.actor)
    const dataset = visibleDataset(catalog, visible, id)
    access.used(request.actor, 'datex2', [dataset.key])
    const features = await findFeatures(db, { concept, visible, dataset: dataset.key, limit: 100_000 })
    return { visible, features, publisher: { dataset, city: city.profile.name } }
  }
  const send = (reply: FastifyReply, document: Out) =>
    reply.header('cache-control', 'no-cache').type('application/xml; charset=utf-8').send(documentOf(document))
  const none = (dataset: string, what: string) =>
    new Problem(
      404,
      'nothing-to-publish',
      `The dataset "${dataset}" has no ${what}: DATEX II knows no empty publication.`,
    )

  api.get<{ Params: { dataset: string } }>(
    '/datex2/parking/:dataset/table.xml',
    {
      schema: {
        tags,
        summary: 'The car parks of a dataset: DATEX II 3.1 ParkingTablePublication',
        params: Params,
        response,
      },
    },
    async (request, reply) => {
      const { features, publisher } = await ofDataset(request, request.params.dataset, 'parking')
      if (features.length === 0) throw none(request.params.dataset, 'car parks')
      return send(reply, parkingTable(publisher, features))
    },
  )

  api.get<{ Params: { dataset: string } }>(
    '/datex2/parking/:dataset/status.xml',
    {
      schema: {
        tags,
        summary: 'What is free in the car parks of a dataset: DATEX II 3.1 ParkingStatusPublication',
        params: Params,
        response,
      },
    },
    async (request, reply) => {
      const { visible, features, publisher } = await ofDataset(request, request.params.dataset, 'parking')
      const states = await parkingStates(measuredReader(db, access.measured(request.actor)), visible, features)
      const measured = features.filter(({ id }) => states.get(id)!.measured !== null)
      if (measured.length === 0) throw none(request.params.dataset, 'car parks whose occupancy is known')
      return send(reply, parkingStatus(publisher, measured, states))
    },
  )

  api.get<{ Params: { file: string } }>(
    '/datex2/roadworks/:file',
    {
      schema: {
        tags,
        summary: 'Current and planned roadworks of a dataset: DATEX II 3.1 SituationPublication; file = {dataset}.xml',
        params: FileParams,
        response,
      },
    },
    async (request, reply) => {
      const id = request.params.file.replace(/\.xml$/, '')
      const { features, publisher } = await ofDataset(request, id, 'roadworks')
      const now = Date.now()
      const open = features.filter(({ validTo }) => validTo === null || Date.parse(validTo) > now)
      const files = await attachmentsOf(
        db,
        open.map((one) => one.id),
      )
      return send(reply, situations(publisher, open, { origin: request.origin, files }))
    },
  )
}
