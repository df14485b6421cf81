/** `npm run dev`: the platform restarting on changes of the server, the pages reloading in place, on one address. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const vite = join(ROOT, 'node_modules', 'vite', 'bin', 'vite.js')
const children = [
  spawn(process.execPath, ['--watch', '--watch-path=src', '--watch-preserve-output', 'bin/zahnrad.mjs', 'start'], {
    cwd: ROOT,
    stdio: 'inherit',
  }),
  spawn(process.execPath, [vite, 'ui'], { cwd: ROOT, stdio: 'inherit' }),
]
console.log('The pages with reload: http://localhost:5173')
const stop = () => {
  for (const child of children) child.kill('SIGTERM')
}
process.on('SIGINT', stop).on('SIGTERM', stop)
await Promise.all(children.map((child) => new Promise((resolve) => child.on('exit', resolve))))
