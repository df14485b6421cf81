import { Ajv, type ErrorObject } from 'ajv'
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import { type Definition, DefinitionSchema, type WrittenDefinition, withEverySection } from './definition.ts'
import { checkMeaning } from './meaning.ts'
import { DefinitionError, type DefinitionIssue, type Path } from './model.ts'
import { hint, nearest } from './suggest.ts'

const MAX_CHARACTERS = 1_000_000
const validate = new Ajv({ allErrors: true, strict: false }).compile(DefinitionSchema)

/**
 * Reads and checks a definition. `defaultId` is the id of one that names none (its file's name). Throws
 * {@link DefinitionError} with every mistake: line, field, what was expected and, for a wrong name, the nearest right one.
 */
export function checkDefinition(yaml: string, defaultId?: string): Definition {
  if (yaml.length > MAX_CHARACTERS) {
    throw new DefinitionError([{ field: 'definition', message: `is longer than ${MAX_CHARACTERS} characters` }])
  }
  const lines = new LineCounter()
  const document = parseDocument(yaml, { lineCounter: lines, prettyErrors: false, uniqueKeys: true, logLevel: 'error' })
  if (document.errors.length > 0) {
    throw new DefinitionError(
      document.errors
        .slice(0, 20)
        .map((error) => ({ line: lines.linePos(error.pos[0]).line, field: 'YAML', message: error.message })),
    )
  }
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    throw new DefinitionError([{ field: 'YAML', message: (error as Error).message }])
  }
  const lineOf = (path: Path, key = false) => lineAt(document, lines, path, key)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new DefinitionError([
      { line: 1, field: 'definition', message: 'is not a mapping of fields (id, title, dataset, from, …)' },
    ])
  }
  const issues = schemaIssues(value, lineOf)
  if (issues.length === 0) {
    const checked = withEverySection(value as WrittenDefinition)
    for (const { path, message } of checkMeaning(checked))
      issues.push({ line: lineOf(path), field: fieldName(path), message })
    const id = checked.id ?? defaultId
    if (id === undefined || !/^[a-z0-9][a-z0-9-]{0,62}$/.test(id)) {
      issues.push({ line: 1, field: 'id', message: 'is missing: a short name of a–z, 0–9 and -' })
    } else if (issues.length === 0) {
      return { ...checked, id, yaml }
    }
  }
  throw new DefinitionError(issues.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)))
}

/** `series[0].quality.column` */
function fieldName(path: Path): string {
  return path.length === 0
    ? 'definition'
    : path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('')
}

interface SchemaNode {
  properties?: Record<string, SchemaNode>
  items?: SchemaNode | SchemaNode[]
  additionalProperties?: SchemaNode | boolean
  patternProperties?: Record<string, SchemaNode>
  anyOf?: SchemaNode[]
  const?: unknown
  examples?: unknown[]
  description?: string
  type?: string
}

function schemaIssues(value: unknown, lineOf: (path: Path, key?: boolean) => number | undefined): DefinitionIssue[] {
  const issues: DefinitionIssue[] = []
  if (validate(value)) return issues
  const raw = validate.errors ?? []
  const unions = new Set(raw.filter((error) => error.keyword === 'anyOf').map((error) => error.instancePath))
  const seen = new Set<string>()
  for (const error of raw) {
    // The alternatives of a union each complain; the union itself says what was possible.
    if (error.keyword !== 'anyOf' && unions.has(error.instancePath)) continue
    const path = pathOf(error.instancePath, value)
    const node = nodeAt(path)
    for (const issue of describe(error, path, node, value)) {
      const key = `${fieldName(issue.path)} ${issue.message}`
      if (seen.has(key)) continue
      seen.add(key)
      issues.push({ line: lineOf(issue.path, issue.key), field: fieldName(issue.path), message: issue.message })
    }
  }
  return issues
}

function describe(
  error: ErrorObject,
  path: Path,
  node: SchemaNode | undefined,
  root: unknown,
): { path: Path; message: string; key?: boolean }[] {
  const params = error.params
  switch (error.keyword) {
    case 'additionalProperties': {
      const known = Object.keys(node?.properties ?? {})
      return [String(params.additionalProperty)].map((name) => ({
        path: [...path, name],
        key: true,
        message: `there is no such field${hint(name, known)}`,
      }))
    }
    case 'required':
      return [String(params.missingProperty)].map((name) => {
        const what = node?.properties?.[name]?.description
        return { path: [...path, name], message: `is missing${what ? `: ${what}` : ''}` }
      })
    case 'anyOf': {
      const choices = (node?.anyOf ?? []).map((choice) =>
        choice.const === undefined ? choice.type : JSON.stringify(choice.const),
      )
      const given = valueAt(root, path)
      const near =
        typeof given === 'string'
          ? nearest(
              given,
              (node?.anyOf ?? []).map((choice) => String(choice.const ?? '')),
            )
          : undefined
      return [{ path, message: `must be ${choices.join(' or ')}${near ? ` (did you mean "${near}"?)` : ''}` }]
    }
    case 'pattern': {
      const example = node?.examples?.length ? `, for example ${node.examples.map(String).join(', ')}` : ''
      return [
        {
          path,
          message: `${JSON.stringify(valueAt(root, path))} is not of the expected form${example}${node?.description ? ` — ${node.description}` : ''}`,
        },
      ]
    }
    case 'type':
      return [
        { path, message: `must be ${article(String(params.type))}, not ${article(typeName(valueAt(root, path)))}` },
      ]
    default:
      return [{ path, message: error.message ?? 'is not as expected' }]
  }
}

const article = (type: string) => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)
const typeName = (value: unknown) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value)

function pathOf(pointer: string, root: unknown): Path {
  const path: Path = []
  let at: unknown = root
  for (const raw of pointer.split('/').slice(1)) {
    const step = raw.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(at) ? Number(step) : step)
    at = (at as Record<string, unknown> | undefined)?.[step]
  }
  return path
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => (at as Record<string | number, unknown> | undefined)?.[step], root)
}

/** The part of the schema that speaks about a path. */
function nodeAt(path: Path): SchemaNode | undefined {
  let node: SchemaNode | undefined = DefinitionSchema as unknown as SchemaNode
  for (const step of path) {
    if (!node) return undefined
    if (typeof step === 'number') node = Array.isArray(node.items) ? node.items[step] : node.items
    else {
      const pattern: SchemaNode | undefined = node.patternProperties && Object.values(node.patternProperties)[0]
      node =
        node.properties?.[step] ??
        pattern ??
        (typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined)
    }
  }
  return node
}

/** Line of the value at a path, of its key, or of the nearest thing around it that exists. */
function lineAt(document: Document, lines: LineCounter, path: Path, key: boolean): number | undefined {
  if (key && path.length > 0) {
    const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(path.at(-1)))
      if (pair && isNode(pair.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line
    }
  }
  for (let length = path.length; length >= 0; length--) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return undefined
}

/** The editors' JSON Schema, as text; `sources/schema.json` is this. */
export function jsonSchemaText(): string {
  const schema = { $schema: 'http://json-schema.org/draft-07/schema#', ...(DefinitionSchema as object) }
  return `${JSON.stringify(schema, null, 2)}\n`
}
