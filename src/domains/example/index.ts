export { Example, type ExampleDeps, type ExampleOptions, type ExampleProgress, type ExampleStatus } from './example.ts'
