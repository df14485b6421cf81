import { type BatchRequest, type BatchResponse, MAX_REQUESTS } from './batch.ts'
import type { Json } from './body.ts'
import { bad } from './errors.ts'

/** The requests of a JSON batch (OData JSON 4.01 §19): `{"requests": [{"id", "method", "url", "body", …}]}`. */
export function requestsOf(json: unknown): BatchRequest[] {
  const { requests } = (json ?? {}) as { requests?: unknown }
  if (!Array.isArray(requests)) throw bad('a batch is {"requests": [{"id", "method", "url"}, …]}')
  if (requests.length > MAX_REQUESTS) throw bad(`more than ${MAX_REQUESTS} requests in one batch`)
  return requests.map((request, i) => readRequest(request, `requests[${i}]`))
}

function readRequest(value: unknown, where: string): BatchRequest {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw bad(`${where}: an object is expected`)
  const { id, method, url, headers, body, atomicityGroup, dependsOn, ...other } = value as Json
  if (typeof id !== 'string' || !/^[\w.-]{1,100}$/.test(id))
    throw bad(`${where}/id: a string of letters and digits is expected`)
  if (typeof method !== 'string') throw bad(`${where}/method: a string is expected`)
  if (typeof url !== 'string' || url === '') throw bad(`${where}/url: an address below the service root is expected`)
  if (atomicityGroup !== undefined && (typeof atomicityGroup !== 'string' || atomicityGroup === ''))
    throw bad(`${where}/atomicityGroup: a string is expected`)
  if (dependsOn !== undefined && !(Array.isArray(dependsOn) && dependsOn.every((one) => typeof one === 'string')))
    throw bad(`${where}/dependsOn: an array of ids is expected`)
  for (const name of Object.keys(other)) throw bad(`${where}/${name.slice(0, 40)} is not understood`)
  return {
    id,
    method,
    url,
    headers: readHeaders(headers, `${where}/headers`),
    body: typeof body === 'string' ? parsed(body, `${where}/body`) : body,
    group: (atomicityGroup as string | undefined) ?? null,
    dependsOn: (dependsOn as string[] | undefined) ?? [],
  }
}

function readHeaders(value: unknown, where: string): Record<string, string> {
  if (value === undefined) return {}
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw bad(`${where}: an object is expected`)
  const headers: Record<string, string> = {}
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw bad(`${where}/${name.slice(0, 40)}: a string is expected`)
    headers[name.toLowerCase()] = text
  }
  return headers
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw bad(`${where}: a JSON value is expected`)
  }
}

/** The answer to a JSON batch: `{"responses": […]}`, in the order of the requests. */
export function jsonResponses(responses: readonly BatchResponse[]): unknown {
  return {
    responses: responses.map(({ id, group, status, headers, body }) => ({
      id,
      ...(group === null ? {} : { atomicityGroup: group }),
      status,
      headers,
      ...(body === undefined ? {} : { body }),
    })),
  }
}
