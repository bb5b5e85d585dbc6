// Doing a job again, and its bundle.
import { type Bundle, Job, type RerunRequest } from '@trotline/contracts'
import { createReadAnswer } from './answer.ts'
import type { Api } from './exchange.ts'

type Wish = Partial<RerunRequest>

/** A bundle with a large lock takes longer than a page. */
const BUNDLE_TIMEOUT_MS = 120_000

export function rerunCalls(api: Api, host: string) {
  const read = createReadAnswer(host)
  return {
    ofJob: async (id: string, wish: Wish, key: string): Promise<Job> =>
      read(Job, await api.post('/v1/jobs/{id}/rerun', { path: { id }, body: wish, key })),
    ofBundle: async (bundle: Bundle, wish: Wish, key: string): Promise<Job> =>
      read(Job, await api.post('/v1/reruns', { body: { ...wish, bundle }, key, timeoutMs: BUNDLE_TIMEOUT_MS })),
    bundle: async (id: string): Promise<Uint8Array> =>
      (await api.bytes('/v1/jobs/{id}/bundle', { path: { id }, timeoutMs: BUNDLE_TIMEOUT_MS })).data,
  }
}
