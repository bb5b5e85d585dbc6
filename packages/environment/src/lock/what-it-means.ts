// What the change of a lock means for nodes, drivers and code of one's own: the CUDA that the nodes must support, what the
// frameworks were built for, glibc, Python.
import type { EnvironmentLock } from '@trotline/contracts'
import { questionsOfLock } from '../judge-lock.ts'
import { compareConda, parseCondaVersion } from '../versions/conda.ts'
import { cudaOfBuildString, parseWheelTag } from '../versions/cuda.ts'
import { minorOf, showDotted } from '../versions/dotted.ts'
import { parseRelease } from '../versions/release.ts'
import { packagesOfLock } from './judged.ts'

/** In sentences, most important first. */
export function whatItMeans(before: EnvironmentLock, after: EnvironmentLock): string[] {
  const sentences: string[] = []
  if (before.platform !== after.platform)
    sentences.push(
      `The lock is for ${after.platform}, before for ${before.platform}: nodes of the one cannot run the other.`,
    )
  sentences.push(...cudaFloors(before, after))
  sentences.push(...frameworks(before, after))
  sentences.push(...glibcFloors(before, after))
  sentences.push(...python(before, after))
  const known = new Set(['__cuda', '__glibc'])
  for (const [name, was, is] of changedRequirements(before, after)) {
    if (known.has(name)) continue
    sentences.push(
      was === null
        ? `Nodes must offer ${name} ${is} now.`
        : is === null
          ? `Nodes need not offer ${name} any more.`
          : `Nodes must offer ${name} ${is} now, before ${was}.`,
    )
  }
  return sentences
}

/** The highest `>=` that is asked of a virtual package, and who asks. */
export function floorOf(lock: EnvironmentLock, name: string): { version: string; by: string[] } | null {
  let floor: { version: string; by: string[] } | null = null
  for (const one of lock.virtualPackages) {
    if (one.name !== name) continue
    const version = />=\s*([^,|]+)/.exec(one.requires)?.[1]?.trim()
    const parsed = version === undefined ? null : parseCondaVersion(version)
    if (version === undefined || parsed === null) continue
    const highest = floor === null ? null : parseCondaVersion(floor.version)
    const difference = highest === null ? 1 : compareConda(parsed, highest)
    if (difference > 0) floor = { version, by: one.by }
  }
  return floor
}

function cudaFloors(before: EnvironmentLock, after: EnvironmentLock): string[] {
  const was = floorOf(before, '__cuda')
  const is = floorOf(after, '__cuda')
  const because = (floor: { by: string[] }) => `because of ${floor.by.map(name => name).join(', ')}`
  if (was?.version === is?.version) return []
  if (is === null) return [`No package asks for a CUDA of the nodes any more; before, ${was?.version} was needed.`]
  if (was === null)
    return [`Nodes need a driver for CUDA ${is.version} or newer now, ${because(is)}; before, none was asked for.`]
  const [one, other] = [parseCondaVersion(was.version), parseCondaVersion(is.version)]
  const raised = one !== null && other !== null && compareConda(other, one) > 0
  return [
    raised
      ? `Nodes need a driver for CUDA ${is.version} or newer now, ${because(is)}; before, CUDA ${was.version} was enough.`
      : `A driver for CUDA ${is.version} is enough for the nodes now; before, CUDA ${was.version} was needed, ${because(was)}.`,
  ]
}

function frameworks(before: EnvironmentLock, after: EnvironmentLock): string[] {
  const was = builtFor(before)
  const is = builtFor(after)
  return [...is].flatMap(([name, target]) => {
    const old = was.get(name)
    return old === undefined || old === target ? [] : [`${name} is built for ${target} now, before for ${old}.`]
  })
}

/** As far as build strings and the local versions of wheels tell. */
function builtFor(lock: EnvironmentLock): Map<string, string> {
  const targets = new Map<string, string>()
  for (const { framework, package: name, condaBuild, frameworkVersion } of questionsOfLock(packagesOfLock(lock), {})) {
    const target = targetOf(condaBuild, frameworkVersion)
    if (target !== null) targets.set(name ?? framework ?? '', target)
  }
  return targets
}

function targetOf(build: string | undefined, version: string | undefined): string | null {
  const tag = parseRelease(version ?? '')?.local ?? null
  const cuda = build === undefined ? (tag === null ? null : parseWheelTag(tag)) : cudaOfBuildString(build)
  if (cuda !== null) return `CUDA ${showDotted(minorOf(cuda))}`
  // tensorflow of defaults names its CPU builds for their libraries: mkl_py36h…, eigen_py36h….
  return /(?:^|_)(?:cpu|mkl|eigen)(?:_|$)/.test(build ?? tag ?? '') ? 'CPUs' : null
}

function glibcFloors(before: EnvironmentLock, after: EnvironmentLock): string[] {
  const was = floorOf(before, '__glibc')?.version
  const is = floorOf(after, '__glibc')?.version
  if (was === is || is === undefined) return was === is ? [] : ['No package asks for a glibc of the nodes any more.']
  return [`Nodes need glibc ${is} or newer now${was === undefined ? '' : `, before ${was}`}.`]
}

function python(before: EnvironmentLock, after: EnvironmentLock): string[] {
  const minor = (lock: EnvironmentLock) =>
    /^\d+\.\d+/.exec(lock.conda.find(one => one.name === 'python')?.version ?? '')?.[0]
  const [was, is] = [minor(before), minor(after)]
  if (was === is || was === undefined || is === undefined) return []
  return [`Python is ${is} now, before ${was}: compiled modules of your own have to be built anew.`]
}

/** Name, what was asked, what is asked; several constraints of one name are joined. */
function changedRequirements(
  before: EnvironmentLock,
  after: EnvironmentLock,
): [string, string | null, string | null][] {
  const asked = (lock: EnvironmentLock, name: string) => {
    const lines = lock.virtualPackages.filter(one => one.name === name).map(one => one.requires)
    return lines.length === 0 ? null : lines.join(' and ')
  }
  const names = new Set([...before.virtualPackages, ...after.virtualPackages].map(one => one.name))
  return [...names].sort().flatMap(name => {
    const [was, is] = [asked(before, name), asked(after, name)]
    return was === is ? [] : [[name, was, is] as [string, string | null, string | null]]
  })
}
