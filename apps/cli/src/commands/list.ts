// trotline list: the newest jobs, from the server's own store.
import type { JobSummary } from '@trotline/contracts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Act } from '../act.ts'
import { shellLine } from '../api/send-once.ts'
import type { Context } from '../context.ts'
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
]
/** LOSS only where it is asked for: by its own a number says little. */
const SHOWN_BY_ITSELF = COLUMNS.length - 1

type ListOptions = Selection & { limit?: number; columns?: readonly string[]; watch?: boolean }

const NAMES = COLUMNS.map(({ title }) => title.toLowerCase())

export function declareList(program: Command, act: Act): void {
  const command = program
    .command('list')
    .description('shows the newest jobs')
    .addOption(new Option('--state <state>', 'only jobs in this state').choices(SHOWN_STATES))
    .option('--label <key=value>', 'only with this label (again and again: with all of them)', labels, [])
    .option('--name <name>', 'only of this name')
    .option('--since <when>', 'only those made since: 2d, 12h, 30m, or a time such as 2026-11-27T08:00', since)
    .option('--columns <names>', `only these, in this order: ${NAMES.join(',')}`, columnNames)
    .option('--limit <n>', `how many (default: ${DEFAULT_LIMIT})`, wholeNumber)
    .option('--watch', 'go on: redrawn on a terminal, else a line for each job that changes')
    .action(act(list))
  withExamples(command, [
    ['trotline list', `the newest ${DEFAULT_LIMIT}`],
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

async function list(context: Context, options: ListOptions): Promise<ExitCode> {
  const limit = options.limit ?? DEFAULT_LIMIT
  const view = viewOf(options.columns ?? NAMES.slice(0, SHOWN_BY_ITSELF))
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
    const words = ['trotline', 'list', ...flagsOf(options), ...columnFlags(options), '--limit', String(limit * 5)]
    out.say(out.sayStyle.dim(`There are more: ${shellLine(words)}`))
  }
  return EXIT.done
}

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

function noneText(options: Selection): string {
  const flags = flagsOf(options)
  if (flags.length === 0) return 'No jobs yet. Next: trotline submit FILE --follow'
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
  ]
}

const lossOf = ({ loss, lossNonFinite }: JobSummary): Cell => {
  const epoch = { values: { loss }, ...(lossNonFinite === null ? {} : { nonFinite: { loss: lossNonFinite } }) }
  return { text: metric(epoch, 'loss') ?? '-', full: metricInFull(epoch, 'loss') }
}
