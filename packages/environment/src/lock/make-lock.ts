// Packages become a lock: what a solver chose, or what a file lists. Every archive must have both hashes; credentials are
// taken out of the addresses; the order and the requirements are worked out, so that the same packages make the same lock.
import { type CondaPlatform, EnvironmentLock, type LockedPip, type VirtualRequirement } from '@trotline/contracts'
import { NOWHERE, type Place, type PlacedFinding, placed, type Reading, refused } from '../reading.ts'
import { type ArchiveAddress, parseArchiveUrl } from './archive-url.ts'
import { lockId } from './canonical.ts'
import { dependencyOrder } from './dependency-order.ts'
import { joined, requirementsOf } from './requirements.ts'

/** One archive, as repodata and solvers tell of it. */
export interface ArchiveRecord {
  url: string
  /** What the address says counts; where these say otherwise, the record is refused. */
  name?: string | undefined
  version?: string | undefined
  build?: string | undefined
  subdir?: string | undefined
  md5?: string | null | undefined
  sha256?: string | null | undefined
  /** In bytes. */
  size?: number | bigint | null | undefined
  depends?: readonly string[] | undefined
  constrains?: readonly string[] | undefined
  /** Where a file names it. */
  place?: Place | undefined
}

export interface LockParts {
  platform: CondaPlatform
  records: readonly ArchiveRecord[]
  /** Normalized names; hashes in any order. */
  pip?: readonly (LockedPip & { place?: Place | undefined })[]
  /** Besides those that follow from the records. */
  virtualPackages?: readonly VirtualRequirement[]
}

export interface PinnedLock {
  /** sha256 of the lock's canonical JSON. */
  id: string
  lock: EnvironmentLock
}

/**
 * Where no record says what it depends on, their order is taken as the dependency order: it is all that @EXPLICIT tells.
 */
export function makeLock({ platform, records, pip = [], virtualPackages = [] }: LockParts): Reading<PinnedLock> {
  const findings: PlacedFinding[] = []
  const notes: PlacedFinding[] = []
  const archives = records.flatMap((record, i) => {
    const pointer = `/conda/${i}`
    const address = parseArchiveUrl(record.url)
    if (typeof address === 'string') {
      findings.push(addressFinding(record, address, pointer))
      return []
    }
    if (address.hadCredentials)
      notes.push(
        placed(
          {
            detail: `The address of ${address.name} held a user, a password or a token, which was left out of the lock.`,
          },
          pointer,
          record.place,
        ),
      )
    findings.push(...recordFindings(record, address, pointer))
    return [locked(record, address)]
  })
  const twice = doubled(archives.map(one => one.name))
  if (twice !== undefined)
    findings.push(placed({ detail: `${twice} stands in the lock twice.`, found: twice }, '/conda'))
  const pipTwice = doubled(pip.map(one => one.name))
  if (pipTwice !== undefined) findings.push(placed({ detail: `${pipTwice} of pip stands in the lock twice.` }, '/pip'))
  if (findings.length > 0) return refused(findings)
  const ordered = archives.some(one => (one.depends?.length ?? 0) > 0) ? dependencyOrder(archives) : archives
  const candidate = {
    v: 1,
    platform,
    virtualPackages: joined([...requirementsOf(archives), ...virtualPackages]),
    conda: ordered.map(({ depends: _depends, constrains: _constrains, place: _place, ...one }) => one),
    pip: [...pip]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map(({ name, version, sha256 }) => ({ name, version, sha256: [...new Set(sha256)].sort() })),
  }
  return pinned(candidate, notes, pointer => placeOf(pointer, ordered, pip))
}

/** A lock that is one already, held against the schema. */
export function pinned(
  candidate: unknown,
  notes: PlacedFinding[],
  placeOf: (path: readonly PropertyKey[]) => Place = () => NOWHERE,
): Reading<PinnedLock> {
  const parsed = EnvironmentLock.safeParse(candidate)
  if (parsed.success) return { ok: true, value: { id: lockId(parsed.data), lock: parsed.data }, notes }
  return refused(
    parsed.error.issues.map(issue => {
      const pointer = issue.path.map(part => `/${String(part)}`).join('')
      const where = pointer === '' ? 'The lock' : pointer.slice(1).replaceAll('/', '.')
      return placed({ detail: `${where} ${issue.message}.` }, pointer, placeOf(issue.path))
    }),
  )
}

type Archive = ReturnType<typeof locked>

function locked(record: ArchiveRecord, { url, name, version, build, subdir }: ArchiveAddress) {
  return {
    name,
    version,
    build,
    subdir,
    url,
    md5: record.md5?.toLowerCase() ?? '',
    sha256: record.sha256?.toLowerCase() ?? '',
    size: record.size === undefined || record.size === null ? null : Number(record.size),
    depends: record.depends,
    constrains: record.constrains,
    place: record.place,
  }
}

function placeOf(path: readonly PropertyKey[], conda: readonly Archive[], pip: LockParts['pip']): Place {
  const at = Number(path[1])
  return (path[0] === 'conda' ? conda[at]?.place : path[0] === 'pip' ? pip?.[at]?.place : undefined) ?? NOWHERE
}

function addressFinding({ url, name, place }: ArchiveRecord, why: string, pointer: string): PlacedFinding {
  // A password that a broken address holds is not repeated.
  const safe = url
    .replace(/^([a-z+]+:\/\/)[^/]*@/i, '$1…@')
    .replace(/\/t\/[^/]+/g, '/t/…')
    .slice(0, 200)
  return placed(
    {
      detail: `${name === undefined ? '' : `${name}: `}the address ${JSON.stringify(safe)} ${why}.`,
      required: 'http or https, and SUBDIR/NAME-VERSION-BUILD.conda or .tar.bz2 at its end',
    },
    `${pointer}/url`,
    place,
  )
}

function recordFindings(record: ArchiveRecord, address: ArchiveAddress, pointer: string): PlacedFinding[] {
  const findings: PlacedFinding[] = []
  const lacking = [
    ...(/^[0-9a-f]{32}$/i.test(record.md5 ?? '') ? [] : ['md5']),
    ...(/^[0-9a-f]{64}$/i.test(record.sha256 ?? '') ? [] : ['sha256']),
  ]
  if (lacking.length > 0)
    findings.push(
      placed(
        {
          detail: `${address.name} ${address.version} has no complete ${lacking.join(' and no complete ')}.`,
          required: 'md5, which every installer reads, and sha256, which is trusted',
          hint: 'Solve the environment anew, or give a lock that has both.',
        },
        `${pointer}/${lacking[0]}`,
        record.place,
      ),
    )
  for (const key of ['name', 'version', 'build', 'subdir'] as const) {
    const said = record[key]
    if (said === undefined || said === address[key]) continue
    findings.push(
      placed(
        {
          detail: `The ${key} of ${address.name} is ${JSON.stringify(said.slice(0, 80))}, and its address says ${address[key]}.`,
          required: address[key],
          found: said.slice(0, 200),
        },
        `${pointer}/${key}`,
        record.place,
      ),
    )
  }
  return findings
}

function doubled(names: readonly string[]): string | undefined {
  const seen = new Set<string>()
  return names.find(name => seen.size === seen.add(name).size)
}
