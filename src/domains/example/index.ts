export { Example, type ExampleDeps, type ExampleOptions, type ExampleProgress } from './example.ts'
