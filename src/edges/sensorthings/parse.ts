import peggy from 'peggy'
import type { ApplyStep, ExpandItem, Expr, OrderItem, SelectItem } from './ast.ts'
import { bad } from './errors.ts'
import { GRAMMAR } from './grammar.ts'

/** Longest value of one query option, in characters. */
const MAX_OPTION_LENGTH = 65_536
/** Deepest nesting of brackets in one query option. */
const MAX_DEPTH = 100

const parser = peggy.generate(GRAMMAR, { allowedStartRules: ['Filter', 'OrderBy', 'Select', 'Expand', 'Apply'] })

interface Results {
  Filter: Expr
  OrderBy: OrderItem[]
  Select: SelectItem[]
  Expand: ExpandItem[]
  Apply: ApplyStep[]
}

/**
 * Parses the value of one query option. Throws 400 with the option's name, what was expected, and the 0-based character
 * in the value. Bounded: length and depth are checked first.
 */
export function parse<R extends keyof Results>(rule: R, option: string, text: string): Results[R] {
  checkBounds(option, text)
  try {
    return parser.parse(text, { startRule: rule }) as Results[R]
  } catch (error) {
    if (error instanceof parser.SyntaxError) {
      const position = error.location.start.offset
      throw bad(`${option}: ${describe(error, text, position)}`, position)
    }
    if (error instanceof RangeError) throw bad(`${option}: nested too deeply`, 0)
    throw error
  }
}

function describe(error: peggy.parser.SyntaxError, text: string, position: number): string {
  if (!error.expected) return error.message
  if (position >= text.length) return 'ends too early'
  return `"${text.slice(position, position + 20)}" is not understood here`
}

function checkBounds(option: string, text: string): void {
  if (text.length > MAX_OPTION_LENGTH) {
    throw bad(`${option}: longer than ${MAX_OPTION_LENGTH} characters`, MAX_OPTION_LENGTH)
  }
  const nul = text.indexOf('\0')
  if (nul >= 0) throw bad(`${option}: a NUL character is not allowed`, nul)
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === 39) quoted = !quoted
    else if (quoted) continue
    else if (c === 40 && ++depth > MAX_DEPTH)
      throw bad(`${option}: more than ${MAX_DEPTH} brackets inside each other`, i)
    else if (c === 41) depth--
  }
}
