// A round that is done again and again for as long as a process owns a cluster.
import type { Logger } from 'pino'
import { isCoded } from '../errors.ts'

/**
 * Runs at once and then every so often, from start to start. A slow round is never joined by the next and is followed by a pause
 * as long as itself, up to the usual time: a cluster that answers slowly is asked less. Errors are said once per kind.
 * @param retryMs from start to start where a round failed, if that is not the usual time
 */
export function loop(
  name: string,
  everyMs: number,
  log: Logger,
  round: () => Promise<unknown>,
  { retryMs = everyMs }: { retryMs?: number } = {},
): () => Promise<void> {
  let stopped = false
  let wake: (() => void) | null = null
  let said = ''
  const running = (async () => {
    while (!stopped) {
      const beganMs = performance.now()
      let nextMs = everyMs
      try {
        await round()
        if (said !== '') log.info(`${name}: works again`)
        said = ''
      } catch (error) {
        nextMs = retryMs
        const code = isCoded(error) ? error.code : String(error)
        if (stopped || code === said) {
          // already said
        } else if (isCoded(error)) log.warn({ code }, `${name}: ${error.message}`)
        else log.error({ err: error }, `${name}: failed in a way nobody foresaw`)
        said = code
      }
      if (stopped) return
      await new Promise<void>(resolve => {
        const tookMs = performance.now() - beganMs
        const timer = setTimeout(resolve, Math.max(nextMs - tookMs, Math.min(tookMs, nextMs)))
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  })()
  return async () => {
    stopped = true
    wake?.()
    await running
  }
}
