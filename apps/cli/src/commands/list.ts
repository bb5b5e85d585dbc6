// trotline list: the newest jobs, from the server's own store.
import { JOB_STATES, type JobPage, type JobSummary } from '@trotline/contracts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Act } from '../act.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { ago } from '../text/durations.ts'
import { secondsBetween } from '../text/local-time.ts'
import { type Style, shownState, stateText } from '../text/style.ts'
import { type Cell, type Column, tabbed, table } from '../text/table.ts'

const DEFAULT_LIMIT = 20
const PAGE = 100

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'NAME', flexible: true },
  { title: 'STATE' },
  { title: 'EPOCHS', align: 'right' },
  { title: 'WHERE', flexible: true },
  { title: 'SLURM' },
  { title: 'CREATED' },
  { title: 'WHY', flexible: true },
]

export function declareList(program: Command, act: Act): void {
  const command = program
    .command('list')
    .description('shows the newest jobs')
    .addOption(new Option('--state <state>', 'only jobs in this state').choices(JOB_STATES))
    .option('--limit <n>', `how many (default: ${DEFAULT_LIMIT})`, wholeNumber)
    .action(act(list))
  withExamples(command, [
    ['trotline list', `the newest ${DEFAULT_LIMIT}`],
    ['trotline list --state running', 'what runs now'],
    ['trotline list -q --state failed', 'ids only, one a line'],
  ])
}

export function wholeNumber(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.')
  return Number(text)
}

async function list(context: Context, options: { state?: string; limit?: number }) {
  const { client, out } = context
  const limit = options.limit ?? DEFAULT_LIMIT
  const items: JobSummary[] = []
  let nextCursor: string | null = null
  let now = 0
  do {
    const answer: { page: JobPage; now: number } = await client.list({
      limit: Math.min(PAGE, limit - items.length),
      ...(options.state === undefined ? {} : { state: options.state }),
      ...(nextCursor === null ? {} : { cursor: nextCursor }),
    })
    items.push(...answer.page.items)
    nextCursor = answer.page.items.length === 0 ? null : answer.page.nextCursor
    now = answer.now
  } while (nextCursor !== null && items.length < limit)

  if (out.json) {
    await out.answerLine({ items, nextCursor })
  } else if (out.quiet) {
    await out.answer(items.map(job => `${job.id}\n`).join(''))
  } else if (items.length === 0 && out.answerIsTerminal) {
    out.say(
      options.state === undefined
        ? 'No jobs yet. Next: trotline submit FILE --follow'
        : `No job is ${options.state}. All jobs: trotline list`,
    )
  } else {
    const rows = items.map(job => rowOf(job, now, out.answerStyle))
    await out.answer(out.answerIsTerminal ? table(COLUMNS, rows, out.width(), out.answerStyle) : tabbed(COLUMNS, rows))
  }
  if (nextCursor !== null && out.answerIsTerminal) {
    const state = options.state === undefined ? '' : `--state ${options.state} `
    out.say(out.sayStyle.dim(`There are more: trotline list ${state}--limit ${limit * 5}`))
  }
  return EXIT.done
}

function rowOf(job: JobSummary, now: number, style: Style): Cell[] {
  const shown = shownState(job)
  const state = stateText(shown, style)
  const where = `${job.cluster}/${job.partition}`
  const slurm = [job.slurmJobId, job.slurmState].filter(part => part !== null).join(' ')
  const why = job.failure ?? (shown === 'held' ? job.hold : null) ?? ''
  return [
    job.id,
    job.name,
    { text: state.plain, full: job.state, paint: () => state.painted },
    `${job.epochs}/${job.ofEpochs}`,
    { text: where, full: where, paint: style.dim },
    { text: slurm, full: slurm, paint: style.dim },
    { text: ago(secondsBetween(job.createdAt, now)), full: job.createdAt },
    { text: why, full: why, paint: shown === 'held' ? style.held : style.bad },
  ]
}
