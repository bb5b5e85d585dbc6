// POST: from a parsed request to a stored job, or to the reasons why not. Nothing is stored and nothing reaches a
// cluster unless every finding is gone.
import { randomBytes } from 'node:crypto'
import {
  type CompatibilityReport,
  type EnvironmentSpec,
  type Finding,
  type Job,
  type JobRequest,
  type Preemption,
  type Submission,
  trainingFindings,
} from '@trotline/contracts'
import type { ClusterSettings } from '../config.ts'
import type { ClusterFacts, PartitionFacts } from '../store/facts.ts'
import { type JobRecord, SCHEMA_VERSION, untried } from '../store/record.ts'
import { allowedBy } from './allowed-kinds.ts'
import { warnSecondsFor } from './attempts.ts'
import type { Compatibility } from './compatibility.ts'
import type { PinnedEnvironment } from './environment-pinned.ts'
import { keptOf } from './job-report.ts'
import { type Judgement, judgeJob } from './judge.ts'
import { unlisted } from './partition-limits.ts'

export interface Principal {
  owner: { id: string; name: string }
  role: 'user' | 'operator'
  identity: string
}

export interface AcceptInput {
  request: JobRequest
  principal: Principal
  clusters: readonly ClusterSettings[]
  /** What the owner last saw of the request's cluster, however long ago; null: it was never seen. */
  facts: ClusterFacts | null
  compatibility: Compatibility
  at: string
  /** request.environment.spec, read. Absent: it has none; or it is read here, on the event loop. */
  spec?: EnvironmentSpec | null
  /**
   * What request.environment stands for. Absent: it has none, or it was not looked up or solved yet; then this is a first look, and its
   * job is not to be stored.
   */
  environment?: PinnedEnvironment | null
  /** Of which job it is the repetition. */
  rerunOf?: Job['rerunOf']
}

export interface Refusal {
  accepted: false
  /** By the most urgent of what speaks against it: it could not run, nobody can tell, or a field that is wrong. */
  problem: 'incompatible' | 'compatibility-unknown' | 'request-refused'
  findings: Finding[]
  /** null: the place where it is to run is wrong already, so nothing could be judged. */
  report: CompatibilityReport | null
  /** Nothing speaks against it but that nobody knows the cluster's partitions yet. There are no findings then. */
  unseen: boolean
}

/** `report`: all that was judged; the record keeps what decides. */
export type Accepted = { accepted: true; job: JobRecord; report: CompatibilityReport } | Refusal

export function accept(input: AcceptInput): Accepted {
  const { request, principal, clusters, facts, at, environment = null, rerunOf = null } = input
  const cluster = clusters.find(candidate => candidate.name === request.cluster)
  const misplaced = cluster ? [...contradictions(request), ...unlisted(request, cluster, facts)] : []
  const unseen = cluster !== undefined && cluster.partitions === undefined && facts === null
  const judgement =
    cluster && !unseen && !misplaced.some(({ pointer }) => PLACES.includes(pointer)) ? judged(input, cluster) : null
  const findings = cluster
    ? [
        ...(judgement?.findings ?? []),
        ...notBuilt(request),
        ...trainingContradictions(request),
        ...misplaced,
        ...identityFindings(principal, cluster),
      ]
    : [
        {
          pointer: '/cluster',
          detail: `There is no cluster "${request.cluster}"`,
          found: request.cluster,
          required: `one of ${clusters.map(candidate => candidate.name).join(', ')}`,
        },
      ]
  const identity = cluster?.identities.find(candidate => candidate.name === principal.identity)
  if (findings.length > 0 || !cluster || !identity || judgement === null)
    return {
      accepted: false,
      problem: judgement?.refused ?? 'request-refused',
      findings,
      report: judgement?.report ?? null,
      unseen: unseen && findings.length === 0,
    }
  return {
    accepted: true,
    report: judgement.report,
    job: {
      schemaVersion: SCHEMA_VERSION,
      id: newJobId(),
      revision: 1,
      name: request.name,
      owner: principal.owner,
      identity: { name: identity.name, unixUser: identity.unixUser },
      cluster: request.cluster,
      state: 'accepted',
      request,
      createdAt: at,
      updatedAt: at,
      endedAt: null,
      compatibility: keptOf(judgement.report),
      submission: 1,
      submissions: [firstSubmission(request, cluster, partitionOf(request, facts), at)],
      slurm: null,
      runs: [],
      trying: null,
      hold: null,
      cancelRequestedAt: null,
      failure: null,
      result: null,
      environment: environment && { lock: environment.id, name: environment.name, look: null },
      data: [],
      rerunOf,
      worker: null,
      notes: [...judgement.notes.map(text => ({ at, text })), ...notesOn(request, partitionOf(request, facts), at)],
      inner: untried(at),
    },
  }
}

/** Where one of these is wrong there is no place to judge it on. */
const PLACES: readonly string[] = ['/resources/partition', '/resources/gpuType', '/resources/gpus']

function judged(
  { request, facts, compatibility, spec = null, environment = null }: AcceptInput,
  cluster: ClusterSettings,
): Judgement {
  const offered = facts?.partitions.filter(({ name }) => cluster.partitions?.includes(name) ?? true) ?? []
  const partitions = offered.map(each => allowedBy(request.resources, each))
  const partition = partitions.find(({ name }) => name === request.resources.partition) ?? null
  const fits = (resources: JobRequest['resources']): boolean =>
    unlisted({ ...request, resources }, cluster, facts).length === 0
  return judgeJob({ request, cluster, partition, partitions, fits, compatibility, spec, environment })
}

const partitionOf = ({ resources }: JobRequest, facts: ClusterFacts | null): PartitionFacts | undefined =>
  facts?.partitions.find(partition => partition.name === resources.partition)

/** What the partition allows at a time; the training goes on from its checkpoint in the next submission. */
function firstSubmission(
  { resources }: JobRequest,
  { warnSecondsBeforeLimit }: ClusterSettings,
  partition: PartitionFacts | undefined,
  at: string,
): Submission {
  const timeLimitMinutes = Math.min(resources.timeLimitMinutes, partition?.maxTimeMinutes ?? Number.POSITIVE_INFINITY)
  const warnSeconds = warnSecondsFor(timeLimitMinutes, warnSecondsBeforeLimit, null)
  return {
    submission: 1,
    cause: 'request',
    at,
    evidence: [],
    timeLimitMinutes,
    warnSeconds,
    slurmJobId: null,
    elapsedSeconds: null,
  }
}

function notesOn(
  { resources, training }: JobRequest,
  partition: PartitionFacts | undefined,
  at: string,
): JobRecord['notes'] {
  const texts: string[] = []
  const most = partition?.maxTimeMinutes ?? null
  if (most !== null && resources.timeLimitMinutes > most)
    texts.push(
      `Partition ${resources.partition} allows ${most} minutes at a time: the training takes up to ${Math.ceil(resources.timeLimitMinutes / most)} submissions, each going on from the last checkpoint.`,
    )
  if (partition?.preemption) texts.push(makingRoom(resources, partition.preemption))
  if (training.kind === 'model' && training.shares > resources.cpus)
    texts.push(
      `The ${training.shares} shares of a batch take turns on ${resources.cpus === 1 ? 'one CPU' : `${resources.cpus} CPUs`}: as many CPUs as shares train faster, to the same weights.`,
    )
  return texts.map(text => ({ at, text }))
}

const MADE_ROOM = { requeue: 'requeues', cancel: 'ends', suspend: 'suspends' } as const

/** What a person should know before an important training is sent where others go first. */
function makingRoom({ partition, requeue }: JobRequest['resources'], { mode, graceSeconds }: Preemption): string {
  const warned = graceSeconds > 0 && mode !== 'suspend' ? `, ${graceSeconds} s after a warning` : ''
  const happens = `A job in partition ${partition} may have to make room for another: Slurm then ${MADE_ROOM[mode]} it${warned}.`
  if (mode === 'suspend') return `${happens} The training stands still until it may go on.`
  return requeue
    ? `${happens} The training goes on from its last checkpoint.`
    : `${happens} It is not run again then, because resources.requeue is false.`
}

/** Parts of the contract that this server cannot do yet are refused by name, never ignored. */
function notBuilt({ resources }: JobRequest): Finding[] {
  const findings: Finding[] = []
  const refuse = (pointer: string, detail: string, hint: string): void => {
    findings.push({ pointer, detail, hint })
  }
  if (resources.nodes > 1)
    refuse('/resources/nodes', 'Training on several nodes is not supported yet', 'Ask for one node')
  if (resources.afterJobs.length > 0)
    refuse('/resources/afterJobs', 'Waiting for other jobs is not supported yet', 'Submit when they have ended')
  return findings
}

const trainingContradictions = ({ training, resources }: JobRequest): Finding[] =>
  training.kind === 'command' ? [] : trainingFindings(training, resources.gpus)

/** A field that another one makes meaningless is refused, never ignored. */
function contradictions({ resources }: JobRequest): Finding[] {
  if (resources.gpuType === null || resources.gpus > 0) return []
  return [
    {
      pointer: '/resources/gpuType',
      detail: `A GPU of type "${resources.gpuType}" is named, but gpus is 0`,
      found: resources.gpuType,
      hint: 'Set resources.gpus, or leave gpuType out',
    },
  ]
}

function identityFindings(principal: Principal, cluster: ClusterSettings): Finding[] {
  if (cluster.identities.some(identity => identity.name === principal.identity)) return []
  return [
    {
      pointer: '/cluster',
      detail: `You have no account on cluster ${cluster.name} (identity "${principal.identity}")`,
    },
  ]
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** 12 characters of Crockford's base 32, the first a letter: 59 bits from the system's generator. */
export function newJobId(): string {
  const bytes = randomBytes(12)
  const letters = ALPHABET.slice(10)
  return Array.from(bytes, (byte, i) => (i === 0 ? letters[byte % letters.length] : ALPHABET[byte % 32])).join('')
}

/** 32 bytes that sign the reports of one job. */
export const newReportKey = (): string => randomBytes(32).toString('base64url')
