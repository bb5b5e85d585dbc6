// One command from its words to its exit code, in a process that is handed in. Nothing is decided here but how a fault is shown.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import type { Act } from './act.ts'
import { withAdvice } from './advice.ts'
import { complainOf } from './complain.ts'
import { createContext, type Flags, outputOf, type Process } from './context.ts'
import { CliError } from './errors.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { createProgram } from './program.ts'
import { version } from './version.ts'

export async function runCommand(argv: readonly string[], host: Process): Promise<ExitCode> {
  let exit: ExitCode = EXIT.done
  const act: Act =
    work =>
    async (...args) => {
      const context = createContext(host, program.opts<Flags>())
      exit = await work(context, ...args).catch((error: unknown) => {
        throw withAdvice(error, context)
      })
    }
  const program = createProgram(act, text => host.stdout.write(text))
  try {
    if (argv.length === 0) program.outputHelp()
    else await program.parseAsync(argv, { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done
    return show(error, argv, host, { ...program.opts<Flags>(), ...(argv.includes('--json') ? { json: true } : {}) })
  }
}

function show(error: unknown, argv: readonly string[], host: Process, flags: Flags): ExitCode {
  const out = outputOf(host, flags)
  const shown =
    error instanceof CommanderError ? usage(error) : error instanceof CliError ? error : fault(error, argv, host)
  // Ctrl-C leaves ^C on the line.
  if (out.sayIsTerminal && !out.json && shown.code === 'INTERRUPTED') out.complain('\n')
  complainOf(out, shown)
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

/** What is known of it goes to a file: on stderr it would bury the sentence. No token is in it; none is ever a word of the line. */
function fault(error: unknown, argv: readonly string[], { settings }: Process): CliError {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  const at = new Date().toISOString()
  const folder = join(settings.cacheHome, 'trotline')
  const file = join(folder, `fault-${at.replaceAll(':', '')}.txt`)
  const text = `trotline ${version()}, Node.js ${process.version}, ${process.platform} ${process.arch}, ${at}\ntrotline ${argv.join(' ')}\n\n${stack}\n`
  let kept = true
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  } catch {
    kept = false
  }
  const first = error instanceof Error ? error.message : String(error)
  return new CliError('FAULT', `This is a fault of trotline itself: ${first}`, {
    facts: kept ? [] : stack.split('\n'),
    fix: [kept ? `Report it, with ${file}` : 'Report it, with the lines above.'],
    cause: error,
  })
}
