// Which of a lock's requirements nodes do not meet, and how that is said. The same for a solver's target, a job's partition, and a
// rerun elsewhere.
import type { CondaPlatform, EnvironmentLock, VirtualPackages, VirtualRequirement } from '@trotline/contracts'
import { compareConda, parseCondaVersion, parseConstraint } from '../versions/conda.ts'

export interface UnmetRequirement extends VirtualRequirement {
  /** What the nodes have of it; null: nothing. */
  offered: string | null
  /** The version that would be enough, where it is a floor; null: it is not. */
  floor: string | null
}

/**
 * Of each virtual package the requirement that asks for the most. What nobody knows of the nodes (undefined) is not held against them;
 * null says that they have none, which only a required one minds, as conda has it.
 */
export function unmet(
  { virtualPackages }: Pick<EnvironmentLock, 'virtualPackages'>,
  offered: VirtualPackages,
): UnmetRequirement[] {
  const worst = new Map<string, UnmetRequirement>()
  for (const one of virtualPackages) {
    const found = offerOf(one, offered)
    if (found === undefined || isMet(one, found)) continue
    const next = { ...one, offered: found, floor: floorIn(one.requires) }
    const before = worst.get(one.name)
    if (before === undefined || asksMore(next, before)) worst.set(one.name, next)
  }
  return [...worst.values()].sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1))
}

const KNOWN = ['__cuda', '__cuda_arch', '__glibc', '__archspec', '__linux'] as const
type Known = (typeof KNOWN)[number]
const isKnown = (name: string): name is Known => (KNOWN as readonly string[]).includes(name)
const rank = (name: string): number => (isKnown(name) ? KNOWN.indexOf(name) : KNOWN.length)

/** undefined: nobody knows. Slurm's nodes run Linux. */
function offerOf({ name }: VirtualRequirement, offered: VirtualPackages): string | null | undefined {
  if (isKnown(name)) return name === '__linux' ? (offered.__linux ?? undefined) : offered[name]
  return name === '__win' || name === '__osx' ? null : undefined
}

function isMet({ name, requires, presence }: VirtualRequirement, offered: string | null): boolean {
  if (offered === null) return presence === 'if-present'
  const [written = '*', build] = requires.split(/\s+/)
  // Its version is always 1; the architecture stands where others have their build.
  if (name === '__archspec') return build === undefined || archServes(offered, build)
  const holds = parseConstraint(written)
  const version = parseCondaVersion(offered)
  return holds === null || version === null || holds(version)
}

/** x86_64_v3 of x86-64's levels; of any other name only the family tells. */
function archServes(offered: string, asked: string): boolean {
  if (asked.includes('*')) return true
  const [has, wants] = [levelOf(offered), levelOf(asked)]
  if (has.family !== wants.family) return has.family === null || wants.family === null
  // uname tells the family and not the level.
  return has.level === null || wants.level === null || has.level >= wants.level
}

function levelOf(name: string): { family: string | null; level: number | null } {
  const [, family = null, level] = /^(x86_64|aarch64|ppc64le)(?:_v(\d))?$/.exec(name) ?? []
  return { family, level: level === undefined ? null : Number(level) }
}

function floorIn(requires: string): string | null {
  const version = />=\s*([^,| ]+)/.exec(requires)?.[1]
  return version === undefined || parseCondaVersion(version) === null ? null : version
}

function asksMore(one: UnmetRequirement, other: UnmetRequirement): boolean {
  const [a, b] = [one, other].map(({ floor }) => (floor === null ? null : parseCondaVersion(floor)))
  if (a == null || b == null) return a != null
  return compareConda(a, b) > 0
}

/**
 * "The environment needs a driver for CUDA 9.2 because of cudatoolkit 9.2; partition gpuold offers 8.0."
 * @param target who offers, in words: `partition gpuold`
 */
export function unmetText(
  { name, requires, by, offered, floor }: UnmetRequirement,
  lock: Pick<EnvironmentLock, 'conda'>,
  target: string,
): string {
  const because = ` because of ${by.map(one => withVersion(one, lock)).join(', ')}`
  const least = floor ?? requires
  // Any will do: then there is none.
  const version = least === '*' ? '' : ` ${least}`
  switch (name) {
    case '__cuda':
      return offered === null
        ? `The environment needs a driver for CUDA${version}${because}; ${target} has no GPU.`
        : `The environment needs a driver for CUDA${version}${because}; ${target} offers ${offered}.`
    case '__cuda_arch':
      return `The environment needs a GPU${least === '*' ? '' : ` of compute capability ${least}`}${because}; ${target} has ${offered ?? 'no GPU'}.`
    case '__glibc':
      return `The environment needs glibc${version}${because}; ${target} has ${offered ?? 'another C library'}.`
    case '__archspec':
      return `The environment needs processors of ${requires.split(/\s+/)[1] ?? requires}${because}; ${target} has ${offered ?? 'others'}.`
    case '__linux':
      return `The environment needs Linux${version}${because}; ${target} has ${offered ?? 'none'}.`
    default:
      return `The environment needs ${name} ${requires}${because}; ${target} has ${offered ?? 'none'}.`
  }
}

const withVersion = (name: string, { conda }: Pick<EnvironmentLock, 'conda'>): string => {
  const version = conda.find(one => one.name === name)?.version
  return version === undefined ? name : `${name} ${version}`
}

/** Before they are asked of anybody: `CUDA 9.2 or newer (cudatoolkit)`. */
export function requirementsInWords({ virtualPackages }: Pick<EnvironmentLock, 'virtualPackages'>): string[] {
  const most = new Map<string, UnmetRequirement>()
  for (const one of virtualPackages) {
    const next = { ...one, offered: null, floor: floorIn(one.requires) }
    const before = most.get(one.name)
    if (before === undefined || asksMore(next, before)) most.set(one.name, next)
  }
  return [...most.values()]
    .sort((a, b) => rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1))
    .map(({ name, requires, floor, by }) => {
      const what = WORDS[name] ?? name
      const much =
        name === '__archspec' ? (requires.split(/\s+/)[1] ?? '') : floor === null ? requires : `${floor} or newer`
      return `${what}${much === '' || much === '*' ? '' : ` ${much}`} (${by.join(', ')})`
    })
}

const WORDS: Readonly<Record<string, string>> = {
  __cuda: 'CUDA',
  __cuda_arch: 'compute capability',
  __glibc: 'glibc',
  __archspec: 'processor',
  __linux: 'Linux',
  __unix: 'Unix',
}

/** As `uname -m` and the kernel name them. */
export const platformOf = (cpuArch: string): CondaPlatform | null => PLATFORMS[cpuArch] ?? null

const PLATFORMS: Readonly<Record<string, CondaPlatform>> = {
  x86_64: 'linux-64',
  aarch64: 'linux-aarch64',
  ppc64le: 'linux-ppc64le',
}
