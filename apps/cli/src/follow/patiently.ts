// One question, asked again while the server is away, until it answers or the patience ends.
import { createPatience } from '../api/patience.ts'
import type { Context } from '../context.ts'
import { isTransient } from '../errors.ts'

/** @param onTrouble told once why there is no answer, and with null when there is one again */
export async function patiently<T>(
  { patienceMs }: Pick<Context, 'patienceMs'>,
  signal: AbortSignal,
  onTrouble: (why: string | null) => void,
  ask: () => Promise<T>,
): Promise<T> {
  const patience = createPatience({
    patienceMs,
    signal,
    onTry: (attempt, error) => {
      if (attempt === 1) onTrouble(error.problem?.title ?? error.message)
    },
  })
  for (;;) {
    try {
      const answer = await ask()
      if (patience.answered() !== null) onTrouble(null)
      return answer
    } catch (error) {
      if (!isTransient(error)) throw error
      await patience.again(error)
    }
  }
}
