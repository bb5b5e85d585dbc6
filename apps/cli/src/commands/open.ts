// trotline open: the addresses of jobs' pages, and the pages themselves where there is a screen.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { eachJob } from '../each-job.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { openBrowser } from '../open-browser.ts'

export function declareOpen(program: Command, act: Act): void {
  const command = program
    .command('open')
    .description("prints the addresses of jobs' pages, and opens them where there is a screen")
    .argument('[JOB...]', 'ids, names, beginnings of ids, or last; none: the page of all jobs')
    .option('--print', 'only print it')
    .action(act(open))
  withExamples(command, [
    ['trotline open last', ''],
    ['trotline open k3v9 --print', ''],
  ])
}

/** So many windows a person can want. */
const MOST_OPENED = 10

async function open(context: Context, wanted: string[], options: { print?: boolean }): Promise<ExitCode> {
  const { out, settings } = context
  const base = context.server().href.replace(/\/$/, '')
  const opens = options.print !== true && !out.json && !out.quiet && out.answerIsTerminal && settings.graphical
  if (opens && wanted.length > MOST_OPENED)
    throw new CliError('USAGE', `At most ${MOST_OPENED} pages are opened at once.`, {
      fix: ['Only print them: --print'],
    })
  const show = async (id: string | null): Promise<ExitCode> => {
    const url = new URL(id === null ? `${base}/` : `${base}/jobs/${encodeURIComponent(id)}`)
    await (out.json ? out.answerLine({ job: id, url: url.href }) : out.answer(`${url.href}\n`))
    if (opens && !openBrowser(url)) out.say('No program to open it with was found: the address is above.')
    return EXIT.done
  }
  return wanted.length === 0 ? show(null) : eachJob(context, wanted, null, show)
}
