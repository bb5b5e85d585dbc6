// trotline list: the newest jobs, from the server's own store.
import { setTimeout as sleep } from 'node:timers/promises'
import { JOB_STATES, type JobPage, type JobSummary } from '@trotline/contracts'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Act } from '../act.ts'
import { createPatience } from '../api/patience.ts'
import { shellLine } from '../api/send-once.ts'
import type { Context } from '../context.ts'
import { isTransient } from '../errors.ts'
import { EXIT } from '../exit-codes.ts'
import { withExamples } from '../help.ts'
import { ago } from '../text/durations.ts'
import { localClock, secondsBetween } from '../text/local-time.ts'
import { type Style, shownState, stateText } from '../text/style.ts'
import { type Cell, type Column, tabbed, tabbedRows, table } from '../text/table.ts'
import { milliseconds } from './wait.ts'

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

export type ListOptions = { state?: string; label: string[]; since?: string; limit?: number; watch?: boolean }

export function declareList(program: Command, act: Act): void {
  const command = program
    .command('list')
    .description('shows the newest jobs')
    .addOption(new Option('--state <state>', 'only jobs in this state').choices(JOB_STATES))
    .option('--label <key=value>', 'only with this label (again and again: with all of them)', labels, [])
    .option('--since <when>', 'only those made since: 2d, 12h, 30m, or a time such as 2026-11-27T08:00', since)
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

function labels(text: string, all: string[]): string[] {
  if (!/^[^=]+=[^=]*$/.test(text)) throw new InvalidArgumentError('It is key=value: project=reef.')
  return [...all, text]
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

async function list(context: Context, options: ListOptions) {
  if (options.watch === true) return watch(context, options)
  const { out } = context
  const limit = options.limit ?? DEFAULT_LIMIT
  const { items, nextCursor, now } = await newest(context, options, limit)
  if (out.json) {
    await out.answerLine({ items, nextCursor })
  } else if (out.quiet) {
    await out.answer(items.map(job => `${job.id}\n`).join(''))
  } else if (items.length === 0 && out.answerIsTerminal) {
    out.say(noneText(options))
  } else {
    await out.answer(listText(items, now, out))
  }
  if (nextCursor !== null && out.answerIsTerminal) {
    const words = ['trotline', 'list', ...flagsOf(options), '--limit', String(limit * 5)]
    out.say(out.sayStyle.dim(`There are more: ${shellLine(words)}`))
  }
  return EXIT.done
}

/** As many as are wanted, however many pages that takes. A page may be empty and not the last. */
async function newest({ client }: Context, { state, label, since: from }: ListOptions, limit: number) {
  const items: JobSummary[] = []
  let nextCursor: string | null = null
  let now = 0
  do {
    const answer: { page: JobPage; now: number } = await client.list({
      limit: Math.min(PAGE, limit - items.length),
      ...(state === undefined ? {} : { state }),
      ...(label.length === 0 ? {} : { label }),
      ...(from === undefined ? {} : { since: from }),
      ...(nextCursor === null ? {} : { cursor: nextCursor }),
    })
    items.push(...answer.page.items)
    nextCursor = answer.page.nextCursor
    now = answer.now
  } while (nextCursor !== null && items.length < limit)
  return { items, nextCursor, now }
}

function listText(items: readonly JobSummary[], now: number, out: Context['out']): string {
  const rows = items.map(job => rowOf(job, now, out.answerStyle))
  return out.answerIsTerminal ? table(COLUMNS, rows, out.width(), out.answerStyle) : tabbed(COLUMNS, rows)
}

function noneText(options: ListOptions): string {
  const flags = flagsOf(options)
  if (flags.length === 0) return 'No jobs yet. Next: trotline submit FILE --follow'
  return flags.length === 2 && options.state !== undefined
    ? `No job is ${options.state}. All jobs: trotline list`
    : `No job fits ${shellLine(flags)}. All jobs: trotline list`
}

const flagsOf = ({ state, label, since: from }: ListOptions): string[] => [
  ...(state === undefined ? [] : ['--state', state]),
  ...label.flatMap(one => ['--label', one]),
  ...(from === undefined ? [] : ['--since', from]),
]

/** A list is answered from the server's own store, whatever the cluster does: to ask again costs a millisecond there. */
const WATCH_MS = 3000

/** Until Ctrl-C. Into a pipe each job is a line when it is first seen and whenever its line is another one. */
async function watch(context: Context, options: ListOptions): Promise<typeof EXIT.interrupted> {
  const { out, interrupt, patienceMs } = context
  const seen = new Map<string, string>()
  const patience = createPatience({
    patienceMs,
    signal: interrupt,
    onTry: (attempt, error) => {
      if (attempt === 1) out.say(out.sayStyle.warn(`${error.message} Asking again ${out.sayStyle.dots}`))
    },
  })
  let first = true
  while (!interrupt.aborted) {
    try {
      const { items, now } = await newest(context, options, options.limit ?? DEFAULT_LIMIT)
      patience.answered()
      if (out.answerIsTerminal && !out.json && !out.quiet) {
        const text = items.length === 0 ? `${noneText(options)}\n` : listText(items, now, out)
        await out.redraw(
          `${text}${out.answerStyle.dim(`as of ${localClock(new Date(now).toISOString())}; Ctrl-C ends it`)}\n`,
        )
      } else {
        const changed = items.filter(job => seen.get(job.id) !== JSON.stringify(job)).toReversed()
        if (first && !out.json && !out.quiet) await out.answer(tabbed(COLUMNS, []))
        for (const job of changed) {
          seen.set(job.id, JSON.stringify(job))
          if (out.json) await out.answerLine(job)
          else await out.answer(out.quiet ? `${job.id}\n` : tabbedRows([rowOf(job, now, out.answerStyle)]))
        }
      }
      first = false
    } catch (error) {
      if (interrupt.aborted) break
      if (!isTransient(error)) throw error
      await patience.again(error)
    }
    await sleep(WATCH_MS, undefined, { signal: interrupt }).catch(() => {})
  }
  return EXIT.interrupted
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
  ]
}
