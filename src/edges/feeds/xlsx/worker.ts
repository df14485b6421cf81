/** Reads the workbook handed over, and answers its sheets or why it is none. */
import { parentPort, workerData } from 'node:worker_threads'
import readSheets from 'read-excel-file/node'

try {
  parentPort!.postMessage({ sheets: await readSheets(Buffer.from(workerData)) })
} catch (error) {
  parentPort!.postMessage({ problem: (error as Error).message })
}
