/** The worked examples of docs/using/sensorthings.md and the panels of docs/using/grafana.md, as printed, on the example city. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { promisify } from 'node:util'
import { filled } from '../../e2e/tour.ts'
import { databases } from '../../support/database.ts'
import { type RunningPlatform, startPlatform } from '../../support/platform.ts'
import type { Body } from './service.ts'

const DOCS = join(import.meta.dirname, '..', '..', '..', 'docs', 'using')
const run = promisify(execFile)

/** The programs of each numbered example: `[language, text]`. */
function examples(): Map<number, [string, string][]> {
  const text = readFileSync(join(DOCS, 'sensorthings.md'), 'utf8')
  const section = text.slice(text.indexOf('## Ten worked examples'), text.indexOf('## Pages'))
  const found = new Map<number, [string, string][]>()
  for (const part of section.split(/^(?=\*\*\d+\. )/m).slice(1)) {
    const fences = [...part.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map((m): [string, string] => [m[1]!, m[2]!])
    found.set(Number(/^\*\*(\d+)/.exec(part)![1]), fences)
  }
  return found
}

const COMMAND: Record<string, [string, ...string[]]> = {
  sh: ['bash', '-euo', 'pipefail', '-c'],
  python: ['python3', '-c'],
  js: [process.execPath, '--input-type=module', '-e'],
}

interface Panel {
  targets: { url: string; root_selector: string; columns: { selector: string; type: string }[] }[]
}

for (const engine of databases()) {
  describe(`worked examples on the example city (${engine.name})`, { timeout: 600_000 }, () => {
    let platform: RunningPlatform
    let key: string
    before(async () => {
      platform = await startPlatform(engine, { ZAHNRAD_EXAMPLE: '1' })
      await filled(platform, 0.02)
      key = await platform.key('example')
    })
    after(() => platform?.remove())

    /** What a program of the documentation prints, with the address of this platform in place of the printed one. */
    async function printed([language, text]: [string, string]): Promise<string> {
      const here = text
        .replaceAll('http://localhost:8080', platform.url)
        .replaceAll('-p 1883', `-p ${new URL(platform.mqttUrl).port}`)
      const [command, ...args] = COMMAND[language]!
      const { stdout } = await run(command, [...args, here], { env: { ...process.env, KEY: key }, timeout: 150_000 })
      return stdout
    }
    const json = async (program: [string, string]): Promise<Body> => JSON.parse(await printed(program))

    /** What each example must show. */
    const CHECKS: Record<number, (programs: [string, string][]) => Promise<void>> = {
      1: async ([one]) => {
        const { value } = await json(one!)
        assert.deepEqual(
          value.map((thing: Body) => thing.name),
          ['Promenade Nord (simuliert)'],
        )
        assert.equal(value[0].Locations[0].location.type, 'Point')
      },
      2: async ([one]) => {
        const { value } = await json(one!)
        assert.equal(value.length, 3)
        for (const { Observations, unitOfMeasurement } of value) {
          assert.equal(typeof Observations[0].result, 'number')
          assert.ok(unitOfMeasurement.name)
        }
      },
      3: async ([one]) => {
        const [{ components, dataArray }] = (await json(one!)).value
        assert.deepEqual(components, ['phenomenonTime', 'result'])
        assert.ok(dataArray.length > 100)
        const times = dataArray.map(([time]: [string]) => time)
        assert.deepEqual(times, [...times].sort())
      },
      4: async ([one]) => {
        const { value } = await json(one!)
        assert.ok(value.length >= 40, `${value.length} hours`)
        for (const { hour, total, n } of value) {
          assert.ok(!Number.isNaN(Date.parse(hour)))
          assert.ok(total >= 0 && n > 0)
        }
      },
      5: async ([one]) => {
        const { value, '@iot.count': count } = await json(one!)
        assert.ok(count > 0 && value.length === count)
      },
      6: async ([one]) => {
        const [header, ...lines] = (await printed(one!)).trim().split('\r\n')
        assert.match(header!, /phenomenonTime,result,Datastream\/name/)
        assert.equal(lines.length, 50)
      },
      7: async ([one]) => {
        const { type, features } = await json(one!)
        assert.equal(type, 'FeatureCollection')
        assert.ok(features.length > 20 && features.every(({ geometry }: Body) => geometry.type === 'Point'))
      },
      8: async ([one]) => {
        const made = await json(one!)
        assert.equal(made.length, 3)
        for (const address of made) {
          const answer = await fetch(address, { headers: { authorization: `Bearer ${key}` } })
          assert.equal(answer.status, 200)
        }
      },
      9: async ([one]) => {
        const { result, phenomenonTime, Datastream } = await json(one!)
        assert.ok(result !== undefined && phenomenonTime && Datastream.name)
      },
      10: async ([python, js]) => {
        const answer = await fetch(`${platform.url}/sta/v1.1/Datastreams?$count=true&$top=0`)
        const { '@iot.count': count } = (await answer.json()) as Body
        assert.ok(count > 20)
        for (const program of [python!, js!]) assert.equal((await json(program)).length, count)
      },
    }

    for (const [number, programs] of examples()) {
      it(`example ${number} works as printed`, async () => {
        assert.ok(programs.length > 0)
        await CHECKS[number]!(programs)
      })
    }

    it('there are ten, each with what it must show', () => {
      assert.deepEqual([...examples().keys()], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    })

    it('the panels for Grafana: their requests, and the columns they take from the answers', async () => {
      const text = readFileSync(join(DOCS, 'grafana.md'), 'utf8')
      const panels = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((m): Panel => JSON.parse(m[1]!))
      assert.equal(panels.length, 2)
      const ask = async (url: string): Promise<Body> => {
        const answer = await fetch(url.replace('https://daten.example.de', platform.url))
        assert.equal(answer.status, 200, url)
        return answer.json()
      }
      // The variable of the dashboard chooses the series: here a count by quarters of an hour, and a level by instants.
      const variable = /^ {4}(https:\S+Datastreams\?\S+)$/m.exec(text)![1]!
      const series = (await ask(variable)).value
      const idOf = (name: string): number => series.find((one: Body) => one.name === name)['@iot.id']
      for (const [panel, name] of [
        [panels[0]!, 'Fahrräder gesamt'],
        [panels[1]!, 'Wasserstand'],
      ] as const) {
        const [{ url, root_selector, columns }] = panel.targets as [Panel['targets'][number]]
        const body = await ask(
          url
            .replace('$' + '{datastream}', String(idOf(name)))
            .replace('$' + '{__from:date:iso}', new Date(Date.now() - 86_400_000).toISOString())
            .replace('$' + '{__to:date:iso}', new Date().toISOString()),
        )
        const rows = root_selector.split('.').reduce((at: Body, part) => at[part], body)
        assert.ok(rows.length > 10, `${rows.length} rows`)
        for (const row of rows)
          for (const { selector, type } of columns) {
            const value = row[selector]
            if (type === 'timestamp') assert.ok(!Number.isNaN(Date.parse(value)), value)
            else assert.equal(typeof value, 'number')
          }
      }
    })
  })
}
