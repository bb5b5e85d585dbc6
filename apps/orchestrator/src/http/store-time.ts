// How long the store may keep one request: all its answers together, so that a store that is slow and not away is told as soon
// as one that is away. What is still under way then may happen all the same; whoever writes has to say so.
import { OrchestratorError } from '../errors.ts'

/** Asks the store within what is left of the request's time. @throws STORE_UNREACHABLE */
export type AskStore = <T>(question: () => Promise<T>) => Promise<T>

export function createStoreTime(leftMs: number): AskStore {
  return async question => {
    const beganMs = performance.now()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const tooLate = () =>
        reject(new OrchestratorError('STORE_UNREACHABLE', 'The store (Redis) did not answer in time'))
      timer = setTimeout(tooLate, Math.max(0, leftMs))
    })
    try {
      return await Promise.race([question(), late])
    } finally {
      clearTimeout(timer)
      leftMs -= performance.now() - beganMs
    }
  }
}
