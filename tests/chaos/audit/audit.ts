// The audit: what was asked, what the record says, what Slurm and the files know, held against each other. Pure.
import { auditEndings } from './endings.ts'
import { auditEpochs } from './epochs.ts'
import type { Evidence } from './evidence.ts'
import { BAD_COLUMNS, type BadColumn, type Finding } from './finding.ts'
import { auditOwners } from './owners.ts'
import { auditAnswers, auditRuns, auditSubmissions } from './submissions.ts'
import { auditWeights } from './weights.ts'

export interface Audit {
  accepted: number
  ranExactlyOnce: number
  refusedWithReason: number
  cancelledAsWished: number
  /** Ended otherwise, by a fault of the suite that explains it. */
  endedByFault: number
  bad: Record<BadColumn, number>
  findings: Finding[]
}

export function audit(evidence: Evidence): Audit {
  const findings = [
    ...auditAnswers(evidence),
    ...auditSubmissions(evidence),
    ...auditRuns(evidence),
    ...auditEndings(evidence),
    ...auditEpochs(evidence),
    ...auditOwners(evidence),
    ...auditWeights(evidence),
  ]
  const wrong = new Set(findings.map(finding => finding.jobId))
  const accepted = [...new Set(evidence.asked.map(one => one.id).filter(id => id !== null))]
  const counts = { ranExactlyOnce: 0, refusedWithReason: 0, cancelledAsWished: 0, endedByFault: 0 }
  for (const id of accepted) {
    const job = evidence.records.get(id)?.job
    if (job === undefined || wrong.has(id)) continue
    const wished = evidence.asked.find(one => one.id === id)?.cancel != null
    if (job.state === 'completed') counts.ranExactlyOnce++
    else if (job.failure?.reason === 'submission-refused') counts.refusedWithReason++
    else if (job.state === 'cancelled' && wished) counts.cancelledAsWished++
    else counts.endedByFault++
  }
  const bad = Object.fromEntries(
    BAD_COLUMNS.map(column => [column, findings.filter(finding => finding.column === column).length]),
  ) as Record<BadColumn, number>
  return { accepted: accepted.length, ...counts, bad, findings }
}
