// Every byte of an artifact from some place on, in order and once, however often the line breaks.
import type { Artifact } from '@trotline/contracts'
import { createPatience } from '../api/patience.ts'
import type { Context } from '../context.ts'
import { CliError, isTransient } from '../errors.ts'
import { duration } from '../text/durations.ts'

/**
 * @param take is awaited: a slow disk slows the server down
 * @throws CliError COULD_NOT_ASK when the line stayed away for the whole patience; NOT_AS_SAID where more comes than there is
 */
export async function takeBytes(
  { client, out, interrupt, patienceMs }: Pick<Context, 'client' | 'out' | 'interrupt' | 'patienceMs'>,
  id: string,
  artifact: Pick<Artifact, 'path' | 'bytes' | 'sha256'>,
  start: number,
  take: (part: Uint8Array, at: number) => Promise<void>,
): Promise<void> {
  const style = out.sayStyle
  const patience = createPatience({
    patienceMs,
    signal: interrupt,
    onTry: (attempt, error, leftMs) => {
      const why = error.problem?.title ?? error.message
      if (attempt === 1)
        out.say(
          style.warn(`${why} It goes on at byte ${at}; trying again for ${duration(leftMs / 1000)} ${style.dots}`),
        )
    },
  })
  let at = start
  for (;;) {
    try {
      const { first, parts } = await client.artifacts.bytes(id, artifact, at, interrupt)
      // Sent from the beginning although a later part was asked for: what is here already is passed over.
      let known = at - first
      for await (const part of parts) {
        const fresh = part.subarray(Math.min(known, part.length))
        known -= part.length - fresh.length
        if (fresh.length === 0) continue
        if (at + fresh.length > artifact.bytes) throw notAsSaid(artifact, `more than its ${artifact.bytes} bytes came`)
        patience.answered()
        await take(fresh, at)
        at += fresh.length
      }
      if (at === artifact.bytes) return
      throw new CliError('COULD_NOT_ASK', `${artifact.path} broke off at byte ${at} of ${artifact.bytes}.`)
    } catch (error) {
      if (!isTransient(error)) throw error
      await patience.again(error)
    }
  }
}

export const notAsSaid = ({ path }: Pick<Artifact, 'path'>, why: string): CliError =>
  new CliError('NOT_AS_SAID', `${path} is not what the training left: ${why}.`, {
    fix: [
      'Try once more; if it comes so again, it was changed on the cluster. To have it made anew: trotline rerun JOB',
    ],
  })
