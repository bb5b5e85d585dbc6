// What an environment.yml asks for, whatever it is to run on: match specs of conda (pytorch::pytorch=1.3=*cuda9.2*) and requirements
// of pip. Each package that is a framework becomes a statement; python, CUDA and cuDNN say more about it. A line that may bring a
// framework or a CUDA, and does not say which, is a finding: nothing is guessed.
import { type CompatibilityFinding, type Software, SPEC_LIMITS } from '@trotline/contracts'
import { FRAMEWORK_NAMES, type ListedFramework } from './builds/build.ts'
import { finding } from './findings.ts'
import { cudaOfPackage, frameworkBehind, isNightly, namesCuda, nightly, usesCuda } from './gpu-packages.ts'
import type { CudaPackage } from './judge-cuda.ts'
import type { Matrix } from './matrix/matrix.ts'
import { type CondaAsked, readConda } from './spec-conda.ts'
import { type PipAsked, readPip } from './spec-pip.ts'
import { parseCondaVersion, parseConstraint } from './versions/conda.ts'

/** As an environment.yml has them. */
export interface EnvironmentSpec {
  channels: readonly string[]
  dependencies: readonly (string | { readonly pip: readonly string[] })[]
}

export interface SpecSoftware {
  /** One per framework; `isSolved`: conda's solver chooses the build, and is told of the node's driver. */
  asked: readonly { software: Software; isSolved: boolean }[]
  cuda: readonly CudaPackage[]
  /** The same on every node. */
  findings: readonly CompatibilityFinding[]
}

/** Of a hundred lines that cannot be read, these are told. */
const MOST_LINES = 10

/** Reads every line once. Never throws for what the spec says. */
export function softwareOfSpec(spec: EnvironmentSpec, matrix: Matrix): SpecSoftware {
  const lines = [...new Set(spec.dependencies.filter(one => typeof one === 'string'))]
  const pipLines = [...new Set(spec.dependencies.flatMap(one => (typeof one === 'string' ? [] : one.pip)))]
  const conda = readConda(lines.slice(0, SPEC_LIMITS.dependencies), spec.channels, matrix)
  const pip = readPip(pipLines.slice(0, SPEC_LIMITS.pip), conda.python)
  const beyond = [...lines.slice(SPEC_LIMITS.dependencies), ...pipLines.slice(SPEC_LIMITS.pip)]
  const found = [...conda.found, ...pip.found]
  const named = new Set(found.map(({ framework }) => framework))
  const unread = [...conda.unread, ...pip.unread, ...(named.size > 0 ? [] : pip.unreadUnlessNamed)]
  return {
    asked: [
      ...onePerFramework(conda.found).map(software => ({ software, isSolved: true })),
      ...onePerFramework(pip.found).map(software => ({ software, isSolved: false })),
    ],
    cuda: [...cudaOf(conda, matrix), ...cudaOf(pip, matrix)],
    findings: [
      ...unread.slice(0, MOST_LINES).map(unreadable),
      ...unclear(conda, pip, named),
      ...(beyond.length === 0 ? [] : [tooLong(beyond.length)]),
    ],
  }
}

const unreadable = (line: string): CompatibilityFinding =>
  finding('build-rest', 'spec-unreadable', 'unknown', `"${line.slice(0, 200)}" cannot be read as a package.`, {
    required: 'a package such as pytorch::pytorch=1.3=*cuda9.2*, or torch==2.1.2+cu121 of pip',
    found: line.slice(0, 200),
    hint: 'Name the package and its version.',
  })

const tooLong = (lines: number): CompatibilityFinding =>
  finding(
    'build-rest',
    'spec-unreadable',
    'unknown',
    `The environment is too long: ${lines} of its lines were not read.`,
    {
      required: `at most ${SPEC_LIMITS.dependencies} packages of conda and ${SPEC_LIMITS.pip} of pip`,
      found: `${lines} more`,
    },
  )

/** Every CUDA that is named; of a range the oldest that it lets through, because more is not asked for. */
function cudaOf({ packages }: CondaAsked | PipAsked, matrix: Matrix): CudaPackage[] {
  return packages.flatMap(({ name, version }) => {
    const exact = cudaOfPackage(name, version)
    const cuda = exact ?? (namesCuda(name) && version !== null ? oldestOf(version, matrix) : null)
    return cuda === null ? [] : [{ name: version === null ? name : `${name} ${version}`, cuda }]
  })
}

function oldestOf(range: string, matrix: Matrix) {
  const allows = parseConstraint(range)
  if (allows === null) return null
  for (const releases of matrix.toolkits.values())
    for (const { cuda } of releases) {
      const version = parseCondaVersion(cuda.join('.'))
      if (version !== null && allows(version)) return cuda
    }
  return null
}

/** What brings something that needs a GPU, and leaves open which. */
function unclear(conda: CondaAsked, pip: PipAsked, named: ReadonlySet<string>): CompatibilityFinding[] {
  const findings: CompatibilityFinding[] = [...conda.findings, ...pip.findings]
  // The solver gives all of conda's packages one CUDA; each wheel has its own.
  const condaCuda =
    conda.found.length > 0 ||
    conda.packages.some(
      ({ name, version }) => cudaOfPackage(name, version) !== null || (namesCuda(name) && version !== null),
    )
  for (const { packages, isConda } of [
    { packages: conda.packages, isConda: true },
    { packages: pip.packages, isConda: false },
  ])
    for (const { name, version } of packages) {
      const behind = frameworkBehind(name)
      if (isNightly(name)) findings.push(nightly(name))
      else if (behind !== null) {
        if (!named.has(behind)) findings.push(frameworkUnnamed(name, behind))
      } else if (usesCuda(name) && cudaOfPackage(name, version) === null && !(isConda && condaCuda))
        findings.push(cudaUnnamed(name, isConda))
    }
  return findings.slice(0, MOST_LINES)
}

const frameworkUnnamed = (name: string, framework: ListedFramework): CompatibilityFinding =>
  finding(
    'build-rest',
    'build-unknown',
    'unknown',
    `${name} brings ${FRAMEWORK_NAMES[framework]} along, and of which version and for which CUDA is not said.`,
    {
      required: `${FRAMEWORK_NAMES[framework]} by version`,
      found: name,
      hint: `Name ${framework} and its version too.`,
    },
  )

const cudaUnnamed = (name: string, isConda: boolean): CompatibilityFinding =>
  finding('build-rest', 'build-unknown', 'unknown', `${name} needs CUDA, and which one is not said.`, {
    required: 'a CUDA version',
    found: name,
    hint: isConda ? 'Name it: cuda-version=12.1, or cudatoolkit=11.8.' : 'Run a short test job first.',
  })

/** tensorflow-gpu and tensorflow, jax and jaxlib are one framework: what says more about the build counts. */
function onePerFramework(found: readonly Software[]): Software[] {
  const byFramework = new Map<string, Software>()
  for (const one of found) {
    const framework = one.framework ?? ''
    const before = byFramework.get(framework)
    byFramework.set(
      framework,
      before === undefined || weight(one) > weight(before) ? { ...before, ...one } : { ...one, ...before },
    )
  }
  return [...byFramework.values()]
}

const weight = ({ condaBuild, package: name, frameworkVersion }: Software): number =>
  (condaBuild === undefined ? 0 : 4) +
  (/-gpu$/.test(name ?? '') ? 2 : 0) +
  (frameworkVersion === undefined || frameworkVersion === '*' ? 0 : 1)
