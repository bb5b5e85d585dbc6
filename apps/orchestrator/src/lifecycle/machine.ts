// Which moves a job may make. Pure: a record and what happened in, the next record and its events out.
//
//   accepted -> prepared -> pending <-> running -> finishing -> completed | failed | cancelled
//
// accepted   stored, compatible; nothing on the cluster yet        left by prepare, cancel
// prepared   its directory and the worker release are there        left by submit, cancel
// pending    Slurm has it and nothing runs                         left by watch
// running    at least one node works for it                        left by watch (a requeue goes back to pending: a new run)
// finishing  over for Slurm, results not yet collected             left by finish
// A job that Slurm forgot, or whose training goes on (attempts.ts), goes back to prepared with the next submission number.
import type {
  Failure,
  JobEvent,
  JobState,
  Run,
  RunResult,
  SlurmView,
  Stage,
  Submission,
  TrainingReport,
} from '@trotline/contracts'
import { isTerminal, MOST_SUBMISSIONS, rankOf } from '@trotline/contracts'
import type { Ending, JobRecord } from '../store/record.ts'
import type { Next } from './attempts.ts'
import { failure } from './failures.ts'
import { triesBefore } from './ladder.ts'

export interface Move {
  next: JobRecord
  events: JobEvent[]
}

const LEGAL: Record<JobState, readonly JobState[]> = {
  accepted: ['prepared', 'cancelled', 'failed'],
  prepared: ['pending', 'cancelled', 'failed'],
  pending: ['running', 'finishing', 'prepared', 'cancelled', 'failed'],
  running: ['pending', 'finishing', 'prepared', 'cancelled', 'failed'],
  finishing: ['completed', 'failed', 'cancelled', 'pending', 'running', 'prepared'],
  completed: [],
  failed: [],
  cancelled: [],
}

/**
 * When the stage that a state waits for is first tried. pending and running are watched, not due.
 * An ended job stays due until its epochs are sealed, so that a crash in between is noticed.
 */
const dueOn = (state: JobState, nowMs: number): number | null =>
  state === 'pending' || state === 'running' ? null : nowMs

function move(job: JobRecord, to: JobState, at: string, detail: string, evidence: readonly string[]): Move {
  if (!LEGAL[job.state].includes(to)) throw new TypeError(`job ${job.id} cannot go from ${job.state} to ${to}`)
  return {
    next: {
      ...job,
      state: to,
      updatedAt: at,
      endedAt: isTerminal(to) ? at : null,
      trying: null,
      hold: null,
      inner: { ...job.inner, dueAt: dueOn(to, Date.parse(at)), doubt: null },
    },
    events: [{ type: 'state', at, from: job.state, to, detail, evidence: [...evidence] }],
  }
}

export function prepared(job: JobRecord, at: string, worker: { release: string }): Move {
  const moved = move(job, 'prepared', at, 'The job directory and the worker release are on the cluster.', [
    `manifest ${worker.release}`,
  ])
  return { ...moved, next: { ...moved.next, worker: { release: worker.release, runtime: null } } }
}

/** Durable before sbatch may run: from here on a job may stand in Slurm, so nothing may be concluded from our side alone. */
export function submitting(job: JobRecord, at: string, script: string): JobRecord {
  return { ...job, updatedAt: at, inner: { ...job.inner, submitIntentAt: at, script } }
}

export function submitted(
  job: JobRecord,
  at: string,
  receipt: { slurmJobId: string; name: string; how: string },
): Move {
  const moved = move(job, 'pending', at, `Slurm took it as job ${receipt.slurmJobId}.`, [
    `receipt-${job.submission}.json: ${receipt.slurmJobId} (${receipt.how})`,
  ])
  const slurm: SlurmView = {
    jobId: receipt.slurmJobId,
    name: receipt.name,
    state: 'PENDING',
    reason: null,
    exitCode: null,
    nodes: null,
    submitTime: null,
    startTime: null,
    endTime: null,
    restarts: 0,
    source: 'receipt',
    seenAt: at,
  }
  // A wished cancel is due at once now that there is something to cancel.
  const dueAt = job.cancelRequestedAt === null ? null : Date.parse(at)
  const submissions = job.submissions.map(each =>
    each.submission === job.submission ? { ...each, slurmJobId: receipt.slurmJobId } : each,
  )
  return { ...moved, next: { ...moved.next, slurm, submissions, inner: { ...moved.next.inner, dueAt } } }
}

/** squeue lists it, waiting or live. Answers null where nothing changed but the time of the look. */
export function seen(
  job: JobRecord,
  at: string,
  state: 'pending' | 'running',
  slurm: SlurmView,
  line: string,
): Move | null {
  const changed = job.state !== state
  const told = `${slurm.state} ${slurm.reason ?? ''} ${slurm.jobId} ${slurm.nodes ?? ''} ${slurm.submitTime ?? ''}`
  const was = job.slurm
    ? `${job.slurm.state} ${job.slurm.reason ?? ''} ${job.slurm.jobId} ${job.slurm.nodes ?? ''} ${job.slurm.submitTime ?? ''}`
    : ''
  // Held because Slurm no longer listed it: now it does.
  const hold = job.hold?.stage === 'watch' ? null : job.hold
  // Given up, and before we had taken it out somebody released it: what becomes of it now is no doing of ours.
  const inner = { ...job.inner, doubt: null, givenUp: null }
  const settled = job.inner.doubt === null && job.inner.givenUp === null && hold === job.hold
  if (!changed && told === was && settled) return null
  if (!changed) return { next: { ...job, updatedAt: at, slurm, hold, inner }, events: [] }
  const detail =
    state === 'running'
      ? `Slurm runs it${slurm.nodes ? ` on ${slurm.nodes}` : ''}.`
      : 'Slurm put it back into the queue; its next start is a new run.'
  const moved = move(job, state, at, detail, [`squeue: ${line}`])
  const dueAt = job.cancelRequestedAt === null ? null : (job.inner.dueAt ?? Date.parse(at))
  return { ...moved, next: { ...moved.next, slurm, inner: { ...inner, dueAt, ending: null } } }
}

/**
 * A run of the present submission, newer than all that are known, has said by a signed report that it trains. Between two
 * looks at squeue, and while the cluster cannot be asked, that is the newest truth. Answers null where it tells nothing new.
 */
export function reported(job: JobRecord, at: string, run: { run: string; node: string | null }): Move | null {
  const [submission, restart] = run.run.split('-').map(Number)
  if (job.state !== 'pending' || submission !== job.submission) return null
  if (job.runs.some(known => rankOf(known.run) >= rankOf(run.run))) return null
  // squeue counted a later restart already: this report is of a run that was requeued since.
  if (job.slurm !== null && (restart ?? 0) < job.slurm.restarts) return null
  const moved = move(job, 'running', at, `The run itself says that it trains${run.node ? ` on ${run.node}` : ''}.`, [
    `report of run ${run.run}`,
  ])
  const dueAt = job.cancelRequestedAt === null ? null : (job.inner.dueAt ?? Date.parse(at))
  return { ...moved, next: { ...moved.next, inner: { ...moved.next.inner, dueAt } } }
}

export function doubted(job: JobRecord, at: string): JobRecord {
  const { ticks, since } = job.inner.doubt ?? { ticks: 0, since: at }
  return { ...job, updatedAt: at, inner: { ...job.inner, doubt: { ticks: ticks + 1, since } } }
}

/** Slurm holds it for ever after a failed start. Durable before it is taken out of Slurm, so that our scancel is known as ours. */
export function gaveUp(job: JobRecord, at: string, evidence: readonly string[]): Move | null {
  if (job.inner.givenUp !== null) return null
  const text = 'Slurm could not start it and holds it for ever; it is taken out of Slurm.'
  const told = noted(job, at, text)
  return { ...told, next: { ...told.next, inner: { ...told.next.inner, givenUp: { at, evidence: [...evidence] } } } }
}

/** Endings that are not Slurm's words (store/record.ts). */
const NOT_SLURMS: Readonly<Record<string, string>> = {
  RESULT: 'The run’s own result says that it is over',
  LAUNCH_FAILED: 'Slurm could not start it',
  LOST: 'Slurm no longer knows it and its time is over',
}

export function over(job: JobRecord, at: string, ending: Ending, slurm: SlurmView | null): Move {
  const told = NOT_SLURMS[ending.state] ?? `Slurm says ${ending.state}`
  const moved = move(job, 'finishing', at, `${told}; collecting what it left.`, ending.evidence)
  const elapsedSeconds = secondsBetween(slurm?.startTime, slurm?.endTime)
  const submissions = job.submissions.map(each =>
    each.submission === job.submission ? { ...each, elapsedSeconds } : each,
  )
  return {
    ...moved,
    next: { ...moved.next, slurm: slurm ?? job.slurm, submissions, inner: { ...moved.next.inner, ending } },
  }
}

/** By the cluster's one clock; null where it does not tell both ends. */
function secondsBetween(start: string | null | undefined, end: string | null | undefined): number | null {
  return start && end ? Math.max(0, (Date.parse(end) - Date.parse(start)) / 1000) : null
}

/**
 * The next submission: Slurm forgot the present one before it ran (or its time is surely over), or the training goes on in
 * a further one (`next`, from attempts.ts).
 */
export function submitAgain(
  job: JobRecord,
  at: string,
  why: string,
  evidence: readonly string[],
  next: Omit<Next, 'why'> = asBefore(job, at),
): Move {
  if (job.cancelRequestedAt !== null)
    return cancelled(job, at, `${why} A cancel was wished, so it is not submitted again.`, evidence)
  if (job.submission >= MOST_SUBMISSIONS) {
    const tooMany = `${why} It was submitted ${job.submission} times already, and no more.`
    return failed(job, at, failure('lost', tooMany, evidence), null)
  }
  const { cause, timeLimitMinutes, warnSeconds, notBeforeMs } = next
  const submission: Submission = {
    submission: job.submission + 1,
    cause,
    at,
    evidence: evidence.slice(0, 32),
    timeLimitMinutes,
    warnSeconds,
    slurmJobId: null,
    elapsedSeconds: null,
  }
  const moved = move(job, 'prepared', at, why, evidence)
  return {
    ...moved,
    next: {
      ...moved.next,
      submission: submission.submission,
      submissions: [...job.submissions, submission],
      inner: {
        ...moved.next.inner,
        dueAt: notBeforeMs,
        submitIntentAt: null,
        cancelSentAt: null,
        givenUp: null,
        ending: null,
      },
    },
  }
}

function asBefore(job: JobRecord, at: string): Omit<Next, 'why'> {
  const { timeLimitMinutes, warnSeconds } = presentOf(job)
  return { cause: 'forgotten', timeLimitMinutes, warnSeconds, notBeforeMs: Date.parse(at) }
}

export function presentOf(job: JobRecord): Submission {
  const present = job.submissions.at(-1)
  if (present?.submission !== job.submission)
    throw new TypeError(`job ${job.id} is at submission ${job.submission}, and its last one is ${present?.submission}`)
  return present
}

export function completed(job: JobRecord, at: string, result: TrainingReport, evidence: readonly string[]): Move {
  const moved = move(job, 'completed', at, 'The training is done and its record is complete.', evidence)
  return { ...moved, next: { ...moved.next, result } }
}

export function failed(job: JobRecord, at: string, failure: Failure, result: TrainingReport | null): Move {
  const moved = move(job, 'failed', at, failure.detail, failure.evidence)
  return { ...moved, next: { ...moved.next, failure, result } }
}

/** What the record itself shows; that nothing else was looked at is why it says no more. An intent is taken back where Slurm surely has no job. */
export const cancelledUnsubmitted = (job: JobRecord, at: string, detail: string): Move =>
  cancelled(job, at, detail, ['no intent to submit it is on record'])

export function cancelled(job: JobRecord, at: string, detail: string, evidence: readonly string[]): Move {
  return move(job, 'cancelled', at, detail, evidence)
}

export function cancelRequested(job: JobRecord, at: string, by: string): Move {
  return {
    next: {
      ...job,
      updatedAt: at,
      cancelRequestedAt: at,
      hold: null,
      trying: null,
      inner: { ...job.inner, dueAt: Date.parse(at) },
    },
    events: [{ type: 'cancel-requested', at, by }],
  }
}

/** A stage could not be done now. `nextAtMs` null: the ladder ended, or only a person can mend it: hold. */
export function tried(
  job: JobRecord,
  at: string,
  stage: Stage,
  error: { code: string; detail: string },
  nextAtMs: number | null,
): Move {
  const tries = triesBefore(job.trying, stage, error.code) + 1
  if (nextAtMs === null) {
    return {
      next: {
        ...job,
        updatedAt: at,
        trying: null,
        hold: { stage, code: error.code, detail: error.detail, since: at },
        inner: { ...job.inner, dueAt: null },
      },
      events: [{ type: 'held', at, stage, ...error }],
    }
  }
  return {
    next: {
      ...job,
      updatedAt: at,
      trying: { stage, tries, nextAt: new Date(nextAtMs).toISOString(), ...error },
      inner: { ...job.inner, dueAt: nextAtMs },
    },
    // One event per new trouble, not one per try: a cluster that is away for a night must not fill the stream.
    events: job.trying?.code === error.code ? [] : [{ type: 'trying', at, stage, tries, ...error }],
  }
}

export function released(job: JobRecord, at: string, by: string): Move {
  // A watched job is looked at in every tick: a due time would only have every sweep read it in vain.
  const dueAt = job.cancelRequestedAt === null ? dueOn(job.state, Date.parse(at)) : Date.parse(at)
  return {
    next: { ...job, updatedAt: at, hold: null, trying: null, inner: { ...job.inner, dueAt } },
    events: [{ type: 'released', at, by }],
  }
}

/** As many as the contract's Job carries. */
const MOST_RUNS = 1_000

/** A run became known, or more of it. Answers null where nothing is new, or where the record has no room for more runs. */
export function runSeen(job: JobRecord, at: string, found: Omit<Run, 'attempt'>): Move | null {
  const known = job.runs.find(run => run.run === found.run)
  if (known) {
    const merged: Run = {
      ...known,
      node: known.node ?? found.node,
      resumed: known.resumed ?? found.resumed,
      startedAt: known.startedAt ?? found.startedAt,
      endedAt: known.endedAt ?? found.endedAt,
      ending: known.ending ?? found.ending,
    }
    if (JSON.stringify(merged) === JSON.stringify(known)) return null
    return { next: { ...job, updatedAt: at, runs: job.runs.map(run => (run === known ? merged : run)) }, events: [] }
  }
  // Slurm's restarts count from 0, so a run that was never heard of before its successor still has its number.
  const [submission, restart] = found.run.split('-')
  const silent: Omit<Run, 'attempt'>[] = []
  if (Number(restart) >= MOST_RUNS) return null
  for (let i = 0; i < Number(restart); i++) {
    const run = `${submission}-${i}`
    if (!job.runs.some(known => known.run === run)) {
      silent.push({
        run,
        slurmJobId: found.slurmJobId,
        node: null,
        resumed: null,
        startedAt: null,
        endedAt: null,
        ending: 'requeued',
      })
    }
  }
  const added = [...silent, found].map((run, i) => ({ ...run, attempt: job.runs.length + 1 + i }))
  // By rank, not by arrival: the last one is the newest run even where an older one is heard of late.
  const runs = [...job.runs, ...added].sort((a, b) => rankOf(a.run) - rankOf(b.run))
  if (runs.length > MOST_RUNS) return null
  return {
    next: { ...job, updatedAt: at, runs },
    events: added.map(run => ({ type: 'run', at, run: run.run, attempt: run.attempt, node: run.node })),
  }
}

/** What a run says that it ran with: Node.js, its environment, its data. The same record where that is known already. */
export function ranWith(job: JobRecord, { runtime, environment: look, data }: RunResult): JobRecord {
  const worker = job.worker && { ...job.worker, runtime }
  const environment = job.environment && { ...job.environment, look: look ?? job.environment.look }
  const next = { ...job, worker, environment, data: data.length === 0 ? job.data : data }
  const told = (one: JobRecord): string => JSON.stringify([one.worker, one.environment, one.data])
  return told(next) === told(job) ? job : next
}

export function noted(job: JobRecord, at: string, text: string): Move {
  const notes = [...job.notes, { at, text }].slice(-50)
  return { next: { ...job, updatedAt: at, notes }, events: [{ type: 'note', at, text }] }
}
