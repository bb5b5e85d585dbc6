// Locks for tests: whole and valid, of made-up archives, with what a test cares about put over.
import { createHash } from 'node:crypto'
import type { EnvironmentLock, LockedConda, VirtualRequirement } from '@trotline/contracts'
import { lockId, type PinnedLock } from '@trotline/environment'

const hash = (name: 'md5' | 'sha256', text: string): string => createHash(name).update(text).digest('hex')

/** Those that the packages of these locks are of. */
export const LOCKS_CHANNELS = ['main', 'pytorch'].map(name => ({
  name: `test-${name}`,
  url: `https://conda.example.test/${name}`,
}))

export function lockedConda(name: string, version: string, build = '0', channel = 'main'): LockedConda {
  const file = `${name}-${version}-${build}.tar.bz2`
  return {
    name,
    version,
    build,
    subdir: 'linux-64',
    url: `https://conda.example.test/${channel}/linux-64/${file}`,
    md5: hash('md5', file),
    sha256: hash('sha256', file),
    size: 1000,
  }
}

export const CUDA_92: VirtualRequirement = {
  name: '__cuda',
  requires: '>=9.2',
  presence: 'if-present',
  by: ['cudatoolkit'],
}

export function lockOf(over: Partial<EnvironmentLock> = {}): EnvironmentLock {
  return { v: 1, platform: 'linux-64', virtualPackages: [], conda: [lockedConda('python', '3.6.9')], pip: [], ...over }
}

export function pinnedLock(over: Partial<EnvironmentLock> = {}): PinnedLock {
  const lock = lockOf(over)
  return { id: lockId(lock), lock }
}

/** PyTorch 1.3 for CUDA 9.2, as the tutorial has it. */
export const tutorialLock = (): PinnedLock =>
  pinnedLock({
    virtualPackages: [CUDA_92],
    conda: [
      lockedConda('cudatoolkit', '9.2'),
      lockedConda('python', '3.6.9'),
      lockedConda('pytorch', '1.3.0', 'py3.6_cuda9.2.148_cudnn7.6.3_0', 'pytorch'),
    ],
  })

/** A lock of so many packages, as large environments are. */
export const largeLock = (packages: number): PinnedLock =>
  pinnedLock({
    conda: Array.from({ length: packages }, (_, i) => lockedConda(`package-${i}`, `1.${i}.0`, 'h0123456_0')),
  })
