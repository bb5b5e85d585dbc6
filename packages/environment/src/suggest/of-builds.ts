// Every build that the matrix lists of the framework, as a candidate: asked with the Python that was wanted, or with the
// nearest one that the build knows.
import type { CompatibilityQuestion } from '@trotline/contracts'
import type { Build, ListedFramework } from '../builds/build.ts'
import { buildsOf } from '../builds/builds-of.ts'
import { softwareOf } from '../builds/software-of.ts'
import { type Wanted, wantsVersion } from '../builds/wanted.ts'
import type { Matrix } from '../matrix/matrix.ts'
import {
  beginsWith,
  compareDotted,
  type Dotted,
  minorOf,
  parseDotted,
  sameMinor,
  showDotted,
  within,
} from '../versions/dotted.ts'
import { globMatches } from '../versions/match-spec.ts'
import { allowedOf, type PythonAsked } from '../versions/python.ts'
import { type Candidate, type ChangeKind, changesBetween, channelIsOpen } from './candidate.ts'
import { envFor } from './on-node.ts'

/** @param asked the CUDA that the judge found behind what was asked for; null: it found none */
export function candidatesOfBuilds(
  framework: ListedFramework,
  wanted: Wanted,
  asked: Dotted | null,
  question: CompatibilityQuestion,
  matrix: Matrix,
): Candidate[] {
  const builds = buildsOf(framework, matrix)
  const minors = distinct(builds.map(build => minorOf(build.to)))
  const cudas = distinct(builds.map(build => minorOf(build.cudaNumbers)))
  return builds.map(build => candidateOf({ build, wanted, asked, question, minors, cudas, matrix }))
}

interface Given {
  build: Build
  wanted: Wanted
  asked: Dotted | null
  question: CompatibilityQuestion
  /** In order: so many steps lie between two releases. */
  minors: readonly Dotted[]
  cudas: readonly Dotted[]
  matrix: Matrix
}

function candidateOf({ build, wanted, asked, question, minors, cudas, matrix }: Given): Candidate {
  const kinds = new Set<ChangeKind>()
  let steps = 0
  const version = versionOf(build, wanted)
  if (version === null) {
    const patch = wanted.version !== null && sameMinor(wanted.version, build.to)
    kinds.add(patch ? 'patch' : 'version')
    steps += patch ? patchSteps(wanted.version ?? [], build.to) : stepsBetween(minors, wanted.version, build.to)
  } else if (wanted.version !== null && compareDotted(wanted.version, build.to) !== 0) steps += 0.001 // 1.3 is first of all 1.3.0
  if (wanted.channel !== build.channel && !channelIsOpen(question)) kinds.add('channel')
  const sameCuda = asked !== null && sameMinor(asked, build.cudaNumbers)
  if (asked !== null && !sameCuda) {
    kinds.add('cuda')
    steps += stepsBetween(cudas, asked, build.cudaNumbers)
  }
  const python = pythonFor(build, wanted.python)
  if (python !== null && wanted.python !== null && python !== wanted.python.text) {
    kinds.add('python')
    steps += pythonSteps(wanted.python, python)
  }
  const named = kinds.size > 0 || asked === null
  const target = targetOf(build, version, python, named, wanted, question, matrix)
  const changes = changesBetween(question, target).map(change =>
    change.field === 'cuda' && change.from === null && asked !== null ? { ...change, from: showDotted(asked) } : change,
  )
  // Tag, build string and cuDNN follow the CUDA; changed without it they are another build of the same.
  const follows = kinds.has('cuda') || kinds.has('channel')
  const ofBuild = changes.some(
    ({ field, from }) =>
      field === 'package' ||
      field === 'forwardCompatPackage' ||
      field.startsWith('env.') ||
      (!follows && from !== null && (field === 'wheelTag' || field === 'condaBuild' || field === 'cudnn')),
  )
  if (ofBuild || asked === null) kinds.add('build')
  return { build, question: target, partition: null, kinds, changes, steps }
}

/**
 * The question, with the build named in it and nothing that names another.
 * @param named its CUDA has to be said, because the question alone would not come to it
 */
function targetOf(
  build: Build,
  version: string | null,
  python: string | null,
  named: boolean,
  wanted: Wanted,
  question: CompatibilityQuestion,
  matrix: Matrix,
): CompatibilityQuestion {
  const { condaSpec, condaBuild, wheelTag, forwardCompatPackage, env: _env, cudnn, ...kept } = question
  const listed = softwareOf(build)
  const env = envFor(question, matrix)
  const sameChannel = wanted.channel === build.channel
  const sameCuda = wanted.cuda !== null && !wanted.fromModule && sameMinor(wanted.cuda, build.cudaNumbers)
  const ownCuda = question.cuda !== undefined && (sameCuda || (wanted.fromModule && question.cuda === build.cuda))
  const buildString =
    condaBuild !== undefined && build.condaBuild !== null && sameBuildString(condaBuild, build.condaBuild)
  return {
    ...kept,
    framework: question.framework ?? build.framework,
    frameworkVersion: version ?? listed.frameworkVersion ?? build.version,
    ...(sameChannel ? {} : { channel: build.channel }),
    ...(listed.package === undefined || listed.package === (wanted.package ?? 'tensorflow')
      ? {}
      : { package: listed.package }),
    ...(ownCuda || (question.cuda === undefined && !named) ? {} : { cuda: build.cuda }),
    ...(build.tag === null ? {} : { wheelTag: build.tag }),
    ...(buildString ? { condaBuild } : {}),
    ...(cudnn === undefined || build.cudnn === null
      ? {}
      : { cudnn: sameCudnn(cudnn, build.cudnn) ? cudnn : build.cudnn }),
    ...(python === null ? {} : { python }),
    ...(env === undefined ? {} : { env }),
  }
}

/** 8.9 and 8.9.2 are one. */
function sameCudnn(one: string, other: string): boolean {
  const [a, b] = [parseDotted(one), parseDotted(other)]
  return a !== null && b !== null && (beginsWith(a, b) || beginsWith(b, a))
}

/** The version as it was asked for, where the build is one of it; null: another release. */
function versionOf(build: Build, wanted: Wanted): string | null {
  if (wanted.version !== null)
    return within(wanted.version, build.from, build.to) ? wanted.versionText : narrower(build, wanted.version)
  return wanted.constraint !== null && wantsVersion(wanted, build.to) ? showDotted(build.to) : null
}

/** 1.3.1, where 1.3 was asked for. */
const narrower = (build: Build, version: Dotted): string | null =>
  build.to.length > version.length && within(build.to, version, version) ? showDotted(build.to) : null

function pythonFor(build: Build, asked: PythonAsked | null): string | null {
  if (asked === null) return null
  if (build.python === null) return asked.text
  const { supported, experimental, openEnded } = build.python
  if (openEnded || allowedOf(asked, supported).length > 0) return asked.text
  const known = supported.length > 0 ? supported : experimental
  return [...known].sort((a, b) => pythonSteps(asked, a) - pythonSteps(asked, b) || (a < b ? 1 : -1))[0] ?? asked.text
}

/** In hundredths: 3.8 is two from 3.6. Where a constraint was asked for, the newest one below is near enough. */
function pythonSteps({ minor }: PythonAsked, python: string): number {
  const numbers = (text: string): [number, number] => {
    const [major = 0, second = 0] = text.replace('t', '').split('.').map(Number)
    return [major, second]
  }
  const [major, second] = numbers(python)
  if (minor === null) return (30 - second) / 1000
  const [askedMajor, askedSecond] = numbers(minor)
  return (Math.abs(major - askedMajor) * 20 + Math.abs(second - askedSecond)) / 100
}

const patchSteps = (from: Dotted, to: Dotted): number => Math.min(50, Math.abs((to[2] ?? 0) - (from[2] ?? 0))) / 100

/** In hundredths of releases between; from nothing named, the newest is the nearest. */
function stepsBetween(order: readonly Dotted[], from: Dotted | null, to: Dotted): number {
  const at = (version: Dotted): number => order.findIndex(one => compareDotted(one, minorOf(version)) >= 0)
  const start = from === null ? order.length : at(from)
  return Math.abs((start === -1 ? order.length : start) - at(to)) / 100
}

function distinct(versions: readonly Dotted[]): Dotted[] {
  const byText = new Map(versions.map(version => [showDotted(version), version]))
  return [...byText.values()].sort(compareDotted)
}

/** Both may have * in them. */
const sameBuildString = (one: string, other: string): boolean =>
  globMatches(one, other.replaceAll('*', 'x')) || globMatches(other, one.replaceAll('*', 'x'))
