// What one refusal says of other candidates: a driver that cannot run CUDA 12.1 cannot run any build for CUDA 12.1, and a GPU
// that the driver no longer knows runs nothing. Most of several hundred builds need not be judged one by one.
import { type CompatibilityReport, willRun } from '@trotline/contracts'
import { judge } from '../judge.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { capabilityKey } from '../versions/capability.ts'
import type { Candidate } from './candidate.ts'

/** Of one node. null: surely refused, for what was said of another. */
export type JudgeOrSkip = (candidate: Candidate) => CompatibilityReport | null

export function createJudge(matrix: Matrix): JudgeOrSkip {
  let nothingRuns = false
  const refusedCuda = new Set<string>()
  return candidate => {
    const { question, build, partition } = candidate
    // Of a program and of JAX, CUDA at run time may be another one than the row's; compat libraries change what a driver runs.
    const cuda =
      build === null || build.cudaAtRunTime !== null || question.forwardCompatPackage !== undefined
        ? null
        : capabilityKey(build.cudaNumbers)
    if (partition !== null) return judge(question, matrix)
    if (nothingRuns || (cuda !== null && refusedCuda.has(cuda))) return null
    const report = judge(question, matrix)
    for (const { gate, rule, verdict } of report.findings) {
      if (verdict !== 'incompatible') continue
      if (gate === 'driver-gpu') nothingRuns = true
      else if (cuda !== null && (rule === 'driver-too-old' || rule === 'arch-dropped')) refusedCuda.add(cuda)
    }
    return report
  }
}

export const runs = (report: CompatibilityReport | null): report is CompatibilityReport =>
  report !== null && willRun(report.verdict)
