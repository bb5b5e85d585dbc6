// Only the process that owns a cluster talks to it. One that was frozen past its lease finds out within a few seconds.
import type { Evidence } from './evidence.ts'
import type { Finding } from './finding.ts'

/** A woken owner looks at its lease every 3 s and then closes; what it had begun may take as long again. */
const GRACE_MS = 8_000

export function auditOwners({ talks }: Evidence): Finding[] {
  const findings: Finding[] = []
  for (const [i, own] of talks.entries())
    for (const [j, others] of talks.entries()) {
      if (j <= i) continue
      for (const one of own)
        for (const other of others) {
          const fromMs = Math.max(one.fromMs, other.fromMs)
          const forMs = Math.min(one.toMs, other.toMs) - fromMs
          if (forMs > GRACE_MS)
            findings.push({
              column: 'two owners at once',
              jobId: null,
              text: `servers ${i} and ${j} both talked to the cluster for ${(forMs / 1000).toFixed(1)} s from ${new Date(fromMs).toISOString()}`,
            })
        }
    }
  return findings
}
