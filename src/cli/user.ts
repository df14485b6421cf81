import type { Command } from 'commander'
import { OWNER, ROLES } from '../domains/access/index.ts'
import { Problem } from '../kernel/problem.ts'
import type { Platform } from '../platform.ts'
import { type CommandContext, table } from './context.ts'
import { readDays, readRole, readScope } from './scope.ts'

/** `zahnrad user …`: people and their roles, by whoever runs the machine. */
export function registerUserCommands(program: Command, ctx: CommandContext): void {
  const user = program.command('user').description('invite people, give and take roles, block accounts')

  user
    .command('list')
    .description('all accounts')
    .option('--json', 'one JSON value: [{id, email, name, state, hasPassword, issuer, createdAt, lastLoginAt}]')
    .action(async ({ json }) => {
      const { access } = await ctx.platform()
      const all = await access.accounts.list()
      if (json) ctx.stdout(`${JSON.stringify(all)}\n`)
      else
        ctx.stdout(
          table(
            ['E-MAIL', 'NAME', 'STATE', 'LAST SIGN-IN'],
            all.map((one) => [one.email, one.name, one.state, one.lastLoginAt]),
          ),
        )
    })

  user
    .command('invite <email>')
    .description('make an account and print the link by which the person sets a password (7 days, single use)')
    .requiredOption('--name <name>', 'the person’s name')
    .option('--role <role>', `a role to begin with: ${ROLES.join(', ')}`, readRole)
    .option('--on <scope>', 'where the role holds: platform, space:ID or dataset:ID', 'platform')
    .option('--json', 'one JSON value: {email, url}')
    .action(async (email: string, { name, role, on, json }) => {
      const { access, catalog, config } = await ctx.platform()
      const scope = readScope(on, catalog)
      const account = await access.accounts.invite({ email, name }, OWNER)
      if (role) await access.grants.give({ account: account.id, role, ...scope }, OWNER)
      print(await linkOf(access, account.id, config), json)
    })

  user
    .command('link <email>')
    .description('print a new link to set a password (single use)')
    .option('--json', 'one JSON value: {email, url}')
    .action(async (email: string, { json }) => {
      const { access, config } = await ctx.platform()
      print(await linkOf(access, await idOf(access, email), config), json)
    })

  const print = (link: { email: string; url: string }, json: boolean | undefined) =>
    ctx.stdout(json ? `${JSON.stringify(link)}\n` : `${link.url}\n`)

  user
    .command('grant <email> <role>')
    .description(`give a role: ${ROLES.join(', ')}`)
    .option('--on <scope>', 'where it holds: platform, space:ID or dataset:ID', 'platform')
    .option('--days <n>', 'ends by itself after so many days', readDays)
    .action(async (email: string, role: string, { on, days }) => {
      const { access, catalog } = await ctx.platform()
      const until = days ? new Date(Date.now() + days * 86_400_000).toISOString() : null
      const account = await idOf(access, email)
      await access.grants.give({ account, role: readRole(role), ...readScope(on, catalog), until }, OWNER)
      ctx.stdout(`${email}: ${role} on ${on}${until ? ` until ${until}` : ''}\n`)
    })

  user
    .command('ungrant <email> <role>')
    .description('take a role back, at once')
    .option('--on <scope>', 'where it holds: platform, space:ID or dataset:ID', 'platform')
    .action(async (email: string, role: string, { on }) => {
      const { access, catalog } = await ctx.platform()
      const { dataset, space } = readScope(on, catalog)
      const account = await idOf(access, email)
      const grant = access.directory
        .grants()
        .find((one) => one.account === account && one.role === role && one.dataset === dataset && one.space === space)
      if (!grant) throw new Problem(404, 'grant-unknown', `${email} is not ${role} on ${on}.`)
      await access.grants.take(grant.id, OWNER)
      ctx.stdout(`${email}: no longer ${role} on ${on}\n`)
    })

  for (const [name, blocked, description] of [
    ['block', true, 'end sessions, keys and open connections of an account at once'],
    ['unblock', false, 'let a blocked account in again'],
  ] as const) {
    user
      .command(`${name} <email>`)
      .description(description)
      .action(async (email: string) => {
        const { access } = await ctx.platform()
        await access.accounts.setBlocked(await idOf(access, email), blocked, OWNER)
        ctx.stdout(`${email} is ${blocked ? 'blocked' : 'no longer blocked'}.\n`)
      })
  }
}

async function idOf(access: Platform['access'], email: string): Promise<number> {
  await access.refresh()
  const account = await access.accounts.byEmail(email)
  if (!account) throw new Problem(404, 'account-unknown', `There is no account for ${email}.`)
  return account.id
}

async function linkOf(access: Platform['access'], id: number, config: Platform['config']) {
  const { token, account } = await access.accounts.link(id, OWNER)
  const base = config.publicUrl ?? `http://localhost:${config.port}`
  return { email: account.email, url: `${base}/login?link=${token}` }
}
