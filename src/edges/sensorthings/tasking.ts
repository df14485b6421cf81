import { type Sql, sql } from '../../kernel/db/index.ts'
import type { Body } from './body.ts'
import { allow, type Work } from './changes.ts'
import { bad } from './errors.ts'
import { propertyOf } from './model.ts'
import { checkParameters } from './swe.ts'

/** Throws 400 unless the parameters of a Task are such as its TaskingCapability describes (OGC 17-079r1 §8.2.2). */
export async function checkTask({ tx }: Work, body: Body, capability: number): Promise<void> {
  const parameters = propertyOf(body.type, 'taskingParameters')!
  if (!body.values.has(parameters)) return
  const [row] = await tx.run<{ parameters: unknown }>(
    sql`select parameters from tasking_capability where id = ${capability}::int4`,
  )
  checkParameters(row!.parameters, body.values.get(parameters), `${body.where}taskingParameters`)
}

/** The same for a change; a Task stays with its TaskingCapability: elsewhere it would ask something of another device. */
export async function checkTaskChange(work: Work, body: Body, task: number): Promise<void> {
  if (body.links.size > 0) throw bad('TaskingCapability: a Task stays with its TaskingCapability')
  const [row] = await work.tx.run<{ capability: number }>(
    sql`select tasking_capability as capability from task where id = ${task}::int4`,
  )
  if (row) await checkTask(work, body, row.capability)
}

/** What the log keeps of a Task: the parameters that were asked for. */
export function noteOf(body: Body): { detail?: Record<string, unknown> } {
  if (body.type.name !== 'Task') return {}
  return { detail: { taskingParameters: body.values.get(propertyOf(body.type, 'taskingParameters')!) } }
}

/** What goes with a Thing or an Actuator must be the caller's to delete, too. */
export async function deleteCapabilities(work: Work, column: 'thing' | 'actuator', id: Sql): Promise<void> {
  const rows = await work.tx.run<{ id: number; dataset: number }>(
    sql`select id, dataset from tasking_capability where ${sql.ref(column)} = ${id}`,
  )
  for (const { id: capability, dataset } of rows) {
    allow(work.context, 'delete', dataset)
    work.changed.push({ dataset, type: 'TaskingCapability', id: capability, change: 'deleted' })
  }
}
