// From what is wanted to the exact build. What is no build with CUDA, or is not there, is in cpu-only.ts and not-there.ts.
import type { CompatibilityFinding, CompatibilityQuestion } from '@trotline/contracts'
import { finding } from '../findings.ts'
import type { Node } from '../gpus/node.ts'
import type { Matrix } from '../matrix/matrix.ts'
import { type Constraint, parseCondaVersion } from '../versions/conda.ts'
import { beginsWith, compareDotted, minorOf, parseDotted, sameMinor, showDotted, within } from '../versions/dotted.ts'
import { globMatches } from '../versions/match-spec.ts'
import { allowedOf } from '../versions/python.ts'
import { type Build, FRAMEWORK_NAMES } from './build.ts'
import { buildsOfChannel, isListed } from './builds-of.ts'
import { cpuOnly } from './cpu-only.ts'
import { noSuchBuild, noSuchVersion, unknownHash } from './not-there.ts'
import { ownProgram, toolkitProgram } from './programs.ts'
import { solverCuda, type Wanted, wantsVersion } from './wanted.ts'

export interface Choice {
  build: Build | null
  /** Of a build for CPUs: the one for GPUs of the same release, which is made for the same Pythons. */
  sibling: Build | null
  findings: CompatibilityFinding[]
}

const none = (...findings: CompatibilityFinding[]): Choice => ({ build: null, sibling: null, findings })

const chosen = (build: Build | null): Choice => ({ build, sibling: null, findings: [] })

export function chooseBuild(wanted: Wanted, question: CompatibilityQuestion, node: Node, matrix: Matrix): Choice {
  const { framework } = wanted
  if (framework === null || wanted.unreadable) return none()
  if (!isListed(framework)) return program(wanted, question, matrix)
  const cpu = cpuOnly(wanted, framework, question, matrix)
  if (cpu !== null) return { build: null, ...cpu }
  if (wanted.version === null && wanted.constraint === null)
    return none(missing('No version is asked for, and which build comes depends on it.', 'a version', null))
  const ofChannel = buildsOfChannel(framework, wanted.channel, matrix)
  if (ofChannel.length === 0)
    return none(
      missing(
        `The matrix has no builds of ${FRAMEWORK_NAMES[framework]} from ${wanted.channel ?? 'this channel'}.`,
        'a channel of the matrix',
        wanted.channel,
      ),
    )
  const ofVersion = ofChannel.filter(build => versionFits(build, wanted))
  if (ofVersion.length === 0) return none(noSuchVersion(wanted, framework, ofChannel, matrix))
  if (hasForeignHash(wanted, ofVersion)) return none(unknownHash(wanted, framework, ofVersion))
  const fitting = ofVersion.filter(build => buildFits(build, wanted))
  if (fitting.length === 0) return none(noSuchBuild(wanted, framework, ofVersion))
  return chosen(pick(fitting, wanted, question, node))
}

function program(wanted: Wanted, question: CompatibilityQuestion, matrix: Matrix): Choice {
  if (wanted.cuda === null)
    return none(missing('The CUDA version that the program was built with is not given.', 'a CUDA version', null))
  if (wanted.framework === 'cuda-runtime') return chosen(toolkitProgram(wanted.cuda, matrix))
  const { kernels } = question
  const build = kernels === undefined ? null : ownProgram(wanted.cuda, kernelsOf(kernels), matrix)
  if (build !== null) return chosen(build)
  const detail =
    kernels === undefined
      ? 'Which machine code and PTX the program holds is not given.'
      : 'The kernels name something that is no compute capability.'
  return none(
    finding('build-gpu', 'kernels-unknown', 'unknown', detail, {
      required: 'kernels: { sass: [...], ptx: [...] }',
      found: kernels === undefined ? null : Object.values(kernelsOf(kernels)).flat().join(', '),
      hint: 'cuobjdump --list-elf --list-ptx prints what the program holds.',
    }),
  )
}

/** Questions that no schema has completed may leave one of the two out. */
const kernelsOf = ({ sass, ptx }: Partial<NonNullable<CompatibilityQuestion['kernels']>>) => ({
  sass: sass ?? [],
  ptx: ptx ?? [],
})

function versionFits(build: Build, wanted: Wanted): boolean {
  if (wanted.version !== null) {
    if (wanted.version.length > 2) return within(wanted.version, build.from, build.to)
    // `1.3` is every 1.3.x: some of them have to lie in the range.
    const last = [...wanted.version, Number.POSITIVE_INFINITY]
    return (
      compareDotted(build.from, last) <= 0 &&
      (compareDotted(build.to, wanted.version) >= 0 || beginsWith(wanted.version, build.to))
    )
  }
  return wantsVersion(wanted, build.to)
}

function buildFits(build: Build, wanted: Wanted): boolean {
  if (wanted.tag !== null && build.tag !== null && build.tag !== wanted.tag) return false
  if (wanted.cudaMajor !== null && librariesComeWithIt(build) && build.cudaNumbers[0] !== wanted.cudaMajor) return false
  if (wanted.cudaAllows !== null && librariesComeWithIt(build) && !cudaIsAllowed(build, wanted.cudaAllows)) return false
  if (wanted.condaBuild !== null && !condaBuildFits(build, wanted.condaBuild)) return false
  if (wanted.cuda === null || wanted.fromModule || !librariesComeWithIt(build)) return true
  // One wheel for a whole major: whether the minor is new enough is for the gate.
  if (build.cudaAtRunTime !== null) return wanted.cuda[0] === build.cudaNumbers[0]
  return sameMinor(build.cudaNumbers, wanted.cuda)
}

/** 11.8 of `>=11.8,<12`, and 9.2.148 of `>=9.2.148`; one wheel for a whole major fits where one of its minors does. */
function cudaIsAllowed({ cuda, cudaNumbers, cudaAtRunTime }: Build, allows: Constraint): boolean {
  const minors =
    cudaAtRunTime === null
      ? [minorOf(cudaNumbers)]
      : Array.from({ length: 10 }, (_, minor) => [cudaNumbers[0] ?? 0, minor]).filter(minor =>
          within(minor, minorOf(cudaAtRunTime.from), cudaAtRunTime.to),
        )
  return [cuda, ...minors.map(showDotted)].some(text => {
    const version = parseCondaVersion(text)
    return version !== null && allows(version)
  })
}

/** tfjs-node-gpu finds CUDA on the node: what is asked for is what lies there, and the gate compares. */
const librariesComeWithIt = (build: Build): boolean => build.framework !== 'tfjs-node-gpu'

/** A hash that no row of the version has: the rows are not all there is, so it may be a rebuild. */
const hasForeignHash = ({ condaBuild }: Wanted, builds: readonly Build[]): boolean => {
  const hashes = builds.flatMap(build => build.hashes)
  return (
    condaBuild !== null && hashes.length > 0 && HASH.test(condaBuild) && !hashes.some(hash => condaBuild.includes(hash))
  )
}

const HASH = /h[0-9a-f]{7}/

/** A build string that was written out, or a pattern: either may have stars where the other has letters. */
function condaBuildFits(build: Build, asked: string): boolean {
  if (build.hashes.length > 0 && HASH.test(asked)) return build.hashes.some(hash => asked.includes(hash))
  if (build.condaBuild === null) return true
  if (build.hashes.length > 0) return true
  // Which Python a build string names is the Python's business.
  // The last number counts rebuilds of the same thing.
  const plain = asked.replace(/^py\d[\d.]*(?=_)/, 'py0').replace(/_\d+$/, '')
  const there = build.condaBuild.replace('*', '0').replace(/_\d+$/, '')
  return globMatches(there, plain) || globMatches(plain, there) || globMatches(plain, `${there}_0`)
}

/**
 * Several fit: pip takes its default, and whoever named no CUDA gets the newest that the solver may take. Old conda channels
 * ask for no driver, so the solver takes the newest there is: only a build string protects.
 */
function pick(fitting: readonly Build[], wanted: Wanted, question: CompatibilityQuestion, node: Node): Build | null {
  const cpu = node.cpuArch
  const ofCpu = fitting.filter(build => build.cpuArchs === null || cpu === null || build.cpuArchs.includes(cpu))
  const candidates = ofCpu.length > 0 ? ofCpu : fitting
  const open = wanted.cuda === null && wanted.tag === null
  const narrower = [
    // To pip and to conda's == 1.3 is 1.3.0, and not the newest 1.3.x.
    (build: Build) => wanted.version !== null && compareDotted(build.to, wanted.version) === 0,
    (build: Build) =>
      build.cudaAtRunTime === null ||
      wanted.cuda === null ||
      within(wanted.cuda, build.cudaAtRunTime.from, build.cudaAtRunTime.to),
    (build: Build) => !open || build.isDefault,
    (build: Build) => !build.cudaGuard || guardHolds(build, question),
    (build: Build) => wanted.version !== null || pythonFits(build, wanted),
  ]
  const best = narrower.reduce((left, holds) => {
    const kept = left.filter(holds)
    return kept.length > 0 ? kept : left
  }, candidates)
  return [...best].sort(preferred)[0] ?? null
}

const pythonFits = (build: Build, wanted: Wanted): boolean =>
  wanted.python === null || build.python === null || allowedOf(wanted.python, build.python.supported).length > 0

/** Known kernels before unknown ones, an exact row before a range, x86_64 before others, newest first. */
function preferred(a: Build, b: Build): number {
  const arm = (build: Build) => (build.cpuArchs?.includes('x86_64') === false ? 1 : 0)
  return (
    arm(a) - arm(b) ||
    compareDotted(b.to, a.to) ||
    compareDotted(minorOf(b.cudaNumbers), minorOf(a.cudaNumbers)) ||
    Number(a.sass === null) - Number(b.sass === null)
  )
}

function guardHolds(build: Build, question: CompatibilityQuestion): boolean {
  const told = solverCuda(question)
  const ceiling = told === null ? null : parseDotted(told)
  return ceiling === null || (build.cudaNumbers[0] ?? 0) <= (ceiling[0] ?? 0)
}

const missing = (detail: string, required: string, found: string | null): CompatibilityFinding =>
  finding('build-rest', 'build-unknown', 'unknown', detail, { required, found })
