// From what a job directory holds, and from what Slurm says of it, to a record. Pure: no clock, no network. The state is
// the earliest that is safe: what is unsure is looked up by the stages as ever (submit-once.ts, observe.ts), and nothing that
// may have been submitted is submitted without such a look.
//
//   ended mark                                -> finishing, with the mark's word
//   a Slurm job is known (receipt, squeue, sacct, fence)  -> pending; watch sees what became of it
//     known by a receipt alone, no run began   -> prepared and held: nobody can tell, a person decides
//   tried or refused, and no receipt           -> prepared, with the intent: the step looks first
//   none of these                              -> prepared
import { type JobEvent, type JobFile, MOST_SUBMISSIONS, type Stage, type Submission } from '@trotline/contracts'
import type { AccountedJob, SlurmJob } from '@trotline/slurm'
import { slurmNameOf } from '../clusters/layout.ts'
import type { JobRemains } from '../clusters/remains.ts'
import { type Ending, type JobRecord, SCHEMA_VERSION, untried } from '../store/record.ts'
import { over, runSeen, submitted, tried } from './machine.ts'

/** What Slurm says now of the jobs of one user, by our names. */
export interface Sightings {
  squeue: ReadonlyMap<string, SlurmJob>
  sacct: ReadonlyMap<string, AccountedJob>
}

/** The record as the directory and Slurm show it, or why it cannot be made. */
export function rebuilt(
  file: JobFile,
  remains: JobRemains,
  sightings: Sightings,
  at: string,
): { job: JobRecord; events: JobEvent[] } | string {
  const submission = newestSubmission(remains, file.submission)
  if (submission > MOST_SUBMISSIONS) return `it shows submission ${submission}, more than a job can have`
  const bare = bareRecord(file, remains, submission, at)
  const { job: known, events } = withRuns(bare, remains, at)
  const { job, evidence } = placed(known, remains, sightings, at)
  const state: JobEvent = {
    type: 'state',
    at,
    from: null,
    to: job.state,
    detail: 'Made anew from the job directory: the store had lost the record.',
    evidence,
  }
  const cancel: JobEvent[] = job.cancelRequestedAt === null ? [] : [{ type: 'cancel-requested', at, by: 'its mark' }]
  const held: JobEvent[] = job.hold ? [{ type: 'held', at, ...withoutSince(job.hold) }] : []
  return { job: { ...job, revision: 1, endedAt: null, updatedAt: at }, events: [state, ...events, ...cancel, ...held] }
}

function bareRecord(file: JobFile, remains: JobRemains, submission: number, at: string): JobRecord {
  const { v: _, idempotency: __, ...kept } = file
  return {
    ...kept,
    schemaVersion: SCHEMA_VERSION,
    revision: 1,
    state: 'prepared',
    updatedAt: at,
    endedAt: null,
    submission,
    submissions: submissionsOf(file, remains, submission, at),
    slurm: null,
    runs: [],
    trying: null,
    hold: null,
    cancelRequestedAt: remains.cancelled === null ? null : (timeOr(remains.cancelled, at) ?? at),
    failure: null,
    result: null,
    data: [],
    worker: remains.release === null ? null : { release: remains.release, runtime: null },
    notes: [{ at, text: 'The store had lost this record; it was made anew from the job directory.' }],
    inner: untried(at),
  }
}

/** job.json is written before each submission; what happened to them since stands in the files beside it. */
function submissionsOf(file: JobFile, { receipts }: JobRemains, newest: number, at: string): Submission[] {
  const known = [...file.submissions]
  for (let last = known.at(-1); last !== undefined && last.submission < newest; last = known.at(-1)) {
    const evidence = [`recover: submission ${last.submission + 1} left files, and job.json does not name its cause`]
    known.push({ ...last, submission: last.submission + 1, cause: 'forgotten', at, evidence, slurmJobId: null })
  }
  return known.map(each => ({ ...each, slurmJobId: receipts.get(each.submission)?.slurmJobId ?? each.slurmJobId }))
}

function withRuns(job: JobRecord, { runs }: JobRemains, at: string): { job: JobRecord; events: JobEvent[] } {
  let current = job
  const events: JobEvent[] = []
  for (const { run, fence } of runs.filter(each => each.reached !== 'none')) {
    const move = runSeen(current, at, {
      run,
      slurmJobId: fence?.slurmJobId ?? '',
      node: fence?.node ?? null,
      resumed: null,
      startedAt: fence?.at ?? null,
      endedAt: null,
      ending: null,
    })
    if (move === null) continue
    current = move.next
    events.push(...move.events)
  }
  return { job: current, events }
}

/** The table above. */
function placed(
  job: JobRecord,
  remains: JobRemains,
  { squeue, sacct }: Sightings,
  at: string,
): { job: JobRecord; evidence: string[] } {
  const n = job.submission
  const name = slurmNameOf(job.id, n)
  const [receipt, listed, accounted] = [remains.receipts.get(n), squeue.get(name), sacct.get(name)]
  const fenced = remains.runs.filter(run => run.run.startsWith(`${n}-`) && run.reached !== 'none')
  const evidence = [
    `receipt-${n}.json: ${receipt?.slurmJobId ?? 'none'}`,
    `squeue: ${listed ? `${listed.slurmJobId} ${listed.state.raw}` : 'does not list it'}`,
    `sacct: ${accounted ? `${accounted.slurmJobId} ${accounted.state.raw}` : 'does not know it'}`,
    `run: ${fenced.at(-1) ? `${fenced.at(-1)?.run} ${fenced.at(-1)?.reached}` : 'none'}`,
  ]
  const slurmJobId =
    receipt?.slurmJobId ?? listed?.slurmJobId ?? accounted?.slurmJobId ?? fenced.at(-1)?.fence?.slurmJobId
  const intentAt = receipt?.at ?? at
  const meant = (): JobRecord => ({ ...job, inner: { ...job.inner, submitIntentAt: intentAt } })
  if (slurmJobId === undefined && fenced.length === 0) {
    const mayHaveBeen = remains.tried.includes(n) || remains.refused.includes(n)
    return { job: mayHaveBeen ? meant() : job, evidence }
  }
  const move = submitted(meant(), at, { slurmJobId: slurmJobId ?? '', name, how: 'recover' })
  const pending = asLastSeen(move.next, listed ? at : intentAt)
  if (remains.ended !== null && accounted?.state.phase !== 'over') {
    const ending: Ending = {
      state: remains.ended || 'UNKNOWN',
      exitCode: null,
      evidence: [`ended: ${remains.ended}`],
      at,
    }
    return { job: over(pending, at, ending, null).next, evidence: [...evidence, ...ending.evidence] }
  }
  const traced = listed !== undefined || accounted !== undefined || fenced.length > 0
  if (traced || job.cancelRequestedAt !== null) return { job: pending, evidence }
  const detail =
    'Slurm took the job once and knows nothing of it now, and no run of it began. Whether it was cancelled there or forgotten nobody can tell: release submits it again, cancel ends it.'
  return { job: heldAs(meant(), 'submit', 'JOB_UNACCOUNTED', detail, at), evidence }
}

/** When Slurm last knew it, for whoever counts from there how long it may still run: not now, but when it was taken. */
const asLastSeen = (job: JobRecord, seenAt: string): JobRecord => ({
  ...job,
  slurm: job.slurm && { ...job.slurm, seenAt },
})

const heldAs = (job: JobRecord, stage: Stage, code: string, detail: string, at: string): JobRecord =>
  tried(job, at, stage, { code, detail }, null).next

export const withoutSince = ({ stage, code, detail }: NonNullable<JobRecord['hold']>) => ({ stage, code, detail })

export function newestSubmission({ tried: tries, receipts, refused, runs }: JobRemains, least: number): number {
  return Math.max(least, ...tries, ...receipts.keys(), ...refused, ...runs.map(run => Number(run.run.split('-')[0])))
}

const timeOr = (text: string, fallback: string): string | null =>
  text === '' ? fallback : Number.isNaN(Date.parse(text)) ? null : new Date(text).toISOString()
