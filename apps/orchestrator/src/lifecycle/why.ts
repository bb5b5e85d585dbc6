// Why a job is where it is: one sentence, the history, the evidence, one thing to do. Pure and total over states: what the record
// knows is always told; what only Slurm knows comes in as a look, or as the sentence that it could not be asked.
import { type Why, WORKER_EXIT } from '@trotline/contracts'
import { slurmNameOf } from '../clusters/layout.ts'
import { evidenceOf, historyOf, lastOf, slurmEvidence, spanText, timeText } from './why-history.ts'
import { type Told, told, type WhyInput } from './why-input.ts'
import { cancelling, inMaking, trouble, waiting } from './why-waits.ts'

export function whyOf(input: WhyInput): Why {
  const { job } = input
  const told = tell(input)
  const details = [
    ...told.details,
    ...historyOf(job),
    ...job.notes.slice(-20).map(note => `${timeText(note.at)}: ${note.text}`),
  ]
  return {
    state: job.state,
    ...told,
    details: details.slice(0, 200),
    evidence: told.evidence.slice(0, 200),
  }
}

function tell(input: WhyInput): Told {
  switch (input.job.state) {
    case 'accepted':
    case 'prepared':
      return withHold(input, beforeSlurm(input))
    case 'pending':
      return withHold(input, waiting(input))
    case 'running':
      return withHold(input, running(input))
    case 'finishing':
      return withHold(input, finishing(input))
    case 'completed':
      return completed(input)
    case 'failed':
      return failed(input)
    case 'cancelled':
      return cancelled(input)
  }
}

const HOLD_ACTIONS: Readonly<Record<string, string>> = {
  SUBMISSION_UNKNOWABLE:
    'Look on the cluster for a Slurm job of its name. Cancel the job here; where even that cannot be concluded, an operator ends it with force.',
  JOB_UNACCOUNTED:
    'Ask the cluster staff whether a Slurm job of its name ran. Then release the job to look again, or cancel it.',
  JOB_DIRECTORY_GONE:
    'Look on the cluster for a Slurm job of its name. Then cancel the job here, or release it if nothing of it ran.',
}
const HOLD_ACTION = 'Mend what the sentence says and release the job; cancel ends it.'

/** A hold wins over whatever the state itself would tell: the job goes on only when a person decides. */
function withHold({ job, nowMs }: WhyInput, otherwise: Told): Told {
  const { hold } = job
  if (hold === null) return otherwise
  const since = spanText(nowMs - Date.parse(hold.since))
  const name = slurmNameOf(job.id, job.submission)
  return {
    summary: `It is held for ${since} (${hold.code}): ${hold.detail}`,
    details: [`Its Slurm name is ${name}.`, ...otherwise.details],
    evidence: [
      { source: 'record', at: hold.since, line: `${hold.stage}: ${hold.code}: ${hold.detail}` },
      ...otherwise.evidence,
    ],
    action: HOLD_ACTIONS[hold.code] ?? HOLD_ACTION,
    pending: otherwise.pending,
  }
}

function beforeSlurm(input: WhyInput): Told {
  const { job, nowMs } = input
  // While its environment is made nothing else is tried: what went wrong before that keeps it no longer.
  const making = input.paused === null ? inMaking(input) : null
  const known = cancelling(input) ?? making ?? trouble(input)
  if (known) return known
  const { dueAt, submitIntentAt } = job.inner
  if (dueAt !== null && dueAt > nowMs + 1_000) {
    const last = job.submissions.at(-1)
    const why = last && last.cause !== 'request' ? ` It is submission ${last.submission}.` : ''
    return told(`Its next step is due in ${spanText(dueAt - nowMs)}.${why}`, {
      evidence: evidenceOf(last?.evidence ?? [], last?.at ?? null),
    })
  }
  if (job.state === 'accepted') return told('It was accepted and is being prepared on the cluster.')
  if (submitIntentAt === null) return told('It is prepared on the cluster and about to be submitted to Slurm.')
  return told(`It is being submitted to Slurm since ${timeText(submitIntentAt)}.`)
}

/** Shorter silences are ordinary: reports come in batches, and a first epoch loads its data. */
const QUIET_MS = 5 * 60_000
/** An epoch may take this many times as long as the last one. */
const QUIET_EPOCHS = 10

function running(input: WhyInput): Told {
  const { job, progress, events, nowMs } = input
  const run = job.runs.at(-1)
  const where = run?.node ? ` on ${run.node}` : job.slurm?.nodes ? ` on ${job.slurm.nodes}` : ''
  const attempt = run && run.attempt > 1 ? ` (attempt ${run.attempt})` : ''
  const since = run?.startedAt ?? job.slurm?.startTime ?? null
  const began = since === null ? '' : ` since ${timeText(since)}`
  const evidence = slurmEvidence(job)
  // Its own clock is the server's: what a node writes into an epoch may be years off.
  const heard = lastOf(events, 'epochs')
  if (heard)
    evidence.push({
      source: 'report',
      at: heard.at,
      line: `epochs ${heard.first + 1} to ${heard.last.epoch + 1} of run ${heard.last.run}`,
    })
  const trained =
    heard === null || progress.last === null
      ? `${progress.epochs} of ${progress.of} epochs are known.`
      : `${progress.epochs} of ${progress.of} epochs are trained, the last one ${spanText(nowMs - Date.parse(heard.at))} ago.`
  const cancel = cancelling(input)
  if (cancel) return { ...cancel, details: [...cancel.details, trained] }
  const stale = trouble(input)
  const lastSeen = heard?.at ?? job.slurm?.seenAt ?? job.updatedAt
  const patience = Math.max(QUIET_MS, QUIET_EPOCHS * 1000 * (progress.last?.seconds ?? 0))
  const quietMs = nowMs - Date.parse(lastSeen)
  const details = [...(stale ? [stale.summary] : [])]
  const { doubt } = job.inner
  if (doubt !== null)
    details.push(`Slurm’s sources have not agreed about it since ${timeText(doubt.since)}; nothing is concluded yet.`)
  if (quietMs > patience) {
    return told(
      `It runs${where}${began}${attempt}, and nothing was heard of it for ${spanText(quietMs)}: it may hang, or its reports may not get through. ${trained}`,
      { details, evidence, action: 'Read its log; if it hangs, cancel it and submit it again.' },
    )
  }
  return told(`It runs${where}${began}${attempt}. ${trained}`, { details, evidence })
}

function finishing(input: WhyInput): Told {
  const { ending } = input.job.inner
  const evidence = evidenceOf(ending?.evidence ?? [], ending?.at ?? null)
  const known = trouble(input)
  if (known) return { ...known, evidence: [...known.evidence, ...evidence] }
  const said = ending === null ? '' : ` (${[ending.state, ending.exitCode].filter(Boolean).join(' ')})`
  const since = ending === null ? '' : ` since ${timeText(ending.at)}`
  const details = [
    'A result may stay invisible for a while on a shared file system, so a missing one is looked for again.',
  ]
  if (ending?.exitCode === `${WORKER_EXIT.fenced}:0`)
    details.push(
      'What Slurm ended had left at its fence, which another process of the run may hold: that one is waited for, at most until its time limit has passed.',
    )
  return told(`Slurm has ended it${said}; what it left is being collected${since}.`, { evidence, details })
}

function completed({ job, progress, events }: WhyInput): Told {
  const state = lastOf(events, 'state')
  const runs = job.runs.length <= 1 ? 'one run' : `${job.runs.length} runs`
  const at = job.endedAt === null ? '' : ` at ${timeText(job.endedAt)}`
  return told(`It completed${at}: ${progress.epochs} epochs in ${runs}.`, {
    evidence: [...evidenceOf(state?.evidence ?? [], state?.at ?? null), ...slurmEvidence(job)],
  })
}

/** The end of the log that is worth reading in an answer of a few lines. */
const LOG_LINES = 12

function failed({ job, events }: WhyInput): Told {
  const { failure } = job
  const at = job.endedAt
  if (failure === null) return told('It failed, and its record does not say why.', { evidence: slurmEvidence(job) })
  const log = failure.logTail
    .trimEnd()
    .split('\n')
    .slice(-LOG_LINES)
    .filter(line => line.trim() !== '')
  const state = lastOf(events, 'state')
  return told(failure.detail, {
    details: log.length === 0 ? [] : ['The end of its log:', ...log.map(line => `  ${line}`)],
    evidence: [...evidenceOf(failure.evidence, state?.at ?? at), ...slurmEvidence(job)],
    action: failure.action,
  })
}

function cancelled({ job, events }: WhyInput): Told {
  const state = lastOf(events, 'state')
  const wish = lastOf(events, 'cancel-requested')
  const by = wish === null ? '' : ` ${wish.by} wished it at ${timeText(wish.at)}.`
  return told(`${state?.to === 'cancelled' ? state.detail : 'It was cancelled.'}${by}`, {
    evidence: [...evidenceOf(state?.evidence ?? [], state?.at ?? null), ...slurmEvidence(job)],
  })
}
