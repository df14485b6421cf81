import type { Command } from 'commander'
import { OWNER } from '../domains/access/index.ts'
import type { DatasetState } from '../domains/catalog/index.ts'
import { SetupError } from '../kernel/problem.ts'
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
        const { catalog, release } = await ctx.platform()
        const before = catalog.require(id).state
        const { state: after } = await release.move(id, state, OWNER)
        if (json) ctx.stdout(`${JSON.stringify({ id, state: after })}\n`)
        else ctx.stdout(`${id}: ${before} → ${after}\n`)
      })
  change('release', 'released', 'make a dataset public on every interface, at once')
  change('withdraw', 'withdrawn', 'take a dataset back from every public interface, at once')

  dataset
    .command('four-eyes <on|off>')
    .description('may whoever prepared a release decide on it alone, though a second person could? off: yes')
    .action(async (value: string) => {
      if (value !== 'on' && value !== 'off') throw new SetupError(`"${value}" must be on or off.`, 2)
      const { release } = await ctx.platform()
      await release.setFourEyes(value === 'on', OWNER)
      ctx.stdout(`The four-eyes rule is ${value}.\n`)
    })

  dataset
    .command('retention')
    .description('delete now what is older than its dataset keeps values (the platform does so every night)')
    .option('--json', 'one JSON value: [{dataset, values, before}]')
    .action(async ({ json }) => {
      const { retention } = await ctx.platform()
      const deleted = await retention.run()
      if (json) ctx.stdout(`${JSON.stringify(deleted)}\n`)
      else if (deleted.length === 0) ctx.stdout('Nothing is older than it may be kept.\n')
      else
        ctx.stdout(
          table(
            ['DATASET', 'VALUES', 'OLDER THAN'],
            deleted.map((one) => [one.dataset, one.values, one.before]),
          ),
        )
    })
}
