import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import { DatabaseUnavailable } from '../kernel/db/index.ts'
import { Problem, SetupError } from '../kernel/problem.ts'
import { ROOT } from '../platform.ts'
import { registerAuditCommands } from './audit.ts'
import type { CommandContext } from './context.ts'
import { registerDatasetCommands } from './dataset.ts'
import { registerDoctorCommand } from './doctor.ts'
import { registerExampleCommands } from './example.ts'
import { registerAdminCommands, registerKeyCommands } from './key.ts'
import { registerSourceCommands } from './source.ts'
import { registerUserCommands } from './user.ts'

const { version: VERSION } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))

/** The `zahnrad` program with all its commands. `start` is handled by the launcher; it is here for the help. */
export function buildProgram(ctx: CommandContext): Command {
  const program = new Command('zahnrad')
    .description('The open urban data platform that a city runs itself')
    .version(VERSION, '--version', 'show the version')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ writeOut: ctx.stdout, writeErr: ctx.stderr })
    .showHelpAfterError('(add --help for more)')
  program
    .command('start')
    .description('start the platform and keep it running')
    .option('--empty', 'without the example city')
    .addHelpText('after', START_HELP)
  registerSourceCommands(program, ctx)
  registerDatasetCommands(program, ctx)
  registerKeyCommands(program, ctx)
  registerUserCommands(program, ctx)
  registerAdminCommands(program, ctx)
  registerAuditCommands(program, ctx)
  registerDoctorCommand(program, ctx)
  registerExampleCommands(program, ctx)
  inherit(program, ctx)
  return program
}

const START_HELP = `
Environment:
  PORT 8080 · MQTT_PORT 1883 · DATABASE_URL (absent: embedded) · DATA_DIR ./data · PUBLIC_URL
  TASKING=1            lets devices be given tasks over SensorThings (OGC 17-079r1)
  ZAHNRAD_OPEN_WRITE=1 lets anonymous callers write to the dataset "offen"
  ZAHNRAD_EXAMPLE 0/1: the example city (default: at the first start on the embedded database) · CITY_FILE city profile (YAML)
  TRUST_PROXY loopback · LOG_LEVEL info · ZAHNRAD_WORKERS=n serves HTTP from n processes, on PostgreSQL
  ZAHNRAD_ALLOW_PRIVATE=1 lets sources fetch from private addresses`

/** Settings of the program hold for every sub-command. */
function inherit(command: Command, ctx: CommandContext): void {
  for (const child of command.commands) {
    child.exitOverride().configureOutput({ writeOut: ctx.stdout, writeErr: ctx.stderr }).helpCommand(false)
    inherit(child, ctx)
  }
}

/** Runs one command line and answers its exit code. Never throws, never ends the process. */
export async function runCommand(argv: string[], ctx: Omit<CommandContext, 'exit'>): Promise<number> {
  let exit = 0
  const context: CommandContext = {
    ...ctx,
    exit: (code) => {
      exit = code
    },
  }
  try {
    await buildProgram(context).parseAsync(argv, { from: 'user' })
    return exit
  } catch (error) {
    return failed(error, ctx)
  }
}

function failed(error: unknown, ctx: Pick<CommandContext, 'stderr'>): number {
  if (error instanceof CommanderError) return error.exitCode === 0 || error.code === 'commander.helpDisplayed' ? 0 : 2
  if (error instanceof SetupError) {
    ctx.stderr(`${error.message}\n`)
    return error.exitCode
  }
  if (error instanceof DatabaseUnavailable) {
    ctx.stderr(`${error.message}\n`)
    return 4
  }
  const { message, stack } = error as Error
  ctx.stderr(`${error instanceof Problem ? message : (stack ?? message)}\n`)
  return 1
}
