// Follows the making of an environment on a cluster to its end, with progress; a lost connection is tried again.
import type { Materialisation } from '@trotline/contracts'
import { createPatience } from '../api/patience.ts'
import { pause } from '../api/pause.ts'
import type { Context } from '../context.ts'
import { CliError, isTransient } from '../errors.ts'
import { duration } from '../text/durations.ts'
import { buildView, isBuilt } from '../text/environment-text.ts'
import { createStepReporter } from './step-reporter.ts'

const POLL_MS = 1000

/**
 * @param words ENV as the person wrote it
 * @param over is it as it was waited for?
 * @throws CliError COULD_NOT_ASK when the connection stayed away for the whole patience; INTERRUPTED by Ctrl-C, and the making goes on
 */
export async function seeBuild(
  { client, out, interrupt, patienceMs }: Context,
  start: Materialisation,
  { words, again, over = isBuilt }: { words: string; again: string; over?: (one: Materialisation) => boolean },
): Promise<Materialisation> {
  const style = out.sayStyle
  const reporter = createStepReporter(out, `${words} on ${start.cluster}`)
  const patience = createPatience({
    patienceMs,
    signal: interrupt,
    onTry: (attempt, error, leftMs) => {
      const why = error.problem?.title ?? error.message
      if (attempt === 1)
        reporter.tell(style.warn(`${why} It goes on; trying again for ${duration(leftMs / 1000)} ${style.dots}`))
    },
  })
  let one = start
  try {
    while (!over(one)) {
      reporter.show(buildView(one))
      await pause(POLL_MS, interrupt)
      try {
        one = await client.environments.on(one.lock, one.cluster)
        patience.answered()
      } catch (error) {
        if (!isTransient(error)) throw error
        await patience.again(error)
      }
    }
    return one
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    if (interrupt.aborted) throw new CliError('INTERRUPTED', `Stopped following. It goes on there: ${again}`)
    throw error.transient ? error.with({ fix: [again] }) : error
  } finally {
    reporter.end()
  }
}
