// Doing a job again, and its bundle.
import { type Bundle, Job, type RerunRequest } from '@trotline/contracts'
import { createReadAnswer } from './answer.ts'
import type { Exchange } from './exchange.ts'

type Wish = Partial<RerunRequest>

/** A bundle with a large lock takes longer than a page. */
const BUNDLE_TIMEOUT_MS = 120_000

export function rerunCalls(exchange: Exchange, host: string) {
  const read = createReadAnswer(host)
  const job = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`
  return {
    ofJob: async (id: string, wish: Wish, key: string): Promise<Job> =>
      read(
        Job,
        await exchange(`${job(id)}/rerun`, { method: 'POST', body: wish, headers: { 'idempotency-key': key } }),
      ),
    ofBundle: async (bundle: Bundle, wish: Wish, key: string): Promise<Job> =>
      read(
        Job,
        await exchange('/v1/reruns', {
          method: 'POST',
          body: { ...wish, bundle },
          headers: { 'idempotency-key': key },
          timeoutMs: BUNDLE_TIMEOUT_MS,
        }),
      ),
    bundle: async (id: string): Promise<Uint8Array> => {
      const response = await exchange(`${job(id)}/bundle`, {
        headers: { accept: 'application/gzip' },
        timeoutMs: BUNDLE_TIMEOUT_MS,
      })
      return new Uint8Array(await response.arrayBuffer())
    },
  }
}
