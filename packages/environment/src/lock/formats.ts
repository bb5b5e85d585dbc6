// The forms that a lock is given out in and taken in. What a form has no place for is said, and stands in its comments.
import { CONDA_PLATFORMS, type CondaPlatform, LOCK_LIMITS } from '@trotline/contracts'
import { type Reading, refused, refusedFor, shown } from '../reading.ts'
import { unreadable } from '../yaml-text.ts'
import { canonicalJson } from './canonical.ts'
import { pipLacks } from './channels-of-lock.ts'
import { type CondaLockWriting, condaLockLacks, readCondaLock, writeCondaLock } from './conda-lock.ts'
import { type ExplicitOptions, readExplicit, writeExplicit } from './explicit.ts'
import { type PinnedLock, pinned } from './make-lock.ts'
import { pixiLacks, readPixi, writePixi } from './pixi.ts'

export const LOCK_FORMATS = ['trotline', 'explicit', 'conda-lock', 'pixi'] as const
export type LockFormat = (typeof LOCK_FORMATS)[number]

export interface WrittenLock {
  text: string
  /** For people, in sentences: what another tool will not find in it. */
  lacks: string[]
}

/** `trotline`: the canonical bytes, whose sha256 is the id. */
export function writeLock(lock: PinnedLock, format: LockFormat, writing: CondaLockWriting = {}): WrittenLock {
  switch (format) {
    case 'trotline':
      return { text: canonicalJson(lock.lock), lacks: [] }
    case 'explicit':
      return { text: writeExplicit(lock), lacks: explicitLacks(lock) }
    case 'conda-lock':
      return {
        text: writeCondaLock(lock, writing),
        lacks: [...condaLockLacks(lock.lock), ...withoutDependencies(writing)],
      }
    case 'pixi':
      return { text: writePixi(lock, writing), lacks: [...pixiLacks(lock.lock), ...withoutDependencies(writing)] }
  }
}

const withoutDependencies = ({ dependencies }: CondaLockWriting): string[] =>
  dependencies === undefined ? ['What each package depends on is not listed: a lock does not have it.'] : []

const explicitLacks = ({ lock }: PinnedLock): string[] => [
  '@EXPLICIT has no place for sha256, sizes and what the nodes must offer: they stand in comments that only Trotline reads.',
  ...pipLacks('conda, mamba or micromamba', lock),
]

export interface LockReading extends Omit<ExplicitOptions, 'platform'> {
  /** Of pixi. */
  environment?: string | undefined
  /** Of a file with several; of pixi's version 7 also a name. */
  platform?: string | undefined
}

/** The format shows in the text. Nothing in it is believed that the schema of our own lock would not take. */
export function readLock(text: string, { environment, platform, records }: LockReading = {}): Reading<PinnedLock> {
  const format = formatOf(text)
  if (format === 'pixi') return readPixi(text, { environment, platform })
  const wanted: CondaPlatform | undefined = CONDA_PLATFORMS.find(one => one === platform)
  if (platform !== undefined && wanted === undefined)
    return refusedFor({
      detail: `${shown(platform)} is no platform that nodes have.`,
      required: CONDA_PLATFORMS.join(', '),
      found: platform.slice(0, 80),
    })
  switch (format) {
    case 'trotline':
      return readTrotline(text, wanted)
    case 'explicit':
      return readExplicit(text, { platform: wanted, records })
    case 'conda-lock':
      return readCondaLock(text, { platform: wanted })
    case null:
      return refusedFor({
        detail: 'This is no lock: it is neither of Trotline, nor @EXPLICIT, nor conda-lock.yml, nor pixi.lock.',
        required: 'one of the four',
      })
  }
}

export function formatOf(text: string): LockFormat | null {
  if (/^\s*\{/.test(text)) return 'trotline'
  if (/^@EXPLICIT\s*$/m.test(text)) return 'explicit'
  if (/^environments:/m.test(text) && /^packages:/m.test(text)) return 'pixi'
  return /^package:/m.test(text) ? 'conda-lock' : null
}

function readTrotline(text: string, wanted: CondaPlatform | undefined): Reading<PinnedLock> {
  const wrong = unreadable(text, 'The lock', LOCK_LIMITS)
  if (wrong !== null) return refused([wrong])
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return refusedFor({ detail: 'The lock is not JSON.', required: 'the JSON of a lock, whole' })
  }
  const version = typeof value === 'object' && value !== null && 'v' in value ? value.v : undefined
  if (version !== 1)
    return refusedFor({
      detail:
        typeof version === 'number' && version > 1
          ? `The lock has version ${version}, which a newer Trotline wrote.`
          : 'The JSON is no lock of Trotline: it has no version.',
      required: '"v": 1',
    })
  const read = pinned(value, [])
  if (!read.ok || wanted === undefined || read.value.lock.platform === wanted) return read
  return refusedFor({
    detail: `The lock is for ${read.value.lock.platform}, not for ${wanted}.`,
    required: wanted,
    found: read.value.lock.platform,
  })
}
