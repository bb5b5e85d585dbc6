// Sees several jobs to their ends: a line for each as it ends, and while they go on how many are left. One connection, however many they are.
import type { Job, JobState } from '@trotline/contracts'
import type { Context } from '../context.ts'
import { exitOfSeveral } from '../each-job.ts'
import { CliError } from '../errors.ts'
import { type ExitCode, exitOfJob } from '../exit-codes.ts'
import { clock, duration } from '../text/durations.ts'
import { endingText } from '../text/ending-text.ts'
import { count } from '../text/figures.ts'
import { shownState, stateText } from '../text/style.ts'
import { tabbedRows } from '../text/table.ts'
import { isOver } from './follow.ts'
import { jobChanges } from './job-changes.ts'
import { patiently } from './patiently.ts'
import { fitted } from './step-reporter.ts'

const REDRAW_MS = 500

/**
 * Ends when every job is over, or waits for a person. A job that fails does not end the wait for the others.
 *
 * @param limit ends it besides Ctrl-C: those that go on count as "not ended" then
 * @returns of the first on the line that did not complete, see each-job.ts
 */
export async function seeAll(context: Context, jobs: readonly Job[], limit: AbortSignal | null): Promise<ExitCode> {
  const { client, out, interrupt, patienceMs } = context
  const style = out.sayStyle
  const now = new Map(jobs.map(job => [job.id, job]))
  const going = new Set(jobs.map(({ id }) => id))
  const began = performance.now()
  let trouble: string | null = null

  const tell = async (job: Job): Promise<void> => {
    going.delete(job.id)
    if (out.json) await out.answerLine(job)
    else if (out.answerIsTerminal && !out.quiet) await out.answer(`${endingText(job, out.answerStyle)}`)
    else {
      out.say(endingText(job, style))
      if (!out.quiet) await out.answer(tabbedRows([[job.id, job.name, shownState(job)]]))
    }
  }
  const draw = (): void => {
    const states = [...going].map(id => shownState(now.get(id) as Job))
    const parts = [
      style.dim(clock((performance.now() - began) / 1000)),
      `${now.size - going.size} of ${count(now.size, 'job')} ended`,
      ...[...new Set(states)].map(state => `${stateText(state, style).painted} ${many(states, state)}`),
      ...(trouble === null ? [] : [style.warn('connection lost, trying again')]),
    ]
    out.live(fitted(parts, out.width() - 1))
  }
  const leaving = new AbortController()
  const signal = AbortSignal.any([interrupt, leaving.signal, ...(limit === null ? [] : [limit])])
  const onTrouble = (why: string | null): void => {
    if (why !== null && trouble === null)
      out.say(
        style.warn(
          `Connection lost (${why}). The jobs go on; trying again for ${duration(patienceMs / 1000)} ${style.dots}`,
        ),
      )
    if (why === null) out.say(style.good('Connected again; nothing is missing.'))
    trouble = why
  }
  const read = async (id: string): Promise<void> => {
    const job = await patiently(context, signal, onTrouble, () => client.job(id))
    now.set(id, job)
    if (isOver(job) && going.has(id)) await tell(job)
  }

  if (!out.json && !out.quiet && !out.answerIsTerminal) await out.answer('ID\tNAME\tSTATE\n')
  for (const job of jobs) if (isOver(job)) await tell(job)
  const timer = out.sayIsTerminal && !out.quiet ? setInterval(draw, REDRAW_MS).unref() : undefined
  try {
    if (going.size > 0)
      for await (const change of jobChanges(context, signal, { onTrouble })) {
        // A line of the list says that something changed; the record says what.
        const asked = change === 'look' ? [...going] : change.map(({ id }) => id).filter(id => going.has(id))
        for (const id of asked) await read(id)
        if (going.size === 0) break
      }
  } catch (error) {
    if (!(error instanceof CliError) || (!error.transient && error.code !== 'INTERRUPTED')) throw error
    if (error.transient)
      throw error.with({
        failed: 'Stopped following',
        facts: ['What the jobs do now is not known; they do not need this connection.'],
        fix: [again(going)],
      })
  } finally {
    leaving.abort()
    clearInterval(timer)
    out.live(null)
  }
  if (interrupt.aborted && going.size > 0)
    throw new CliError('INTERRUPTED', `Stopped following. The jobs go on: ${again(going)}`)
  if (going.size > 0) {
    out.say(
      `${count(going.size, 'job')} of ${now.size} ${going.size === 1 ? 'has' : 'have'} not ended yet. Next: ${again(going)}`,
    )
  }
  return exitOfSeveral(jobs.map(({ id }) => exitOfJob(now.get(id) as Job)))
}

const again = (going: ReadonlySet<string>): string => `trotline wait ${[...going].join(' ')}`

const many = (states: readonly (JobState | 'held')[], state: JobState | 'held'): number =>
  states.filter(one => one === state).length
