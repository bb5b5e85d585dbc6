// Is every ending true? `completed` needs a result with all its epochs, everything else needs a wish or a fault that explains it,
// and nothing may have ended while Slurm still ran it.
import { isTerminal, type Job } from '@trotline/contracts'
import type { Asked } from '../client.ts'
import type { Mark } from '../marks.ts'
import { concerns, type Evidence, type JobFolder, mayBeForgotten, ownerOf, type SlurmRow } from './evidence.ts'
import type { Finding } from './finding.ts'

/** Between a record's ending and Slurm's: COMPLETING lasts up to KillWait. */
const SLACK_MS = 15_000

export function auditEndings(evidence: Evidence): Finding[] {
  const findings: Finding[] = []
  for (const [id, { job }] of evidence.records) {
    const found = (column: Finding['column'], text: string) => findings.push({ column, jobId: id, text })
    if (!isTerminal(job.state)) {
      const why = job.hold ?? job.trying
      found('lost', `has not ended: ${job.state}${why ? `, ${why.code}: ${why.detail}` : ''}`)
      continue
    }
    const asked = evidence.asked.find(one => one.id === id)
    const marks = evidence.marks.filter(mark => concerns(mark, job))
    const folder = evidence.folders.get(id)
    const text = job.state === 'completed' ? whyNotCompleted(job, folder, marks) : whyUnexplained(job, asked, marks)
    if (text !== null) found('false endings', text)
    const rows = evidence.slurm.filter(row => ownerOf(row)?.id === id)
    const alive = rows.find(
      row => outlives(row, job) && !isClosedLate(row, folder, mayBeForgotten(job, evidence.marks)),
    )
    if (alive)
      found(
        'false endings',
        `${job.state} since ${job.endedAt}, and Slurm ran ${alive.name} (${alive.id}, ${alive.state}) until ${alive.endAt ?? 'now'}`,
      )
    if (asked?.plan.wish.refusable && folder?.runs.some(run => run.trainings > 0))
      found('false endings', 'asked for what Slurm does not have, and ran')
  }
  return findings
}

function whyNotCompleted(job: Job, folder: JobFolder | undefined, marks: readonly Mark[]): string | null {
  if (job.result === null) return 'completed without a result in the record'
  if (job.result.epochs !== job.progress.of) return `completed with ${job.result.epochs} of ${job.progress.of} epochs`
  if (marks.some(mark => mark.directoryGone)) return null
  const result = folder?.runs.find(run => run.result?.outcome === 'completed')
  if (result === undefined) return 'completed, and no run left a result that says so'
  return null
}

function whyUnexplained(job: Job, asked: Asked | undefined, marks: readonly Mark[]): string | null {
  if (job.state === 'cancelled') {
    if (asked?.cancel != null || marks.some(mark => mark.excuses.includes('cancelled'))) return null
    return `cancelled, and nobody wished or did it: ${job.slurm?.state ?? 'never in Slurm'}`
  }
  const { reason, detail, evidence } = job.failure ?? { reason: null, detail: '', evidence: [] }
  if (reason === null) return 'failed without a reason'
  if (reason === 'submission-refused' && asked?.plan.wish.refusable) return null
  if (marks.some(mark => mark.excuses.includes(reason))) return null
  return `failed as ${reason} (${detail}), and nothing was done that explains it: ${evidence.join('; ')}`
}

/** Its run began before the record ended and went on after. A requeue after the ending begins later. */
function outlives({ startAt, endAt, state }: SlurmRow, job: Job): boolean {
  if (job.endedAt === null || startAt === null) return false
  const endedMs = Date.parse(job.endedAt)
  if (Date.parse(startAt) > endedMs) return false
  if (endAt === null) return /^(RUNNING|COMPLETING|SUSPENDED)/.test(state)
  return Date.parse(endAt) > endedMs + SLACK_MS
}

/**
 * A job that slurmctld forgot stays RUNNING in accounting, which closes it as NODE_FAIL whenever slurmctld is next heard of (seen: 73 s
 * after its end). Its run left a result: that is when it was over.
 */
function isClosedLate(row: SlurmRow, folder: JobFolder | undefined, forgotten: boolean): boolean {
  const submission = ownerOf(row)?.submission
  const ended = folder?.runs.some(run => run.result !== null && run.run.startsWith(`${submission}-`)) ?? false
  return ended && forgotten && /^(NODE_FAIL|RUNNING)/.test(row.state)
}
