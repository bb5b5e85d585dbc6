// Names that can be completed: what ordinary commands saw of jobs, their files, clusters, partitions, environments and webhooks, kept in a file
// of the user's cache.
// It is a convenience and never an answer: what cannot be read or written is as if it were not there.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Artifact, ClusterSummary, Environment, JobSummary, Webhook } from '@trotline/contracts'
import { bytes } from '../text/figures.ts'

/** What is completed, and what is said of it. */
export type Name = readonly [word: string, says: string]
export const NAME_KINDS = ['jobs', 'artifacts', 'clusters', 'partitions', 'environments', 'webhooks'] as const
export type NameKind = (typeof NAME_KINDS)[number]
type Known = {
  at: number
  names: readonly Name[]
  /** Of artifacts: the job whose they are. Those of one are kept, the last that was looked at. */
  of?: string
}
type Servers = Record<string, Partial<Record<NameKind, Known>>>

export type NameCache = {
  /** @param whole they are the newest there are, and not some among others; default: where they are several */
  jobs(items: readonly Pick<JobSummary, 'id' | 'name' | 'state'>[], whole?: boolean): void
  clusters(items: readonly Pick<ClusterSummary, 'name' | 'partitions' | 'ok'>[]): void
  environments(items: readonly Pick<Environment, 'id' | 'names'>[]): void
  artifacts(job: string, items: readonly Pick<Artifact, 'path' | 'bytes'>[]): void
  webhooks(items: readonly Pick<Webhook, 'id' | 'name' | 'url'>[]): void
  /** @param of a job, where it is about its artifacts */
  read(kind: NameKind, of?: string | null): Known | null
}

const MOST_NAMES = 200
const MOST_SERVERS = 8
const MOST_BYTES = 1_048_576

export const namesFile = (cacheHome: string): string => join(cacheHome, 'trotline', 'names.json')

export function createNameCache(cacheHome: string, server: URL, now: () => number = Date.now): NameCache {
  const file = namesFile(cacheHome)
  const keep = (kinds: Partial<Record<NameKind, readonly Name[]>>, adds = false, of?: string): void => {
    try {
      const { [server.href]: before = {}, ...others } = readServers(file)
      const known = { ...before }
      for (const [kind, names] of Object.entries(kinds) as [NameKind, readonly Name[]][]) {
        const said = new Set(names.map(([word]) => word))
        const old = adds ? (before[kind]?.names ?? []).filter(([word]) => !said.has(word)) : []
        // What only adds is not the whole: how old the list is stays as it was.
        known[kind] = {
          at: adds ? (before[kind]?.at ?? 0) : now(),
          names: [...names, ...old].slice(0, MOST_NAMES),
          ...(of === undefined ? {} : { of }),
        }
      }
      const kept = Object.entries(others).slice(0, MOST_SERVERS - 1)
      mkdirSync(join(cacheHome, 'trotline'), { recursive: true, mode: 0o700 })
      const beside = `${file}.${process.pid}.new`
      writeFileSync(beside, JSON.stringify(Object.fromEntries([[server.href, known], ...kept])), { mode: 0o600 })
      renameSync(beside, file)
    } catch {
      // See above.
    }
  }
  return {
    jobs: (items, whole = items.length > 1) => {
      const names = items.map(({ id, name, state }): Name => [id, `${state}  ${name}`])
      if (names.length > 0) keep({ jobs: names }, !whole)
    },
    clusters: items =>
      keep({
        clusters: items.map(({ name, ok }): Name => [name, ok ? 'ok' : 'cannot be asked']),
        partitions: items.flatMap(({ name, partitions }) => partitions.map((one): Name => [one, name])),
      }),
    environments: items =>
      keep({ environments: items.map(({ id, names }): Name => [names.at(-1) ?? id.slice(0, 12), id.slice(0, 12)]) }),
    artifacts: (job, items) =>
      keep({ artifacts: items.map(({ path, bytes: size }): Name => [path, bytes(size)]) }, false, job),
    // By its name, else its id. Whoever has the whole address of a chat's webhook can write there: it is not kept.
    webhooks: items => keep({ webhooks: items.map(({ id, name, url }): Name => [name ?? id, hostOf(url)]) }),
    read: (kind, of = null) => {
      const known = readServers(file)[server.href]?.[kind] ?? null
      return known === null || (known.of ?? null) === of ? known : null
    },
  }
}

function readServers(file: string): Servers {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length > MOST_BYTES) return {}
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Servers) : {}
  } catch {
    return {}
  }
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : '')
