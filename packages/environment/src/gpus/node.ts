// What is known of the node: its driver, and which GPU it has. Trust, best first: compute_cap of nvidia-smi, the device's
// name, the gres type, a feature tag.
import type { CompatibilityFinding, CompatibilityQuestion } from '@trotline/contracts'
import { finding } from '../findings.ts'
import { listed } from '../listed.ts'
import { architectureOf, type Matrix, type Row, ruleOf } from '../matrix/matrix.ts'
import { capabilityKey, parseCapability } from '../versions/capability.ts'
import { compareDotted, type Dotted, dotted, parseDotted, showDotted } from '../versions/dotted.ts'
import { parseDriver } from '../versions/driver.ts'
import { gpusOfFeatures, type TaggedGpus } from './features.ts'
import { gpuTypes } from './gres.ts'
import { findGpu, isAmbiguous } from './names.ts'

export interface Node {
  driver: Dotted | null
  /** As given, for messages. */
  driverText: string | null
  /** The weakest, where there are several types. */
  gpu: Row<'gpus'> | null
  /** The other types that a job may get. What runs on the weakest need not run on these. */
  others: readonly Row<'gpus'>[]
  capability: Dotted | null
  glibc: Dotted | null
  /** null: not told, and the GPU is not soldered to one: x86_64 is meant then. */
  cpuArch: string | null
}

const PROBE = 'Probe the node: nvidia-smi --query-gpu=name,driver_version,compute_cap says which it is.'

/** The node, and what is missing or contradictory in what was said of it. Never throws for what a person wrote. */
export function understandNode(
  question: CompatibilityQuestion,
  matrix: Matrix,
): { node: Node; findings: CompatibilityFinding[] } {
  const findings: CompatibilityFinding[] = []
  const tagged = gpusOfFeatures(question.slurmFeatures, matrix.gpuNames)
  const types = question.gpu === undefined ? tagged.gpus : typesOf(question.gpu, question, matrix, findings)
  const capability = capabilityOfNode(question, matrix, types, tagged, findings)
  // What was measured tells the types apart where it is not that of the weakest.
  const named = (capability && types.find(type => isOf(type, capability))) ?? types[0] ?? null
  const driver = question.driver === undefined ? null : parseDriver(question.driver)
  if (question.driver === undefined)
    findings.push(
      finding('driver-cuda', 'driver-unknown', 'unknown', 'The NVIDIA driver of the node is not known.', {
        required: 'a driver version',
        hint: PROBE,
      }),
    )
  else if (driver === null)
    findings.push(
      finding(
        'driver-cuda',
        'driver-unreadable',
        'unknown',
        `"${question.driver}" is not the version of an NVIDIA driver.`,
        {
          required: 'a version such as 535.104.05',
          found: question.driver,
          hint: PROBE,
        },
      ),
    )
  const glibc = parseDotted(question.glibc ?? ofThisNode(question).__glibc ?? '')
  if (question.glibc !== undefined && glibc === null)
    findings.push(
      finding('build-rest', 'glibc-unreadable', 'unknown', `"${question.glibc}" is not a version of glibc.`, {
        required: 'a version such as 2.28',
        found: question.glibc,
        hint: 'ldd --version on the node prints it.',
      }),
    )
  return {
    node: {
      driver,
      driverText: question.driver?.trim() ?? null,
      gpu: named,
      others: named !== types[0] ? [] : types.filter(type => type !== named),
      capability,
      glibc,
      cpuArch: cpuArchOf(question.cpuArch) ?? named?.host ?? null,
    },
    findings,
  }
}

/** Virtual packages as conda sees them on the node itself. A login node's say nothing of it. */
const ofThisNode = ({
  solveHost,
  virtualPackages = {},
}: CompatibilityQuestion): Readonly<Record<string, string | undefined>> =>
  solveHost === undefined || solveHost === 'compute-node' ? virtualPackages : {}

/** arm64 and aarch64 are one, amd64 and x86_64 too. */
const cpuArchOf = (text: string | undefined): string | null => {
  const name = text?.trim().toLowerCase()
  return name === undefined ? null : (CPU_ARCHS.get(name) ?? name)
}

const CPU_ARCHS = new Map([
  ['arm64', 'aarch64'],
  ['amd64', 'x86_64'],
  ['x64', 'x86_64'],
  ['x86-64', 'x86_64'],
])

/** The node as it is for a job that gets another of its types. */
export const withType = (node: Node, gpu: Row<'gpus'>, told: string | undefined): Node => ({
  ...node,
  gpu,
  others: [],
  capability: dotted(gpu.capability),
  cpuArch: cpuArchOf(told) ?? gpu.host ?? null,
})

const isOf = (gpu: Row<'gpus'>, capability: Dotted): boolean => compareDotted(dotted(gpu.capability), capability) === 0

/** Weakest first; empty where one of them is not known. */
function typesOf(
  gpu: string,
  question: CompatibilityQuestion,
  matrix: Matrix,
  findings: CompatibilityFinding[],
): Row<'gpus'>[] {
  // A compute capability that somebody measured makes the name a matter of words.
  const verdict = question.computeCapability === undefined ? 'unknown' : 'compatible'
  const tell = (rule: string, detail: string, from: readonly Row<'ambiguousGpuNames'>[] = [], found = gpu) =>
    void findings.push(
      finding('driver-gpu', rule, verdict, detail, { required: 'the GPU of the node', found, hint: PROBE, from }),
    )
  const written = gpuTypes(gpu)
  if (written.length === 0) tell('gpu-unknown', 'No GPU is named for this node.')
  const types = new Set<Row<'gpus'>>()
  let sure = true
  for (const type of written) {
    const found = type === null ? null : findGpu(type, matrix.gpuNames)
    if (found !== null && !isAmbiguous(found)) {
      types.add(found)
      continue
    }
    sure = false
    if (type === null) tell('gpu-untyped', 'Slurm names no type for the GPUs of this node.')
    else if (found !== null)
      tell(
        'gpu-ambiguous',
        `"${type}" can be ${listed(found.products, 'or')}: they have different compute capabilities.`,
        [found],
        type,
      )
    else if (/^[^a-z]*\d+g\.\d+gb/i.test(type))
      tell('gpu-ambiguous', `"${type}" is a slice of a GPU and does not say of which.`, [], type)
    else tell('gpu-unknown', `The matrix knows no GPU called "${type}".`, [], type)
  }
  if (!sure) return []
  const weakestFirst = [...types].sort((a, b) => compareDotted(dotted(a.capability), dotted(b.capability)))
  const [weakest] = weakestFirst
  if (weakest !== undefined && weakestFirst.length > 1)
    findings.push(
      finding(
        'driver-gpu',
        'gpu-weakest',
        'compatible',
        `The node has ${weakestFirst.length} types of GPU, of which a job may get any: the weakest is ${weakest.product} (${weakest.capability}).`,
        { found: gpu, from: [weakest] },
      ),
    )
  return weakestFirst
}

function capabilityOfNode(
  question: CompatibilityQuestion,
  matrix: Matrix,
  types: readonly Row<'gpus'>[],
  tagged: TaggedGpus,
  findings: CompatibilityFinding[],
): Dotted | null {
  const [weakest] = types
  const ofName = weakest === undefined ? null : dotted(weakest.capability)
  const features = ruleOf('feature-tags', matrix)
  const given = question.computeCapability === undefined ? null : parseCapability(question.computeCapability)
  if (question.computeCapability !== undefined && given === null)
    findings.push(
      finding(
        'driver-gpu',
        'gpu-unreadable',
        ofName === null ? 'unknown' : 'compatible',
        `"${question.computeCapability}" is not a compute capability.`,
        { required: 'a number such as 8.0', found: question.computeCapability, hint: PROBE },
      ),
    )
  const ofSlurm = question.gpu === undefined ? null : ofName
  const trusted = given ?? ofSlurm
  if (given !== null && weakest !== undefined && !types.some(type => isOf(type, given)))
    findings.push(
      finding(
        'driver-gpu',
        'gpu-contradiction',
        'compatible',
        `The compute capability given is ${showDotted(given)}, and ${weakest.product} has ${weakest.capability}: what was measured counts.`,
        { required: weakest.capability, found: showDotted(given), hint: PROBE, from: [weakest, features] },
      ),
    )
  if (trusted !== null && tagged.capability !== null && compareDotted(trusted, tagged.capability) !== 0)
    findings.push(
      finding(
        'driver-gpu',
        'feature-tag',
        'compatible',
        `A feature of the node says ${showDotted(tagged.capability)}, the GPU itself is ${showDotted(trusted)}: the tag does not count.`,
        { required: showDotted(trusted), found: showDotted(tagged.capability), from: [features] },
      ),
    )
  if (trusted !== null) return known(trusted, question, matrix, findings)
  const measured = ofThisNode(question).__cuda_arch
  const ofSolver = measured === undefined ? null : parseCapability(measured)
  if (ofSolver !== null) return known(ofSolver, question, matrix, findings)
  if (question.gpu !== undefined) return null
  const ofFeatures = ofName ?? tagged.capability
  if (ofFeatures !== null) {
    findings.push(onlyTagged(types, ofFeatures, features))
    return known(ofFeatures, question, matrix, findings)
  }
  const [doubt] = tagged.doubtful
  findings.push(
    finding(
      'driver-gpu',
      'gpu-unknown',
      'unknown',
      doubt === undefined
        ? 'The GPU of the node is not known.'
        : `The GPU of the node is not known: whether its feature "${doubt}" names one, nothing beside it says.`,
      { required: 'a GPU or its compute capability', found: doubt ?? null, hint: PROBE },
    ),
  )
  return null
}

function onlyTagged(types: readonly Row<'gpus'>[], capability: Dotted, rule: Row<'rules'>): CompatibilityFinding {
  const products = types.map(({ product }) => product)
  const [weakest] = products
  const says =
    weakest === undefined
      ? `its GPU has compute capability ${showDotted(capability)}`
      : products.length === 1
        ? `its GPU is ${weakest}`
        : `its GPU is ${listed(products, 'or')}, of which ${weakest} is the weakest`
  return finding(
    'driver-gpu',
    'feature-tag',
    'compatible-with-warning',
    `Only a feature of the node says that ${says}; such tags can be wrong.`,
    { found: weakest ?? showDotted(capability), hint: PROBE, from: [rule] },
  )
}

function known(
  capability: Dotted,
  question: CompatibilityQuestion,
  matrix: Matrix,
  findings: CompatibilityFinding[],
): Dotted | null {
  if (architectureOf(capability, matrix) !== null) return capability
  findings.push(
    finding(
      'driver-gpu',
      'gpu-unknown',
      'unknown',
      `The matrix (${matrix.asOf}) knows no GPU with compute capability ${capabilityKey(capability)}.`,
      {
        required: 'a compute capability of the matrix',
        found: question.computeCapability ?? capabilityKey(capability),
      },
    ),
  )
  return null
}
