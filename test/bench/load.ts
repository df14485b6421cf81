/** Load from a process of its own: `connections` requests in flight for `seconds`, told on stdin; prints the result as JSON. */
import { readFileSync } from 'node:fs'
import autocannon from 'autocannon'

export interface LoadResult {
  /** Answers with status 2xx a second. */
  rate: number
  p50: number
  p99: number
  errors: number
}

const { url, body, bodies, headers, connections, seconds, method } = JSON.parse(readFileSync(0, 'utf8'))
const requests = (bodies as string[] | undefined)?.map((each) => ({ body: each }))
const result = await autocannon({ url, method, body, requests, headers, connections, duration: seconds, pipelining: 1 })
const answered = result['2xx']
console.log(
  JSON.stringify({
    rate: answered / result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    errors: result.errors + result.non2xx,
  } satisfies LoadResult),
)
