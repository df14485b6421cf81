#!/usr/bin/env node
// Runs on any Node ≥ 20 and hands over to the Node 24 that the dependency `node` brings.
import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const entry = join(root, 'src', 'cli.ts')

function packagedNode() {
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node')
    if (existsSync(path)) return path
  } catch {
    // Falls through to the sentence below.
  }
  console.error('Zahnrad needs Node 24, which its dependency "node" brings: run "npm ci" in the project folder first.')
  process.exit(1)
}

function handOver() {
  // The channel lets the child notice when this process is killed: it then stops cleanly instead of running on alone.
  const child = spawn(packagedNode(), [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code ?? 1)
    for (const name of signals) process.removeAllListeners(name)
    process.kill(process.pid, signal)
  })
}

/** What is compiled once need not be at the next start. Where nothing can be kept, every start compiles. */
function keepCompiled() {
  if (process.env.NODE_COMPILE_CACHE === undefined) {
    const folder = join(root, '.cache', 'compiled')
    try {
      mkdirSync(folder, { recursive: true })
      accessSync(folder, constants.W_OK)
    } catch {
      return
    }
    process.env.NODE_COMPILE_CACHE = folder
  }
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
}

async function run() {
  keepCompiled()
  await import(entry)
}

if (Number(process.versions.node.split('.')[0]) >= 24) await run()
else handOver()
