import type { Static } from 'typebox'
import type { Actor } from '../../domains/access/index.ts'
import { Release, type Review } from '../../domains/release/index.ts'
import type { FastifyInstance } from '../../kernel/http/index.ts'
import { visibleDataset } from './datasets.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { DatasetParams } from './schemas-datasets.ts'
import { FourEyesBody, ReviewAnswer, ReviewsAnswer, SheetBody } from './schemas-reviews.ts'

/** What is asked before a release, who decided what, and what waits. The moves themselves: `POST …/state`. */
export function addReviews(api: FastifyInstance, deps: PortalDeps): void {
  const { access } = deps
  const release = new Release(deps)
  const tags = ['Datasets']

  const shown = async ({ dataset, ...review }: Review, actor: Actor) => {
    const { id, title, state, stateSince, audience, licence, createdBy, key } = dataset
    const may = {
      update: access.can(actor, 'update', { dataset: key }),
      release: access.can(actor, 'release', { dataset: key }),
    }
    const fourEyes = await release.fourEyes()
    return { id, title, state, stateSince, audience, licence, createdBy, ...review, may, fourEyes }
  }

  api.get(
    '/api/v1/reviews',
    {
      schema: {
        tags,
        summary: 'Datasets that wait for your decision',
        response: { 200: ReviewsAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      if (!access.isStaff(request.actor)) access.require(request.actor, 'release', 'platform')
      const reviews = await release.inbox(request.actor)
      reply.header('cache-control', 'no-store')
      return { reviews: await Promise.all(reviews.map((review) => shown(review, request.actor))) }
    },
  )

  const visible = (actor: Actor, id: string) => visibleDataset(deps, access.visible(actor), id)

  api.get<{ Params: { id: string } }>(
    '/api/v1/datasets/:id/review',
    {
      schema: {
        tags,
        summary: 'Answers for the release of a dataset, what is missing, and its way so far',
        params: DatasetParams,
        response: { 200: ReviewAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const { id } = visible(request.actor, request.params.id)
      reply.header('cache-control', 'no-store')
      return shown(await release.review(id, request.actor), request.actor)
    },
  )

  api.put<{ Params: { id: string }; Body: Static<typeof SheetBody> }>(
    '/api/v1/datasets/:id/review',
    {
      schema: {
        tags,
        summary: 'Keeps the answers for the release of a dataset',
        params: DatasetParams,
        body: SheetBody,
        response: { 200: ReviewAnswer, '4xx': ProblemAnswer },
      },
    },
    async (request) => {
      const { id } = visible(request.actor, request.params.id)
      return shown(await release.saveSheet(id, request.body, request.actor), request.actor)
    },
  )

  api.put<{ Body: Static<typeof FourEyesBody> }>(
    '/api/v1/reviews/rule',
    {
      schema: { tags, summary: 'Switches the four-eyes rule', body: FourEyesBody, response: { '4xx': ProblemAnswer } },
    },
    async (request) => {
      await release.setFourEyes(request.body.fourEyes, request.actor)
      return { fourEyes: request.body.fourEyes }
    },
  )
}
