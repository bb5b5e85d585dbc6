// The topics of GET /v1/stream, each as a generator of events with the cursor behind them. Who may not read a topic is told so by what the
// generator throws.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, StreamEventData, StreamEventName } from '@trotline/contracts'
import type { Principal } from '../lifecycle/accept.ts'
import { followJobs } from '../streams/follow-jobs.ts'
import { followLog, type LogFollowed, type LogWanted } from '../streams/follow-log.ts'
import { followRecord } from '../streams/follow-record.ts'
import { createJobLines } from '../streams/job-lines.ts'
import { LOG_FILES } from '../streams/log-files.ts'
import { patiently } from '../streams/patiently.ts'
import { readTogether } from '../streams/read-together.ts'
import { authorize } from './auth.ts'
import { type ClusterView, clusterViews } from './cluster-view.ts'
import { cursorOf, idOf, shown } from './log-frames.ts'
import { ProblemError } from './problems.ts'
import type { Services } from './services.ts'

type Untopical<T> = Omit<T, 'topic'>
export type TopicEvent =
  | {
      [Name in StreamEventName]: {
        name: Name
        data: Untopical<StreamEventData<Name>>
        /** Where a reader stands that has it; null: where it stood. */
        cursor: string | null
        member?: Uint8Array
      }
    }[Exclude<StreamEventName, 'log'>]
  | LogEvent

interface LogEvent {
  name: 'log'
  data: Pick<StreamEventData<'log'>, 'attempt' | 'offset' | 'next'>
  cursor: string
  /** The rest of its data, which all readers share. */
  member: Uint8Array
}

/** @param cursor where the reader stands, as an earlier event had it; null: it is new */
export type OpenTopic = (
  topic: string,
  cursor: string | null,
  principal: Principal,
  signal: AbortSignal,
) => AsyncGenerator<TopicEvent>

/** A cluster is looked at so often for all readers together, and told at most so often where it merely goes on. */
const CLUSTERS_EVERY_MS = 2_000
const CLUSTER_GOES_ON_MS = 5_000

export function streamTopics(services: Services): OpenTopic {
  const { jobs, changes, clusters, owner, logFiles } = services
  const lines = createJobLines(jobs)
  const followed = { read: readTogether(jobs.read) }
  const recent = recentViews(clusterViews(services))
  const ageMs = (at: string): number => Math.max(0, services.now().getTime() - Date.parse(at))

  return (topic, cursor, principal, signal) => {
    const [kind, id = '', ...rest] = topic.split(':')
    switch (kind) {
      case 'jobs':
        return jobsTopic(cursor, principal, signal)
      case 'clusters':
        return clustersTopic(signal)
      case 'job':
        return jobTopic(id, cursor ?? rest[0] ?? null, principal, signal)
      default: {
        const [stream = '', attempt, offset] = rest
        const from = cursor ?? (attempt === undefined ? null : `${attempt}:${offset}`)
        return logTopic(id, stream as LogWanted['stream'], from, principal, signal)
      }
    }
  }

  async function* jobsTopic(
    cursor: string | null,
    principal: Principal,
    signal: AbortSignal,
  ): AsyncGenerator<TopicEvent> {
    const whose = principal.role === 'operator' ? null : principal.owner.id
    const after = cursor === null ? null : Number(cursor)
    for await (const followed of followJobs({ jobs, lines, changes }, whose, after, signal)) {
      const at = String(followed.cursor)
      if (followed.kind === 'reset') yield { name: 'reset', data: {}, cursor: at }
      else yield { name: 'jobs', data: { items: followed.items }, cursor: at }
    }
  }

  async function* jobTopic(
    id: string,
    cursor: string | null,
    principal: Principal,
    signal: AbortSignal,
  ): AsyncGenerator<TopicEvent> {
    authorize(principal, 'read', await patiently(() => jobs.read(id), signal))
    const after = cursor === null ? null : Number(cursor)
    for await (const { seq, event, job } of followRecord(jobs, changes, id, after, signal)) {
      if (event?.type === 'reset') yield { name: 'reset', data: {}, cursor: String(seq) }
      const told = event?.type === 'reset' ? null : event
      if (told === null && job === null) continue
      const data = {
        ageMs: ageMs(told?.at ?? job?.updatedAt ?? ''),
        event: told,
        job,
        slurmAgeMs: job?.slurm ? ageMs(job.slurm.seenAt) : null,
      }
      yield { name: 'job', data, cursor: String(seq) }
    }
  }

  async function* logTopic(
    id: string,
    stream: LogWanted['stream'],
    from: string | null,
    principal: Principal,
    signal: AbortSignal,
  ): AsyncGenerator<TopicEvent> {
    const job = await patiently(() => jobs.read(id), signal)
    authorize(principal, 'read', job)
    const workDir = clusters.find(({ name }) => name === job.cluster)?.workDir
    if (workDir === undefined)
      throw new ProblemError('cluster-unreachable', `Cluster ${job.cluster} is no longer configured.`)
    const sources = { jobs: followed, changes, owner, files: logFiles, workDirOf: () => workDir }
    const wanted = {
      stream,
      attempt: null,
      from: from === null ? null : cursorOf(from, 1),
      pieceBytes: LOG_FILES.blockBytes,
    }
    for await (const one of followLog(sources, id, wanted, signal)) {
      if (one.kind !== 'idle') yield logEvent(one)
    }
  }

  async function* clustersTopic(signal: AbortSignal): AsyncGenerator<TopicEvent> {
    const told = new Map<string, { text: string; standing: string; atMs: number }>()
    while (!signal.aborted) {
      for (const settings of clusters) {
        const cluster = await patiently(() => recent(settings), signal)
        const before = told.get(cluster.name)
        const now = { text: textOf(cluster), standing: standingOf(cluster), atMs: performance.now() }
        if (before?.text === now.text) continue
        if (before?.standing === now.standing && now.atMs - before.atMs < CLUSTER_GOES_ON_MS) continue
        told.set(cluster.name, now)
        yield { name: 'cluster', data: { ageMs: ageMs(cluster.health.at), cluster }, cursor: null }
      }
      await sleep(CLUSTERS_EVERY_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}

function logEvent(followed: Exclude<LogFollowed, { kind: 'idle' }>): TopicEvent {
  const { attempt } = followed
  switch (followed.kind) {
    case 'bytes': {
      const { offset, bytes } = followed
      const next = offset + bytes.length
      const cursor = idOf({ attempt, offset: next })
      return { name: 'log', data: { attempt, offset, next }, cursor, member: shown(bytes) }
    }
    case 'attempt': {
      const { run, node } = followed
      return { name: 'attempt', data: { attempt, run, node }, cursor: idOf({ attempt, offset: 0 }) }
    }
    case 'cut':
      return { name: 'cut', data: { attempt, at: followed.at }, cursor: idOf({ attempt, offset: 0 }) }
    case 'end': {
      const { offset } = followed
      return { name: 'end', data: { attempt, offset }, cursor: idOf({ attempt, offset }) }
    }
  }
}

/** Its age grows without a change. */
const textOf = ({ facts, ...rest }: Cluster): string => JSON.stringify([rest, facts?.seenAt])

/** What is told at once. */
const standingOf = ({ health, paused, breakers, jobs, probes }: Cluster): string =>
  JSON.stringify([health.ok, health.code, paused, breakers.map(breaker => breaker.state), jobs, probes])

/** One look for all who ask within two seconds. */
function recentViews(view: ClusterView): ClusterView {
  const kept = new Map<string, { atMs: number; cluster: Promise<Cluster> }>()
  return settings => {
    const known = kept.get(settings.name)
    if (known && performance.now() - known.atMs < CLUSTERS_EVERY_MS) return known.cluster
    const cluster = view(settings)
    kept.set(settings.name, { atMs: performance.now(), cluster })
    cluster.catch(() => kept.delete(settings.name))
    return cluster
  }
}
