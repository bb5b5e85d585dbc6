// From what a job directory holds to its record: made anew where the store has lost it, moved forward where the store's is older.
// Pure: no clock, no network. Which state is safe: rebuild.ts.
import type { JobEvent, JobFile, Stage } from '@trotline/contracts'
import { slurmNameOf } from '../clusters/layout.ts'
import type { JobRemains } from '../clusters/remains.ts'
import type { Idempotency } from '../store/job-store.ts'
import type { JobRecord } from '../store/record.ts'
import { type Move, tried } from './machine.ts'
import { newestSubmission, rebuilt, type Sightings, withoutSince } from './rebuild.ts'

/** job.json of the present submission. The same record gives the same bytes until Slurm has taken the submission. */
export function jobFileOf(job: JobRecord, idempotency: Omit<Idempotency, 'owner'> | null): JobFile {
  const { id, name, owner, identity, cluster, request, createdAt, compatibility, submission, submissions } = job
  const { environment, rerunOf } = job
  return {
    v: 1,
    id,
    name,
    owner,
    identity,
    cluster,
    request,
    createdAt,
    compatibility,
    submission,
    submissions,
    // What the last run found of it is in that run's own result.
    environment: environment && { ...environment, look: null },
    rerunOf,
    idempotency,
  }
}

/** Who may have written what lies in the directory. */
export interface Expected {
  cluster: string
  identity: { name: string; unixUser: string }
  /** May this owner's jobs run under the identity, as the configuration stands? */
  mayOwn(owner: string): boolean
}

export type Recovery =
  | { kind: 'restored'; job: JobRecord; events: JobEvent[] }
  | ({ kind: 'moved-forward' | 'held' } & Move)
  | { kind: 'unchanged' }
  | { kind: 'unreadable'; why: string }

/** The name under which Slurm may have the newest submission that the directory or the record knows of. */
export const newestName = (remains: JobRemains, record: JobRecord | null): string =>
  slurmNameOf(remains.id, newestSubmission(remains, remains.job?.submission ?? record?.submission ?? 1))

/** @param record the store's; null: it knows no job of this id */
export function recover(
  remains: JobRemains,
  record: JobRecord | null,
  expected: Expected,
  sightings: Sightings,
  at: string,
): Recovery {
  if (record && ['completed', 'failed', 'cancelled'].includes(record.state)) return { kind: 'unchanged' }
  // A directory made before job.json was written can still move its record forward.
  const file = remains.job ?? (record ? jobFileOf(record, null) : null)
  const why = file === null ? remains.fault : mismatch(file, remains, record, expected)
  if (file === null || why !== null) return { kind: 'unreadable', why: why ?? remains.fault }
  const made = rebuilt(file, remains, sightings, at)
  if (typeof made === 'string') return { kind: 'unreadable', why: made }
  return record === null ? { kind: 'restored', ...made } : forward(record, made.job, at)
}

function mismatch(
  file: JobFile,
  remains: JobRemains,
  record: JobRecord | null,
  { cluster, identity, mayOwn }: Expected,
): string | null {
  if (file.id !== remains.id) return `its job.json is that of job ${file.id}`
  if (file.cluster !== cluster) return `its job.json is of cluster ${file.cluster}`
  if (file.identity.name !== identity.name || file.identity.unixUser !== identity.unixUser)
    return `its job.json names identity ${file.identity.name} (${file.identity.unixUser})`
  if (record && (record.cluster !== cluster || record.identity.unixUser !== identity.unixUser))
    return `the store has a job of this id on ${record.cluster} for ${record.identity.unixUser}`
  if (!mayOwn(file.owner.id)) return `its job.json names the owner ${file.owner.id}, whose tokens have another identity`
  if (file.submissions.at(-1)?.submission !== file.submission) return 'its job.json has no entry for its own submission'
  return null
}

/** Where the directory knows more than the record. Live records are left to watch, which asks Slurm anyway. */
function forward(record: JobRecord, made: JobRecord, at: string): Recovery {
  const cancelRequestedAt = record.cancelRequestedAt ?? made.cancelRequestedAt
  const wished = cancelRequestedAt !== record.cancelRequestedAt
  const further =
    made.submission > record.submission ||
    // An accepted job without any trace of a submission is prepared again, which changes nothing on the cluster.
    (unsubmitted(record) && made.submission === record.submission && !unsubmitted(made)) ||
    (record.state === 'prepared' && made.submission === record.submission && made.state !== 'prepared')
  if (!further && !wished) return { kind: 'unchanged' }
  const dueNow = Date.parse(at)
  if (!further) {
    const next = { ...record, updatedAt: at, cancelRequestedAt, inner: { ...record.inner, dueAt: dueNow } }
    return { kind: 'moved-forward', next, events: [{ type: 'cancel-requested', at, by: 'its mark' }] }
  }
  const { hold } = made
  const submissions = made.submissions.map(each => {
    const known = record.submissions.find(candidate => candidate.submission === each.submission)
    return known ? { ...known, slurmJobId: known.slurmJobId ?? each.slurmJobId } : each
  })
  const next: JobRecord = {
    ...record,
    updatedAt: at,
    state: made.state,
    submission: made.submission,
    submissions,
    slurm: made.slurm,
    runs: record.runs.length === 0 ? made.runs : record.runs,
    worker: record.worker ?? made.worker,
    trying: null,
    hold,
    cancelRequestedAt,
    inner: { ...made.inner, script: record.inner.script },
  }
  const detail = 'The job directory shows more than the store knew: the store is older.'
  const state: JobEvent = { type: 'state', at, from: record.state, to: made.state, detail, evidence: ['recover'] }
  const held: JobEvent[] = hold ? [{ type: 'held', at, ...withoutSince(hold) }] : []
  return { kind: hold ? 'held' : 'moved-forward', next, events: [state, ...held] }
}

const STAGE_OF: Partial<Record<JobRecord['state'], Stage>> = {
  prepared: 'submit',
  pending: 'watch',
  running: 'watch',
  finishing: 'finish',
}

/** A record past `accepted` whose directory is gone: what the directory would have told is unknown, so nobody submits it again. */
export function withoutDirectory(record: JobRecord, at: string): Recovery {
  const stage = STAGE_OF[record.state]
  if (stage === undefined || record.hold !== null) return { kind: 'unchanged' }
  const detail =
    'Its directory on the cluster is gone, and with it the proof of what was submitted and what ran. Look for yourself whether Slurm knows it; cancel ends the job, release lets it go on from what the store knows.'
  return { kind: 'held', ...tried(record, at, stage, { code: 'JOB_DIRECTORY_GONE', detail }, null) }
}

const unsubmitted = ({ state, inner }: JobRecord): boolean =>
  (state === 'accepted' || state === 'prepared') && inner.submitIntentAt === null
