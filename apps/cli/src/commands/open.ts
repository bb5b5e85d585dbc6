// trotline open: the address of a job's page, and the page itself where there is a screen.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { withExamples } from '../help.ts'
import { openBrowser } from '../open-browser.ts'

export function declareOpen(program: Command, act: Act): void {
  const command = program
    .command('open')
    .description("prints the address of a job's page, and opens it where there is a screen")
    .argument('[JOB]', 'id, name, beginning of an id, or last; without one the page of all jobs')
    .option('--print', 'only print it')
    .action(act(open))
  withExamples(command, [
    ['trotline open last', ''],
    ['trotline open k3v9 --print', ''],
  ])
}

async function open(context: Context, wanted: string | undefined, options: { print?: boolean }) {
  const { out, settings } = context
  const base = context.server().href.replace(/\/$/, '')
  const id = wanted === undefined ? null : await findJob(context, wanted)
  const url = new URL(id === null ? `${base}/` : `${base}/jobs/${encodeURIComponent(id)}`)
  await (out.json ? out.answerLine({ job: id, url: url.href }) : out.answer(`${url.href}\n`))
  const opens = options.print !== true && !out.json && !out.quiet && out.answerIsTerminal && settings.graphical
  if (opens && !openBrowser(url)) out.say('No program to open it with was found: the address is above.')
  return EXIT.done
}
