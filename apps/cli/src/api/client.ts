// The REST calls this command line makes, each with the contract's type.
import {
  Cluster,
  ClusterPage,
  CompatibilityReport,
  DryRun,
  EpochPage,
  Job,
  JobPage,
  LogSearch,
  Readiness,
  SuggestAnswer,
  Whoami,
  Why,
} from '@trotline/contracts'
import type { NameCache } from '../completion/name-cache.ts'
import { createReadAnswer, serverTime } from './answer.ts'
import { environmentCalls } from './environment-calls.ts'
import { eventsOf, type NumberedEvent } from './event-stream.ts'
import type { Exchange } from './exchange.ts'
import { newKey } from './keys.ts'
import { rerunCalls } from './rerun-calls.ts'

export type ListQuery = {
  state?: string
  name?: string
  /** key=value; all of them have to be there. */
  label?: readonly string[]
  /** RFC 3339. */
  since?: string
  limit?: number
  cursor?: string
}

export type LogQuery = {
  stream: 'stdout' | 'stderr'
  attempt?: number | undefined
  offset?: number | undefined
  limit?: number | undefined
  tail?: number | undefined
}
export type SearchQuery = {
  stream: 'stdout' | 'stderr'
  attempt?: number | undefined
  grep: string
  regex: 'true' | 'false'
  ignoreCase: 'true' | 'false'
  limit?: number | undefined
}
/** `run` is null before any run has begun. Bytes lie at offset … next of a file of `size` so far. */
export type LogChunk = { bytes: Uint8Array; offset: number; next: number; size: number; run: string | null }

export type Client = ReturnType<typeof createClient>

/** @param names what there is, for completion: told by every answer that says it */
export function createClient(exchange: Exchange, host: string, names: NameCache) {
  const job = (id: string) => `/v1/jobs/${encodeURIComponent(id)}`
  const cluster = (name: string) => `/v1/clusters/${encodeURIComponent(name)}`
  const read = createReadAnswer(host)

  return {
    host,
    submit: async (request: unknown, key: string): Promise<Job> => {
      const job = await read(
        Job,
        await exchange('/v1/jobs', { method: 'POST', body: request, headers: { 'idempotency-key': key } }),
      )
      names.jobs([job])
      return job
    },
    whoami: async (): Promise<Whoami> => read(Whoami, await exchange('/v1/whoami')),
    /** Without a token, and whatever it says: /readyz answers 503 where something is not ready. */
    readiness: async (): Promise<{ ready: Readiness; now: number }> => {
      const response = await exchange('/readyz', { accepts: [503] })
      return { ready: await read(Readiness, response), now: serverTime(response) }
    },
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
    list: async (query: ListQuery) => {
      const response = await exchange('/v1/jobs', { query })
      const page = await read(JobPage, response)
      names.jobs(page.items)
      return { page, now: serverTime(response) }
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
    clusters: async (): Promise<ClusterPage> => {
      const page = await read(ClusterPage, await exchange('/v1/clusters'))
      names.clusters(page.items)
      return page
    },
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
    /** Done on the cluster; `grep` with backslashes and all, as it was typed. */
    searchLog: async (id: string, query: SearchQuery): Promise<LogSearch> =>
      read(LogSearch, await exchange(`${job(id)}/logs`, { query })),
    events: (id: string, after: number | null, signal: AbortSignal): AsyncGenerator<NumberedEvent | 'alive'> =>
      eventsOf(exchange, `${job(id)}/events`, after, signal),
    environments: environmentCalls(exchange, host, names),
    reruns: rerunCalls(exchange, host),
  }
}
