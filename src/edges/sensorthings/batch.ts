import type { Answer } from './answer.ts'
import type { Json } from './body.ts'
import { asGroup, homeOf } from './changes.ts'
import type { Context } from './context.ts'
import { bad } from './errors.ts'
import { explain } from './explain.ts'

/** One request of a batch, however it was written (JSON or multipart). */
export interface BatchRequest {
  id: string
  method: string
  url: string
  headers: Record<string, string>
  body: unknown
  /** Requests of one group are one transaction: all or nothing. */
  group: string | null
  dependsOn: readonly string[]
}

export interface BatchResponse {
  id: string
  group: string | null
  status: number
  headers: Record<string, string>
  body?: unknown
}

/** What one request asks of the service. */
export interface BatchCall {
  method: string
  path: string
  search: string
  body: unknown
  headers: { contentType?: string; ifMatch?: string }
}

type Handle = (context: Context, call: BatchCall) => Promise<Answer>

export const MAX_REQUESTS = 1_000
const METHODS = new Set(['GET', 'POST', 'PATCH', 'PUT', 'DELETE'])

/**
 * Runs the requests of a batch in order (OData 4.01 §11.7). `$1` at the start of a URL, or as an `@iot.id` in a body,
 * stands for what request 1 made. A request that refers to one that failed is a 424.
 */
export async function runRequests(
  context: Context,
  requests: readonly BatchRequest[],
  handle: Handle,
): Promise<BatchResponse[]> {
  if (requests.length > MAX_REQUESTS) throw bad(`more than ${MAX_REQUESTS} requests in one batch`)
  checkOrder(requests)
  const batch = new Batch(handle)
  const responses: BatchResponse[] = []
  for (let i = 0; i < requests.length; ) {
    const { group } = requests[i]!
    let end = i + 1
    while (group !== null && end < requests.length && requests[end]!.group === group) end++
    const part = requests.slice(i, end)
    responses.push(...(group === null ? [await batch.answer(context, part[0]!)] : await batch.group(context, part)))
    i = end
  }
  return responses
}

function checkOrder(requests: readonly BatchRequest[]): void {
  /** Group of each id; an id of another group may come again (change sets number their requests each from 1). */
  const seen = new Map<string, string | null>()
  const groups = new Set<string>()
  let last: string | null = null
  for (const { id, group, dependsOn } of requests) {
    if (seen.has(id) && (group === null || seen.get(id) === group))
      throw bad(`two requests have the id "${id.slice(0, 60)}"`)
    if (group !== null && group !== last && groups.has(group))
      throw bad(`the requests of the group "${group.slice(0, 60)}" must follow one another`)
    for (const other of dependsOn) {
      if (!seen.has(other) && !groups.has(other))
        throw bad(`request "${id.slice(0, 60)}" depends on "${other.slice(0, 60)}", which does not come before it`)
    }
    seen.set(id, group)
    if (group !== null) groups.add(group)
    last = group
  }
}

/** A request of a group failed: the transaction is to be rolled back. */
class GroupFailed extends Error {
  readonly response: BatchResponse
  constructor(response: BatchResponse) {
    super('a request of the group failed')
    this.response = response
  }
}

class Batch {
  readonly #handle: Handle
  /** Address below the root of what each request made: `Things(7)`. */
  readonly #made = new Map<string, string>()
  readonly #failed = new Set<string>()

  constructor(handle: Handle) {
    this.#handle = handle
  }

  async answer(context: Context, request: BatchRequest): Promise<BatchResponse> {
    const { id, group } = request
    const failed = [...request.dependsOn, ...referencesOf(request)].find((other) => this.#failed.has(other))
    if (failed !== undefined) {
      this.#failed.add(id)
      return failure(request, 424, `request "${failed}" failed, which this one depends on`)
    }
    try {
      const answer = await this.#handle(context, this.#call(context, request))
      this.#failed.delete(id)
      const location = answer.headers?.location
      if (location) this.#made.set(id, location.slice(context.base.length + 1))
      const headers: Record<string, string> = { ...answer.headers }
      const body = answer.body ?? answer.text
      if (answer.body !== undefined) headers['content-type'] = 'application/json'
      else if (answer.text !== undefined) headers['content-type'] = answer.type ?? 'text/plain; charset=utf-8'
      return { id, group, status: answer.status, headers, body }
    } catch (error) {
      this.#failed.add(id)
      const { status, message, position } = explain(error)
      return failure(request, status, message, position)
    }
  }

  /** One transaction. When a request fails its answer says why, and the others of the group are 424: nothing was done. */
  async group(context: Context, requests: readonly BatchRequest[]): Promise<BatchResponse[]> {
    try {
      // The inbox is made before the transaction, should it be needed: inside there is one connection only.
      await homeOf(context)
      return await asGroup(context, async (inner) => {
        const responses: BatchResponse[] = []
        for (const request of requests) {
          const response = await this.answer(inner, request)
          if (response.status >= 400) throw new GroupFailed(response)
          responses.push(response)
        }
        return responses
      })
    } catch (error) {
      for (const { id, group } of requests) {
        this.#failed.add(id)
        this.#made.delete(id)
        if (group !== null) this.#failed.add(group)
      }
      if (error instanceof GroupFailed) {
        return requests.map((request) =>
          request.id === error.response.id
            ? error.response
            : failure(request, 424, `nothing of the group was done: request "${error.response.id}" failed`),
        )
      }
      const { status, message, position } = explain(error)
      return requests.map((request) => failure(request, status, message, position))
    }
  }

  #call(context: Context, request: BatchRequest): BatchCall {
    const method = request.method.toUpperCase()
    if (!METHODS.has(method)) throw bad(`"${request.method.slice(0, 20)}" is not possible in a batch`)
    const url = this.#address(below(context, request.url))
    if (/^\$batch(\/|\?|$)/.test(url)) throw bad('a batch cannot hold another batch')
    const question = url.indexOf('?')
    return {
      method,
      path: question < 0 ? url : url.slice(0, question),
      search: question < 0 ? '' : url.slice(question + 1),
      body: this.#filled(request.body),
      headers: { contentType: request.headers['content-type'], ifMatch: request.headers['if-match'] },
    }
  }

  #address(url: string): string {
    const [, id, rest] = /^\$([\w-]+)(.*)$/s.exec(url) ?? []
    return id !== undefined && this.#made.has(id) ? `${this.#made.get(id)}${rest}` : url
  }

  /** The body with each `"@iot.id": "$1"` replaced by the id of what request 1 made. */
  #filled(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#filled(item))
    if (value === null || typeof value !== 'object') return value
    const filled: Json = {}
    for (const [key, item] of Object.entries(value)) {
      const made = key === '@iot.id' && typeof item === 'string' ? this.#made.get(item.slice(1)) : undefined
      filled[key] = made && (item as string).startsWith('$') ? idIn(made) : this.#filled(item)
    }
    return filled
  }
}

const idIn = (address: string): number => Number(/\((\d+)\)$/.exec(address)?.[1])

/** The ids of requests that a request refers to by `$id`. */
function referencesOf({ url, body }: BatchRequest): string[] {
  const found: string[] = []
  const [, id] = /^\/?\$([\w-]+)/.exec(url) ?? []
  if (id !== undefined) found.push(id)
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk)
    else if (value !== null && typeof value === 'object') {
      for (const [key, item] of Object.entries(value)) {
        if (key === '@iot.id' && typeof item === 'string' && item.startsWith('$')) found.push(item.slice(1))
        else walk(item)
      }
    }
  }
  walk(body)
  return found
}

/** What stands below the service root in a URL: absolute, from the host's root, or relative. */
function below(context: Context, url: string): string {
  const path = new URL(context.base).pathname
  for (const prefix of [`${context.base}/`, `${path}/`]) if (url.startsWith(prefix)) return url.slice(prefix.length)
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) throw bad(`"${url.slice(0, 200)}" is not an address of this service`)
  return url.replace(/^\/(v1\.1\/)?/, '')
}

function failure({ id, group }: BatchRequest, status: number, message: string, position?: number): BatchResponse {
  const body = { code: status, type: 'error', message, ...(position === undefined ? {} : { position }) }
  return { id, group, status, headers: { 'content-type': 'application/json' }, body }
}
