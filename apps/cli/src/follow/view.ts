// What the record and the epochs seen say, in the words of the progress line. Pure.
import type { Job, JobEvent, JobState } from '@trotline/contracts'
import { timeLeft } from '../text/durations.ts'
import { figure, metric } from '../text/figures.ts'
import type { EpochTrack } from './epoch-track.ts'
import { timeLeftOf } from './pace.ts'
import type { ProgressView } from './progress-line.ts'

/** Since when the job is as it is: its newest run while it runs, its creation before the first; else unknown. */
export function beganAt(job: Job): string | null {
  if (job.state === 'running') return job.runs.at(-1)?.startedAt ?? null
  return job.runs.length === 0 ? job.createdAt : null
}

/** A sentence for an event; null where the state or the bar says it already. */
export function newsOf(event: JobEvent): string | null {
  switch (event.type) {
    case 'trying':
      return `${event.stage} did not work yet (${event.code}): ${event.detail} It is tried again by itself.`
    case 'released':
      return `released by ${event.by}`
    case 'cancel-requested':
      return `cancel wished by ${event.by}; waiting for Slurm to confirm`
    case 'run':
      return event.attempt === 1
        ? null
        : `attempt ${event.attempt} begins${event.node === null ? '' : ` on ${event.node}`}`
    case 'note':
      return event.text
    case 'reset':
      return 'The history before this is no longer kept; going on from the record.'
    case 'state':
    case 'held':
    case 'epochs':
      return null
  }
}

export function whyWaiting(job: Job): string | null {
  if (job.trying !== null) return `${job.trying.stage}: ${job.trying.detail}`
  if (job.state !== 'pending' || job.slurm === null) return null
  const reason = job.slurm.reason
  return `Slurm job ${job.slurm.jobId} waits${reason === null || reason === 'None' ? '' : `: ${reason}`}`
}

export function viewOf(
  job: Job,
  track: EpochTrack,
  state: JobState | 'held',
  seconds: number,
  outage: { attempt: number; reason: string } | null,
  environment: string | null,
): ProgressView {
  const last = track.last()
  const epochs = last === null ? 0 : last.epoch + 1
  const of = job.progress.of
  const best = track.complete() ? track.best() : null
  const pace = track.pace()
  const left = pace === null || epochs >= of ? null : timeLeftOf(pace, of - epochs)
  return {
    state,
    seconds,
    epochs,
    of,
    loss: last === null ? null : metric(last, 'loss'),
    best: best === null ? null : { value: figure(best.value), epoch: best.epoch },
    valLoss: last === null ? null : metric(last, 'val_loss'),
    left: left === null ? null : timeLeft(left.low, left.high),
    waiting:
      outage === null
        ? state === 'running' || state === 'finishing'
          ? null
          : (environment ?? whyWaiting(job))
        : `connection lost, trying again (${outage.attempt})`,
  }
}
