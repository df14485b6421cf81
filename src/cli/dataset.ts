import type { Command } from 'commander'
import { OWNER } from '../domains/access/index.ts'
import type { DatasetState } from '../domains/catalog/index.ts'
import { type CommandContext, table } from './context.ts'

export function registerDatasetCommands(program: Command, ctx: CommandContext): void {
  const dataset = program.command('dataset').description('list, show, release and withdraw datasets')

  dataset
    .command('list')
    .description('all datasets with their state and size')
    .option('--json', 'one JSON value: [{id, title, state, things, datastreams, observations}]')
    .action(async ({ json }) => {
      const { catalog } = await ctx.platform()
      const rows = await catalog.summary()
      if (json) ctx.stdout(`${JSON.stringify(rows)}\n`)
      else if (rows.length === 0)
        ctx.stderr('No datasets yet. A source makes one: zahnrad source run sources/muenster-rad.yaml --from FILE\n')
      else
        ctx.stdout(
          table(
            ['ID', 'STATE', 'THINGS', 'DATASTREAMS', 'OBSERVATIONS', 'TITLE'],
            rows.map((d) => [d.id, d.state, d.things, d.datastreams, d.observations, d.title]),
          ),
        )
    })

  dataset
    .command('show <id>')
    .description('everything known about one dataset')
    .option('--json', 'one JSON value')
    .action(async (id: string, { json }) => {
      const { catalog } = await ctx.platform()
      const { key: _key, ...shown } = catalog.require(id)
      const size = (await catalog.summary()).find((d) => d.id === id)
      const all = { ...shown, things: size?.things, datastreams: size?.datastreams, observations: size?.observations }
      if (json) ctx.stdout(`${JSON.stringify(all)}\n`)
      else
        ctx.stdout(
          table(
            ['FIELD', 'VALUE'],
            Object.entries(all).map(([name, value]) => [
              name,
              typeof value === 'object' ? JSON.stringify(value) : String(value),
            ]),
          ),
        )
    })

  const change = (name: string, state: DatasetState, description: string) =>
    dataset
      .command(`${name} <id>`)
      .description(description)
      .option('--json', 'one JSON value: {id, state}')
      .action(async (id: string, { json }) => {
        const { catalog, access } = await ctx.platform()
        const before = catalog.require(id).state
        const { state: after } = await catalog.setState(id, state)
        await access.audit(OWNER, `dataset.${name}`, `dataset:${id}`, { before, after })
        if (json) ctx.stdout(`${JSON.stringify({ id, state: after })}\n`)
        else ctx.stdout(`${id}: ${before} → ${after}\n`)
      })
  change('release', 'released', 'make a dataset public on every interface, at once')
  change('withdraw', 'withdrawn', 'take a dataset back from every public interface, at once')
}
