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

/** `same` is folded away: only how much of it there is has to be seen. */
export function differencesOf(jobs: readonly Job[]): {
  differing: Difference[]
  same: { name: string; value: string }[]
} {
  const all = jobs.map(factsOf)
  const names = [...new Set(all.flatMap(facts => [...facts.keys()]))]
  const rows = names.map(name => ({ name, values: all.map(facts => facts.get(name) ?? null) }))
  const differing = rows.filter(({ values }) => new Set(values).size > 1)
  const same = rows
    .filter(({ values }) => new Set(values).size === 1)
    .map(({ name, values }) => ({ name, value: values[0] ?? '' }))
  return { differing, same }
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
  } else if (value !== null && !NOT_TOLD.has(path)) into.set(path, textOf(value))
}

/** A command reads as one; other lists as they are in the request. */
const textOf = (value: unknown): string =>
  !Array.isArray(value)
    ? String(value)
    : value.every(one => typeof one === 'string')
      ? value.join(' ')
      : JSON.stringify(value)

const [LONG, BEFORE] = [120, 24]

/** Long values from shortly before the first place in which they differ: what is the same in all says nothing here. */
export function cutToDifference(values: readonly (string | null)[]): (string | null)[] {
  const there = values.filter(value => value !== null)
  if (there.every(value => value.length <= LONG)) return [...values]
  const [first = ''] = there
  let same = 0
  while (same < first.length && there.every(value => value[same] === first[same])) same += 1
  const from = there.length < 2 ? 0 : Math.max(0, same - BEFORE)
  return values.map(value =>
    value === null
      ? null
      : `${from > 0 ? '…' : ''}${value.slice(from, from + LONG)}${value.length > from + LONG ? '…' : ''}`,
  )
}
