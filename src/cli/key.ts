import type { Command } from 'commander'
import { OWNER, ROLES } from '../domains/access/index.ts'
import { SetupError } from '../kernel/problem.ts'
import { type CommandContext, table } from './context.ts'
import { readDays, readRole, readScope } from './scope.ts'

export function registerKeyCommands(program: Command, ctx: CommandContext): void {
  const key = program.command('key').description('create, list and revoke API keys')

  key
    .command('create')
    .description('make a key for HTTP and MQTT; it is shown this once, alone on the last line')
    .requiredOption('--name <name>', 'what the key is for, for example "Wetterstation Rathaus"')
    .option('--role <role>', `what it may do: ${ROLES.join(', ')} (without a role: everything)`, readRole)
    .option('--on <scope>', 'where: platform, space:ID or dataset:ID', 'platform')
    .option('--days <n>', 'ends after so many days', readDays)
    .option('--json', 'one JSON value: {name, key}')
    .action(async ({ name, role, on, days, json }) => {
      const { access, catalog } = await ctx.platform()
      if (on !== 'platform' && !role) throw new SetupError('--on needs --role: what may the key do there?', 2)
      const expiresAt = days ? new Date(Date.now() + days * 86_400_000).toISOString() : null
      const scope = readScope(on, catalog)
      const { key: made } = await access.keys.create(
        { name, expiresAt, ...(role && { grants: [{ role, ...scope }] }) },
        OWNER,
      )
      await access.audit(OWNER, 'key.create', `key:${name}`, { role: role ?? 'everything', on, expiresAt })
      if (json) ctx.stdout(`${JSON.stringify({ name, key: made })}\n`)
      else {
        ctx.stderr(`Key "${name}": keep it safe, it is not shown again.\n`)
        ctx.stdout(`${made}\n`)
      }
    })

  key
    .command('list')
    .description('names of all keys and when they were last used')
    .option('--json', 'one JSON value: [{name, owner, limited, createdAt, expiresAt, lastUsedAt, revokedAt}]')
    .action(async ({ json }) => {
      const { access } = await ctx.platform()
      const keys = await access.keys.list()
      if (json) ctx.stdout(`${JSON.stringify(keys)}\n`)
      else
        ctx.stdout(
          table(
            ['NAME', 'OWNER', 'MAY', 'CREATED', 'EXPIRES', 'LAST USED', 'REVOKED'],
            keys.map((k) => [
              k.name,
              k.owner ?? 'machine',
              k.limited ? 'limited' : 'everything',
              k.createdAt,
              k.expiresAt,
              k.lastUsedAt,
              k.revokedAt,
            ]),
          ),
        )
    })

  key
    .command('revoke <name>')
    .description('end a key at once')
    .action(async (name: string) => {
      const { access } = await ctx.platform()
      if (await access.revokeKey(name, OWNER)) ctx.stdout(`Key "${name}" is revoked.\n`)
      else {
        ctx.stderr(`There is no valid key named "${name}".\n`)
        ctx.exit(1)
      }
    })
}

export function registerAdminCommands(program: Command, ctx: CommandContext): void {
  const admin = program.command('admin').description('get into the portal as the one who runs it')
  admin
    .command('link')
    .description('print a new one-time link to sign in (24 hours, single use)')
    .option('--json', 'one JSON value: {url}')
    .action(async ({ json }) => {
      const { access, config } = await ctx.platform()
      const url = `${config.publicUrl ?? `http://localhost:${config.port}`}/login?code=${await access.createLoginCode(OWNER)}`
      ctx.stdout(json ? `${JSON.stringify({ url })}\n` : `${url}\n`)
    })
}
