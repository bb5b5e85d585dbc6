// pixi.lock: version 6 is written, 6 and 7 are read (pixi writes 7 since May 2026: platforms have names of their own and say
// which virtual packages the solver took for granted). The model is rattler_lock/src/parse/models/v6 and v7.
import { CONDA_PLATFORMS, type CondaPlatform, type EnvironmentLock, LOCK_LIMITS } from '@trotline/contracts'
import { z } from 'zod'
import { type PlacedFinding, placed, type Reading, refused, refusedFor, shown } from '../reading.ts'
import { carriedLines, readCarried } from './carried.ts'
import { channelsOfLock, pipLacks } from './channels-of-lock.ts'
import type { CondaLockWriting } from './conda-lock.ts'
import { type ArchiveRecord, type LockParts, makeLock, type PinnedLock } from './make-lock.ts'
import { sameAsWritten } from './same-as-written.ts'
import { held, lockYaml, pipName, WholeNumber, yamlText } from './yaml-lock.ts'

const WHAT = 'pixi.lock'

export function writePixi({ id, lock }: PinnedLock, { dependencies, channels }: CondaLockWriting = {}): string {
  const document = {
    version: 6,
    environments: {
      default: {
        channels: (channels ?? channelsOfLock(lock)).map(url => ({ url: `${url.replace(/\/+$/, '')}/` })),
        packages: { [lock.platform]: lock.conda.map(one => ({ conda: one.url })) },
      },
    },
    packages: [...lock.conda]
      .sort((a, b) => (a.url < b.url ? -1 : 1))
      .map(one => {
        const { depends = [], constrains = [] } = dependencies?.get(one.sha256) ?? {}
        return {
          conda: one.url,
          sha256: one.sha256,
          md5: one.md5,
          ...(depends.length === 0 ? {} : { depends: [...depends] }),
          ...(constrains.length === 0 ? {} : { constrains: [...constrains] }),
          ...(one.size === null ? {} : { size: one.size }),
        }
      }),
  }
  return `${carriedLines(id, lock, false)}${yamlText(document)}`
}

const Text = z.string().max(2000)
const Lines = z.array(Text).max(2000)
const Selector = z.object({ conda: Text.optional(), pypi: Text.optional(), conda_source: Text.optional() })
const Package = z.object({
  conda: Text.optional(),
  pypi: Text.optional(),
  conda_source: Text.optional(),
  name: Text.optional(),
  version: Text.optional(),
  build: Text.optional(),
  subdir: Text.optional(),
  sha256: Text.optional(),
  md5: Text.optional(),
  size: WholeNumber.optional(),
  depends: Lines.optional(),
  constrains: Lines.optional(),
})
type Package = z.infer<typeof Package>

const MOST = 8 * (LOCK_LIMITS.conda + LOCK_LIMITS.pip)
const File = z.object({
  version: z.enum(['6', '7'], 'is neither 6 nor 7, the versions of pixi.lock that are read'),
  platforms: z
    .array(z.object({ name: Text, subdir: Text.optional() }))
    .max(64)
    .optional(),
  environments: z.record(Text, z.object({ packages: z.record(Text, z.array(Selector).max(MOST)) })),
  packages: z.array(Package).max(MOST),
})

export interface PixiOptions {
  /** `default` where none is named. */
  environment?: string | undefined
  /** A platform of conda, or the name that a file of version 7 gives to one. */
  platform?: string | undefined
}

export function readPixi(text: string, { environment = 'default', platform }: PixiOptions = {}): Reading<PinnedLock> {
  const yaml = lockYaml(text, WHAT)
  if (!yaml.ok) return yaml
  const file = held(File, yaml.value, WHAT)
  if (!file.ok) return file
  const named = Object.entries(file.value.environments).find(([name]) => name === environment)?.[1]
  if (named === undefined)
    return refusedFor({
      detail: `${WHAT} has no environment called ${shown(environment)}.`,
      required: Object.keys(file.value.environments).slice(0, 50).join(', '),
      found: environment.slice(0, 80),
    })
  const target = targetOf(file.value, Object.keys(named.packages), platform)
  if ('ok' in target) return target
  const carried = readCarried(text)
  const byUrl = new Map<string, { one: Package; index: number }>()
  file.value.packages.forEach((one, index) => {
    byUrl.set(one.conda ?? one.pypi ?? one.conda_source ?? '', { one, index })
  })
  const findings: PlacedFinding[] = []
  const records: ArchiveRecord[] = []
  const pip: NonNullable<LockParts['pip']>[number][] = [...carried.pip]
  const list = named.packages[target.name] ?? []
  list.forEach((selector, i) => {
    const url = selector.conda ?? selector.pypi ?? selector.conda_source ?? ''
    const found = byUrl.get(url)
    const pointer =
      found === undefined ? `/environments/${environment}/packages/${target.name}/${i}` : `/packages/${found.index}`
    const place = yaml.value.placeOf(pointer)
    const wrong = complaintOf(selector, found?.one)
    if (wrong !== null)
      findings.push(placed({ detail: `${shown(url.replace(/\/\/[^/]*@/, '//…@'))} ${wrong}` }, pointer, place))
    else if (found?.one.pypi === undefined) records.push({ ...recordOf(found?.one ?? {}, url), place })
    else
      pip.push({
        name: pipName(found.one.name ?? ''),
        version: found.one.version ?? '',
        sha256: [found.one.sha256?.toLowerCase() ?? ''],
        place,
      })
  })
  if (findings.length > 0) return refused(findings)
  const made = makeLock({ platform: target.subdir, records, pip, virtualPackages: carried.virtualPackages })
  return sameAsWritten(made, carried.id)
}

function complaintOf(selector: z.infer<typeof Selector>, one: Package | undefined): string | null {
  if (selector.conda_source !== undefined)
    return 'is built from its source when it is installed: no archive of it has a hash.'
  if (one === undefined) return 'is not among the packages of the file.'
  if (selector.pypi !== undefined && !/^https?:\/\//.test(selector.pypi))
    return 'of PyPI is a folder or a repository, not a file of an index: other machines do not have it.'
  if (selector.pypi !== undefined && one.sha256 === undefined) return 'of PyPI has no sha256.'
  if (selector.conda !== undefined && !/\.(?:conda|tar\.bz2)$/.test(selector.conda))
    return 'is built from its source when it is installed: no archive of it has a hash.'
  return null
}

const recordOf = (one: Partial<Package>, url: string): ArchiveRecord => ({
  url,
  name: one.name,
  version: one.version,
  build: one.build,
  subdir: one.subdir,
  md5: one.md5,
  sha256: one.sha256,
  size: one.size,
  depends: one.depends,
  constrains: one.constrains,
})

type Target = { name: string; subdir: CondaPlatform }

/** Version 7 may have two platforms of one subdir, for nodes with and without CUDA: then one has to be named. */
function targetOf(
  file: z.infer<typeof File>,
  there: readonly string[],
  wanted: string | undefined,
): Target | Reading<never> {
  const targets = there.flatMap(name => {
    const subdir = file.platforms?.find(one => one.name === name)?.subdir ?? name
    const known = CONDA_PLATFORMS.find(one => one === subdir)
    return known === undefined ? [] : [{ name, subdir: known }]
  })
  const exact = targets.find(one => one.name === wanted)
  const fitting = exact === undefined ? targets.filter(one => wanted === undefined || one.subdir === wanted) : [exact]
  const first = fitting.find(one => wanted !== undefined || one.subdir === fitting[0]?.subdir)
  if (first === undefined)
    return refusedFor({
      detail: `${WHAT} is for ${there.join(', ').slice(0, 200) || 'no platform'}, not for ${wanted ?? 'Linux'}.`,
      required: wanted ?? CONDA_PLATFORMS.join(', '),
    })
  const same = fitting.filter(one => one.subdir === first.subdir)
  if (same.length > 1)
    return refusedFor({
      detail: `${WHAT} has ${same.length} platforms of ${first.subdir}: ${same
        .map(one => one.name)
        .join(', ')
        .slice(0, 200)}.`,
      required: 'the name of one of them',
      hint: 'Say which is meant.',
    })
  return first
}

/** What this format has no place for, for people. */
export const pixiLacks = (lock: EnvironmentLock): string[] => [
  'pixi.lock has no place for what the nodes must offer: it stands in comments that only Trotline reads.',
  ...pipLacks('pixi', lock),
]
