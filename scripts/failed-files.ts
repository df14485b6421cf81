import type { TestEvent } from 'node:test/reporters'

/** A reporter for the test runner: the files in which something failed, one a line. */
export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files = new Set<string>()
  for await (const event of events) {
    if (event.type === 'test:fail' && event.data.file) files.add(event.data.file)
  }
  for (const file of files) yield `${file}\n`
}
