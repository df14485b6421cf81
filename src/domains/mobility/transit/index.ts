export * from './model.ts'
export { currentVersion, currentVersions, versionsOf } from './versions.ts'
