import type { Command } from 'commander'
import type { CommandContext } from './context.ts'

export function registerSourceCommands(_program: Command, _ctx: CommandContext): void {}
