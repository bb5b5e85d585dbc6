// For a server without the one stream, or one that has no room for another: short questions, asked again and again, which hold no
// connection. Logs alone are followed by a stream each, because bytes must come once and in order.
import { client, inWords, Refused } from '../api/client.ts'
import { sleep } from './stream-source.ts'
import type { Ears, Source, Told } from './topics.ts'

const EVERY_MS = { jobs: 2_500, job: 1_200, jobAtRest: 10_000, clusters: 10_000 } as const
const RETRY_MS = 3_000
const TERMINAL = new Set(['completed', 'failed', 'cancelled'])

export function createAskingSource(ears: Ears): Source {
  const followed = new Map<string, AbortController>()

  function follow(topic: string, signal: AbortSignal): Promise<void> {
    const [kind, ...rest] = topic.split(':')
    if (kind === 'jobs') return asking(signal, jobs(topic))
    if (kind === 'job') return asking(signal, job(topic, rest[0] ?? ''))
    if (kind === 'clusters') return asking(signal, clusters(topic))
    if (kind === 'log') return log(topic, rest, signal)
    return Promise.resolve()
  }

  /** @param look tells what is new and answers when to look again */
  async function asking(signal: AbortSignal, look: (signal: AbortSignal) => Promise<number>): Promise<void> {
    while (!signal.aborted) {
      let wait = RETRY_MS
      try {
        wait = await look(AbortSignal.any([signal, AbortSignal.timeout(20_000)]))
        ears.alive()
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof Refused) ears.alive()
        else ears.lost(inWords(error))
      }
      await sleep(wait, signal)
    }
  }

  function jobs(topic: string) {
    const known = new Map<string, string>()
    return async (signal: AbortSignal): Promise<number> => {
      const { items } = (await client.get('/v1/jobs', { query: { limit: 50 }, signal })).data
      const changed = items.filter(item => known.get(item.id) !== JSON.stringify(item))
      for (const item of changed) known.set(item.id, JSON.stringify(item))
      if (changed.length > 0) ears.tell({ topic, type: 'jobs', items: changed })
      return EVERY_MS.jobs
    }
  }

  function job(topic: string, id: string) {
    let known = ''
    return async (signal: AbortSignal): Promise<number> => {
      const { data: job } = await client.get('/v1/jobs/{id}', { path: { id }, signal })
      const text = JSON.stringify(job)
      if (text !== known) ears.tell({ topic, type: 'job', job, event: null, ageMs: 0, slurmAgeMs: null })
      known = text
      return TERMINAL.has(job.state) ? EVERY_MS.jobAtRest : EVERY_MS.job
    }
  }

  function clusters(topic: string) {
    const known = new Map<string, string>()
    return async (signal: AbortSignal): Promise<number> => {
      const { items } = (await client.get('/v1/clusters', { signal })).data
      for (const { name } of items) {
        const { data: cluster } = await client.get('/v1/clusters/{name}', { path: { name }, signal })
        const text = JSON.stringify({ ...cluster, footprint: null })
        const ageMs = 1000 * (cluster.facts?.ageSeconds ?? 0)
        if (text !== known.get(name)) ears.tell({ topic, type: 'cluster', ageMs, cluster })
        known.set(name, text)
      }
      return EVERY_MS.clusters
    }
  }

  async function log(topic: string, parts: readonly string[], signal: AbortSignal): Promise<void> {
    const [id = '', source, attempt, offset] = parts
    const stream: 'stdout' | 'stderr' | 'slurm' = source === 'stderr' || source === 'slurm' ? source : 'stdout'
    let lastId = attempt === undefined ? null : `${attempt}:${offset ?? 0}`
    while (!signal.aborted) {
      try {
        const asked = { path: { id }, query: { stream }, lastEventId: lastId, signal }
        for await (const one of client.events('/v1/jobs/{id}/logs', asked)) {
          ears.alive()
          if (one === 'alive') continue
          lastId = one.id ?? lastId
          const told = { ...JSON.parse(one.data), topic, type: one.event } as Told
          ears.tell(told)
          if (told.type === 'end') return
        }
      } catch (error) {
        if (signal.aborted) return
        ears.lost(inWords(error))
      }
      await sleep(RETRY_MS, signal)
    }
  }

  return {
    want(topics) {
      for (const [topic, controller] of followed) {
        if (topics.includes(topic)) continue
        controller.abort()
        followed.delete(topic)
      }
      for (const topic of topics) {
        if (followed.has(topic)) continue
        const controller = new AbortController()
        followed.set(topic, controller)
        void follow(topic, controller.signal)
      }
    },
    close() {
      for (const controller of followed.values()) controller.abort()
      followed.clear()
    },
  }
}
