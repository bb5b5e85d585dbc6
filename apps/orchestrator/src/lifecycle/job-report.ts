// What a job was judged by, three times: short in its record, whole beside it, and as it is shown later. Facts change, so nothing is
// judged anew for a job that was accepted long ago.
import {
  type CompatibilityReport,
  type JobCompatibility,
  type JobCompatibilityReport,
  MOST_KEPT_FINDINGS,
} from '@trotline/contracts'
import type { JobRecord } from '../store/record.ts'
import { factsInShort } from './judge-place.ts'

/** What the record keeps of a report: what keeps a job out, or is to be known of one that is let in. What fits is named by the rule. */
export function keptOf(report: CompatibilityReport): JobCompatibility {
  const { verdict, rule, detail } = report
  const findings = report.findings.filter(finding => finding.verdict !== 'compatible').slice(0, MOST_KEPT_FINDINGS)
  return { verdict, rule, detail, findings, facts: factsInShort(report.facts ?? null) }
}

/** For the store, where it tells more than the record does. */
export const reportKept = (report: CompatibilityReport): { report?: CompatibilityReport } =>
  report.findings.length > 0 || report.facts !== undefined ? { report } : {}

/** @param kept what lies beside the record; null: nothing */
export function reportShown(
  { createdAt, compatibility }: Pick<JobRecord, 'createdAt' | 'compatibility'>,
  kept: CompatibilityReport | null,
): JobCompatibilityReport {
  if (kept !== null) return { judgedAt: createdAt, complete: true, report: kept }
  const { verdict, rule, detail, findings, facts } = compatibility
  const { gpu = null, computeCapability = null, driver = null } = facts ?? {}
  const understood = { gpu, computeCapability, driver, cuda: null, cudnn: null }
  // Of a job that uses no GPU the record has all that there is.
  return {
    judgedAt: createdAt,
    complete: rule === 'no-gpu',
    report: { verdict, rule, detail, findings, understood, nearest: [] },
  }
}
