// One statement, judged: this software on this hardware. Everything comes from the matrix; nothing is read, asked or guessed.
import type { CompatibilityFinding, CompatibilityQuestion, CompatibilityReport } from '@trotline/contracts'
import { type Build, buildName, FRAMEWORK_NAMES } from './builds/build.ts'
import { chooseBuild } from './builds/choose.ts'
import { exactText, understandSoftware, type Wanted } from './builds/wanted.ts'
import { detailOf, inOrder, ruleOfAll, verdictOf } from './findings.ts'
import { buildGpu } from './gates/build-gpu.ts'
import { buildRest } from './gates/build-rest.ts'
import { cudaAtRunTime, cudaRuntime } from './gates/cuda-runtime.ts'
import { cudnn } from './gates/cudnn.ts'
import { driverCuda } from './gates/driver-cuda.ts'
import { driverGpu } from './gates/driver-gpu.ts'
import { pythonRange } from './gates/python-range.ts'
import { type Node, understandNode, withType } from './gpus/node.ts'
import type { Matrix } from './matrix/matrix.ts'
import { type Dotted, sameMinor, showDotted } from './versions/dotted.ts'

/**
 * Never throws for what the question says: what cannot be read or is not in the matrix is `unknown`, with what is missing. A node
 * with several types of GPU is judged by each, and the worst counts: what runs on a V100 need not run on the B200 beside it.
 */
export function judge(question: CompatibilityQuestion, matrix: Matrix): CompatibilityReport {
  const { node, findings: ofNode } = understandNode(question, matrix)
  const wanted = understandSoftware(question)
  const types = [node, ...node.others.map(gpu => withType(node, gpu, question.cpuArch))]
  const reports = types.map(type => judgeOn(type, node, ofNode, wanted, question, matrix))
  const verdict = verdictOf(reports)
  return reports.find(report => report.verdict === verdict) as CompatibilityReport
}

/** @param type the node as it is for a job that gets one of its types; what is shown of it is the weakest */
function judgeOn(
  type: Node,
  node: Node,
  ofNode: readonly CompatibilityFinding[],
  wanted: Wanted,
  question: CompatibilityQuestion,
  matrix: Matrix,
): CompatibilityReport {
  const { build, sibling, findings: ofChoice } = chooseBuild(wanted, question, type, matrix)
  const cuda = build === null ? (wanted.fromModule ? null : wanted.cuda) : cudaAtRunTime(build, wanted)
  const findings = [
    ...ofNode,
    ...wanted.findings,
    ...ofChoice,
    ...(sibling === null ? [] : pythonRange(sibling, cpuName(wanted), wanted)),
    ...driverGpu(type, matrix),
    ...ofDriver(build, wanted, cuda, type, question, matrix),
  ]
  return report(findings, node, build, wanted, cuda)
}

function ofDriver(
  build: Build | null,
  wanted: Wanted,
  cuda: Dotted | null,
  node: Node,
  question: CompatibilityQuestion,
  matrix: Matrix,
): CompatibilityFinding[] {
  if (cuda === null) return []
  const compat = { package: question.forwardCompatPackage, libraryPath: question.env?.LD_LIBRARY_PATH }
  const { way, findings } = driverCuda(
    {
      name: build === null ? nameOf(wanted, cuda) : nameOfRun(build, wanted, cuda),
      cuda,
      minDriver: build?.minDriver ?? null,
      from: build,
    },
    node,
    compat,
    matrix,
  )
  if (build === null) return findings
  // PTX was made by the compiler that the build was built with, whatever CUDA is loaded beside it.
  const asBuilt = { name: '', cuda: build.cudaNumbers, minDriver: null, from: null }
  const ptxWay = sameMinor(build.cudaNumbers, cuda) ? way : driverCuda(asBuilt, node, compat, matrix).way
  return [
    ...findings,
    ...buildGpu(build, exactText(wanted), cuda, node, ptxWay, matrix),
    ...buildRest(build, wanted, node, question, matrix),
    ...cudaRuntime(build, wanted, node, matrix),
    ...cudnn(build, wanted, node, cuda, matrix),
  ]
}

/** JAX 0.4.30 for CUDA 12.3 with CUDA 12.1: what was loaded decides on the driver. */
function nameOfRun(build: Build, wanted: Wanted, cuda: Dotted): string {
  const name = buildName(build, exactText(wanted))
  return sameMinor(build.cudaNumbers, cuda) ? name : `${name} with CUDA ${showDotted(cuda)}`
}

const cpuName = (wanted: Wanted): string =>
  `${wanted.framework === null ? '' : FRAMEWORK_NAMES[wanted.framework]} ${wanted.versionText ?? ''}`.trim()

function nameOf(wanted: Wanted, cuda: Dotted): string {
  const name =
    wanted.framework === null ? 'A build' : `${FRAMEWORK_NAMES[wanted.framework]} ${wanted.versionText ?? ''}`.trim()
  return `${name} for CUDA ${showDotted(cuda)}`
}

function report(
  findings: readonly CompatibilityFinding[],
  node: Node,
  build: Build | null,
  wanted: Wanted,
  cuda: Dotted | null,
): CompatibilityReport {
  const ordered = inOrder(findings)
  const cudnnVersion = wanted.cudnn === null ? build?.cudnn : showDotted(wanted.cudnn)
  return {
    verdict: verdictOf(ordered),
    rule: ruleOfAll(ordered),
    detail: detailOf(ordered),
    findings: ordered,
    understood: {
      gpu: node.gpu?.product ?? null,
      computeCapability: node.capability === null ? null : showDotted(node.capability),
      driver: node.driverText,
      cuda: cuda === null ? null : showDotted(cuda),
      cudnn: cudnnVersion ?? null,
    },
    nearest: [],
  }
}
