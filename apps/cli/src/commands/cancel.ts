// trotline cancel: records the wish for each job. Slurm confirms later; `wait` sees it happen.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { findJob } from '../find-job.ts'
import { withExamples } from '../help.ts'
import { nextText } from '../text/ending-text.ts'
import { errorText } from '../text/error-text.ts'

export function declareCancel(program: Command, act: Act): void {
  const command = program
    .command('cancel')
    .description('cancels jobs; one that has ended already is a conflict (exit 7)')
    .argument('<JOB...>', 'ids, names, beginnings of ids, or last')
    .option('--force', 'for operators: ends a held job, or one whose cancel never comes to its end')
    .action(act(cancel))
  withExamples(command, [
    ['trotline cancel k3v9', ''],
    ['trotline cancel $(trotline list -q --state pending)', 'all that wait'],
    ['trotline cancel k3v9 && trotline wait k3v9', 'until Slurm has confirmed it (exit 11)'],
    ['trotline cancel k3v9 --force', 'nobody can tell what became of it, and it is over all the same'],
  ])
}

/** Every job is tried, whatever happens to the one before; the first fault decides the exit code. */
async function cancel(context: Context, wanted: string[], { force = false }: { force?: boolean }): Promise<ExitCode> {
  const { client, out } = context
  let exit: ExitCode = EXIT.done
  const wished: string[] = []
  for (const one of wanted) {
    try {
      const job = await client.cancel(await findJob(context, one), { force })
      wished.push(job.id)
      if (out.json) await out.answerLine(job)
      else if (out.answerIsTerminal)
        await out.answer(`${force ? 'Ended by force' : 'Cancel wished'}  ${job.id}  ${job.name}  (${job.state})\n`)
      else if (!out.quiet) await out.answer(`${job.id}\n`)
    } catch (error) {
      if (!(error instanceof CliError) || wanted.length === 1 || error.code === 'INTERRUPTED') throw failed(error, one)
      out.complain(errorText(failed(error, one), out.sayStyle))
      if (exit === EXIT.done) exit = error.exit
    }
  }
  const [first] = wished
  if (first !== undefined && !out.json) out.say(nextText([`trotline ${force ? 'why' : 'wait'} ${first}`], out.sayStyle))
  return exit
}

const failed = <E>(error: E, wanted: string): E | CliError =>
  error instanceof CliError && error.code !== 'INTERRUPTED' ? error.with({ failed: `Not cancelled: ${wanted}` }) : error
