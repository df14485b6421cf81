import { STATUS_CODES } from 'node:http'
import { type BatchRequest, type BatchResponse, MAX_REQUESTS } from './batch.ts'
import { bad } from './errors.ts'

/** A body of type multipart/mixed, as it came. */
export class Multipart {
  readonly boundary: string
  readonly text: string
  constructor(contentType: string, text: string) {
    this.boundary = boundaryOf(contentType)
    this.text = text
  }
}

function boundaryOf(contentType: string): string {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? []
  const boundary = quoted ?? plain
  if (boundary === undefined) throw bad('multipart/mixed needs a boundary of 1 to 70 characters (RFC 2046 §5.1.1)')
  return boundary
}

interface Part {
  headers: Record<string, string>
  content: string
}

/**
 * The requests of a multipart batch (OData 4.01 §11.7): parts of type application/http, and change sets, which are
 * multipart/mixed themselves and one transaction each. A part's `Content-ID` is its id.
 */
export function requestsOfMultipart({ boundary, text }: Multipart): BatchRequest[] {
  const requests: BatchRequest[] = []
  partsOf(text, boundary, 'the batch').forEach((part, i) => {
    const type = part.headers['content-type'] ?? ''
    const where = `part ${i + 1}`
    if (!/^multipart\/mixed/i.test(type)) {
      requests.push(readRequest(part, `part${i + 1}`, null, where))
    } else {
      const inner = partsOf(part.content, boundaryOf(type), where)
      inner.forEach((one, j) => {
        if (/^multipart\//i.test(one.headers['content-type'] ?? ''))
          throw bad(`${where}: a change set cannot hold another`)
        requests.push(readRequest(one, `part${i + 1}.${j + 1}`, `changeset ${i + 1}`, `${where}.${j + 1}`))
      })
    }
    if (requests.length > MAX_REQUESTS) throw bad(`more than ${MAX_REQUESTS} requests in one batch`)
  })
  return requests
}

function partsOf(text: string, boundary: string, where: string): Part[] {
  const lines = text.split(/\r?\n/)
  const [open, close] = [`--${boundary}`, `--${boundary}--`]
  const parts: Part[] = []
  let current: string[] | null = null
  for (const line of lines) {
    const mark = line.trimEnd()
    if (mark !== open && mark !== close) {
      current?.push(line)
      continue
    }
    if (current) parts.push(splitHead(current))
    if (mark === close) return parts
    current = []
  }
  throw bad(`${where}: the last line ${close.slice(0, 80)} is missing`)
}

/** Headers up to the first empty line, and the rest. */
function splitHead(lines: readonly string[]): Part {
  const headers: Record<string, string> = {}
  let at = 0
  for (; at < lines.length && lines[at] !== ''; at++) {
    const colon = lines[at]!.indexOf(':')
    if (colon > 0) headers[lines[at]!.slice(0, colon).trim().toLowerCase()] = lines[at]!.slice(colon + 1).trim()
  }
  return { headers, content: lines.slice(at + 1).join('\r\n') }
}

function readRequest(part: Part, fallbackId: string, group: string | null, where: string): BatchRequest {
  if (!/^application\/http/i.test(part.headers['content-type'] ?? ''))
    throw bad(`${where}: Content-Type application/http is expected`)
  const lines = part.content.split(/\r?\n/)
  while (lines[0] === '') lines.shift()
  const [, method, url] = /^([A-Z]+) (\S+)(?: HTTP\/\d(?:\.\d)?)?$/i.exec(lines[0] ?? '') ?? []
  if (!method || !url) throw bad(`${where}: a request line such as "GET Things(1) HTTP/1.1" is expected`)
  const { headers, content } = splitHead(lines.slice(1))
  const body = content.trim()
  const id = (part.headers['content-id'] ?? fallbackId).replace(/^<|>$/g, '')
  return { id, method, url, headers, body: body === '' ? undefined : parsed(body, where), group, dependsOn: [] }
}

function parsed(text: string, where: string): unknown {
  if (text.includes('\\u0000') || text.includes('\0')) throw bad(`${where}: a NUL character is not allowed`)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw bad(`${where}: the body is not JSON: ${(error as Error).message.slice(0, 200)}`)
  }
}

/** The answer to a multipart batch; of a change set that failed only the answer that says why (OData 4.01 §11.7.4). */
export function multipartResponses(responses: readonly BatchResponse[]): { type: string; text: string } {
  const outer = boundaryFor('batch', responses)
  const lines: string[] = []
  for (let i = 0; i < responses.length; ) {
    const { group } = responses[i]!
    let end = i + 1
    while (group !== null && end < responses.length && responses[end]!.group === group) end++
    const part = responses.slice(i, end)
    lines.push(`--${outer}`)
    const failed = group === null ? part[0]! : part.find((one) => one.status >= 400 && one.status !== 424)
    if (group === null || failed) lines.push(...http(failed ?? part[0]!))
    else {
      const inner = boundaryFor(`changeset${i}`, part)
      lines.push(`Content-Type: multipart/mixed; boundary=${inner}`, '')
      for (const one of part) lines.push(`--${inner}`, ...http(one))
      lines.push(`--${inner}--`)
    }
    i = end
  }
  lines.push(`--${outer}--`, '')
  return { type: `multipart/mixed; boundary=${outer}`, text: lines.join('\r\n') }
}

function http({ id, status, headers, body }: BatchResponse): string[] {
  const content = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
  return [
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    `Content-ID: ${id}`,
    '',
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd(),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    content,
  ]
}

/** A boundary that stands in none of the bodies. */
function boundaryFor(name: string, responses: readonly BatchResponse[]): string {
  const all = responses.map(({ body }) => (typeof body === 'string' ? body : JSON.stringify(body ?? ''))).join('')
  let boundary = name
  for (let n = 1; all.includes(`--${boundary}`); n++) boundary = `${name}_${n}`
  return boundary
}
