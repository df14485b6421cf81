import type { Command } from 'commander'
import type { Example } from '../domains/example/index.ts'
import { type CommandContext, table } from './context.ts'

/** `zahnrad example …`: the simulated city that shows a new platform at work. */
export function registerExampleCommands(program: Command, ctx: CommandContext): void {
  const example = program
    .command('example')
    .description('the example city: simulated stations, clearly marked, to see the platform at work')

  example
    .command('create')
    .description('create the example city; its year of history fills in while the platform runs')
    .option('--json', 'one JSON value: as status gives it')
    .action(async ({ json }) => {
      const { city, reload } = await open(ctx)
      const there = await city.exists()
      await city.create()
      await reload()
      const status = await statusOf(city)
      if (json) ctx.stdout(`${JSON.stringify(status)}\n`)
      else if (there) ctx.stdout('The example city is there already.\n')
      else ctx.stdout(`The example city is there: ${status.stations} stations, ${status.observations} values so far.\n`)
    })

  example
    .command('remove')
    .description('take the example city away without a trace; your own data stays')
    .option('--json', 'one JSON value: {removed}')
    .action(async ({ json }) => {
      const { city, reload } = await open(ctx)
      const removed = await city.exists()
      if (removed && !json) ctx.stderr('Removing the example city; nobody sees it any more.\n')
      await city.remove()
      await reload()
      if (json) ctx.stdout(`${JSON.stringify({ removed })}\n`)
      else ctx.stdout(removed ? 'The example city is gone.\n' : 'There is no example city.\n')
    })

  example
    .command('status')
    .description('whether there is an example city, and how far its history is')
    .option(
      '--json',
      'one JSON value: {exists, stations, datastreams, observations, progress: {filledFrom, target, share}}',
    )
    .action(async ({ json }) => {
      const { city } = await open(ctx)
      const status = await statusOf(city)
      if (json) return ctx.stdout(`${JSON.stringify(status)}\n`)
      if (!status.exists) return ctx.stdout('There is no example city: zahnrad example create.\n')
      const { progress } = status
      ctx.stdout(
        table(
          ['STATIONS', 'DATASTREAMS', 'OBSERVATIONS', 'HISTORY FROM', 'GOING BACK TO', 'DONE'],
          [
            [
              status.stations,
              status.datastreams,
              status.observations,
              progress?.filledFrom ?? null,
              progress?.target ?? null,
              progress ? `${Math.floor(progress.share * 100)} %` : 'is being removed',
            ],
          ],
        ),
      )
    })
}

async function statusOf(city: Example) {
  return { exists: await city.exists(), ...(await city.size()), progress: await city.progress() }
}

/** The platform's city, and how the rest looks again once it came or went. */
async function open(ctx: CommandContext) {
  const { example, city, sources } = await ctx.platform()
  const reload = async () => {
    await city.reload()
    await sources.pushed.reload()
  }
  return { city: example, reload }
}
