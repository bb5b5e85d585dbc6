// Does what is to train fit this node? The same judge as before the queue, with what the node itself says in place of the cluster's facts.
// Loaded only for jobs with GPUs: judge and matrix are of no use to others.
import {
  type CompatibilityFinding,
  type CompatibilityReport,
  type NodeSighting,
  type Verdict,
  verdictRank,
} from '@trotline/contracts'
import { hasCompatLibraries, judge, type Matrix } from '@trotline/environment'
import type { NodeLibrary } from './node-library.ts'

export { parseMatrix } from '@trotline/environment'

export interface NodeJudgement {
  verdict: Verdict
  /** What decides, in sentences with the figures. */
  detail: string
  /** What was judged, and a line for each thing that decides, with what is required and what was found. */
  evidence: string[]
  /** What else is to be said of the node. */
  remarks: string[]
}

export interface JudgeOptions {
  matrix: Matrix
  /** LD_LIBRARY_PATH; cuda-compat libraries in it run what the driver alone does not. */
  libraryPath: string
}

const MOST_DETAILS = 3

/**
 * Of several GPUs the one that fits best counts: which of them are the job's own is not known where Slurm does not hide the others,
 * and TensorFlow leaves out those that it cannot use.
 */
export function judgeNode(sighting: NodeSighting, library: NodeLibrary, options: JudgeOptions): NodeJudgement {
  const { software } = library
  if (software === null) {
    const detail = `Which CUDA ${library.name} was built for is written nowhere.`
    return { verdict: 'unknown', detail, evidence: [], remarks: [] }
  }
  const judged = gpusOf(sighting).map(gpu => {
    const question = {
      ...software,
      ...(software.framework === 'tfjs-node-gpu' ? { napi: Number(process.versions.napi) } : {}),
      ...present({ driver: sighting.driver, glibc: sighting.glibc, cpuArch: sighting.cpuArch }),
      ...gpu,
      ...(hasCompat(options.libraryPath) ? { env: { LD_LIBRARY_PATH: options.libraryPath } } : {}),
    }
    return { name: gpu.gpu ?? 'the GPU', ...decide(judge(question, options.matrix), options.libraryPath) }
  })
  const ordered = judged.toSorted((a, b) => verdictRank(b.verdict) - verdictRank(a.verdict))
  const [best] = ordered
  if (best === undefined) throw new TypeError('a node is judged even where nothing is known of its GPUs')
  const left = best.verdict === 'incompatible' ? [] : ordered.filter(({ verdict }) => verdict === 'incompatible')
  return {
    verdict: best.verdict,
    detail: best.detail,
    evidence: [`judged for ${library.name}`, ...best.evidence],
    remarks: left.map(({ name, detail }) => `${name} of this node cannot be used: ${detail}`),
  }
}

/** One of each; where nothing is known of them, one of which nothing is known. */
function gpusOf({ gpus }: NodeSighting): { gpu?: string; computeCapability?: string }[] {
  const kinds = new Map(
    gpus.map(({ name, computeCapability }) => [
      `${name} ${computeCapability}`,
      present({ gpu: name, computeCapability }),
    ]),
  )
  return kinds.size === 0 ? [{}] : [...kinds.values()]
}

const present = <Key extends string>(values: Record<Key, string | null>): Partial<Record<Key, string>> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<Record<Key, string>>

/** As packages/environment has it, gates/driver-cuda.ts. */
const hasCompat = (libraryPath: string): boolean => libraryPath.split(':').some(hasCompatLibraries)

/** What a newer libcuda beside the driver's own mends; not that it is older than the driver's. */
const isOfDriver = ({ gate, rule }: CompatibilityFinding): boolean =>
  (gate === 'driver-cuda' || gate === 'build-gpu') && rule !== 'forward-compat-stale'

function decide(
  { verdict, detail, findings }: CompatibilityReport,
  libraryPath: string,
): Pick<NodeJudgement, 'verdict' | 'detail' | 'evidence'> {
  // It lies on the node: whether anybody published it is not the question.
  const deciding = findings.filter(one => one.verdict === verdict && one.rule !== 'build-not-published')
  const told = {
    detail: [...new Set(deciding.map(one => one.detail))].slice(0, MOST_DETAILS).join(' ') || detail,
    evidence: deciding.map(lineOf),
  }
  if (verdict !== 'incompatible') return { verdict, ...told }
  if (deciding.length === 0) return { verdict: 'unknown', ...told }
  if (hasCompat(libraryPath) && deciding.every(isOfDriver)) {
    const compat = 'LD_LIBRARY_PATH has cuda-compat libraries in it, with which a driver runs more than it does alone.'
    return { verdict: 'unknown', detail: `${told.detail} ${compat}`, evidence: told.evidence }
  }
  return { verdict, ...told }
}

function lineOf({ rule, required, found, detail }: CompatibilityFinding): string {
  const figures = required === null ? detail : `required ${required}; found ${found ?? 'nothing'}`
  return `${rule}: ${figures}`
}
