// node:sqlite (the data folder's lock) is stable enough for us; its notice would only puzzle the reader of a terminal.
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') console.error(`${warning.name}: ${warning.message}`)
})

const { commandsForThisProcess } = await import('./cli/local.ts')
process.exitCode = await commandsForThisProcess(process.argv.slice(2))
