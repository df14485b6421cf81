import { type Logger, pino } from 'pino'

export type Log = Logger

/** Structured logs, one JSON object a line on stderr. Secrets never reach it: keys, cookies and login codes are cut out. */
export function createLog(level: string): Log {
  return pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: ['req.headers.authorization', 'req.headers.cookie', 'password', 'key', 'code'],
        censor: '[hidden]',
      },
    },
    pino.destination({ dest: 2, sync: true }),
  )
}
