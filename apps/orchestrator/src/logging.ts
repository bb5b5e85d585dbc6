// pino with secrets cut out by path. User text stays in answers, stacks and stderr in logs.
import { type Logger, pino } from 'pino'

export function createLog(level: string): Logger {
  return pino({
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: [
        'req.headers.authorization',
        'headers.authorization',
        '*.password',
        '*.key',
        '*.secret',
        '*.token',
        'err.options',
        'err.command',
      ],
      censor: '[cut]',
    },
  })
}
