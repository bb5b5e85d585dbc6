// Follows a job and says how it ended: what `submit --follow` and `wait` share. Ctrl-C and a lost connection
// end the following, never the job, and name the command that takes it up again.
import type { Job } from '@trotline/contracts'
import type { Context } from '../context.ts'
import { CliError } from '../errors.ts'
import { type ExitCode, exitOfJob } from '../exit-codes.ts'
import { duration } from '../text/durations.ts'
import { endingText } from '../text/ending-text.ts'
import { follow, isOver } from './follow.ts'
import { createReporter } from './reporter.ts'

export async function seeThrough(
  context: Context,
  job: Job,
  options: {
    serverNow?: number
    /** Ends the following besides Ctrl-C, as a time limit does. */
    limit?: AbortSignal
    /** Where the ending goes: it is the answer of `wait`, and news to whoever submitted. */
    ending: 'answer' | 'said'
  },
): Promise<ExitCode> {
  const { out, interrupt, patienceMs } = context
  const signal = options.limit === undefined ? interrupt : AbortSignal.any([interrupt, options.limit])
  const again = `trotline wait ${job.id}`
  let ended: Job
  try {
    ended = isOver(job)
      ? job
      : await follow(context, job, createReporter(out, { serverNow: options.serverNow ?? null }), signal)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    if (interrupt.aborted) throw new CliError('INTERRUPTED', `Stopped following. The job goes on: ${again}`)
    if (options.limit?.aborted === true) {
      throw new CliError('NOT_ENDED', `${job.name} has not ended yet. It goes on.`, { fix: [again] })
    }
    if (!error.transient) throw error
    throw error.with({
      message: `Stopped following: no connection for ${duration(patienceMs / 1000)} (${error.problem?.title ?? error.message}).`,
      facts: ['What the job does now is not known; it does not need this connection.'],
      fix: [again],
    })
  }
  if (out.json) await out.answerLine(ended)
  else if (options.ending === 'said') out.say(endingText(ended, out.sayStyle))
  else if (out.answerIsTerminal && !out.quiet) await out.answer(endingText(ended, out.answerStyle))
  else {
    out.say(endingText(ended, out.sayStyle))
    if (!out.quiet) await out.answer(`${ended.hold === null ? ended.state : 'held'}\n`)
  }
  return exitOfJob(ended)
}
