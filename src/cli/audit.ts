import type { Command } from 'commander'
import { OWNER } from '../domains/access/index.ts'
import { type CommandContext, table } from './context.ts'
import { readDays } from './scope.ts'

/** `zahnrad audit …`: the log of privileged acts and of the use of data that is not public. */
export function registerAuditCommands(program: Command, ctx: CommandContext): void {
  const audit = program.command('audit').description('prove, search, export and shorten the log of privileged acts')

  audit
    .command('verify')
    .description('recompute the chain of hashes; exit code 1 when an entry was changed or is missing')
    .option('--json', 'one JSON value: {ok, entries, last, hash, broken?: {id, why}}')
    .action(async ({ json }) => {
      const { access } = await ctx.platform()
      const proof = await access.log.verify()
      if (json) ctx.stdout(`${JSON.stringify(proof)}\n`)
      else if (proof.ok) ctx.stdout(`${proof.entries} entries, unbroken. Newest: ${proof.last} ${proof.hash}\n`)
      else ctx.stdout(`The chain is broken at entry ${proof.broken!.id}: ${proof.broken!.why}.\n`)
      if (!proof.ok) ctx.exit(1)
    })

  audit
    .command('list')
    .description('the newest entries')
    .option('--actor <text>', 'part of who, for example user:anna')
    .option('--act <name>', 'what, for example dataset.release, or a beginning such as dataset')
    .option('--object <text>', 'part of what it was done to, for example dataset:rad')
    .option('--from <time>', 'not before, ISO 8601')
    .option('--to <time>', 'before, ISO 8601')
    .option('--limit <n>', 'at most so many', (text) => Number(text), 50)
    .option('--json', 'one JSON value: [{id, at, actor, act, object, origin, detail}]')
    .action(async ({ json, ...query }) => {
      const { access } = await ctx.platform()
      await access.log.flush()
      const entries = await access.log.search(query)
      if (json) ctx.stdout(`${JSON.stringify(entries)}\n`)
      else
        ctx.stdout(
          table(
            ['ID', 'AT', 'WHO', 'WHAT', 'OBJECT', 'FROM', 'DETAIL'],
            entries.map((e) => [e.id, e.at, e.actor, e.act, e.object, e.origin, JSON.stringify(e.detail)]),
          ),
        )
    })

  audit
    .command('export')
    .description('all entries as lines of JSON, each with its hash and the text that was hashed (SHA-256)')
    .action(async () => {
      const { access } = await ctx.platform()
      await access.log.flush()
      for await (const page of access.log.export()) for (const entry of page) ctx.stdout(`${JSON.stringify(entry)}\n`)
      await access.audit(OWNER, 'audit.export', 'audit')
    })

  audit
    .command('forget')
    .description('remove entries older than so many days; the rest still proves itself')
    .requiredOption('--days <n>', 'how long entries are kept', readDays)
    .action(async ({ days }) => {
      const { access } = await ctx.platform()
      const gone = await access.log.keep(days)
      await access.audit(OWNER, 'audit.forget', 'audit', { days, entries: gone })
      ctx.stdout(`${gone} entries older than ${days} days removed.\n`)
    })

  audit
    .command('retention [days]')
    .description('how many days entries are kept (every night the older ones go); with a number: change it')
    .action(async (days: string | undefined) => {
      const { retention } = await ctx.platform()
      if (days !== undefined) await retention.setAuditDays(readDays(days))
      ctx.stdout(`Entries are kept ${await retention.auditDays()} days.\n`)
    })
}
