// trotline list --watch: the list as it is now, until Ctrl-C. On a terminal it is drawn anew in its place; into a pipe each job is a line when
// it is first seen, and whenever its line is another one.
import type { JobSummary } from '@trotline/contracts'
import type { Context } from '../context.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { jobChanges } from '../follow/job-changes.ts'
import { patiently } from '../follow/patiently.ts'
import type { Output } from '../output.ts'
import { localClock } from '../text/local-time.ts'
import type { Style } from '../text/style.ts'
import { fits, type Selection, select } from './selection.ts'
import { type Shown, withChanges } from './shown-jobs.ts'

export type ListView = {
  head(): string
  line(job: JobSummary, now: number, style: Style): string
  whole(items: readonly JobSummary[], now: number, out: Output, selection: Selection): string
}

/** Lines that were told, so that none is told twice; the oldest are forgotten. */
const MOST_TOLD = 10_000
/** Ages grow while nothing changes. */
const REDRAW_MS = 10_000

export async function watchList(
  context: Context,
  selection: Selection,
  limit: number,
  view: ListView,
): Promise<ExitCode> {
  const { out, interrupt } = context
  const drawn = out.answerIsTerminal && !out.json && !out.quiet
  let shown: Shown = { items: [], more: false }
  let trouble: string | null = null
  /** The server's clock, counted on by this one's steps. */
  let server = { now: 0, at: 0 }
  const now = (): number => server.now + performance.now() - server.at

  const draw = async (): Promise<void> => {
    const asOf = `as of ${localClock(new Date(now()).toISOString())}; Ctrl-C ends it`
    const foot = trouble === null ? out.answerStyle.dim(asOf) : out.answerStyle.warn(`${trouble} Asking again; ${asOf}`)
    await out.redraw(`${view.whole(shown.items, now(), out, selection)}${foot}\n`)
  }
  const told = new Map<string, string>()
  const tell = async (jobs: readonly JobSummary[]): Promise<void> => {
    for (const job of jobs) {
      const text = JSON.stringify(job)
      if (told.get(job.id) === text) continue
      told.delete(job.id)
      told.set(job.id, text)
      for (const oldest of told.keys()) {
        if (told.size <= MOST_TOLD) break
        told.delete(oldest)
      }
      if (out.json) await out.answerLine(job)
      else await out.answer(out.quiet ? `${job.id}\n` : view.line(job, now(), out.answerStyle))
    }
  }
  const onTrouble = (why: string | null): void => {
    trouble = why
    if (drawn && server.at > 0) void draw()
    else if (why !== null) out.say(out.sayStyle.warn(`${why} Asking again ${out.sayStyle.dots}`))
  }
  const look = async (): Promise<void> => {
    const found = await patiently(context, interrupt, onTrouble, () => select(context, selection, limit))
    server = { now: found.now, at: performance.now() }
    shown = { items: found.items, more: found.nextCursor !== null }
  }

  if (!out.json && !out.quiet && !drawn) await out.answer(view.head())
  const timer = drawn ? setInterval(() => server.at > 0 && void draw(), REDRAW_MS) : undefined
  timer?.unref()
  try {
    for await (const change of jobChanges(context, interrupt, { onTrouble })) {
      let asks = change === 'look'
      if (change !== 'look') {
        const next = withChanges(shown, change, selection, limit)
        const known = new Set(shown.items.map(({ id }) => id))
        shown = next
        asks = next.asks
        // Also those that are older than what is shown: a change is a change.
        if (!drawn) await tell(change.filter(job => fits(job, selection) ?? known.has(job.id)))
      }
      if (asks) await look()
      if (!drawn) await tell(shown.items.toReversed())
      else if (server.at > 0) await draw()
    }
  } catch (error) {
    if (!interrupt.aborted) throw error
  } finally {
    clearInterval(timer)
  }
  return EXIT.interrupted
}
