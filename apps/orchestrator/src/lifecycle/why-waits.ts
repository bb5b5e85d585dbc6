// Why a job waits: for us (a stage that did not work yet, a pause, a limit of the site), for a cancel to come to its end, or in
// Slurm's queue. Pure.
import type { Materialisation, PendingWhy, Stage, WhyEvidence } from '@trotline/contracts'
import { meaningOf } from './pending-reasons.ts'
import { lastOf, slurmEvidence, spanText, timeText } from './why-history.ts'
import { type Told, told, type WhyInput } from './why-input.ts'

const STAGE_WORDS: Record<Stage, string> = {
  prepare: 'Preparing it on the cluster',
  submit: 'Submitting it',
  watch: 'Looking after it',
  finish: 'Collecting its results',
  cancel: 'Cancelling it',
}

/** A stage that did not work yet: our own waits, by their code. */
export function trouble({ job, paused }: WhyInput): Told | null {
  const { trying } = job
  if (paused !== null && (job.state === 'accepted' || job.state === 'prepared')) {
    const why = paused.why === '' ? '' : ` (${paused.why})`
    return told(
      `Cluster ${job.cluster} is paused by ${paused.by} since ${timeText(paused.since)}${why}: the job keeps its place and is submitted when the cluster is resumed.`,
      { action: 'Wait, or ask whoever paused it.' },
    )
  }
  if (trying === null) return null
  const evidence: WhyEvidence[] = [
    {
      source: 'record',
      at: job.updatedAt,
      line: `${trying.stage}, tried ${trying.tries} times: ${trying.code}: ${trying.detail}`,
    },
  ]
  const next = `It is tried again at ${timeText(trying.nextAt)}.`
  if (trying.code === 'SITE_LIMIT') {
    return told(`A limit of the site keeps it in our queue for now: ${trying.detail}`, {
      details: [next],
      evidence,
      action: 'Wait: it goes in as soon as there is room. Cancelling other jobs of yours makes room sooner.',
    })
  }
  const times = trying.tries === 1 ? 'once' : `${trying.tries} times`
  return told(`${STAGE_WORDS[trying.stage]} did not work yet, tried ${times} (${trying.code}): ${trying.detail}`, {
    details: [next],
    evidence,
  })
}

/** Its environment is not ready: how far its making is, and what went wrong last. null: it is ready, or none is needed. */
export function inMaking({ job, environment = null }: WhyInput): Told | null {
  if (job.environment === null || environment === null || environment.state === 'ready') return null
  const { lock, state, detail, step, progress, installer, attempt, trouble: last, at } = environment
  const far = progress === null ? '' : ` ${progressText(progress)}.`
  const details = [
    ...(installer === null || state !== 'making'
      ? []
      : [`It is made by ${installer.tool} ${installer.version ?? ''}`.trimEnd()]),
    ...(last === null ? [] : [`What went wrong last: ${last.detail}`]),
  ]
  const line = [`${lock.slice(0, 12)}: ${state}`, `attempt ${attempt}`, ...(step === null ? [] : [step])].join(', ')
  return told(`It waits for its environment ${job.environment.name ?? lock.slice(0, 12)}. ${detail}${far}`, {
    details,
    evidence: [{ source: 'record', at, line: `environment ${line}` }],
    action: 'Wait; the log of the making tells more (trotline env log).',
  })
}

function progressText({ done, of, unit }: NonNullable<Materialisation['progress']>): string {
  const amount = (value: number): string => (unit === 'bytes' ? `${(value / 1_048_576).toFixed(1)} MiB` : String(value))
  const what = unit === 'bytes' ? '' : ` ${unit}`
  return of === null ? `${amount(done)}${what} so far` : `${amount(done)} of ${amount(of)}${what}`
}

/** A wished cancel tells more than the wait that it ends. null: none was wished. */
export function cancelling({ job, nowMs, events }: WhyInput): Told | null {
  if (job.cancelRequestedAt === null) return null
  const by = lastOf(events, 'cancel-requested')?.by
  const since = spanText(nowMs - Date.parse(job.cancelRequestedAt))
  const sent =
    job.inner.cancelSentAt === null
      ? 'The cluster has not been told yet.'
      : `Slurm was told at ${timeText(job.inner.cancelSentAt)}; its processes may take a while to end.`
  return told(
    `A cancel was wished ${since} ago${by === undefined ? '' : ` by ${by}`} and has not come to its end. ${sent}`,
    {
      evidence: [{ source: 'record', at: job.cancelRequestedAt, line: 'cancel wished' }, ...slurmEvidence(job)],
      action: job.trying === null ? null : 'Wait; an operator can end a cancel with force that never comes to its end.',
      details:
        job.trying === null ? [] : [`${STAGE_WORDS[job.trying.stage]}: ${job.trying.detail} (${job.trying.code})`],
    },
  )
}

export function waiting(input: WhyInput): Told {
  const { job, look } = input
  const pending = pendingOf(input)
  const evidence = [...lookEvidence(input), ...slurmEvidence(job)]
  const details = [`Slurm has it as job ${job.slurm?.jobId ?? ''} in partition ${job.request.resources.partition}.`]
  if (look !== null && 'couldNotAsk' in look) details.push(`Slurm could not be asked for more: ${look.couldNotAsk}`)
  if (look !== null && 'job' in look && look.job === null)
    details.push('squeue no longer lists it among the waiting jobs: the next look tells what became of it.')
  const { doubt } = job.inner
  if (doubt !== null)
    details.push(`Slurm’s sources have not agreed about it since ${timeText(doubt.since)}; nothing is concluded yet.`)
  const cancel = cancelling(input)
  if (cancel) return { ...cancel, details: [...cancel.details, ...details], pending }
  const ahead =
    pending.jobsAhead === null
      ? ''
      : pending.jobsAhead === 0
        ? ' No job stands before it.'
        : ` ${jobs(pending.jobsAhead)} before it.`
  const start =
    pending.expectedStart === null ? '' : ` Slurm expects it to start at ${timeText(pending.expectedStart)}.`
  const said = pending.reason === null ? '' : ` (${pending.reason})`
  return told(`It waits in Slurm${said}: ${pending.meaning}${ahead}${start}`, {
    details,
    evidence,
    action: meaningOf(pending.reason).action,
    pending,
  })
}

const jobs = (count: number): string => (count === 1 ? 'One job stands' : `${count} jobs stand`)

function pendingOf({ job, look }: WhyInput): PendingWhy {
  const seen = look !== null && 'job' in look ? look.job : null
  const reason = seen ? seen.reason : (job.slurm?.reason ?? null)
  return {
    reason,
    meaning: meaningOf(reason).meaning,
    jobsAhead: seen?.jobsAhead ?? null,
    expectedStart: seen?.expectedStart ?? null,
    askedAt: look !== null && 'askedAt' in look ? look.askedAt : null,
  }
}

function lookEvidence({ look }: WhyInput): WhyEvidence[] {
  if (look === null || 'couldNotAsk' in look || look.job === null) return []
  const { slurmJobId, reason, expectedStart } = look.job
  const start = expectedStart === null ? '' : `, expected start ${expectedStart}`
  return [{ source: 'squeue', at: look.askedAt, line: `${slurmJobId} PENDING ${reason ?? 'None'}${start}` }]
}
