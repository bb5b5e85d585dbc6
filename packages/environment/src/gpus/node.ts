// What is known of the node: its driver, and which GPU it has. Trust, best first: compute_cap of nvidia-smi, the device's
// name, the gres type, a feature tag (a university's table lists tags that are wrong).
import type { CompatibilityFinding, CompatibilityQuestion } from '@trotline/contracts'
import { finding } from '../findings.ts'
import { listed } from '../listed.ts'
import { architectureOf, type Matrix, type Row, ruleOf } from '../matrix/matrix.ts'
import { capabilityKey, parseCapability } from '../versions/capability.ts'
import { compareDotted, type Dotted, dotted, parseDotted, showDotted } from '../versions/dotted.ts'
import { parseDriver } from '../versions/driver.ts'
import { gpuTypes } from './gres.ts'
import { findGpu, isAmbiguous } from './names.ts'

export interface Node {
  driver: Dotted | null
  /** As given, for messages. */
  driverText: string | null
  gpu: Row<'gpus'> | null
  capability: Dotted | null
  glibc: Dotted | null
  /** null: not told, which means x86_64 to whoever asks, unless the GPU is soldered to another. */
  cpuArch: string | null
}

const PROBE = 'Probe the node: nvidia-smi --query-gpu=name,driver_version,compute_cap says which it is.'

/** The node, and what is missing or contradictory in what was said of it. Never throws for what a person wrote. */
export function understandNode(
  question: CompatibilityQuestion,
  matrix: Matrix,
): { node: Node; findings: CompatibilityFinding[] } {
  const findings: CompatibilityFinding[] = []
  const named = gpuOf(question, matrix, findings)
  const capability = capabilityOfNode(question, matrix, named, findings)
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
      capability,
      glibc,
      cpuArch: cpuArchOf(question.cpuArch),
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

function gpuOf(question: CompatibilityQuestion, matrix: Matrix, findings: CompatibilityFinding[]): Row<'gpus'> | null {
  // A compute capability that somebody measured makes the name a matter of words.
  const verdict = question.computeCapability === undefined ? 'unknown' : 'compatible'
  const tell = (rule: string, detail: string, from: readonly Row<'ambiguousGpuNames'>[] = [], found = question.gpu) =>
    void findings.push(
      finding('driver-gpu', rule, verdict, detail, {
        required: 'the GPU of the node',
        found: found ?? null,
        hint: PROBE,
        from,
      }),
    )
  if (question.gpu === undefined) return gpuOfFeatures(question, matrix)
  const types = gpuTypes(question.gpu)
  if (types.length === 0) {
    tell('gpu-unknown', 'No GPU is named for this node.')
    return null
  }
  let weakest: Row<'gpus'> | null = null
  let sure = true
  for (const type of types) {
    const found = type === null ? null : findGpu(type, matrix.gpuNames)
    if (found !== null && !isAmbiguous(found)) {
      if (weakest === null || compareDotted(dotted(found.capability), dotted(weakest.capability)) < 0) weakest = found
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
  if (!sure) return null
  if (types.length > 1 && weakest !== null)
    findings.push(
      finding(
        'driver-gpu',
        'gpu-weakest',
        'compatible',
        `The node has ${types.length} types of GPU; the weakest counts, ${weakest.product} (${weakest.capability}).`,
        { found: question.gpu, from: [weakest] },
      ),
    )
  return weakest
}

/** Slurm prints them with commas between; so do people. */
const featuresOf = ({ slurmFeatures }: CompatibilityQuestion): string[] =>
  [slurmFeatures ?? []].flat().flatMap(feature => feature.split(','))

/** Sites put the device's name among the features (nvidia_geforce_rtx_5090). */
function gpuOfFeatures(question: CompatibilityQuestion, matrix: Matrix): Row<'gpus'> | null {
  for (const feature of featuresOf(question)) {
    const found = /\d/.test(feature) ? findGpu(feature, matrix.gpuNames) : null
    if (found !== null && !isAmbiguous(found)) return found
  }
  return null
}

function capabilityOfNode(
  question: CompatibilityQuestion,
  matrix: Matrix,
  named: Row<'gpus'> | null,
  findings: CompatibilityFinding[],
): Dotted | null {
  const ofName = named === null ? null : dotted(named.capability)
  const tagged = capabilityOfFeatures(featuresOf(question))
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
  const trusted = given ?? ofName
  if (given !== null && ofName !== null && compareDotted(given, ofName) !== 0)
    findings.push(
      finding(
        'driver-gpu',
        'gpu-contradiction',
        'compatible',
        `The compute capability given is ${showDotted(given)}, and ${named?.product} has ${named?.capability}: what was measured counts.`,
        { required: named?.capability ?? null, found: showDotted(given), hint: PROBE, from: [named, features] },
      ),
    )
  if (trusted !== null && tagged !== null && compareDotted(trusted, tagged) !== 0)
    findings.push(
      finding(
        'driver-gpu',
        'feature-tag',
        'compatible',
        `A feature of the node says ${showDotted(tagged)}, the GPU itself is ${showDotted(trusted)}: the tag does not count.`,
        { required: showDotted(trusted), found: showDotted(tagged), from: [features] },
      ),
    )
  if (trusted !== null) return known(trusted, question, matrix, findings)
  const measured = ofThisNode(question).__cuda_arch
  const ofSolver = measured === undefined ? null : parseCapability(measured)
  if (ofSolver !== null) return known(ofSolver, question, matrix, findings)
  if (tagged !== null && question.gpu === undefined) {
    findings.push(
      finding(
        'driver-gpu',
        'feature-tag',
        'compatible-with-warning',
        `Only a feature of the node says that its GPU has compute capability ${showDotted(tagged)}; such tags can be wrong.`,
        { found: showDotted(tagged), hint: PROBE, from: [features] },
      ),
    )
    return known(tagged, question, matrix, findings)
  }
  if (question.gpu === undefined)
    findings.push(
      finding('driver-gpu', 'gpu-unknown', 'unknown', 'The GPU of the node is not known.', {
        required: 'a GPU or its compute capability',
        hint: PROBE,
      }),
    )
  return null
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

/** COMPUTE_CAPABILITY_8_6, cc86, sm_86 among the features; the lowest if there are several. */
function capabilityOfFeatures(features: readonly string[]): Dotted | null {
  const found = features
    .map(feature => /^(?:COMPUTE_CAPABILITY|CC)[_-]?(\d{1,2})[._]?(\d)$/i.exec(feature.trim()))
    .map(match => (match === null ? null : parseCapability(`${match[1]}.${match[2]}`)))
    .filter(capability => capability !== null)
    .sort(compareDotted)
  return found[0] ?? null
}
