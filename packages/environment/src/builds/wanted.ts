// What the question asks for, once its words are understood: the same whether somebody wrote `condaSpec`, a wheel's tag,
// a version with +cu121 in it, or CUDA by number. What cannot be read becomes a finding that says so.
import type { CompatibilityFinding, CompatibilityQuestion } from '@trotline/contracts'
import { finding } from '../findings.ts'
import { type Constraint, parseCondaVersion, parseConstraint } from '../versions/conda.ts'
import {
  cudaMajorOfBuildString,
  cudaMajorOfTag,
  cudaOfBuildString,
  parseCuda,
  parseCudaMajor,
  parseWheelTag,
} from '../versions/cuda.ts'
import { compareDotted, type Dotted, parseDotted, sameMinor, showDotted } from '../versions/dotted.ts'
import { type MatchSpec, parseMatchSpec } from '../versions/match-spec.ts'
import { type PythonAsked, parsePython } from '../versions/python.ts'
import { parseRelease } from '../versions/release.ts'
import type { Framework } from './build.ts'
import { isListed } from './builds-of.ts'
import { channelOf } from './channels.ts'
import { contradictions } from './contradictions.ts'
import { frameworkOf } from './framework-names.ts'

export interface Wanted {
  framework: Framework | null
  /** null: the framework is none of those the matrix knows, or none is named. */
  package: string | null
  channel: string | null
  /** As written, for messages. */
  versionText: string | null
  /** Exact numbers; null where there is a constraint, or nothing. */
  version: Dotted | null
  constraint: Constraint | null
  /** Of the build; of the module where libraries come from one. */
  cuda: Dotted | null
  /** "12", as JAX names its wheels: any CUDA 12. */
  cudaMajor: number | null
  /** ">=11.8,<12", as conda's lines have it; null: no range is asked for. */
  cudaAllows: Constraint | null
  cudnn: Dotted | null
  tag: string | null
  /** A build string or a pattern of one. */
  condaBuild: string | null
  python: PythonAsked | null
  fromModule: boolean
  napi: number | null
  findings: CompatibilityFinding[]
  /** Something that decides which build it is could not be read: no table can be asked. */
  unreadable: boolean
}

export function understandSoftware(question: CompatibilityQuestion): Wanted {
  const wanted: Wanted = {
    framework: null,
    package: null,
    channel: null,
    versionText: null,
    version: null,
    constraint: null,
    cuda: null,
    cudaMajor: null,
    cudaAllows: null,
    cudnn: null,
    tag: null,
    condaBuild: null,
    python: null,
    fromModule: question.librariesFrom === 'module',
    napi: question.napi ?? null,
    findings: [],
    unreadable: false,
  }
  const spec = specOf(question, wanted)
  readFramework(question, spec, wanted)
  const [contradiction] = contradictions(question, spec)
  if (contradiction !== undefined) {
    // No half of it is judged: what is said of one need not hold for the other.
    wanted.findings.push(contradiction)
    wanted.unreadable = true
    return wanted
  }
  readVersion(question, spec, wanted)
  readBuild(question, spec, wanted)
  readChannel(question, spec, wanted)
  if (question.cudnn !== undefined) {
    wanted.cudnn = parseDotted(question.cudnn.trim().replace(/^v/i, ''))
    if (wanted.cudnn === null) unread(wanted, 'cudnn', question.cudnn, 'a version such as 8.9 or 9.1.0', false)
  }
  if (question.python !== undefined) {
    wanted.python = parsePython(question.python)
    if (wanted.python === null) unread(wanted, 'python', question.python, 'a version such as 3.11, or <3.7', false)
  }
  return wanted
}

function specOf(question: CompatibilityQuestion, wanted: Wanted): MatchSpec | null {
  if (question.condaSpec === undefined) return null
  const spec = parseMatchSpec(question.condaSpec)
  if (spec === null)
    unread(wanted, 'condaSpec', question.condaSpec, 'a match spec such as pytorch::pytorch=1.3=*cuda9.2*')
  return spec
}

function readFramework(question: CompatibilityQuestion, spec: MatchSpec | null, wanted: Wanted): void {
  const name = question.framework ?? question.package ?? spec?.name
  const found = name === undefined ? null : frameworkOf(name)
  if (found === null) {
    wanted.unreadable = true
    wanted.findings.push(
      finding(
        'build-rest',
        'framework-unknown',
        'unknown',
        name === undefined ? 'No framework is named.' : `The matrix knows no framework called "${name}".`,
        {
          required: 'pytorch, tensorflow, jax, tfjs-node-gpu, cuda-runtime or custom-cuda',
          found: name ?? null,
        },
      ),
    )
    return
  }
  wanted.framework = found.framework
  wanted.package = question.package?.trim().toLowerCase() ?? found.package ?? specPackage(spec)
}

const specPackage = (spec: MatchSpec | null): string | null =>
  spec === null ? null : (frameworkOf(spec.name)?.package ?? spec.name)

function readVersion(question: CompatibilityQuestion, spec: MatchSpec | null, wanted: Wanted): void {
  if (wanted.framework === 'custom-cuda' || wanted.framework === 'cuda-runtime') return
  // `=1.3`, `==1.3.1` and `1.3.*` name a release as well as the bare number does; what is left is a constraint.
  const written = question.frameworkVersion ?? spec?.version ?? undefined
  const text = written
    ?.trim()
    .replace(/^={1,3}(?=\d)/, '')
    .replace(/\.\*$/, '')
  if (text === undefined) return
  wanted.versionText = text
  const release = parseRelease(text)
  if (release !== null) {
    wanted.version = release.numbers
    wanted.versionText = text.replace(/\+.*$/, '')
    if (release.local !== null) wanted.tag = release.local
    if (release.preliminary) {
      wanted.unreadable = true
      wanted.findings.push(
        finding(
          'build-rest',
          'release-unknown',
          'unknown',
          `${text} is no final release: no table of the matrix speaks of it.`,
          {
            required: 'a final release',
            found: text,
          },
        ),
      )
    }
    return
  }
  wanted.constraint = parseConstraint(text)
  if (wanted.constraint === null) unread(wanted, 'frameworkVersion', text, 'a version such as 2.1.2')
}

function readBuild(question: CompatibilityQuestion, spec: MatchSpec | null, wanted: Wanted): void {
  wanted.condaBuild = question.condaBuild?.trim() ?? spec?.build ?? null
  if (question.cuda !== undefined) {
    wanted.cuda = parseCuda(question.cuda)
    if (wanted.cuda === null && wanted.framework !== null && isListed(wanted.framework))
      readCudaRange(question.cuda, wanted)
    if (wanted.cuda === null && wanted.cudaMajor === null && wanted.cudaAllows === null)
      unread(wanted, 'cuda', question.cuda, 'a version such as 12.1 or 9.2.148')
  } else if (wanted.framework === 'cuda-runtime' && question.frameworkVersion !== undefined) {
    wanted.cuda = parseCuda(question.frameworkVersion)
    if (wanted.cuda === null)
      unread(wanted, 'frameworkVersion', question.frameworkVersion, 'a version of CUDA such as 12.1')
  }
  wanted.tag = question.wheelTag?.trim().toLowerCase().replace(/^\+/, '') ?? wanted.tag
  // cu121.with.pypi.cudnn of PyTorch, cuda12.cudnn89 of JAX: the first word tells the CUDA.
  if (wanted.tag !== null) wanted.tag = /^(?:cu\d{2,3}|cuda\d{1,3}|cpu)(?=\.|$)/.exec(wanted.tag)?.[0] ?? wanted.tag
  if (wanted.tag !== null && !/^(?:cu\d{2,3}|cuda\d{1,3}|cpu)$/.test(wanted.tag))
    unread(wanted, 'wheelTag', wanted.tag, 'a tag such as cu121, or cuda12 of JAX')
  const told: [string, Dotted | null][] = [
    [`the wheel's tag ${wanted.tag}`, wanted.tag === null ? null : cudaOfTag(wanted.tag, wanted.framework)],
    [`the build string ${wanted.condaBuild}`, wanted.condaBuild === null ? null : cudaOfBuild(wanted.condaBuild)],
  ]
  // cu12 of a wheel is any CUDA 12: there is no wheel with that tag.
  if (wanted.tag !== null && wanted.framework !== 'jax' && cudaMajorOfTag(wanted.tag) !== null) wanted.tag = null
  for (const [what, cuda] of told) {
    if (cuda === null) continue
    if (wanted.cuda === null || wanted.fromModule) {
      if (!wanted.fromModule) takeCuda(cuda, wanted)
    } else if (cuda.length === 1 ? cuda[0] !== wanted.cuda[0] : !sameMinor(cuda, wanted.cuda))
      wanted.findings.push(
        finding(
          'build-rest',
          'build-not-published',
          'incompatible',
          `There is no such build: ${what} means CUDA ${showDotted(cuda)}, and CUDA ${showDotted(wanted.cuda)} is asked for.`,
          {
            required: `CUDA ${showDotted(cuda)}`,
            found: `CUDA ${showDotted(wanted.cuda)}`,
            hint: `Leave out one of the two, or ask for CUDA ${showDotted(cuda)}.`,
            from: [{ source: 'the name of the build itself', confidence: 'high' }],
          },
        ),
      )
    else if (compareDotted(cuda, wanted.cuda) !== 0 && cuda.length > wanted.cuda.length) wanted.cuda = cuda
  }
  const major = wanted.tag?.startsWith('cuda') === true ? parseWheelTag(wanted.tag)?.[0] : undefined
  if (major !== undefined) wanted.tag = `cuda${major}`
}

/** "12" is any CUDA 12, ">=11.8,<12" what it says; what is neither stays unread. */
function readCudaRange(text: string, wanted: Wanted): void {
  wanted.cudaMajor = parseCudaMajor(text.trim().replace(/^=+/, '').replace(/\.\*$/, ''))
  if (wanted.cudaMajor === null && /[<>=!~*|,]/.test(text)) wanted.cudaAllows = parseConstraint(text.trim())
}

/** One number: any CUDA of that major. JAX's own tags name majors, and are compared as tags. */
function cudaOfTag(tag: string, framework: Framework | null): Dotted | null {
  const major = framework === 'jax' ? null : cudaMajorOfTag(tag)
  return major === null ? parseWheelTag(tag) : [major]
}

function cudaOfBuild(build: string): Dotted | null {
  const major = cudaMajorOfBuildString(build)
  return major === null ? cudaOfBuildString(build) : [major]
}

function takeCuda(cuda: Dotted, wanted: Wanted): void {
  if (cuda.length === 1) wanted.cudaMajor ??= cuda[0] ?? null
  else wanted.cuda = cuda
}

function readChannel(question: CompatibilityQuestion, spec: MatchSpec | null, wanted: Wanted): void {
  const written = question.channel ?? spec?.channel
  if (written === undefined || written === null) {
    const conda = spec !== null || question.condaBuild !== undefined
    wanted.channel = wanted.framework === 'tfjs-node-gpu' ? 'npm' : conda ? null : 'pip'
    if (conda && wanted.framework === 'pytorch') wanted.channel = 'conda:pytorch'
    if (conda && wanted.framework === 'tensorflow') wanted.channel = 'conda:defaults'
    return
  }
  wanted.channel = channelOf(written)
  const program = wanted.framework === 'cuda-runtime' || wanted.framework === 'custom-cuda'
  if (wanted.channel === null && !program)
    unread(wanted, 'channel', written, 'pip, npm, conda:pytorch, conda:defaults or conda:conda-forge')
}

function unread(wanted: Wanted, field: string, text: string, required: string, decides = true): void {
  if (decides) wanted.unreadable = true
  wanted.findings.push(
    finding('build-rest', `${field}-unreadable`, 'unknown', `"${text}" cannot be read as ${field}.`, {
      required,
      found: text,
    }),
  )
}

/** Whether these numbers are what the question lets through. */
export function wantsVersion(wanted: Wanted, numbers: Dotted): boolean {
  if (wanted.constraint === null) return true
  const version = parseCondaVersion(showDotted(numbers))
  return version !== null && wanted.constraint(version)
}

/** What the solver takes for the newest CUDA of the driver; null: it is told of none. */
export function solverCuda({ env, virtualPackages }: CompatibilityQuestion): string | null {
  const override = env?.CONDA_OVERRIDE_CUDA
  return (override === undefined || override === '' ? virtualPackages?.__cuda : override) ?? null
}

/** The version asked for, where it is one and no constraint. */
export const exactText = (wanted: Wanted): string | null => (wanted.version === null ? null : wanted.versionText)
