// What differs between jobs: what was asked for, what it ran with, where. Pure. What is the same in all is only counted.
import type { Job } from '@trotline/contracts'

export interface Difference {
  /** As in the request: training.seed */
  name: string
  /** By job, in order; null: it has no such field. */
  values: (string | null)[]
}

/** A name differs by design, and times are not chosen. */
const NOT_TOLD = new Set(['name'])

export function differencesOf(jobs: readonly Job[]): { differing: Difference[]; equal: number } {
  const all = jobs.map(factsOf)
  const names = [...new Set(all.flatMap(facts => [...facts.keys()]))]
  const rows = names.map(name => ({ name, values: all.map(facts => facts.get(name) ?? null) }))
  const differing = rows.filter(({ values }) => new Set(values).size > 1)
  return { differing, equal: rows.length - differing.length }
}

function factsOf(job: Job): Map<string, string> {
  const facts = new Map<string, string>()
  flatten(job.request, '', facts)
  const { environment, worker, runs, result, compatibility } = job
  const add = (name: string, value: string | null | undefined): void => {
    if (value != null) facts.set(name, value)
  }
  add('environment.lock', environment?.lock.slice(0, 16))
  add('worker.release', worker?.release.slice(0, 16))
  add('worker.runtime', worker?.runtime)
  add('node', runs.at(-1)?.node)
  add('attempts', String(runs.length))
  add('backend', result?.backend)
  add('gpu', compatibility.facts?.gpu)
  add('driver', compatibility.facts?.driver)
  for (const { path, sha256 } of job.data) add(`data ${path}`, sha256?.slice(0, 16))
  return facts
}

function flatten(value: unknown, path: string, into: Map<string, string>): void {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const [key, below] of Object.entries(value)) flatten(below, path === '' ? key : `${path}.${key}`, into)
  } else if (value !== null && !NOT_TOLD.has(path))
    into.set(path, Array.isArray(value) ? JSON.stringify(value) : String(value))
}
