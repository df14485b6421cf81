/**
 * What all fuzz tests share: one seed for a run, printed and to be set again (`FUZZ_SEED=…`), the number of cases
 * (`FUZZ_RUNS=…` instead of 1,000, for a long run by hand), hostile texts and values, mutation of valid examples, and a watch that names the
 * case a parser hangs on.
 */
import { Worker } from 'node:worker_threads'
import fc from 'fast-check'

export const SEED = Number(process.env.FUZZ_SEED ?? 20_261_124)
const RUNS = process.env.FUZZ_RUNS === undefined ? undefined : Number(process.env.FUZZ_RUNS)
/** No single case may take more of the processor, its threads included: other work on the machine does not count. */
const MOST_MS = 10_000
/** A case that takes this long by the clock will not end: the process is killed, with the case on stderr. */
const HANG_MS = 120_000

console.log(`fuzz: FUZZ_SEED=${SEED} FUZZ_RUNS=${RUNS ?? 'as each test says'}`)

/** How many cases, where a test in the normal run takes `usual`: of a dear one, `FUZZ_RUNS` means its share of 1,000. */
const runs = (usual: number): number => (RUNS === undefined ? usual : Math.ceil((RUNS * usual) / 1_000))

/** A thread of its own sees a hang even where the main thread never comes back. */
const WATCH = `
const { parentPort, workerData } = require('node:worker_threads')
let since = 0, what = ''
parentPort.on('message', (text) => { what = text; since = text === '' ? 0 : Date.now() })
setInterval(() => {
  if (since === 0 || Date.now() - since < ${HANG_MS}) return
  require('node:fs').writeSync(2, 'fuzz: hangs on ' + what + '\\n')
  process.kill(workerData, 'SIGKILL')
}, 1000).unref()
`
let watch: Worker | undefined

function watching(what: string): void {
  if (!watch) {
    watch = new Worker(WATCH, { eval: true, workerData: process.pid })
    watch.unref()
  }
  watch.postMessage(what)
}

/**
 * Runs `work` on cases of `arbitrary`. Every error it throws fails the test with the smallest case found, unless
 * `expected` calls it an answer; so does a case that takes too long.
 */
export async function fuzz<T>(
  name: string,
  usual: number,
  arbitrary: fc.Arbitrary<T>,
  work: (one: T) => unknown,
  expected: (error: Error) => boolean = () => false,
): Promise<void> {
  const property = fc.asyncProperty(arbitrary, async (one) => {
    watching(`${name}: ${show(one)}`)
    const start = process.cpuUsage()
    try {
      await work(one)
    } catch (error) {
      if (!expected(error as Error)) throw error
    }
    const { user, system } = process.cpuUsage(start)
    if (user + system > MOST_MS * 1_000)
      throw new Error(`took ${Math.round((user + system) / 1_000)} ms of the processor`)
  })
  try {
    await fc.assert(property, { seed: SEED, numRuns: runs(usual) })
  } finally {
    watching('')
  }
}

const show = (one: unknown) =>
  (Buffer.isBuffer(one) ? `base64 ${one.toString('base64')}` : (JSON.stringify(one) ?? String(one))).slice(0, 20_000)

/** Texts that broke something somewhere: in addresses, SQL, HTML, logs, numbers, Unicode, property names. */
export const HOSTILE = [
  '',
  ' ',
  '\0',
  '%00',
  '%zz',
  '%',
  '\ud800',
  '\udfff\ud800',
  '\r\nSet-Cookie: a=b',
  '\u001b[31m',
  '\u202e',
  '\ufeff',
  '\u2028',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '../../etc/passwd',
  '..%2f..%2f',
  '\\\\host\\share',
  "'; drop table thing; --",
  "' or '1'='1",
  '$1',
  '#{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '"',
  "'",
  '`',
  '-1',
  '0',
  '-0',
  'NaN',
  'Infinity',
  '1e999',
  '9007199254740993',
  '99999999999999999999999999',
  '2147483648',
  '0x10',
  'null',
  'true',
  '0000-00-00T00:00:00Z',
  '9999-12-31T24:00:00Z',
  '99999-01-01T00:00:00Z',
  '2026-02-30T25:61:61Z',
  'P9999999Y',
  '💩',
  'ﬀ',
  'İ',
  'a'.repeat(3_000),
  '('.repeat(500),
  '['.repeat(500),
  '\n'.repeat(500),
  '😀'.repeat(300),
]

export const hostileText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...HOSTILE) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 40 }) },
)

/** Any JSON value, with keys that reach for an object's machinery, sometimes very deep or very wide. */
const values: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -0,
      -1,
      1.5,
      1e308,
      5e-324,
      2 ** 31,
      2 ** 53,
      -(2 ** 63),
      [],
      {},
    ),
  },
  {
    weight: 2,
    arbitrary: fc.jsonValue({ maxDepth: 3 }),
  },
  {
    weight: 1,
    arbitrary: fc.dictionary(
      fc.constantFrom('__proto__', 'constructor', 'prototype', 'toJSON', 'length', 'id', '@iot.id', 'name', ''),
      fc.jsonValue({ maxDepth: 1 }),
      { maxKeys: 5 },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      ...[30, 2_000].flatMap((depth) => [nested(depth, (v) => [v]), nested(depth, (v) => ({ a: v }))]),
    ),
  },
)

/** As `JSON.parse` makes it: `__proto__` is a key like any other. */
export const hostileValue = values.map((value): unknown => JSON.parse(JSON.stringify(value)))

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1
  for (let i = 0; i < depth; i++) value = wrap(value)
  return value
}

/** A valid text with a few pieces taken out, doubled, put in, exchanged, or cut off. */
export const mutatedText = (...examples: string[]): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom(...examples),
      fc.array(fc.tuple(fc.nat(4), fc.nat(), fc.nat(), hostileText), { maxLength: 4 }),
    )
    .map(([text, changes]) => {
      let changed = text
      for (const [kind, a, b, piece] of changes) {
        const from = a % (changed.length + 1)
        const to = Math.min(changed.length, from + (b % 12))
        if (kind === 0) changed = changed.slice(0, from) + changed.slice(to)
        else if (kind === 1) changed = changed.slice(0, to) + changed.slice(from)
        else if (kind === 2) changed = changed.slice(0, from) + piece + changed.slice(from)
        else if (kind === 3) changed = changed.slice(0, from) + piece + changed.slice(to)
        else changed = changed.slice(0, from)
      }
      return changed
    })

/** Valid bytes with some changed, taken out, doubled or cut off. */
export const mutatedBytes = (...examples: Buffer[]): fc.Arbitrary<Buffer> =>
  fc
    .tuple(
      fc.nat(examples.length - 1),
      fc.array(fc.tuple(fc.nat(4), fc.nat(), fc.nat(), fc.nat(255)), { maxLength: 8 }),
    )
    .map(([which, changes]) => {
      let changed: Buffer = Buffer.from(examples[which]!)
      for (const [kind, a, b, byte] of changes) {
        // Formats say the most in their first and last bytes.
        const near = b % 3 === 0 ? a % 64 : b % 3 === 1 ? changed.length - 1 - (a % 64) : a
        const at = Math.max(0, near % (changed.length + 1))
        const length = 1 + (b % 40)
        if (kind <= 1 && at < changed.length) changed[at] = byte
        else if (kind === 2) changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + length)])
        else if (kind === 3)
          changed = Buffer.concat([changed.subarray(0, at), Buffer.alloc(length, byte), changed.subarray(at)])
        else changed = Buffer.from(changed.subarray(0, at))
      }
      return changed
    })

interface Schema {
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Schema[]
  allOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  patternProperties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  items?: Schema | Schema[]
  minItems?: number
  maxItems?: number
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  pattern?: string
  format?: string
}

/** Values a JSON schema allows, with something hostile in a place or two: most get past the check of the outermost form. */
export function bySchema(schema: Schema | undefined, hostility = 1): fc.Arbitrary<unknown> {
  const valid = valuesOf(schema ?? {}, hostility)
  return fc.oneof({ weight: 6, arbitrary: valid }, { weight: hostility, arbitrary: hostileValue })
}

function valuesOf(schema: Schema, hostility: number): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => bySchema(one, hostility)))
  if (schema.allOf?.[0]) return bySchema(schema.allOf[0], hostility)
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  switch (type) {
    case 'null':
      return fc.constant(null)
    case 'boolean':
      return fc.boolean()
    case 'integer':
      return fc.integer({
        min: Math.ceil(schema.minimum ?? -10),
        max: Math.floor(schema.maximum ?? Math.max(2 ** 33, schema.minimum ?? 0)),
      })
    case 'number':
      return fc.double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true })
    case 'string':
      return textOf(schema)
    case 'array': {
      const item = Array.isArray(schema.items) ? schema.items[0] : schema.items
      const min = schema.minItems ?? 0
      return fc.array(bySchema(item ?? {}, hostility), {
        minLength: min,
        maxLength: Math.max(min, Math.min(schema.maxItems ?? 4, 4)),
      })
    }
    case 'object': {
      const properties = Object.entries(schema.properties ?? {}).map(([name, one]) => [name, bySchema(one, hostility)])
      const known = fc.record(Object.fromEntries(properties) as Record<string, fc.Arbitrary<unknown>>, {
        requiredKeys: (schema.required ?? []).filter((name) => schema.properties && name in schema.properties),
      })
      const rest =
        Object.values(schema.patternProperties ?? {})[0] ??
        (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : null)
      if (!rest) return known
      return fc
        .tuple(known, fc.dictionary(hostileText, bySchema(rest, hostility), { maxKeys: 3 }))
        .map(([a, b]) => ({ ...(a as object), ...b }))
    }
    default:
      return hostileValue
  }
}

function textOf({ pattern, format, minLength = 0, maxLength = 50 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time')
    return fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((d) => d.toISOString())
  if (format === 'email') return fc.constantFrom('a@b.example', 'ä@ö.example', `${'a'.repeat(60)}@b.example`)
  if (pattern !== undefined) {
    try {
      return fc.stringMatching(new RegExp(pattern))
    } catch {
      return fc.string()
    }
  }
  const most = Math.max(minLength, Math.min(maxLength, 60))
  return fc.oneof(
    fc.string({ unit: 'binary', minLength, maxLength: most }),
    fc.string({ minLength, maxLength: most }),
    hostileText.map((text) => text.padEnd(minLength, 'x').slice(0, maxLength)),
  )
}
