// conda-lock.yml, version 1, as conda-lock 1 to 4 write it and micromamba installs it from a file whose name ends in
// -lock.yml. Its model is conda_lock/lockfile/v1/models.py.
import type { CondaPlatform, EnvironmentLock } from '@trotline/contracts'
import { CONDA_PLATFORMS, LOCK_LIMITS } from '@trotline/contracts'
import { z } from 'zod'
import { type PlacedFinding, placed, type Reading, refused, refusedFor } from '../reading.ts'
import { canonicalJson, sha256Of } from './canonical.ts'
import { carriedLines, readCarried } from './carried.ts'
import { channelsOfLock, type Dependencies, pipLacks } from './channels-of-lock.ts'
import { type ArchiveRecord, type LockParts, makeLock, type PinnedLock } from './make-lock.ts'
import { sameAsWritten } from './same-as-written.ts'
import { held, lockYaml, pipName, yamlText } from './yaml-lock.ts'

const WHAT = 'conda-lock.yml'

export interface CondaLockWriting {
  /** By sha256; without them the file lists no dependencies. */
  dependencies?: Dependencies | undefined
  /** In order of priority; without them, those that the packages come from. */
  channels?: readonly string[] | undefined
}

export function writeCondaLock({ id, lock }: PinnedLock, { dependencies, channels }: CondaLockWriting = {}): string {
  const document = {
    version: 1,
    metadata: {
      // conda-lock compares it with the hash of the spec beside it to see whether to solve again; to install, it only has to be there.
      content_hash: { [lock.platform]: sha256Of(canonicalJson(lock.conda)) },
      channels: (channels ?? channelsOfLock(lock)).map(url => ({ url, used_env_vars: [] })),
      platforms: [lock.platform],
      sources: ['environment.yml'],
    },
    package: lock.conda.map(one => ({
      name: one.name,
      version: one.version,
      manager: 'conda',
      platform: lock.platform,
      dependencies: Object.fromEntries((dependencies?.get(one.sha256)?.depends ?? []).map(nameAndConstraint)),
      url: one.url,
      hash: { md5: one.md5, sha256: one.sha256 },
      category: 'main',
      optional: false,
    })),
  }
  return `${carriedLines(id, lock, true)}${yamlText(document)}`
}

function nameAndConstraint(depends: string): [string, string] {
  const [name = '', ...rest] = depends.trim().split(/\s+/)
  return [name, rest.join(' ')]
}

const Text = z.string().max(2000)
const Package = z.object({
  name: Text,
  version: Text,
  manager: z.enum(['conda', 'pip']),
  platform: Text,
  dependencies: z.record(Text, Text).optional(),
  url: Text,
  hash: z.object({ md5: Text.optional(), sha256: Text.optional() }),
  build: Text.optional(),
  source: z.unknown().optional(),
  category: Text.optional(),
  optional: Text.optional(),
})
type Package = z.infer<typeof Package>

const File = z.object({
  version: z.literal('1', 'is not 1, the version of conda-lock.yml that is read'),
  metadata: z.object({ platforms: z.array(Text).max(64) }),
  package: z.array(Package).max(8 * (LOCK_LIMITS.conda + LOCK_LIMITS.pip)),
})

export interface CondaLockOptions {
  /** Where the file has several. */
  platform?: CondaPlatform | undefined
}

export function readCondaLock(text: string, { platform }: CondaLockOptions = {}): Reading<PinnedLock> {
  const yaml = lockYaml(text, WHAT)
  if (!yaml.ok) return yaml
  const file = held(File, yaml.value, WHAT)
  if (!file.ok) return file
  const there = file.value.metadata.platforms
  const chosen = platform ?? CONDA_PLATFORMS.find(one => there.includes(one))
  if (chosen === undefined || !there.includes(chosen))
    return refusedFor({
      detail: `${WHAT} is for ${there.join(', ').slice(0, 200) || 'no platform'}, not for ${chosen ?? 'Linux'}.`,
      required: chosen ?? CONDA_PLATFORMS.join(', '),
    })
  const carried = readCarried(text)
  const findings: PlacedFinding[] = []
  const notes: PlacedFinding[] = []
  const records: ArchiveRecord[] = []
  const pip: NonNullable<LockParts['pip']>[number][] = [...carried.pip]
  file.value.package.forEach((one, i) => {
    if (one.platform !== chosen) return
    const pointer = `/package/${i}`
    const place = yaml.value.placeOf(pointer)
    if ((one.category ?? 'main') !== 'main' || one.optional === 'true') {
      notes.push(
        placed(
          { detail: `${one.name} is left out: it is of the category ${one.category ?? 'main'}, and optional.` },
          pointer,
          place,
        ),
      )
      return
    }
    if (one.manager === 'conda') records.push({ ...recordOf(one, carried.archives), place })
    else {
      const sha256 = one.hash.sha256?.toLowerCase()
      if (sha256 === undefined || isDirect(one.source))
        findings.push(
          placed(
            {
              detail: `${one.name} of pip ${sha256 === undefined ? 'has no sha256' : 'comes from an address of its own, not from an index'}.`,
            },
            pointer,
            place,
          ),
        )
      else pip.push({ name: pipName(one.name), version: one.version, sha256: [sha256], place })
    }
  })
  if (findings.length > 0) return refused(findings)
  const made = makeLock({ platform: chosen, records, pip, virtualPackages: carried.virtualPackages })
  return sameAsWritten(made.ok ? { ...made, notes: [...notes, ...made.notes] } : made, carried.id)
}

const isDirect = (source: unknown): boolean => typeof source === 'object' && source !== null

function recordOf(one: Package, carried: ReadonlyMap<string, { size: number | null }>): ArchiveRecord {
  return {
    url: one.url,
    name: one.name,
    version: one.version,
    build: one.build,
    md5: one.hash.md5,
    sha256: one.hash.sha256,
    size: carried.get(one.hash.md5?.toLowerCase() ?? '')?.size,
    depends: Object.entries(one.dependencies ?? {}).map(([name, constraint]) => `${name} ${constraint}`.trim()),
  }
}

/** What this format has no place for, for people. */
export const condaLockLacks = (lock: EnvironmentLock): string[] => [
  'conda-lock.yml has no place for the sizes of archives and for what the nodes must offer: both stand in comments that only Trotline reads.',
  ...pipLacks('conda-lock', lock),
]
