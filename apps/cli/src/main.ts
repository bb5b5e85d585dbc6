// The process: settings in, one command, an exit code out. Nothing is decided here but how a fault is shown.
import { CommanderError } from 'commander'
import type { Act } from './act.ts'
import { createContext, type Flags, outputOf, type Process } from './context.ts'
import { CliError } from './errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { createProgram } from './program.ts'
import { readSettings } from './settings.ts'
import { errorText, problemOf } from './text/error-text.ts'

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

process.exitCode = await run(process.argv.slice(2))

async function run(argv: readonly string[]): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done
  const act: Act =
    work =>
    async (...args) => {
      exit = await work(createContext(host, program.opts<Flags>()), ...args)
    }
  const program = createProgram(act, text => process.stdout.write(text))
  try {
    if (argv.length === 0) program.outputHelp()
    else await program.parseAsync(argv, { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
    return show(error, { ...program.opts<Flags>(), ...(argv.includes('--json') ? { json: true } : {}) })
  }
}

function show(error: unknown, flags: Flags): ExitCode {
  const out = outputOf(host, flags)
  const shown = error instanceof CommanderError ? usage(error) : error
  if (!(shown instanceof CliError)) {
    out.complain(
      `This is a fault of trotline itself, please report it:\n${shown instanceof Error ? shown.stack : shown}`,
    )
    return EXIT.fault
  }
  if (flags.json === true) out.complain(JSON.stringify(problemOf(shown)))
  else out.complain(`${out.sayIsTerminal && shown.code === 'INTERRUPTED' ? '\n' : ''}${errorText(shown, out.sayStyle)}`)
  return shown.exit
}

function usage(error: CommanderError): CliError {
  const [first = '', ...more] = error.message.replace(/^error: /, '').split('\n')
  const suggestion = more.join(' ').replace(/^\(|\)$/g, '')
  const sentence = first.charAt(0).toUpperCase() + first.slice(1)
  return new CliError('USAGE', /[.?!]$/.test(sentence) ? sentence : `${sentence}.`, {
    fix: [...(suggestion === '' ? [] : [suggestion]), 'trotline --help shows what there is.'],
  })
}
