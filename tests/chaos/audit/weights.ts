// The same training ends with the same weights, whatever became of it on the way: interrupted, resumed, moved to another node.
import { grouped } from '../grouped.ts'
import type { Evidence } from './evidence.ts'
import type { Finding } from './finding.ts'

export function auditWeights({ records }: Evidence): Finding[] {
  const findings: Finding[] = []
  const ended = [...records].flatMap(([id, { job }]) => {
    const weights = job.state === 'completed' ? job.result?.weightsSha256 : null
    if (!weights || !job.result) return []
    const { backend, engine } = job.result
    return [{ id, weights, training: JSON.stringify({ ...job.request.training, backend, engine }) }]
  })
  for (const same of grouped(ended, one => one.training).values()) {
    const results = grouped(same, one => one.weights)
    if (results.size <= 1) continue
    // What fewer came to is the odd one out.
    const [, ...others] = [...results.values()].sort((a, b) => b.length - a.length)
    for (const { id, weights, training } of others.flat())
      findings.push({
        column: 'weights that differ',
        jobId: id,
        text: `ended with weights ${weights.slice(0, 12)}, another job of the same training did not: ${training}`,
      })
  }
  return findings
}
