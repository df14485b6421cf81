import type { Actor } from '../../domains/access/index.ts'
import { Lanes } from '../../kernel/lanes.ts'
import type { Answer } from './answer.ts'
import { runRequests } from './batch.ts'
import { jsonResponses, requestsOf } from './batch-json.ts'
import { Multipart, multipartResponses, requestsOfMultipart } from './batch-multipart.ts'
import { rootDocument } from './conformance.ts'
import { type Context, type Deps, makeContext } from './context.ts'
import { bad, notFound, StaError } from './errors.ts'
import { type Feed, openFeed } from './feed.ts'
import { SENSING_MODEL, TASKING_MODEL } from './model.ts'
import { createObservations, createPlainObservation, isStored } from './observations.ts'
import { parsePath, type Resource } from './path.ts'
import { splitOptions } from './query.ts'
import { readEntity, readProperty, readSet } from './read.ts'
import { addReference, removeReference, setReference, stepsOfReference } from './refs.ts'
import { removeSet } from './remove-set.ts'
import { type Spread, spreadOf } from './spread.ts'
import { noteUse } from './use.ts'
import { changeEntity, createEntity, insertEntity, removeEntity } from './write.ts'

export interface Call {
  method: string
  /** Below the service root, percent-encoded, without leading slash. */
  path: string
  /** Query string without the question mark. */
  search: string
  body: unknown
  /** The few headers that change what is done. */
  headers?: { contentType?: string; ifMatch?: string; ifNoneMatch?: string }
}

const READ = new Set(['GET', 'HEAD'])
/** Messages that need a transaction of their own at once: others ask the database, too. */
const GENERAL = 4

/**
 * The SensorThings service, independent of its transport: HTTP calls {@link handle}, the broker the methods below it.
 */
export class SensorThings {
  readonly #deps: Deps
  readonly #origin: () => string
  readonly #general = new Lanes(GENERAL)

  /** `origin` gives the public base address for links where no request tells it (MQTT). */
  constructor(deps: Deps, origin: () => string) {
    this.#deps = deps
    this.#origin = origin
  }

  context(actor: Actor, origin: string, slug: string | null): Context {
    return makeContext(this.#deps, actor, origin, slug)
  }

  /** What is possible at an address, whatever there is. */
  options(path: string): Answer {
    const resource = parsePath(path, this.#deps.tasking ? TASKING_MODEL : SENSING_MODEL)
    return { status: 204, headers: { allow: allowed(resource).join(', ') } }
  }

  /** One request. Throws {@link StaError} (or a kernel `Problem`) for everything that is not an answer. */
  async handle(context: Context, call: Call): Promise<Answer> {
    const { method, path, search } = call
    const resource = parsePath(path, context.model)
    if (method === 'OPTIONS') return { status: 204, headers: { allow: allowed(resource).join(', ') } }
    if (!allowed(resource).includes(method)) {
      throw Object.assign(
        new StaError(405, `${method} is not possible here; possible: ${allowed(resource).join(', ')}`),
        { allow: allowed(resource) },
      )
    }
    if (!READ.has(method)) return this.#write(context, resource, call)
    const options = splitOptions(search)
    await noteUse(context, resource, options)
    switch (resource.kind) {
      case 'root':
        for (const name of options.keys())
          throw bad(`query option "$${name.slice(0, 40)}" does not apply to the service root`)
        return { status: 200, body: rootDocument(context) }
      case 'set':
        return readSet(context, resource, options)
      case 'entity':
        return unlessMatched(await readEntity(context, resource.steps, options, resource.ref), resource, options, call)
      case 'property':
        return readProperty(context, resource, options)
      default:
        throw new StaError(405, 'this address takes POST')
    }
  }

  async #write(context: Context, resource: Resource, { method, search, body, headers = {} }: Call): Promise<Answer> {
    const options = splitOptions(search)
    if (resource.kind === 'set' && method === 'DELETE') {
      if (resource.as === 'entities') return removeSet(context, resource, options)
      const steps = stepsOfReference(context, resource, options.get('id'))
      return removeReference(context, steps)
    }
    for (const name of options.keys()) throw bad(`query option "$${name.slice(0, 40)}" does not apply to ${method}`)
    switch (resource.kind) {
      case 'createObservations':
        return { status: 201, body: await createObservations(context, body) }
      case 'batch':
        return this.#batch(context, body)
      case 'set': {
        if (resource.as === 'ref') return addReference(context, resource, body)
        const plain = resource.type.name === 'Observation' ? await this.#plain(context, resource, body) : null
        return plain ?? createEntity(context, resource, body)
      }
      case 'entity': {
        const ifMatch = headers.ifMatch ?? null
        if (resource.ref)
          return method === 'DELETE'
            ? removeReference(context, resource.steps)
            : setReference(context, resource.steps, body)
        if (method === 'DELETE') return removeEntity(context, resource.steps, ifMatch)
        const patch = headers.contentType?.startsWith('application/json-patch+json') ? 'jsonPatch' : 'patch'
        return changeEntity(context, resource.steps, { json: body, mode: method === 'PUT' ? 'put' : patch, ifMatch })
      }
      default:
        throw new StaError(501, 'properties are changed by PATCH of their entity')
    }
  }

  /** POST `$batch` (OData 4.01 §11.7), as JSON or as multipart/mixed; the answer has the form of the request. */
  async #batch(context: Context, body: unknown): Promise<Answer> {
    const multipart = body instanceof Multipart
    const requests = multipart ? requestsOfMultipart(body) : requestsOf(body)
    const responses = await runRequests(context, requests, (inner, call) => this.handle(inner, call))
    return multipart
      ? { status: 200, ...multipartResponses(responses) }
      : { status: 200, body: jsonResponses(responses) }
  }

  async #plain(context: Context, resource: Extract<Resource, { kind: 'set' }>, body: unknown): Promise<Answer | null> {
    const [only] = resource.parents
    if (resource.parents.length > 1 || (only && only.type.name !== 'Datastream')) return null
    const entity = await createPlainObservation(context, body, only ? only.id : null)
    return entity && { status: 201, headers: { location: entity['@iot.selfLink'] as string }, body: entity }
  }

  /**
   * Makes what a message on a topic carries: `v1.1/Datastreams(7)/Observations`, `v1.1/Things`, `d/slug/v1.1/…`, with all
   * inside it. Resolves after the commit. `again`: it was sent before and perhaps stored (MQTT's DUP); an Observation with
   * a phenomenonTime that stands there already is not stored twice. Throws an error whose message says what was wrong.
   */
  async create(actor: Actor, topic: string, body: unknown, { again }: { again: boolean }): Promise<void> {
    const { slug, path } = topicParts(topic)
    const context = this.context(actor, this.#origin(), slug)
    const resource = parsePath(path, context.model)
    if (resource.kind !== 'set' || resource.as !== 'entities')
      throw bad(`"${topic.slice(0, 100)}" is not a set of entities`)
    if (again && (await isStored(context, resource, body))) return
    const plain = resource.type.name === 'Observation' ? await this.#plain(context, resource, body) : null
    if (!plain) await this.#general.run(() => insertEntity(context, resource, body))
  }

  /** What a subscription to `topic` delivers. Throws 400 or 404 when there is no such topic for the actor. */
  async open(actor: Actor, topic: string): Promise<Feed> {
    const { slug, path } = topicParts(topic)
    return openFeed((someone) => this.context(someone, this.#origin(), slug), actor, path)
  }

  /** Every set, and where entities of it are told beside it, for a broker that does not say who listens to what. */
  spreads(): { set: string; spread: Spread }[] {
    const { types } = this.#deps.tasking ? TASKING_MODEL : SENSING_MODEL
    return types.map((type) => ({ set: type.set, spread: spreadOf(type) }))
  }
}

/** `v1.1/Things` or `d/{dataset}/v1.1/Things`: the dataset whose root it is, and the path below. */
function topicParts(topic: string): { slug: string | null; path: string } {
  const found = /^(?:d\/([a-z0-9-]{1,63})\/)?v1\.1\/(.+)$/s.exec(topic)
  if (!found) throw notFound(`"${topic.slice(0, 100)}" is not a topic of this service`)
  return { slug: found[1] ?? null, path: found[2]! }
}

function allowed(resource: Resource): string[] {
  switch (resource.kind) {
    case 'set':
      if (resource.as === 'entities') return ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']
      return resource.as === 'ref' && resource.navigation
        ? ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']
        : ['GET', 'HEAD', 'OPTIONS']
    case 'entity':
      if (resource.ref) return ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']
      return ['GET', 'HEAD', 'PATCH', 'PUT', 'DELETE', 'OPTIONS']
    case 'createObservations':
    case 'batch':
      return ['POST', 'OPTIONS']
    default:
      return ['GET', 'HEAD', 'OPTIONS']
  }
}

/**
 * `If-None-Match` (RFC 9110 §13.1.2) for entities that are nothing but their row: what the server adds (a Datastream's
 * phenomenonTime, expanded relations) changes without it.
 */
function unlessMatched(
  answer: Answer,
  resource: Extract<Resource, { kind: 'entity' }>,
  options: Map<string, string>,
  { headers }: Call,
): Answer {
  const wanted = headers?.ifNoneMatch
  const etag = answer.headers?.etag
  if (!wanted || !etag || options.has('expand')) return answer
  if (resource.steps.at(-1)!.type.properties.some((property) => property.readOnly)) return answer
  const tags = wanted.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag.slice(2)) ? { status: 304, headers: answer.headers } : answer
}
