/** A node of PostgreSQL's plan, as `EXPLAIN (FORMAT JSON)` gives it. */
export interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Index Name'?: string
  'Scan Direction'?: string
  'Index Cond'?: string
  'Recheck Cond'?: string
  Filter?: string
  'Sort Key'?: string[]
  'Presorted Key'?: string[]
  'Subplan Name'?: string
  'Rows Removed by Filter'?: number
  'Actual Rows': number
  'Actual Loops': number
  Plans?: PlanNode[]
}

const SHORT = 160

/** The plan as indented lines, one a node, without the partitions that had nothing. */
export function planText(node: PlanNode, depth = 0): string {
  const children = node.Plans ?? []
  const empty = children.filter(isEmptyPartition)
  const lines = [`${'  '.repeat(depth)}${lineOf(node)}`]
  for (const child of children) if (!isEmptyPartition(child)) lines.push(planText(child, depth + 1))
  if (empty.length > 0) lines.push(`${'  '.repeat(depth + 1)}(${empty.length} partitions with nothing)`)
  return lines.join('\n')
}

const isEmptyPartition = (node: PlanNode): boolean =>
  /^observation_(\d{4}|other)$/.test(node['Relation Name'] ?? '') && node['Actual Rows'] === 0

function lineOf(node: PlanNode): string {
  const relation = node['Relation Name'] ? ` on ${node['Relation Name']}` : ''
  const index = node['Index Name'] ? ` by ${node['Index Name']}` : ''
  const backward = node['Scan Direction'] === 'Backward' ? ' backwards' : ''
  const name = node['Subplan Name'] ? `${node['Subplan Name']}: ` : ''
  const facts = [
    node['Index Cond'] && `cond ${short(node['Index Cond'])}`,
    node.Filter && `filter ${short(node.Filter)}`,
    node['Rows Removed by Filter'] && `${node['Rows Removed by Filter']} rows refused`,
    node['Sort Key'] && `key ${short(node['Sort Key'].join(', '))}`,
    node['Presorted Key'] && `sorted already by ${short(node['Presorted Key'].join(', '))}`,
  ].filter(Boolean)
  const times = node['Actual Loops'] === 1 ? '' : ` × ${node['Actual Loops'].toLocaleString('en')}`
  const what = facts.length > 0 ? ` [${facts.join('; ')}]` : ''
  return `${name}${node['Node Type']}${backward}${relation}${index}: ${node['Actual Rows'].toLocaleString('en')} rows${times}${what}`
}

const short = (text: string): string => (text.length > SHORT ? `${text.slice(0, SHORT)}…` : text)
