// The audit as people read it.
import type { Audit } from './audit.ts'
import { BAD_COLUMNS } from './finding.ts'

export interface Recovery {
  fault: string
  ms: number
}

export function auditTable(
  { accepted, ranExactlyOnce, refusedWithReason, cancelledAsWished, endedByFault, bad, findings }: Audit,
  recoveries: readonly Recovery[],
): string {
  const rows: [string, number | string][] = [
    ['accepted', accepted],
    ['ran exactly once', ranExactlyOnce],
    ['refused with a reason', refusedWithReason],
    ['cancelled as wished', cancelledAsWished],
    ['ended by a fault, and told so', endedByFault],
    ...BAD_COLUMNS.map((column): [string, number] => [column, bad[column]]),
    ['time to recover', recoveryText(recoveries.map(one => one.ms))],
  ]
  const lines = rows.map(([name, value]) => `  ${name.padEnd(30)} ${String(value).padStart(6)}`)
  const shown = findings.slice(0, 100).map(({ column, jobId, text }) => `  ${column}: ${jobId ?? ''} ${text}`)
  if (findings.length > 100) shown.push(`  … and ${findings.length - 100} more`)
  return [...lines, ...(shown.length > 0 ? ['', ...shown] : [])].join('\n')
}

/** From the end of a fault to the next job that goes from one state to another. */
function recoveryText(times: readonly number[]): string {
  if (times.length === 0) return 'nothing to recover from'
  const sorted = [...times].sort((a, b) => a - b)
  const at = (share: number): string => `${((sorted[Math.ceil(share * sorted.length) - 1] ?? 0) / 1000).toFixed(1)} s`
  return `median ${at(0.5)}, p95 ${at(0.95)} (${sorted.length} faults)`
}
