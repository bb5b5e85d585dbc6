// Names that can be completed: what ordinary commands saw of jobs, clusters, partitions and environments, kept in a file of the user's cache.
// It is a convenience and never an answer: what cannot be read or written is as if it were not there.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClusterSummary, Environment, JobSummary } from '@trotline/contracts'

/** What is completed, and what is said of it. */
export type Name = readonly [word: string, says: string]
export const NAME_KINDS = ['jobs', 'clusters', 'partitions', 'environments'] as const
export type NameKind = (typeof NAME_KINDS)[number]
type Known = { at: number; names: readonly Name[] }
type Servers = Record<string, Partial<Record<NameKind, Known>>>

export type NameCache = {
  jobs(items: readonly Pick<JobSummary, 'id' | 'name' | 'state'>[]): void
  clusters(items: readonly Pick<ClusterSummary, 'name' | 'partitions' | 'ok'>[]): void
  environments(items: readonly Pick<Environment, 'id' | 'names'>[]): void
  read(kind: NameKind): Known | null
}

const MOST_NAMES = 200
const MOST_SERVERS = 8
const MOST_BYTES = 1_048_576

export const namesFile = (cacheHome: string): string => join(cacheHome, 'trotline', 'names.json')

export function createNameCache(cacheHome: string, server: URL, now: () => number = Date.now): NameCache {
  const file = namesFile(cacheHome)
  const keep = (kinds: Partial<Record<NameKind, readonly Name[]>>, adds = false): void => {
    try {
      const { [server.href]: before = {}, ...others } = readServers(file)
      const known = { ...before }
      for (const [kind, names] of Object.entries(kinds) as [NameKind, readonly Name[]][]) {
        const said = new Set(names.map(([word]) => word))
        const old = adds ? (before[kind]?.names ?? []).filter(([word]) => !said.has(word)) : []
        // What only adds is not the whole: how old the list is stays as it was.
        known[kind] = { at: adds ? (before[kind]?.at ?? 0) : now(), names: [...names, ...old].slice(0, MOST_NAMES) }
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
    jobs: items => {
      const names = items.map(({ id, name, state }): Name => [id, `${state}  ${name}`])
      if (names.length > 0) keep({ jobs: names }, items.length === 1)
    },
    clusters: items =>
      keep({
        clusters: items.map(({ name, ok }): Name => [name, ok ? 'ok' : 'cannot be asked']),
        partitions: items.flatMap(({ name, partitions }) => partitions.map((one): Name => [one, name])),
      }),
    environments: items =>
      keep({ environments: items.map(({ id, names }): Name => [names.at(-1) ?? id.slice(0, 12), id.slice(0, 12)]) }),
    read: kind => readServers(file)[server.href]?.[kind] ?? null,
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
