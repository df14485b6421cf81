export { checkDefinition, jsonSchemaText } from './check.ts'
export { type Definition, DefinitionSchema } from './definition.ts'
export { Mapper } from './mapper.ts'
export * from './model.ts'
