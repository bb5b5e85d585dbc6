// trotline list: the newest jobs, from the server's own store.
import type { JobSummary } from '@trotline/contracts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Act } from '../act.ts'
import { shellLine } from '../api/send-once.ts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { flagsOf, labels, type Selection, SHOWN_STATES, select } from '../list/selection.ts'
import { type ListView, watchList } from '../list/watch-list.ts'
import { ago } from '../text/durations.ts'
import { metric, metricInFull } from '../text/figures.ts'
import { secondsBetween } from '../text/local-time.ts'
import { type Style, shownState, stateText } from '../text/style.ts'
import { type Cell, type Column, tabbed, tabbedRows, table } from '../text/table.ts'
import { milliseconds } from './wait.ts'

const DEFAULT_LIMIT = 20

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'NAME', flexible: true },
  { title: 'STATE' },
  { title: 'EPOCHS', align: 'right' },
  { title: 'WHERE', flexible: true },
  { title: 'SLURM' },
  { title: 'CREATED' },
  { title: 'WHY', flexible: true },
  { title: 'LOSS', align: 'right' },
  { title: 'OWNER' },
]
/** Only where they are asked for: LOSS, because by its own a number says little, and OWNER, who is the same in all lines unless --all is said. */
const ASKED_FOR = ['loss', 'owner']

type ListOptions = Selection & {
  limit?: number
  columns?: readonly string[]
  watch?: boolean
  mine?: boolean
  all?: boolean
}

const NAMES = COLUMNS.map(({ title }) => title.toLowerCase())

export function declareList(program: Command, act: Act): void {
  const command = program
    .command('list')
    .description('shows the newest jobs')
    .addOption(new Option('--state <state>', 'only jobs in this state').choices(SHOWN_STATES))
    .option('--mine', 'only your own, also for operators, who see those of everyone')
    .addOption(new Option('--all', 'for operators: those of everyone, with the owner of each').conflicts('mine'))
    .option('--label <key=value>', 'only with this label (again and again: with all of them)', labels, [])
    .option('--name <name>', 'only of this name')
    .option('--since <when>', 'only those made since: 2d, 12h, 30m, or a time such as 2026-11-27T08:00', since)
    .option('--columns <names>', `only these, in this order: ${NAMES.join(',')}`, columnNames)
    .option('--limit <n>', `how many (default: ${DEFAULT_LIMIT})`, wholeNumber)
    .option('--watch', 'go on: redrawn on a terminal, else a line for each job that changes')
    .action(act(list))
  withExamples(command, [
    ['trotline list --mine', `the newest ${DEFAULT_LIMIT} of your own`],
    ['trotline list --state running --watch', 'what runs now, until Ctrl-C'],
    ['trotline list --label project=reef --since 2d', ''],
    ['trotline list -q --state failed', 'ids only, one a line'],
  ])
}

function columnNames(text: string): readonly string[] {
  const names = text.split(',').map(name => name.trim().toLowerCase())
  if (names.some(name => !NAMES.includes(name))) throw new InvalidArgumentError(`They are ${NAMES.join(', ')}.`)
  return names
}

/** By this machine's clock, which is good enough for "since yesterday". */
export function since(text: string, _before?: unknown, now = Date.now()): string {
  const at = /^[0-9]{1,6}(s|m|min|h|d)$/.test(text) ? now - milliseconds(text) : Date.parse(text)
  if (Number.isNaN(at)) throw new InvalidArgumentError('It is 2d, 12h, 30m, or a time such as 2026-11-27T08:00.')
  return new Date(at).toISOString()
}

export function wholeNumber(text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.')
  return Number(text)
}

async function list(context: Context, given: ListOptions): Promise<ExitCode> {
  const options = await scoped(context, given)
  const limit = options.limit ?? DEFAULT_LIMIT
  const view = viewOf(options.columns ?? columnsOf(options))
  if (options.watch === true) return watchList(context, options, limit, view)
  const { out } = context
  const { items, nextCursor, now } = await select(context, options, limit)
  if (out.json) {
    await out.answerLine({ items, nextCursor })
  } else if (out.quiet) {
    await out.answer(items.map(job => `${job.id}\n`).join(''))
  } else if (items.length === 0 && out.answerIsTerminal) {
    out.say(noneText(options))
  } else {
    await out.answer(view.whole(items, now, out, options))
  }
  if (nextCursor !== null && out.answerIsTerminal) {
    const words = ['trotline', 'list', ...listFlags(options), ...columnFlags(options), '--limit', String(limit * 5)]
    out.say(out.sayStyle.dim(`There are more: ${shellLine(words)}`))
  }
  return EXIT.done
}

/** Whose jobs. @throws CliError NOT_ALLOWED where somebody else's cannot be seen: a part of what was asked for would look like all of it */
async function scoped({ client }: Context, options: ListOptions): Promise<ListOptions> {
  if (options.mine !== true && options.all !== true) return options
  const { owner, role } = await client.whoami()
  if (options.mine === true) return { ...options, owner: owner.id }
  if (role !== 'operator')
    throw new CliError('NOT_ALLOWED', `Only operators see the jobs of others, and ${owner.id} is none.`, {
      failed: 'Not listed',
      fix: ['Your own jobs: trotline list'],
    })
  return options
}

const listFlags = (options: ListOptions): string[] => [
  ...(options.mine === true ? ['--mine'] : []),
  ...(options.all === true ? ['--all'] : []),
  ...flagsOf(options),
]

const columnsOf = ({ all = false }: ListOptions): string[] =>
  NAMES.filter(name => !ASKED_FOR.includes(name)).flatMap(name => (all && name === 'name' ? [name, 'owner'] : [name]))

const columnFlags = ({ columns }: ListOptions): string[] =>
  columns === undefined ? [] : ['--columns', columns.join(',')]

function viewOf(names: readonly string[]): ListView {
  const places = names.map(name => NAMES.indexOf(name))
  const chosen = <T>(row: readonly T[]): T[] => places.flatMap(at => row[at] ?? [])
  const columns = chosen(COLUMNS)
  const cells = (job: JobSummary, now: number, style: Style): Cell[] => chosen(rowOf(job, now, style))
  return {
    head: () => tabbed(columns, []),
    line: (job, now, style) => tabbedRows([cells(job, now, style)]),
    whole: (items, now, out, selection) => {
      if (items.length === 0 && out.answerIsTerminal) return `${noneText(selection)}\n`
      const rows = items.map(job => cells(job, now, out.answerStyle))
      return out.answerIsTerminal ? table(columns, rows, out.width(), out.answerStyle) : tabbed(columns, rows)
    },
  }
}

function noneText(options: ListOptions): string {
  const flags = listFlags(options)
  if (flags.length === 0 || (flags.length === 1 && options.all === true))
    return 'No jobs yet. Next: trotline submit FILE --follow'
  return flags.length === 2 && options.state !== undefined
    ? `No job is ${options.state}. All jobs: trotline list`
    : `No job fits ${shellLine(flags)}. All jobs: trotline list`
}

function rowOf(job: JobSummary, now: number, style: Style): Cell[] {
  const shown = shownState(job)
  const state = stateText(shown, style)
  const where = `${job.cluster}/${job.partition}`
  const slurm = [job.slurmJobId, job.slurmState].filter(part => part !== null).join(' ')
  const why = job.why ?? job.failure ?? (shown === 'held' ? job.hold : null) ?? ''
  return [
    job.id,
    job.name,
    { text: state.plain, full: job.state, paint: () => state.painted },
    `${job.epochs}/${job.ofEpochs}`,
    { text: where, full: where, paint: style.dim },
    { text: slurm, full: slurm, paint: style.dim },
    { text: ago(secondsBetween(job.createdAt, now)), full: job.createdAt },
    { text: why, full: why, paint: shown === 'held' ? style.held : style.bad },
    lossOf(job),
    job.owner,
  ]
}

const lossOf = ({ loss, lossNonFinite }: JobSummary): Cell => {
  const epoch = { values: { loss }, ...(lossNonFinite === null ? {} : { nonFinite: { loss: lossNonFinite } }) }
  return { text: metric(epoch, 'loss') ?? '-', full: metricInFull(epoch, 'loss') }
}
