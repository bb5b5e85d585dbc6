// From a parsed request to a stored job, or to what it would be: looked at, its environment pinned, judged, stored, and the owner nudged.
// POST /v1/jobs and the repetitions go this way.
import { setTimeout as sleep } from 'node:timers/promises'
import { type DryRun, expandedOf, type Job, type JobEvent, type JobRequest } from '@trotline/contracts'
import type { FastifyBaseLogger } from 'fastify'
import { jobDirectoryOf, releaseOf, slurmNameOf } from '../clusters/layout.ts'
import { releaseIdOf } from '../clusters/release-of.ts'
import { isCoded, OrchestratorError } from '../errors.ts'
import {
  type Accepted,
  type AcceptInput,
  accept,
  newReportKey,
  type Principal,
  type Refusal,
} from '../lifecycle/accept.ts'
import { allowedBy } from '../lifecycle/allowed-kinds.ts'
import { unmakeable } from '../lifecycle/environment-makeable.ts'
import { type SpecRead, solveForPartition } from '../lifecycle/environment-problem.ts'
import type { ResolvedEnvironment } from '../lifecycle/environment-resolve.ts'
import { keptOf, reportKept } from '../lifecycle/job-report.ts'
import { presentOf } from '../lifecycle/machine.ts'
import { renderScript } from '../lifecycle/script.ts'
import { SolveError } from '../solving/solve-error.ts'
import type { ClusterFacts } from '../store/facts.ts'
import { type Idempotency, viewOfNew } from '../store/job-store.ts'
import type { JobRecord } from '../store/record.ts'
import { type Judged, ProblemError } from './problems.ts'
import type { Services } from './services.ts'
import { solveProblem } from './solve-problem.ts'
import type { AskStore } from './store-time.ts'

export interface JobToCreate {
  services: Services
  request: JobRequest
  principal: Principal
  idempotency: Idempotency | null
  /** Nothing is submitted, and no job is stored; a lock that was solved for it is kept. */
  dry: boolean
  requestId: string
  log: FastifyBaseLogger
  /** Of which job it is the repetition. */
  rerunOf?: Job['rerunOf']
  /** What a person should know of it, besides what is found here. */
  notes?: readonly string[]
  /** Aborted when whoever asked has gone: a solve is given up. */
  signal?: AbortSignal
}

export type CreatedJob = { kind: 'dry'; answer: DryRun } | { kind: 'stored'; job: Job; replayed: boolean }

/** An owner sees its cluster within a second of its start. */
const FIRST_SIGHT_MS = 3_000
const LOOK_AGAIN_MS = 100

/** @throws ProblemError for whatever keeps it out; OrchestratorError STORE_UNREACHABLE */
export async function createJob(create: JobToCreate): Promise<CreatedJob> {
  const { services, request, principal, idempotency, dry, requestId, log } = create
  const { jobs, facts, nudges, crash, clusters, compatibility } = services
  const rerunOf = create.rerunOf ?? null
  const ask = services.storeTime()
  // One round trip for both: each waits for whatever Redis is syncing to disk.
  const [known, seen] = await ask(() =>
    Promise.all([idempotency && !dry ? jobs.idempotent(idempotency) : null, facts.readFacts(request.cluster)]),
  )
  if (known !== null) return { kind: 'stored', job: await ask(() => jobs.view(known)), replayed: true }
  const spec = await specOf(create)
  const input = { request, principal, clusters, compatibility, rerunOf, spec: spec?.spec ?? null }
  const first = await judged(services, input, ask, seen)
  if (!first.verdict.accepted) throw refusal(first.verdict, request)
  const environment = await pinned(create, spec, first.facts)
  const verdict =
    environment === null
      ? first.verdict
      : accept({ ...input, facts: first.facts, at: services.now().toISOString(), environment })
  if (!verdict.accepted) throw refusal(verdict, request)
  const { report } = verdict
  const job = withNotes(verdict.job, [...(create.notes ?? []), ...(environment?.notes ?? [])])
  if (dry) return { kind: 'dry', answer: dryRunOf(job, services) }
  crash('accept:before-store')
  const state: JobEvent = {
    type: 'state',
    at: job.createdAt,
    from: null,
    to: 'accepted',
    detail: 'Stored.',
    evidence: [`request ${requestId}`],
  }
  const creating = ask(() => jobs.create(job, [state], { secret: newReportKey(), idempotency, ...reportKept(report) }))
  const stored = await creating.catch(error => {
    throw perhapsStored(error, idempotency !== null)
  })
  crash('accept:after-store')
  log.info({ jobId: stored.id, created: stored.created }, 'job accepted')
  if (!stored.created) return { kind: 'stored', job: await ask(() => jobs.view(stored.id)), replayed: true }
  // The job is stored and answered for, whatever becomes of the nudge: the sweep finds it.
  void nudges.send(job.cluster, job.id)
  return { kind: 'stored', job: viewOfNew(job), replayed: false }
}

type Judging = Omit<AcceptInput, 'facts' | 'at'>

/** Waits for the first sight of a cluster: what nobody knows of cannot be judged, and what was not judged is not stored. */
async function judged(
  { facts, now }: Services,
  input: Judging,
  ask: AskStore,
  seenFirst: ClusterFacts | null,
): Promise<{ verdict: Accepted; facts: ClusterFacts | null }> {
  const { cluster } = input.request
  const endMs = performance.now() + FIRST_SIGHT_MS
  for (let seen = seenFirst; ; seen = await ask(() => facts.readFacts(cluster))) {
    const verdict = accept({ ...input, facts: seen, at: now().toISOString() })
    if (verdict.accepted || !verdict.unseen) return { verdict, facts: seen }
    if (performance.now() > endMs) {
      const detail = `Cluster ${cluster} was never seen, so nobody knows its partitions: nothing was stored. /readyz says what keeps it away; send the request again later.`
      throw new ProblemError('cluster-unreachable', detail)
    }
    await sleep(LOOK_AGAIN_MS)
  }
}

/** null: its environment is no spec. */
async function specOf({ services, request }: JobToCreate): Promise<SpecRead | null> {
  const { environment } = request
  return environment !== null && 'spec' in environment
    ? services.resolver.readSpec(environment.spec).catch(ofSpec)
    : null
}

function ofSpec(error: unknown): never {
  throw error instanceof SolveError ? solveProblem(error, '/environment/spec') : error
}

/** null: it needs no environment. */
async function pinned(
  { services, request, principal, signal }: JobToCreate,
  spec: SpecRead | null,
  seen: ClusterFacts | null,
): Promise<ResolvedEnvironment | null> {
  const { environment, resources } = request
  if (environment === null) return null
  const { clusters, compatibility, resolver, settings, now } = services
  async function solved(read: SpecRead): Promise<ResolvedEnvironment> {
    const partition = seen?.partitions.find(({ name }) => name === resources.partition) ?? null
    const placed = {
      cluster: request.cluster,
      partition: resources.partition,
      gpuType: resources.gpuType,
      gpu: resources.gpus > 0,
    }
    const where = solveForPartition(placed, partition && allowedBy(resources, partition), compatibility)
    const asking = { by: principal.owner.id, at: now().toISOString(), ...(signal ? { signal } : {}) }
    return resolver.solved(read, where, 'cached', asking)
  }
  const resolved = spec === null ? await resolver.kept(referenceOf(environment)) : await solved(spec).catch(ofSpec)
  const cluster = clusters.find(({ name }) => name === request.cluster)
  const findings = cluster ? unmakeable(resolved.lock, cluster, settings.environments) : []
  if (findings.length > 0)
    throw new ProblemError('request-refused', `${findings[0]?.detail}. Nothing was stored.`, findings)
  return resolved
}

function referenceOf(environment: NonNullable<JobRequest['environment']>): string {
  if ('lock' in environment) return environment.lock
  if ('name' in environment) return environment.name
  throw new TypeError('a spec is solved, and leads nowhere by itself')
}

const MOST_NOTES = 50

function withNotes(job: JobRecord, texts: readonly string[]): JobRecord {
  const notes = texts.map(text => ({ at: job.createdAt, text }))
  return notes.length === 0 ? job : { ...job, notes: [...job.notes, ...notes].slice(0, MOST_NOTES) }
}

const dryRunOf = (job: JobRecord, services: Services): DryRun => ({
  request: job.request,
  expanded: expandedOf(job.request),
  compatibility: job.compatibility,
  notes: job.notes.map(note => note.text),
  environment: job.environment,
  script: scriptOf(job, services),
})

function scriptOf(job: JobRecord, { clusters, releases }: Services): string {
  const cluster = clusters.find(candidate => candidate.name === job.cluster)
  if (!cluster) throw new TypeError(`accepted a job for the unknown cluster ${job.cluster}`)
  const { workDir, node, prologue } = cluster
  const { timeLimitMinutes, warnSeconds } = presentOf(job)
  return renderScript({
    request: job.request,
    slurmName: slurmNameOf(job.id, job.submission),
    submission: job.submission,
    jobDirectory: jobDirectoryOf(workDir, job.identity.unixUser, job.id),
    releaseDirectory: releaseOf(workDir, releaseIdOf(job, releases)),
    node,
    prologue,
    timeLimitMinutes,
    warnSeconds,
  })
}

/** The write may be done after its answer was given up. */
function perhapsStored(error: unknown, keyed: boolean): unknown {
  if (!isCoded(error) || error.code !== 'STORE_UNREACHABLE') return error
  const next = keyed
    ? 'send the request again with the same Idempotency-Key, and there will be one job'
    : 'look at GET /v1/jobs before you send the request again; with an Idempotency-Key it would be safe to repeat'
  const detail = `${error.message}. Whether the job was stored is not known: ${next}.`
  return new OrchestratorError('STORE_UNREACHABLE', detail, { cause: error })
}

function refusal({ problem, findings, report }: Refusal, { cluster, resources }: JobRequest): ProblemError {
  const judged: Judged = report === null ? {} : { compatibility: keptOf(report) }
  if (report !== null && report.nearest.length > 0) judged.nearest = report.nearest
  const where = `${cluster} / ${resources.partition}`
  const fields = findings.length === 1 ? 'One field keeps' : `${findings.length} fields keep`
  const details = {
    incompatible: `It cannot run on ${where}. ${report?.detail ?? ''} Nothing was stored.`,
    'compatibility-unknown': `Nobody can tell whether it runs on ${where}, and this cluster takes no such jobs. ${report?.detail ?? ''} Nothing was stored.`,
    'request-refused': `${fields} it from running; nothing was stored.`,
  }
  return new ProblemError(problem, details[problem], findings, judged)
}
