import { relative } from 'node:path'
import type { TestEvent } from 'node:test/reporters'

const SHOWN = 15

/** A reporter for the test runner: the files that took longest, in seconds by the clock. */
export default async function* slowestFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: { file: string; seconds: number }[] = []
  for await (const event of events) {
    if (event.type === 'test:summary' && event.data.file)
      files.push({ file: relative(process.cwd(), event.data.file), seconds: event.data.duration_ms / 1000 })
  }
  if (files.length <= 1) return
  files.sort((a, b) => b.seconds - a.seconds)
  yield `\nThe files that took longest:\n`
  for (const { file, seconds } of files.slice(0, SHOWN)) yield `${seconds.toFixed(0).padStart(5)} s  ${file}\n`
}
