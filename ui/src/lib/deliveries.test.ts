import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { became, commandOf, type Delivery, type PushSource } from './deliveries.ts'

describe('deliveries', () => {
  it('says in a word what became of one', () => {
    const word = (read: number, accepted: number, rejected: number) =>
      became({ read, accepted, corrected: 0, unchanged: read - accepted - rejected, rejected } as Delivery)
    assert.deepEqual([word(2, 2, 0), word(2, 0, 0), word(2, 1, 1), word(2, 0, 2)], ['ok', 'same', 'partly', 'refused'])
  })

  it('writes commands a shell takes as they stand', () => {
    const body = `{"name": "Kaiser's Parkhaus"}`
    const source = { url: 'http://x.example/a', example: { contentType: 'application/json', body, topic: null } }
    const told = (command: string) => execFileSync('sh', ['-c', command.replace(/^\w+/, 'printf "%s\\n"')]).toString()
    assert.ok(told(commandOf(source as PushSource, 'x')).endsWith(`--data-binary\n${body}\n`))
    const mqtt = { url: null, example: { contentType: 'application/json', body, topic: 'a/b' } }
    assert.ok(told(commandOf(mqtt as PushSource, 'x')).endsWith(`-t\na/b\n-m\n${body}\n`))
  })
})
