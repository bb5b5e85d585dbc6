// How a job came to be where it is, in lines for people: each submission with its cause, each run with its node and ending,
// and the lines all of it was concluded from. Pure.
import type { JobEvent, SubmissionCause, WhyEvidence } from '@trotline/contracts'
import type { JobRecord } from '../store/record.ts'

const CAUSES: Record<SubmissionCause, string> = {
  request: 'as it was asked for',
  forgotten: 'again, because Slurm had forgotten the one before',
  'time-limit': 'again, to go on after the time limit',
  preempted: 'again, because another job had taken its place',
  'node-fail': 'again, because its node had failed',
  'boot-fail': 'again, because its node did not boot',
  'launch-failed': 'again, because Slurm could not start it on its node',
}

const MOST_LINES = 60

export function historyOf(job: JobRecord): string[] {
  const submissions = job.submissions.map(({ submission, cause, at, slurmJobId }) => {
    const taken = slurmJobId === null ? 'not taken by Slurm yet' : `Slurm job ${slurmJobId}`
    return `Submission ${submission}, ${CAUSES[cause]}: ${timeText(at)}, ${taken}.`
  })
  const runs = job.runs.map(({ run, attempt, node, resumed, startedAt, endedAt, ending }) => {
    const where = node === null ? '' : ` on ${node}`
    const began = startedAt === null ? '' : `, from ${timeText(startedAt)}`
    const ended = endedAt === null ? '' : ` to ${timeText(endedAt)}`
    const batches = resumed === null || resumed.batches === 0 ? '' : ` and ${resumed.batches} batches`
    const from = resumed === null ? '' : `, going on after ${resumed.epochs} epochs${batches} of run ${resumed.run}`
    return `Attempt ${attempt} (run ${run})${where}${began}${ended}${from}${ending === null ? '' : `: ${ending}`}.`
  })
  return [...newest(submissions), ...newest(runs)]
}

const newest = (lines: readonly string[]): string[] =>
  lines.length <= MOST_LINES
    ? [...lines]
    : [`(${lines.length - MOST_LINES} earlier ones left out)`, ...lines.slice(-MOST_LINES)]

const SOURCES: readonly (readonly [RegExp, WhyEvidence['source']])[] = [
  [/^squeue/, 'squeue'],
  [/^(sacct|sbatch)/, 'sacct'],
  [/^receipt/, 'receipt'],
  [/^report/, 'report'],
  [/^(run|result\.json|fence|ended)/, 'worker'],
]

/** Lines of evidence name their source first: `squeue: 17 PENDING Priority`. */
export const evidenceOf = (lines: readonly string[], at: string | null): WhyEvidence[] =>
  lines.map(line => ({ source: SOURCES.find(([pattern]) => pattern.test(line))?.[1] ?? 'record', at, line }))

/** What Slurm said last, as the record has it. */
export function slurmEvidence({ slurm }: JobRecord): WhyEvidence[] {
  if (slurm === null) return []
  const words = [slurm.jobId, slurm.state, slurm.reason, slurm.nodes].filter(word => word !== null && word !== '')
  return [{ source: slurm.source, at: slurm.seenAt, line: `${slurm.name}: ${words.join(' ')}` }]
}

export function lastOf<Type extends JobEvent['type']>(
  events: readonly JobEvent[],
  type: Type,
): Extract<JobEvent, { type: Type }> | null {
  const found = events.findLast(event => event.type === type)
  return (found as Extract<JobEvent, { type: Type }> | undefined) ?? null
}

/** `2030-01-02 03:04:05 UTC` */
export const timeText = (at: string): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`

export function spanText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 90) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return `${minutes} min`
  const hours = Math.round(minutes / 60)
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`
}
