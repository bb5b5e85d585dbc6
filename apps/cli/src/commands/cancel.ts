// trotline cancel: records the wish for each job. Slurm confirms later; `wait` sees it happen.
import { isTerminal, type JobSummary } from '@trotline/contracts'
import { type Command, Option } from 'commander'
import type { Act } from '../act.ts'
import { shellLine } from '../api/send-once.ts'
import { canAsk, confirm } from '../confirm.ts'
import type { Context } from '../context.ts'
import { eachJob } from '../each-job.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { flagsOf, labels, type Selection, SHOWN_STATES, type ShownState, select } from '../list/selection.ts'
import { nextText } from '../text/ending-text.ts'
import { count } from '../text/figures.ts'
import { shownState } from '../text/style.ts'

type Options = Selection & { yes?: boolean; force?: boolean; everyone?: boolean }

const LIVE: readonly ShownState[] = SHOWN_STATES.filter(state => state === 'held' || !isTerminal(state))
/** So many jobs a person can mean; more than that is said once more with a narrower choice. */
const MOST_JOBS = 10_000

export function declareCancel(program: Command, act: Act): void {
  const command = program
    .command('cancel')
    .description('cancels jobs, by name or by what they are; one that has ended already is a conflict (exit 7)')
    .argument('[JOB...]', 'ids, names, beginnings of ids, or last')
    .addOption(new Option('--state <state>', 'all that are in this state').choices(LIVE))
    .option('--label <key=value>', 'all that go on and have this label (again and again: all of them)', labels, [])
    .option('--name <name>', 'all that go on and have this name')
    .option('-y, --yes', 'with these: do not ask')
    .option('--everyone', 'for operators, with these: jobs of everyone, not only your own')
    .option('--force', 'for operators: ends a held job, or one whose cancel never comes to its end')
    .action(act(cancel))
  withExamples(command, [
    ['trotline cancel k3v9 m2x7', ''],
    ['trotline cancel --label sweep=lr', 'says how many they are, and asks'],
    ['trotline cancel --state pending --yes', 'in a script'],
    ['trotline cancel k3v9 && trotline wait k3v9', 'until Slurm has confirmed it (exit 11)'],
  ])
}

async function cancel(context: Context, words: string[], options: Options): Promise<ExitCode> {
  const { client, out } = context
  const { force = false } = options
  const byWhatTheyAre = flagsOf(options).length > 0
  if (byWhatTheyAre === words.length > 0) {
    throw new CliError('USAGE', words.length > 0 ? 'Either JOBs or --state, --label and --name.' : 'Which jobs?', {
      failed: 'Not cancelled',
      fix: ['trotline cancel JOB…', 'or by what they are: trotline cancel --state pending'],
    })
  }
  if (options.everyone === true && !byWhatTheyAre)
    throw new CliError('USAGE', '--everyone goes with --state, --label or --name.', { failed: 'Not cancelled' })
  if (force && byWhatTheyAre)
    throw new CliError('USAGE', '--force ends jobs that are named, one by one.', { failed: 'Not cancelled' })
  const wanted = byWhatTheyAre ? await chosen(context, options) : words
  const wished: string[] = []
  const exit = await eachJob(context, wanted, 'Not cancelled', async id => {
    const job = await client.cancel(id, { force })
    wished.push(job.id)
    if (out.json) await out.answerLine(job)
    else if (out.answerIsTerminal && !out.quiet)
      await out.answer(`${force ? 'Ended by force' : 'Cancel wished'}  ${job.id}  ${job.name}  (${job.state})\n`)
    else if (!out.quiet) await out.answer(`${job.id}\n`)
    return EXIT.done
  })
  if (wished.length > 0 && !out.json) {
    const next = force ? `trotline why ${wished[0]}` : `trotline wait ${wished.slice(0, 8).join(' ')}`
    if (wanted.length > 1) out.say(`${wished.length} of ${count(wanted.length, 'job')} will be cancelled.`)
    out.say(nextText([next], out.sayStyle))
  }
  return exit
}

/** Their ids, once somebody has said yes. @throws CliError USAGE where nobody can be asked and --yes is not there */
async function chosen(context: Context, options: Options): Promise<string[]> {
  const { client, out } = context
  // An operator sees the jobs of everyone, and means their own.
  const { everyone = false } = options
  const selection = everyone ? options : { ...options, owner: (await client.whoami()).owner.id }
  const found = await select(context, selection, MOST_JOBS)
  const flags = [...flagsOf(options), ...(everyone ? ['--everyone'] : [])]
  if (found.nextCursor !== null)
    throw new CliError('USAGE', `More than ${count(MOST_JOBS, 'job')} fit ${shellLine(flags)}.`, {
      failed: 'Not cancelled',
      fix: ['Choose fewer: with --label, --name or --state.'],
    })
  const live = found.items.filter(job => !isTerminal(job.state))
  if (live.length === 0) {
    out.say(`No job that goes on fits ${shellLine(flags)}; nothing is cancelled.`)
    return []
  }
  if (options.yes === true) return live.map(({ id }) => id)
  const many = countText(live)
  if (!canAsk(context))
    throw new CliError('USAGE', `That would cancel ${many}, and nobody is there to be asked.`, {
      failed: 'Not cancelled',
      fix: [shellLine(['trotline', 'cancel', ...flags, '--yes'])],
    })
  if (!(await confirm(context, `Cancel ${many}?`))) {
    out.say('Nothing is cancelled.')
    return []
  }
  // What was pending when the question was asked may have been running for an hour when it is answered.
  const now = new Set((await select(context, selection, MOST_JOBS)).items.map(({ id }) => id))
  const still = live.filter(({ id }) => now.has(id))
  if (still.length < live.length)
    out.say(`${count(live.length - still.length, 'job')} of them no longer fit ${shellLine(flags)}; left alone.`)
  return still.map(({ id }) => id)
}

/** "12 jobs (3 running, 9 pending)". */
export function countText(jobs: readonly JobSummary[]): string {
  const shown = jobs.map(shownState)
  const states = SHOWN_STATES.toReversed()
    .map(state => ({ state, many: shown.filter(one => one === state).length }))
    .filter(({ many }) => many > 0)
  return `${count(jobs.length, 'job')} (${states.map(({ state, many }) => `${many} ${state}`).join(', ')})`
}
