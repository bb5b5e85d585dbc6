// Waits for a fact, not for a time, and says which fact did not come.

const LOOK_AGAIN_MS = 100
/** Not how long it may take: what has not come by then does not come, on two loaded cores either. */
const HANG_MS = 120_000

/** Answers the first value that is neither null, undefined nor false. Errors of a look count as "not yet". */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  limitMs = HANG_MS,
): Promise<T> {
  const endMs = Date.now() + limitMs
  let lastError: unknown = null
  for (;;) {
    try {
      const found = await look()
      if (found !== null && found !== undefined && found !== false) return found
      lastError = null
    } catch (error) {
      lastError = error
    }
    if (Date.now() > endMs) {
      throw new Error(`not within ${limitMs} ms: ${what}`, lastError === null ? {} : { cause: lastError })
    }
    await new Promise(resolve => setTimeout(resolve, LOOK_AGAIN_MS))
  }
}
