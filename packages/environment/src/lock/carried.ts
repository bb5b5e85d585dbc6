// What other tools' lock files have no place for, in comments that only Trotline reads: the lock's id, requirements, hashes,
// sizes and pip's packages. They stand at the top, since micromamba takes every line after @EXPLICIT for an address
// (libmamba, api/install.cpp). Whoever takes them out has a file that installs as before, and reads as a poorer lock.
import type { EnvironmentLock, LockedPip, VirtualRequirement } from '@trotline/contracts'
import {
  LockedPip as LockedPipSchema,
  Sha256,
  VirtualRequirement as VirtualRequirementSchema,
} from '@trotline/contracts'

export interface Carried {
  /** Of the lock that the file was written from; null: Trotline did not write it. */
  id: string | null
  virtualPackages: VirtualRequirement[]
  /** By md5. */
  archives: Map<string, { sha256: string; size: number | null }>
  pip: LockedPip[]
}

const MARK = '# trotline '

/** `archives`: hashes and sizes too, for a format without them. */
export function carriedLines(id: string, lock: EnvironmentLock, archives: boolean): string {
  const lines = [
    `lock ${id}`,
    ...lock.virtualPackages.map(one => `virtual ${one.name} ${one.presence} ${one.by.join(',')} ${one.requires}`),
    ...lock.pip.map(one => `pip ${one.name} ${one.version} ${one.sha256.join(',')}`),
    ...(archives ? lock.conda : []).map(one => `archive ${one.md5} ${one.sha256} ${one.size ?? '-'}`),
  ]
  return lines.map(line => `${MARK}${line}\n`).join('')
}

/** A line that is not as it was written is passed over: the id tells that something is missing. */
export function readCarried(text: string): Carried {
  const carried: Carried = { id: null, virtualPackages: [], archives: new Map(), pip: [] }
  for (const line of text.split('\n')) {
    if (!line.startsWith(MARK)) continue
    const [kind, ...words] = line.slice(MARK.length).trimEnd().split(' ')
    if (kind === 'lock' && Sha256.safeParse(words[0]).success) carried.id = words[0] ?? null
    else if (kind === 'virtual') {
      const [name, presence, by = '', ...requires] = words
      const one = VirtualRequirementSchema.safeParse({
        name,
        presence,
        by: by.split(','),
        requires: requires.join(' '),
      })
      if (one.success) carried.virtualPackages.push(one.data)
    } else if (kind === 'pip') {
      const [name, version, hashes = ''] = words
      const one = LockedPipSchema.safeParse({ name, version, sha256: hashes.split(',') })
      if (one.success) carried.pip.push(one.data)
    } else if (kind === 'archive') {
      const [md5 = '', sha256 = '', size = '-'] = words
      if (/^[0-9a-f]{32}$/.test(md5) && Sha256.safeParse(sha256).success)
        carried.archives.set(md5, { sha256, size: /^\d{1,15}$/.test(size) ? Number(size) : null })
    }
  }
  return carried
}
