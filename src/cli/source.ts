import { readFile } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { OWNER } from '../domains/access/index.ts'
import {
  checkDefinition,
  type Definition,
  DefinitionError,
  FileError,
  formatIssue,
  type RunOptions,
  type RunReport,
  type SourceInfo,
  together,
} from '../domains/sources/index.ts'
import { Problem, SetupError } from '../kernel/problem.ts'
import { type CommandContext, table } from './context.ts'
import { describeRun, previewText, progressPrinter } from './source-text.ts'

const EXIT = { failed: 1, usage: 2, rejections: 3 } as const

/** `zahnrad source …`: check, preview, detect, add, run, list, log, pause, resume, remove. */
export function registerSourceCommands(program: Command, ctx: CommandContext): void {
  const source = program.command('source').description('connect data: check, preview, add, run and look after sources')

  source
    .command('check <file>')
    .description('check a definition; every mistake with line and field')
    .option('--json', 'one JSON value: {id, valid, issues: [{line, field, message}]}')
    .action((file: string, { json }) => check(ctx, file, json))

  source
    .command('preview <file-or-id>')
    .description('the first rows beside what the mapping makes of them; writes nothing')
    .option('--from <path>', 'read this file, folder or archive instead of the address in the definition')
    .option('-n, --rows <number>', 'how many rows', '10')
    .option('--json', 'one JSON value: [{file, row, cells, values, rejected}]')
    .action((which: string, options) => preview(ctx, which, options))

  source
    .command('detect <path-or-url...>')
    .description(
      'recognise a file (or files of one source) and print a definition to begin with, its reasons as comments',
    )
    .option('--json', 'one JSON value: {file, rows, header, guesses, mapping, problem}')
    .action((which: string[], { json }) => detect(ctx, which, json))

  source
    .command('add <file>')
    .description('keep a definition and run it by its schedule; adding it again makes a new version')
    .option('--json', 'one JSON value: the source as list gives it')
    .action(async (file: string, { json }) => {
      const definition = await load(ctx, file)
      if (!definition) return
      const { sources } = await ctx.platform()
      const info = await sources.add(definition, OWNER)
      if (json) return ctx.stdout(`${JSON.stringify(listed(info))}\n`)
      const when = info.nextRun
        ? `, next run ${info.nextRun}`
        : info.scheduled
          ? ''
          : ', runs when it is told to or pushed to'
      ctx.stdout(`Source "${info.id}" (version ${info.version}) writes to dataset "${info.dataset}"${when}.\n`)
    })

  source
    .command('run <file-or-id...>')
    .description('import once, from a definition file or a source that was added')
    .option('--from <path>', 'read this file, folder or archive instead of the address in the definition')
    .option('--part <name>', 'only this part of the source (main, trip-updates …)')
    .option('--detect', 'the paths are data: recognise the format and read them together, as one source')
    .option('--dataset <id>', 'with --detect: the dataset to write to')
    .option('--full', 'fetch even if the address says it is unmodified')
    .option(
      '--json',
      'one JSON value: {source, dataset, read, accepted, unchanged, corrected, rejected, rejections, seconds}',
    )
    .addHelpText('after', RUN_HELP)
    .action((which: string[], options) =>
      options.detect ? runDetected(ctx, which, options) : run(ctx, which, options),
    )

  source
    .command('list')
    .description('all sources with their state')
    .option(
      '--json',
      'one JSON value: [{id, title, dataset, kind, state, since, cause, paused, nextRun, lastGood, version}]',
    )
    .action(async ({ json }) => {
      const { sources } = await ctx.platform()
      const list = (await sources.list()).map(listed)
      if (json) return ctx.stdout(`${JSON.stringify(list)}\n`)
      if (list.length === 0) return ctx.stdout('There are no sources yet: zahnrad source add FILE.\n')
      const rows = list.map(({ id, state, since, kind, dataset, lastGood, nextRun, cause }) => [
        id,
        state,
        since,
        kind,
        dataset,
        lastGood,
        nextRun,
        cause ?? '',
      ])
      ctx.stdout(table(['id', 'state', 'since', 'kind', 'dataset', 'last good', 'next run', 'cause'], rows))
    })

  source
    .command('log <id>')
    .description('the latest runs, newest first')
    .option('-n, --runs <number>', 'how many', '20')
    .option('--json', 'one JSON value: the runs with all figures and rejections')
    .action(async (id: string, { json, runs }) => {
      const limit = count(ctx, runs, '--runs')
      if (limit === undefined) return
      const { sources } = await ctx.platform()
      const list = await sources.log(id, limit)
      if (json) return ctx.stdout(`${JSON.stringify(list)}\n`)
      if (list.length === 0) return ctx.stdout(`There are no runs of "${id}".\n`)
      const rows = list.map((row) => [
        row.id,
        row.startedAt,
        row.outcome ?? 'running',
        row.trigger,
        row.read,
        row.accepted,
        row.unchanged,
        row.corrected,
        row.rejected,
        row.error ?? '',
      ])
      ctx.stdout(
        table(
          ['run', 'started', 'outcome', 'by', 'read', 'accepted', 'unchanged', 'corrected', 'rejected', 'error'],
          rows,
        ),
      )
    })

  for (const [name, paused, text] of [
    ['pause', true, 'neither run it nor take what is pushed to it'],
    ['resume', false, 'end a pause'],
  ] as const) {
    source
      .command(`${name} <id>`)
      .description(text)
      .action(async (id: string) => {
        const { sources } = await ctx.platform()
        await sources.pause(id, paused, OWNER)
        ctx.stdout(`Source "${id}" ${paused ? 'is paused' : 'goes on'}.\n`)
      })
  }

  source
    .command('remove <id>')
    .description('forget a source; its data and its log stay')
    .action(async (id: string) => {
      const { sources } = await ctx.platform()
      await sources.remove(id, OWNER)
      ctx.stdout(`Source "${id}" is removed; what it brought stays.\n`)
    })
}

const RUN_HELP = `
A file needs no "source add". The figures count values: read = accepted + unchanged + corrected + rejected.
Exit codes: 0 done · 1 failed · 2 wrong usage or invalid definition · 3 done, but more was rejected than the definition
allows · 4 platform or database out of reach.`

async function check(ctx: CommandContext, file: string, json: boolean): Promise<void> {
  try {
    const definition = await parse(ctx, file)
    if (json) ctx.stdout(`${JSON.stringify({ id: definition.id, valid: true, issues: [] })}\n`)
    else ctx.stdout(`${file}: "${definition.id}" is a valid definition.\n`)
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error
    ctx.exit(EXIT.usage)
    if (json) ctx.stdout(`${JSON.stringify({ id: null, valid: false, issues: error.issues })}\n`)
    else ctx.stderr(issuesText(file, error))
  }
}

async function detect(ctx: CommandContext, [which = '', ...others]: string[], json: boolean): Promise<void> {
  const { sources } = await ctx.platform()
  if (others.length > 0) {
    const texts = await recognised(ctx, [which, ...others])
    if (json && texts) ctx.stdout(`${JSON.stringify({ definitions: texts })}\n`)
    else if (texts) ctx.stdout(texts.join('---\n'))
    return
  }
  const { detection, text } = await sources.drafts.detect(which, ctx.cwd)
  if (json) ctx.stdout(`${JSON.stringify(detection)}\n`)
  else if (text !== null) ctx.stdout(text)
  if (detection.problem === null) return
  ctx.stderr(`${which}: ${detection.problem.en}\n`)
  ctx.exit(EXIT.failed)
}

async function preview(
  ctx: CommandContext,
  which: string,
  options: { from?: string; rows: string; json?: boolean },
): Promise<void> {
  const limit = count(ctx, options.rows, '--rows')
  if (limit === undefined) return
  const definition = await find(ctx, which)
  if (!definition) return
  const { sources } = await ctx.platform()
  const rows = await sources.preview(definition, limit, { from: options.from, cwd: ctx.cwd, signal: ctx.signal })
  ctx.stdout(options.json ? `${JSON.stringify(rows)}\n` : previewText(rows))
}

interface RunFlags {
  from?: string
  full?: boolean
  json?: boolean
  dataset?: string
  part?: string
}

/** Runs what was recognised in data files: a feed with its files, or a table. */
async function runDetected(ctx: CommandContext, paths: string[], options: RunFlags): Promise<void> {
  const { sources } = await ctx.platform()
  if (
    options.from !== undefined ||
    (options.dataset !== undefined && !/^[a-z0-9][a-z0-9-]{0,62}$/.test(options.dataset))
  ) {
    const wrong =
      options.from !== undefined ? '--from does not go with --detect' : '--dataset is a short name of a–z, 0–9 and -'
    ctx.stderr(`${wrong}.\n`)
    return ctx.exit(EXIT.usage)
  }
  const texts = await recognised(ctx, paths, options.dataset)
  if (!texts) return
  const reports: RunReport[] = []
  for (const text of texts) reports.push(await runOne(ctx, sources.check(text), options))
  if (options.json) ctx.stdout(`${JSON.stringify(figuresOf(together(reports)))}\n`)
  exitBy(ctx, reports)
}

/** The definitions for data files; says why and sets the exit code where they are nothing that can be read. */
async function recognised(ctx: CommandContext, paths: string[], dataset?: string): Promise<string[] | undefined> {
  const { sources } = await ctx.platform()
  try {
    return await sources.drafts.recognise(paths, ctx.cwd, dataset)
  } catch (error) {
    if (!(error instanceof Problem) && !(error instanceof FileError)) throw error
    ctx.stderr(`${error.message}\n`)
    ctx.exit(EXIT.failed)
    return undefined
  }
}

function exitBy(ctx: CommandContext, reports: readonly RunReport[]): void {
  const had = (outcome: RunReport['outcome']) => reports.some((report) => report.outcome === outcome)
  if (had('failed')) ctx.exit(EXIT.failed)
  else if (had('rejections')) ctx.exit(EXIT.rejections)
}

function figuresOf({ run: _, newest: __, outcome, error, parts, ...figures }: RunReport): object {
  return {
    ...figures,
    outcome,
    ...(error ? { error } : {}),
    ...(parts ? { parts: parts.map(figuresOf) } : {}),
  }
}

async function run(ctx: CommandContext, which: string[], options: RunFlags): Promise<void> {
  if (which.length > 1 || options.dataset !== undefined) {
    const wrong = which.length > 1 ? 'One definition or source at a time' : '--dataset goes with --detect'
    ctx.stderr(`${wrong} (several data files of one source: --detect).\n`)
    return ctx.exit(EXIT.usage)
  }
  const definition = await find(ctx, which[0]!)
  if (!definition) return
  const report = await runOne(ctx, definition, options)
  if (options.json) ctx.stdout(`${JSON.stringify(figuresOf(report))}\n`)
  exitBy(ctx, [report])
}

/** Runs one and prints it unless JSON is asked for. */
async function runOne(ctx: CommandContext, definition: Definition, options: RunFlags): Promise<RunReport> {
  const { sources } = await ctx.platform()
  const progress = progressPrinter(ctx.stderr, ctx.isTTY)
  const settings: RunOptions = {
    from: options.from,
    cwd: ctx.cwd,
    full: options.full,
    part: options.part,
    signal: ctx.signal,
    onProgress: progress.show,
  }
  const report = await sources.run(definition, settings)
  progress.done()
  if (!options.json) for (const one of report.parts ?? [report]) ctx.stdout(describeRun(one))
  if (report.outcome === 'failed') ctx.stderr(`${report.source}: ${report.error}\n`)
  return report
}

/** A definition file, or else the stored definition of a source of that name. */
async function find(ctx: CommandContext, which: string): Promise<Definition | undefined> {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(which)) {
    const { sources } = await ctx.platform()
    const known = (await sources.list()).find(({ id }) => id === which)
    if (known) return known.definition
  }
  return load(ctx, which)
}

/** Reads a file; says what is wrong with it and sets the exit code when it is no definition. */
async function load(ctx: CommandContext, file: string): Promise<Definition | undefined> {
  try {
    return await parse(ctx, file)
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error
    ctx.stderr(issuesText(file, error))
    ctx.exit(EXIT.usage)
    return undefined
  }
}

async function parse(ctx: CommandContext, file: string): Promise<Definition> {
  const path = resolve(ctx.cwd, file)
  const yaml = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file, and no source of that name' : error.message
    throw new SetupError(`${file}: ${why}.`, EXIT.usage)
  })
  return checkDefinition(yaml, basename(file).replace(/\.ya?ml$/i, ''))
}

function issuesText(file: string, error: DefinitionError): string {
  return `${file} is not a valid definition:\n${error.issues.map((issue) => `  ${formatIssue(issue)}\n`).join('')}`
}

function count(ctx: CommandContext, text: string, option: string): number | undefined {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value
  ctx.stderr(`${option} is "${text}" but must be a number from 1 to 1000.\n`)
  ctx.exit(EXIT.usage)
  return undefined
}

function listed({ id, title, dataset, kind, health, ailing, paused, nextRun, lastGood, version, parts }: SourceInfo) {
  return {
    id,
    title,
    dataset,
    kind,
    state: health.state,
    since: health.since,
    cause: ailing === null ? health.cause : `${ailing}: ${health.cause}`,
    paused,
    nextRun,
    lastGood,
    version,
    ...(parts.length > 1
      ? {
          parts: parts.map(({ name, health, nextRun, lastGood, contentAt }) => ({
            part: name,
            ...health,
            nextRun,
            lastGood,
            contentAt,
          })),
        }
      : {}),
  }
}
