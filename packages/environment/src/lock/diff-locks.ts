// What changed between two locks, in the order in which it matters to somebody whose job gave other numbers, or none:
// frameworks and Python first, the same package with other contents above all, where archives lie last.
import type { EnvironmentLock } from '@trotline/contracts'
import { frameworkOf } from '../builds/framework-names.ts'
import { CUDA_PACKAGES } from '../judge-lock.ts'
import { whatItMeans } from './what-it-means.ts'

/**
 * archive: name, version and build are the same, and the contents are not. address: the same archive from elsewhere, or a
 * size that one of the two does not know.
 */
export type ChangeKind = 'archive' | 'version' | 'build' | 'added' | 'removed' | 'address'

export interface LockChange {
  manager: 'conda' | 'pip'
  name: string
  kind: ChangeKind
  /** Version, and build where the build differs; null: it was not there. */
  from: string | null
  /** null: it is not there any more. */
  to: string | null
  detail: string
}

export interface LockDiff {
  same: boolean
  /** For nodes, drivers and code of one's own; empty where nothing follows from the changes. */
  meaning: string[]
  /** Most important first, then by name. */
  changes: LockChange[]
}

export function diffLocks(before: EnvironmentLock, after: EnvironmentLock): LockDiff {
  const changes = [
    ...changesOf(
      'conda',
      before.conda.map(one => ({ ...one, contents: one.sha256, address: one.url })),
      after.conda.map(one => ({ ...one, contents: one.sha256, address: one.url })),
    ),
    ...changesOf(
      'pip',
      before.pip.map(one => ({ ...one, build: null, contents: one.sha256.join(), address: '', size: null })),
      after.pip.map(one => ({ ...one, build: null, contents: one.sha256.join(), address: '', size: null })),
    ),
  ].sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
  const meaning = whatItMeans(before, after)
  return { same: changes.length === 0 && meaning.length === 0, meaning, changes }
}

/** Lines for a terminal. */
export function diffText({ same, meaning, changes }: LockDiff): string[] {
  if (same) return ['The two locks are the same.']
  const counted = KINDS.flatMap(([kind, word]) => {
    const count = changes.filter(one => one.kind === kind).length
    return count === 0 ? [] : [`${count} ${word}`]
  })
  return [
    ...meaning,
    ...(counted.length === 0 ? [] : [`${counted.join(', ')}:`]),
    ...changes.map(one => `  ${one.detail}`),
  ]
}

const KINDS: readonly (readonly [ChangeKind, string])[] = [
  ['archive', 'with other contents under the same name'],
  ['version', 'in another version'],
  ['build', 'in another build'],
  ['added', 'added'],
  ['removed', 'removed'],
  ['address', 'the same, told otherwise'],
]

interface Compared {
  name: string
  version: string
  build: string | null
  contents: string
  address: string
  size: number | null
}

function changesOf(
  manager: LockChange['manager'],
  before: readonly Compared[],
  after: readonly Compared[],
): LockChange[] {
  const old = new Map(before.map(one => [one.name, one]))
  const fresh = new Map(after.map(one => [one.name, one]))
  const changes: LockChange[] = []
  for (const name of new Set([...old.keys(), ...fresh.keys()])) {
    const change = changeOf(manager, name, old.get(name), fresh.get(name))
    if (change !== null) changes.push(change)
  }
  return changes
}

function changeOf(
  manager: LockChange['manager'],
  name: string,
  was: Compared | undefined,
  is: Compared | undefined,
): LockChange | null {
  const called = manager === 'pip' ? `${name} (pip)` : name
  const whole = (one: Compared) => (one.build === null ? one.version : `${one.version} ${one.build}`)
  if (was === undefined || is === undefined) {
    if (is !== undefined)
      return { manager, name, kind: 'added', from: null, to: whole(is), detail: `+ ${called} ${whole(is)}` }
    if (was === undefined) return null
    return { manager, name, kind: 'removed', from: whole(was), to: null, detail: `- ${called} ${whole(was)}` }
  }
  const change = (kind: ChangeKind, from: string, to: string, detail: string): LockChange => ({
    manager,
    name,
    kind,
    from,
    to,
    detail,
  })
  if (was.version !== is.version) {
    const builds = was.build === is.build ? '' : ` (build ${was.build} → ${is.build})`
    return change('version', whole(was), whole(is), `${called} ${was.version} → ${is.version}${builds}`)
  }
  if (was.build !== is.build)
    return change('build', whole(was), whole(is), `${called} ${was.version}, build only: ${was.build} → ${is.build}`)
  if (was.contents !== is.contents && !(manager === 'pip' && overlap(was.contents, is.contents)))
    return change(
      'archive',
      whole(was),
      whole(is),
      `${called} ${whole(was)} has other contents under the same name: sha256 ${was.contents.slice(0, 12)}… → ${is.contents.slice(0, 12)}…`,
    )
  if (was.contents !== is.contents || was.address !== is.address || was.size !== is.size) {
    const what =
      manager === 'pip'
        ? 'other files of the same release are allowed'
        : was.address === is.address
          ? 'the same archive, whose size only one of the two knows'
          : 'the same archive, from another address'
    return change('address', whole(was), whole(is), `${called} ${whole(was)}: ${what}`)
  }
  return null
}

/** pip: a release has many files; two locks may know different ones of them. */
function overlap(one: string, other: string): boolean {
  const known = new Set(one.split(','))
  return other.split(',').some(hash => known.has(hash))
}

const CUDA_LIBRARY = /^(?:cudnn|nccl|libcublas|libcudnn|cuda-)/

function rank({ kind, name }: LockChange): number {
  if (kind === 'archive') return 0
  if (kind === 'address') return 9
  const kinds = kind === 'build' ? 1 : 0
  if (frameworkOf(name) !== null) return 1
  if (CUDA_PACKAGES.has(name) || CUDA_LIBRARY.test(name)) return 2
  if (name === 'python') return 3
  return 4 + kinds
}
