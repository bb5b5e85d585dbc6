// trotline show: jobs, as facts in the order a person asks, with the cause and the thing to do where it failed.
import type { Command } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { eachJob } from '../each-job.ts'
import { EXIT, type ExitCode, exitOfJob } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { failureLines, nextText } from '../text/ending-text.ts'
import type { Fact } from '../text/fact.ts'
import { fullFacts, seenFacts } from '../text/full-text.ts'
import { jobFacts, whereOf } from '../text/job-text.ts'
import { resultRows, resultText } from '../text/result-text.ts'
import { shownState, stateText } from '../text/style.ts'
import { tabbed, tabbedRows } from '../text/table.ts'

export function declareShow(program: Command, act: Act): void {
  const command = program
    .command('show')
    .description('shows jobs: state, progress, what Slurm says, how each ended')
    .argument('<JOB...>', 'ids, names, beginnings of ids, or last')
    .option('--full', 'also its request, submissions and gates, and all that was seen of a failure')
    .option('--exit-status', "exit with the job's own ending: 0, 10, 11, 12, or 8 while it goes on")
    .action(act(show))
  withExamples(command, [
    ['trotline show last', 'the newest job'],
    ['trotline show k3v9 --full', 'all there is'],
    ['trotline show auto-mpg --json', 'the whole record'],
    ['trotline show k3v9 --exit-status -q', 'for scripts: has it ended, and how?'],
  ])
}

type Options = { exitStatus?: boolean; full?: boolean }

/** Into a pipe several are one table, each of its rows with the job that it is about. */
async function show(context: Context, wanted: string[], options: Options): Promise<ExitCode> {
  const several = wanted.length > 1
  if (several && !context.out.json && !context.out.quiet && !context.out.answerIsTerminal)
    await context.out.answer(tabbed([{ title: 'ID' }, { title: 'FIELD' }, { title: 'VALUE' }], []))
  let shown = 0
  return eachJob(context, wanted, null, async id => {
    shown += 1
    return showOne(context, id, options, { several, first: shown === 1 })
  })
}

async function showOne(
  context: Context,
  id: string,
  options: Options,
  { several, first }: { several: boolean; first: boolean },
): Promise<ExitCode> {
  const { client, out } = context
  const { job, now } = await client.jobNow(id)
  const exit = options.exitStatus === true ? exitOfJob(job) : EXIT.done
  if (out.json) {
    await out.answerLine(job)
    return exit
  }
  if (out.quiet) return exit
  const style = out.answerStyle
  const facts = [...jobFacts(job, now), ...(options.full === true ? fullFacts(job) : [])]
  if (!out.answerIsTerminal) {
    const head: Fact[] = [
      { label: 'id', text: job.id },
      { label: 'name', text: job.name },
      { label: 'state', text: job.state },
      { label: 'cluster', text: job.cluster },
      { label: 'partition', text: job.request.resources.partition },
      ...(job.failure === null
        ? []
        : [
            { label: 'failure', text: job.failure.reason },
            { label: 'detail', text: job.failure.detail },
            { label: 'action', text: job.failure.action },
          ]),
    ]
    const result = job.result === null ? [] : resultRows(job.result)
    const seen = options.full === true ? seenFacts(job) : []
    const rows = [...head, ...seen, ...facts, ...result].map(fact => [fact.label, fact.full ?? fact.text])
    await out.answer(
      several
        ? tabbedRows(rows.slice(1).map(row => [job.id, ...row]))
        : tabbed([{ title: 'FIELD' }, { title: 'VALUE' }], rows),
    )
    return exit
  }
  const { painted } = stateText(shownState(job), style)
  const reason = job.failure === null ? '' : `  ${style.bad(job.failure.reason)}`
  const lines = [`${painted}${reason}  ${style.bold(job.name)}  ${job.id}  on ${whereOf(job.request)}`]
  for (const fact of facts) lines.push(`  ${style.dim(fact.label.padEnd(9))}  ${fact.text}`)
  if (job.failure !== null) lines.push('', ...failureLines(job.failure, style))
  const result = job.result === null ? '' : resultText(job.result, out.width(), style)
  await out.answer(`${first ? '' : '\n'}${lines.join('\n')}\n${result}`)
  if (!several) out.say(nextText(nextCommands(job.id, shownState(job)), out.sayStyle))
  return exit
}

function nextCommands(id: string, state: ReturnType<typeof shownState>): string[] {
  switch (state) {
    case 'held':
      return [`trotline release ${id}`, `trotline cancel ${id}`]
    case 'running':
    case 'finishing':
      return [`trotline wait ${id}`, `trotline logs ${id} --follow`]
    case 'completed':
      return [`trotline epochs ${id}`, `trotline logs ${id}`]
    case 'failed':
      return [`trotline logs ${id}`]
    case 'cancelled':
      return [`trotline epochs ${id}`]
    default:
      return [`trotline wait ${id}`]
  }
}
