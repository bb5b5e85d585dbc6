// The REST calls this command line makes, each with the contract's type. An answer of another shape is "could not ask":
// fields that a newer server adds are let through, missing or changed ones are not.
import { randomUUID } from 'node:crypto'
import {
  Cluster,
  ClusterPage,
  CompatibilityReport,
  DryRun,
  EpochPage,
  Job,
  JobPage,
  SuggestAnswer,
  Why,
} from '@trotline/contracts'
import type { z } from 'zod'
import { CliError } from '../errors.ts'
import { eventsOf, type NumberedEvent } from './event-stream.ts'
import type { Exchange } from './exchange.ts'

export type LogQuery = {
  stream: 'stdout' | 'stderr'
  attempt?: number | undefined
  offset?: number | undefined
  limit?: number | undefined
  tail?: number | undefined
}
/** `run` is null before any run has begun. Bytes lie at offset … next of a file of `size` so far. */
export type LogChunk = { bytes: Uint8Array; offset: number; next: number; size: number; run: string | null }

export type Client = ReturnType<typeof createClient>

export function createClient(exchange: Exchange, host: string) {
  const job = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`
  const cluster = (name: string) => `/v1/clusters/${encodeURIComponent(name)}`
  const read = async <T>(schema: z.ZodType<T>, response: Response): Promise<T> => {
    const value: unknown = await response.json().catch((cause: unknown) => {
      throw new CliError('COULD_NOT_ASK', `The answer of ${host} broke off.`, { cause })
    })
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const wrong = parsed.error.issues.find(issue => issue.code !== 'unrecognized_keys')
    if (wrong === undefined) return value as T
    throw new CliError(
      'COULD_NOT_ASK',
      `${host} answered something this version does not understand (${wrong.path.join('.') || 'the whole'}: ${wrong.message}).`,
      { fix: ['Use the command line that came with the server.'] },
    )
  }

  return {
    host,
    submit: async (request: unknown, key: string): Promise<Job> =>
      read(Job, await exchange('/v1/jobs', { method: 'POST', body: request, headers: { 'idempotency-key': key } })),
    dryRun: async (request: unknown): Promise<DryRun> =>
      read(
        DryRun,
        await exchange('/v1/jobs', {
          method: 'POST',
          body: request,
          query: { dryRun: 'true' },
          headers: { 'idempotency-key': newKey() },
        }),
      ),
    /** Also says how the server's clock stands, so that ages never depend on this machine's. */
    list: async (query: { state?: string; name?: string; limit?: number; cursor?: string }) => {
      const response = await exchange('/v1/jobs', { query })
      return { page: await read(JobPage, response), now: serverTime(response) }
    },
    job: async (id: string): Promise<Job> => read(Job, await exchange(job(id))),
    jobNow: async (id: string): Promise<{ job: Job; now: number }> => {
      const response = await exchange(job(id))
      return { job: await read(Job, response), now: serverTime(response) }
    },
    /** Both also say how the server's clock stands, for the age of the facts. */
    check: async (question: unknown): Promise<{ report: CompatibilityReport; now: number }> => {
      const response = await exchange('/v1/compatibility/check', { method: 'POST', body: question })
      return { report: await read(CompatibilityReport, response), now: serverTime(response) }
    },
    suggest: async (hardware: unknown): Promise<{ answer: SuggestAnswer; now: number }> => {
      const response = await exchange('/v1/compatibility/suggest', { method: 'POST', body: hardware })
      return { answer: await read(SuggestAnswer, response), now: serverTime(response) }
    },
    clusters: async (): Promise<ClusterPage> => read(ClusterPage, await exchange('/v1/clusters')),
    /** Also says how the server's clock stands. */
    cluster: async (name: string): Promise<{ cluster: Cluster; now: number }> => {
      const response = await exchange(cluster(name))
      return { cluster: await read(Cluster, response), now: serverTime(response) }
    },
    probe: async (name: string, body: { partition?: string }): Promise<Cluster> =>
      read(
        Cluster,
        await exchange(`${cluster(name)}/probe`, { method: 'POST', body, headers: { 'idempotency-key': newKey() } }),
      ),
    why: async (id: string): Promise<Why> => read(Why, await exchange(`${job(id)}/why`)),
    cancel: async (id: string, { force = false } = {}): Promise<Job> =>
      read(Job, await exchange(job(id), { method: 'DELETE', ...(force ? { query: { force: 'true' } } : {}) })),
    release: async (id: string): Promise<Job> =>
      read(Job, await exchange(`${job(id)}/release`, { method: 'POST', headers: { 'idempotency-key': newKey() } })),
    epochs: async (id: string, query: { after?: number; limit?: number }): Promise<EpochPage> =>
      read(EpochPage, await exchange(`${job(id)}/epochs`, { query })),
    script: async (id: string): Promise<string> =>
      (await exchange(`${job(id)}/script`, { headers: { accept: 'text/plain' } })).text(),
    logs: async (id: string, query: LogQuery): Promise<LogChunk> => {
      const response = await exchange(`${job(id)}/logs`, { query, headers: { accept: 'text/plain' } })
      const bytes = new Uint8Array(await response.arrayBuffer())
      const run = response.headers.get('trotline-run')
      const offset = Number(response.headers.get('trotline-offset') ?? 0)
      return {
        bytes,
        offset,
        next: Number(response.headers.get('trotline-next-offset') ?? offset + bytes.length),
        size: Number(response.headers.get('trotline-size') ?? 0),
        run: run === null || run === '' ? null : run,
      }
    },
    events: (id: string, after: number | null, signal: AbortSignal): AsyncGenerator<NumberedEvent | 'alive'> =>
      eventsOf(exchange, `${job(id)}/events`, after, signal),
  }
}

export const newKey = (): string => `cli-${randomUUID()}`

function serverTime(response: Response): number {
  const date = Date.parse(response.headers.get('date') ?? '')
  return Number.isNaN(date) ? Date.now() : date
}
