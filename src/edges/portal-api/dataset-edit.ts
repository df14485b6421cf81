import { type Catalog, type Dataset, datasetVersion, licenceOf } from '../../domains/catalog/index.ts'
import { Release } from '../../domains/release/index.ts'
import type { FastifyInstance, FastifyRequest } from '../../kernel/http/index.ts'
import { Problem } from '../../kernel/problem.ts'
import { visibleDataset } from './datasets.ts'
import type { PortalDeps } from './deps.ts'
import { ProblemAnswer } from './schemas.ts'
import { DatasetCreateBody, DatasetParams, DatasetPatchBody, DatasetStateBody, Versioned } from './schemas-datasets.ts'

/** How long a deletion keeps its caller waiting; a longer one goes on by itself. */
const PATIENCE_MS = 15_000

/** What a list of fields was and is, for the audit log: only what differs. */
export function difference(before: object, after: object): Record<string, unknown> {
  const old = before as Record<string, unknown>
  const now = after as Record<string, unknown>
  const keys = Object.keys(old).filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]))
  const pick = (from: Record<string, unknown>) => Object.fromEntries(keys.map((key) => [key, from[key] ?? null]))
  return { before: pick(old), after: pick(now) }
}

/** `POST`, `PATCH` and `DELETE` of datasets, for staff. */
export function addDatasetEdit(api: FastifyInstance, deps: PortalDeps): void {
  const { access, catalog, sensing, log } = deps
  const release = new Release(deps)
  const tags = ['Datasets']
  const found = (request: FastifyRequest<{ Params: { id: string } }>): Dataset =>
    visibleDataset(deps, access.visible(request.actor), request.params.id)

  api.post<{ Body: DatasetCreateBody }>(
    '/api/v1/datasets',
    {
      schema: {
        tags,
        summary: 'Creates an empty dataset, as a draft',
        body: DatasetCreateBody,
        response: { 201: Versioned, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      access.require(request.actor, 'manage', 'platform')
      const dataset = await catalog.create({ ...request.body, createdBy: request.actor.name })
      await access.audit(request.actor, 'dataset.create', `dataset:${dataset.id}`, { after: request.body })
      return reply.code(201).header('location', `${request.origin}/api/v1/datasets/${dataset.id}`).send(dataset)
    },
  )

  api.patch<{ Params: { id: string }; Body: DatasetPatchBody }>(
    '/api/v1/datasets/:id',
    {
      schema: {
        tags,
        summary: 'Changes describing fields; needs If-Match',
        params: DatasetParams,
        body: DatasetPatchBody,
        response: { 200: Versioned, '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const dataset = found(request)
      access.require(request.actor, 'update', { dataset: dataset.key })
      checkPatch(request.body)
      const patch = trimmed(request.body)
      const { before, after } = await catalog.edit(dataset.id, patch, request.headers['if-match'])
      await access.audit(request.actor, 'dataset.update', `dataset:${dataset.id}`, difference(before, after))
      const version = versionAfter(catalog, dataset.id)
      return reply.header('etag', `"${version}"`).send({ ...after, version })
    },
  )

  api.post<{ Params: { id: string }; Body: DatasetStateBody }>(
    '/api/v1/datasets/:id/state',
    {
      schema: {
        tags,
        summary: 'Submits, releases, refuses or withdraws a dataset; effective with the next answer',
        params: DatasetParams,
        body: DatasetStateBody,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request) => {
      const dataset = found(request)
      const { state, reason, audience } = request.body
      const changed = await release.move(dataset.id, state, request.actor, { reason, audience })
      return { id: changed.id, state: changed.state, stateSince: changed.stateSince }
    },
  )

  const leaving = new Map<number, Promise<void>>()

  api.delete<{ Params: { id: string } }>(
    '/api/v1/datasets/:id',
    {
      schema: {
        tags,
        summary: 'Deletes a dataset with all its values, for good: 204, or 202 where it goes on in the background',
        params: DatasetParams,
        response: { '4xx': ProblemAnswer },
      },
    },
    async (request, reply) => {
      const dataset = found(request)
      access.require(request.actor, 'delete', { dataset: dataset.key })
      await requireNoSource(deps, dataset)
      let work = leaving.get(dataset.key)
      if (!work) {
        await access.audit(request.actor, 'dataset.delete', `dataset:${dataset.id}`, { before: { ...dataset } })
        work = removeWhole(dataset)
        leaving.set(dataset.key, work)
        const ended = () => leaving.delete(dataset.key)
        work.then(ended, (error: Error) => {
          ended()
          log.error({ dataset: dataset.id, error: error.message }, 'deleting a dataset failed')
        })
      }
      let timer: NodeJS.Timeout | undefined
      const waited = new Promise<'waiting'>((resolve) => {
        timer = setTimeout(() => resolve('waiting'), PATIENCE_MS)
      })
      const outcome = await Promise.race([work, waited]).finally(() => clearTimeout(timer))
      return reply.code(outcome === 'waiting' ? 202 : 204).send()
    },
  )

  /** Nobody but staff sees it from the first moment on. */
  async function removeWhole({ id, key }: Dataset): Promise<void> {
    await catalog.setState(id, 'withdrawn')
    await sensing.removeValues(key)
    await catalog.remove(id)
  }
}

function versionAfter(catalog: Catalog, id: string): string {
  return datasetVersion(catalog.require(id))
}

/** A source would make its dataset anew with its next run. */
async function requireNoSource({ sources }: PortalDeps, { id }: Dataset): Promise<void> {
  const feeding = (await sources.list()).filter((source) => source.dataset === id)
  if (feeding.length === 0) return
  const names = feeding.map((source) => `"${source.id}"`).join(', ')
  throw new Problem(
    409,
    'sources-feed-it',
    `Sources write to the dataset "${id}": ${names}. Remove them first, or they would fill it again.`,
    { sources: feeding.map(({ id: source, title }) => ({ id: source, title })) },
  )
}

function checkPatch({ licence, homepage, properties }: DatasetPatchBody): void {
  if (licence && !licenceOf(licence))
    throw new Problem(400, 'licence-unknown', `"licence" is "${licence}", which is not in the list of licences.`)
  if (homepage && !/^https?:\/\/\S+$/.test(homepage))
    throw new Problem(400, 'bad-homepage', `"homepage" is "${homepage}" but must begin with https:// or http://.`)
  limitProperties(properties)
}

const MOST_BYTES = 64 * 1024

export function limitProperties(properties: Record<string, unknown> | undefined): void {
  if (properties && JSON.stringify(properties).length > MOST_BYTES)
    throw new Problem(413, 'properties-too-large', `"properties" is longer than ${MOST_BYTES} characters.`)
}

/** Empty text in a field that may be missing means that it is. */
function trimmed({ properties, ...patch }: DatasetPatchBody): DatasetPatchBody {
  const texts = Object.entries(patch).map(([key, value]) => {
    const text = value?.trim() ?? null
    return [key, key === 'title' || key === 'description' ? (text ?? '') : text || null]
  })
  return { ...Object.fromEntries(texts), ...(properties && { properties }) }
}
