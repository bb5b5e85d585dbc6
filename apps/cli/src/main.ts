// The process: settings in, one command, an exit code out.
import type { Process } from './context.ts'
import { EXIT } from './exit-codes.ts'
import { runCommand } from './run-command.ts'
import { readSettings } from './settings.ts'

const interrupt = new AbortController()
process.on('SIGINT', () => {
  // A second Ctrl-C is for someone in a hurry.
  if (interrupt.signal.aborted) process.exit(EXIT.interrupted)
  interrupt.abort()
})
// `trotline … | head` closes the pipe: nobody reads on, and there is nobody to tell. 128 + SIGPIPE, as other tools end.
process.stdout.on('error', error => {
  if ('code' in error && error.code === 'EPIPE') process.exit(141)
  throw error
})

const host: Process = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  settings: readSettings(),
  cwd: process.cwd(),
  interrupt: interrupt.signal,
}

process.exitCode = await runCommand(process.argv.slice(2), host)
