// Several statements about one environment make one report: what one package refuses, the environment refuses.
import type { CompatibilityFinding, CompatibilityReport, Hardware } from '@trotline/contracts'
import { detailOf, finding, inOrder, ruleOfAll, verdictOf } from './findings.ts'
import { understandNode } from './gpus/node.ts'
import type { Matrix } from './matrix/matrix.ts'

/**
 * A build for CPUs refuses an environment only where nothing else in it uses the GPU: beside a PyTorch with CUDA, a
 * TensorFlow without is what some people want, and the report says so.
 */
export function together(
  reports: readonly CompatibilityReport[],
  others: readonly CompatibilityFinding[],
  hardware: Hardware,
  matrix: Matrix,
): CompatibilityReport {
  const usesGpu = reports.some(report => !report.findings.some(one => one.rule === 'cpu-only'))
  const all = [...reports.flatMap(report => report.findings), ...others].map(one =>
    one.rule === 'cpu-only' && usesGpu ? { ...one, verdict: 'compatible-with-warning' as const } : one,
  )
  const ordered = inOrder(all.length === 0 ? [nothing()] : withoutRepetition(all))
  const first = reports[0]
  const { node } = understandNode(hardware, matrix)
  return {
    verdict: verdictOf(ordered),
    rule: ruleOfAll(ordered),
    detail: detailOf(ordered),
    findings: ordered,
    understood: {
      gpu: node.gpu?.product ?? null,
      computeCapability: node.capability?.join('.') ?? null,
      driver: node.driverText,
      cuda: first?.understood.cuda ?? null,
      cudnn: first?.understood.cudnn ?? null,
    },
    nearest: [],
  }
}

const nothing = (): CompatibilityFinding =>
  finding(
    'build-rest',
    'no-gpu-package',
    'compatible',
    'No package of this environment that the matrix knows needs a GPU, a driver or a CUDA.',
  )

function withoutRepetition(findings: readonly CompatibilityFinding[]): CompatibilityFinding[] {
  const seen = new Set<string>()
  return findings.filter(one => {
    const key = `${one.gate} ${one.rule} ${one.detail}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
