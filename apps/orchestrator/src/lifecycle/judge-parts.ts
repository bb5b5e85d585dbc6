// The parts that a job is judged by, each with the field of the request that would have to change and one thing to do about it.
import {
  type CompatibilityFinding,
  type CompatibilityReport,
  gpuWayOf,
  type NodeClaim,
  type Suggestion,
  type Verdict,
} from '@trotline/contracts'
import { claimInWords } from '../clusters/node-claims.ts'
import { kindsFor } from '../clusters/node-hardware.ts'
import { readEnvironmentSpec } from './environment-spec.ts'
import type { JudgeInput } from './judge-input.ts'
import { nodeFindings } from './judge-node.ts'
import { type Place, worstOf } from './judge-place.ts'
import { judgeWorker } from './judge-worker.ts'
import { elsewhere, othersOf } from './other-partitions.ts'

export interface Part {
  report: CompatibilityReport
  /** The field of the request that a finding speaks about. */
  pointer(finding: Pick<CompatibilityFinding, 'gate'>): string
  /** null: the findings have their own. */
  hint: string | null
  /** The nodes that it was decided by. null: it is the same on all. */
  place: Place | null
}

type Places = readonly [Place, ...Place[]]

/** null: the worker starts there, as far as anybody knows, or is not what runs. */
export function runtimePart({ request: { training, resources }, partition }: JudgeInput): Part | null {
  if (training.kind === 'command' || partition === null) return null
  const kinds = resources.gpus > 0 ? kindsFor(partition, resources.gpuType) : partition.nodeKinds
  const findings = nodeFindings(resources.partition, kinds)
  const [first] = findings
  if (first === undefined) return null
  const { verdict, rule, detail } = first
  const report = { verdict, rule, detail, findings, understood: nothingUnderstood(), nearest: [] }
  return { report, pointer: () => '/resources/partition', hint: null, place: null }
}

/** null: it computes on the CPU alone, or is a program of its own. */
export function gpuPart(input: JudgeInput, places: Places): Part | null {
  const { training, resources } = input.request
  if (training.kind === 'command') return null
  const way = gpuWayOf(training)
  if (way === null) return null
  if (way === 'webgpu') {
    const detail = `The backend webgpu uses the Vulkan driver of the nodes, and nothing is known of the one on partition ${resources.partition}.`
    return {
      report: unknownReport('webgpu', detail),
      pointer: () => '/training/backend',
      hint: 'Leave training.backend out, or set it to any',
      place: null,
    }
  }
  const { report: judged, place } = worstOf(places, each => judgeWorker(each, input.cluster, input.compatibility))
  const report = training.backend === 'any' ? withCpuRung(judged, resources.partition) : judged
  const nearest = report.verdict === 'incompatible' ? elsewhere(input) : []
  const where = resources.gpuType === null ? '/resources/partition' : '/resources/gpuType'
  return {
    report: { ...report, nearest },
    // What is wrong with the build itself is wrong on all GPUs.
    pointer: ({ gate }) => (gate === 'build-rest' && training.backend !== 'auto' ? '/training/backend' : where),
    hint: hintFor(report.verdict, nearest, training.backend),
    place,
  }
}

/** Of a spec before it is solved; null: none is asked for, or its lock is judged (judge-lock.ts). */
export function environmentPart(input: JudgeInput, places: Places): Part | null {
  const { environment, training } = input.request
  if (input.environment !== null) return null
  if (environment !== null && 'spec' in environment) {
    const spec = input.spec ?? readEnvironmentSpec(environment.spec)
    if (typeof spec === 'string') {
      const detail = `environment.spec cannot be read as an environment.yml. ${spec}`
      return {
        report: unknownReport('spec-unreadable', detail),
        pointer: () => '/environment/spec',
        hint: null,
        place: null,
      }
    }
    const { report: judged, place } = worstOf(places, ({ hardware }) =>
      input.compatibility.judgeSpec(spec, hardware, null),
    )
    const here = places.length < 2 ? [] : places.map(({ hardware }) => hardware)
    // What would run instead is sought once, from the nodes that decide.
    const report =
      judged.verdict === 'incompatible'
        ? {
            ...judged,
            nearest: input.compatibility.judgeSpec(spec, place.hardware, { ...othersOf(input), here }).nearest,
          }
        : judged
    const [first] = report.nearest
    const hint = first ? `Take ${first.install ?? first.detail} in its place` : null
    return { report, pointer: () => '/environment/spec', hint, place }
  }
  if (training.kind !== 'command' || environment !== null) return null
  const detail = 'What a command of your own needs of the GPU is not known without an environment.'
  return { report: unknownReport('own-program', detail), pointer: () => '/environment', hint: null, place: null }
}

const MOST_CLAIMS = 4

/** null: no job said anything else of these nodes than our own looks. */
export function claimPart({ request: { resources }, partition }: JudgeInput): Part | null {
  if (partition === null) return null
  const claims = kindsFor(partition, resources.gpuType).flatMap(kind => kind.claims ?? [])
  const findings = claims
    .filter(({ node }) => !resources.excludeNodes.includes(node))
    .slice(0, MOST_CLAIMS)
    .map(claimFinding)
  const [first] = findings
  if (first === undefined) return null
  const { verdict, rule, detail } = first
  const report = { verdict, rule, detail, findings, understood: nothingUnderstood(), nearest: [] }
  return { report, pointer: () => '/resources/partition', hint: null, place: null }
}

export const claimFinding = (claim: NodeClaim): CompatibilityFinding => ({
  gate: 'driver-gpu',
  rule: 'claimed',
  verdict: 'compatible-with-warning',
  detail: `Node ${claimInWords(claim)}.`,
  required: null,
  found: claim.says,
  hint: null,
  source: null,
  confidence: null,
})

export const nothingUnderstood = (): CompatibilityReport['understood'] => ({
  gpu: null,
  computeCapability: null,
  driver: null,
  cuda: null,
  cudnn: null,
})

const unknownReport = (rule: string, detail: string): CompatibilityReport => ({
  verdict: 'unknown',
  rule,
  detail,
  findings: [],
  understood: nothingUnderstood(),
  nearest: [],
})

/** `any` lets a job with GPUs slide to a rung without: what speaks against the GPU costs time and not the job. */
function withCpuRung(report: CompatibilityReport, partition: string): CompatibilityReport {
  if (report.verdict !== 'incompatible' && report.verdict !== 'unknown') return report
  const why = report.verdict === 'incompatible' ? 'cannot use' : 'may not be able to use'
  const detail = `The training ${why} the GPUs of partition ${partition}, and will then go on the CPU, because training.backend is any. ${report.detail}`
  const rung: CompatibilityFinding = {
    gate: report.findings[0]?.gate ?? 'driver-gpu',
    rule: 'cpu-rung',
    verdict: 'compatible-with-warning',
    detail,
    required: null,
    found: null,
    hint: 'Leave training.backend out where a job without its GPU is worth nothing',
    source: null,
    confidence: null,
  }
  return {
    ...report,
    verdict: 'compatible-with-warning',
    rule: 'cpu-rung',
    detail,
    findings: [rung, ...report.findings],
  }
}

function hintFor(verdict: Verdict, nearest: readonly Suggestion[], backend: string): string {
  const onCpu = 'set resources.gpus to 0, where our own kernels train it'
  const any = backend === 'auto' ? ', or training.backend to any' : ''
  if (verdict === 'unknown') return `Have an operator probe the cluster's nodes; or ${onCpu}${any}`
  const [first] = nearest
  if (first === undefined) return `${onCpu.charAt(0).toUpperCase()}${onCpu.slice(1)}${any}`
  const to = first.changes.map(({ field, to }) => `resources.${field} to ${to}`).join(' and ')
  return `Set ${to}; or ${onCpu}${any}`
}
