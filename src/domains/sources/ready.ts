import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../../kernel/problem.ts'
import { checkDefinition } from './check.ts'
import type { Definition } from './definition.ts'

/** The definitions that come with the platform, for public feeds and common networks. */
export class ReadySources {
  readonly #folder: string
  #all: Promise<Definition[]> | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  list(): Promise<Definition[]> {
    this.#all ??= this.#read()
    return this.#all
  }

  async require(id: string): Promise<Definition> {
    const found = (await this.list()).find((one) => one.id === id)
    if (!found) throw new Problem(404, 'ready-source-unknown', `No ready definition is named "${id}".`)
    return found
  }

  async #read(): Promise<Definition[]> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.yaml')).sort()
    const texts = await Promise.all(names.map((name) => readFile(join(this.#folder, name), 'utf8')))
    return texts.map((yaml, index) => checkDefinition(yaml, names[index]!.replace(/\.yaml$/, '')))
  }
}
