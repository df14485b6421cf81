/** Writes `sources/schema.json`, the JSON Schema editors use for source definitions, from the one the program uses. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { jsonSchemaText } from '../src/domains/sources/index.ts'

writeFileSync(join(import.meta.dirname, '../sources/schema.json'), jsonSchemaText())
