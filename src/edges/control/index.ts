/**
 * The local command socket: with the embedded database only one process can hold the data, so a `zahnrad` command
 * speaks to the running one. Whoever can open the socket owns the machine's account (mode 0600), hence acts as owner.
 *
 * One connection = one command. Lines of JSON: `{argv, cwd, tty}` in; `{out}`, `{err}` and at last `{exit}` back.
 * Closing the connection aborts the command.
 */
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

export interface CommandRequest {
  argv: string[]
  cwd: string
  tty: boolean
}

export interface CommandOutput {
  out(text: string): void
  err(text: string): void
  signal: AbortSignal
}

export type CommandHandler = (request: CommandRequest, output: CommandOutput) => Promise<number>

/** Longest path a Unix socket may have (108 bytes with the final zero on Linux, 104 on macOS). */
const LONGEST = 100
const REQUEST_LIMIT = 1024 * 1024

/** Where the socket of the platform with this data folder lies, or another one of that name. */
export function socketPath(dataDir: string, name = 'zahnrad'): string {
  const inside = join(dataDir, `${name}.sock`)
  if (Buffer.byteLength(inside) <= LONGEST) return inside
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  return join(tmpdir(), `zahnrad-${userInfo().uid}`, `${hash}-${name}.sock`)
}

/** Starts listening. The caller holds the data folder, so a socket left over by a killed process can go. */
export async function listenForCommands(dataDir: string, handler: CommandHandler): Promise<Server> {
  const path = socketPath(dataDir)
  const server = createServer((socket) => serve(socket, handler))
  await listenPrivately(path, () => {
    return new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
  })
  return server
}

/** Opens a socket that only its owner may use, in place of what a killed process left there. */
export async function listenPrivately(path: string, listen: () => Promise<unknown>): Promise<void> {
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  rmSync(path, { force: true })
  const mask = process.umask(0o177)
  try {
    await listen()
  } finally {
    process.umask(mask)
  }
  chmodSync(path, 0o600)
}

function serve(socket: Socket, handler: CommandHandler): void {
  const abort = new AbortController()
  let text = ''
  let started = false
  socket.setEncoding('utf8')
  socket.on('error', () => abort.abort())
  socket.on('close', () => abort.abort())
  const send = (message: object) => {
    if (socket.writable) socket.write(`${JSON.stringify(message)}\n`)
  }
  socket.on('data', (chunk: string) => {
    if (started) return
    text += chunk
    if (text.length > REQUEST_LIMIT) socket.destroy()
    const end = text.indexOf('\n')
    if (end < 0) return
    started = true
    let request: CommandRequest
    try {
      request = JSON.parse(text.slice(0, end))
    } catch {
      socket.destroy()
      return
    }
    handler(request, { out: (out) => send({ out }), err: (err) => send({ err }), signal: abort.signal })
      .catch((error) => {
        send({ err: `${(error as Error).message}\n` })
        return 1
      })
      .then((exit) => {
        send({ exit })
        socket.end()
      })
  })
}

/** Sends a command to a running platform. Resolves with its exit code, or null when none listens. */
export function sendCommand(
  dataDir: string,
  request: CommandRequest,
  output: Omit<CommandOutput, 'signal'>,
): Promise<number | null> {
  const path = socketPath(dataDir)
  if (!existsSync(path)) return Promise.resolve(null)
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let exit: number | undefined
    let connected = false
    let text = ''
    socket.setEncoding('utf8')
    socket.on('connect', () => {
      connected = true
      socket.write(`${JSON.stringify(request)}\n`)
    })
    socket.on('data', (chunk: string) => {
      text += chunk
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const message = JSON.parse(text.slice(0, end)) as { out?: string; err?: string; exit?: number }
        text = text.slice(end + 1)
        if (message.out !== undefined) output.out(message.out)
        if (message.err !== undefined) output.err(message.err)
        if (message.exit !== undefined) exit = message.exit
      }
    })
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!connected && (error.code === 'ECONNREFUSED' || error.code === 'ENOENT')) resolve(null)
      else reject(error)
    })
    socket.on('close', () => {
      if (!connected) return
      if (exit !== undefined) resolve(exit)
      else reject(new Error('The platform ended while it was working on this command.'))
    })
  })
}
