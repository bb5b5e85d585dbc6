// Sends what makes a job, or a webhook, until there is an answer or the patience ends. The same key travels with every repetition, so that an answer
// that was lost on the way can be asked for again without a second job.
import type { Context } from '../context.ts'
import { CliError, isTransient } from '../errors.ts'
import { duration } from '../text/durations.ts'
import { createPatience } from './patience.ts'

/** A connection that never stood sent nothing, and is not tried again. @param again the command that takes it up, with the key */
export async function sendOnce<Made extends { id: string }>(
  { out, interrupt, patienceMs }: Pick<Context, 'out' | 'interrupt' | 'patienceMs'>,
  send: () => Promise<Made>,
  again: string,
): Promise<Made> {
  const style = out.sayStyle
  let sent = false
  const patience = createPatience({
    patienceMs,
    signal: interrupt,
    onTry: (attempt, error, leftMs) => {
      const why = error.problem?.title ?? error.message
      if (attempt === 1) {
        out.say(style.warn(`${why} Asking again with the same key for ${duration(leftMs / 1000)} ${style.dots}`))
      }
    },
  })
  for (;;) {
    try {
      const made = await send()
      if (patience.answered() !== null) {
        out.say(style.good(`The answer was lost. Asked again with the same key: accepted as ${made.id} (once).`))
      }
      return made
    } catch (error) {
      const unknown = ['Whether it was accepted is not known. With the same key it cannot be accepted twice.']
      if (error instanceof CliError && error.code === 'INTERRUPTED') {
        throw new CliError('INTERRUPTED', 'Interrupted before an answer came.', { facts: unknown, fix: [again] })
      }
      if (!isTransient(error)) throw error
      if (error.options.unsent === true && !sent) throw error.with({ facts: ['Nothing was sent.'] })
      sent = true
      await patience.again(error).catch((cause: unknown) => {
        if (!(cause instanceof CliError)) throw cause
        throw cause.with({ facts: unknown, fix: [again] })
      })
    }
  }
}

/** Words as a shell reads them. */
export const shellLine = (words: readonly string[]): string =>
  words.map(word => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ')
