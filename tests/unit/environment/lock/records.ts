// Packages as a channel's repodata tells of them, for tests of locks. Names, versions and builds are those of the tutorial's
// environment; the hashes are those of their names, since no archive lies behind them.
import { createHash } from 'node:crypto'
import type { ArchiveRecord, LockParts, PinnedLock, Reading } from '@trotline/environment'
import { makeLock } from '@trotline/environment'

const hash = (kind: 'md5' | 'sha256', text: string) => createHash(kind).update(text).digest('hex')

export interface Told {
  channel?: string
  subdir?: string
  depends?: readonly string[]
  constrains?: readonly string[]
  /** Other contents under the same name. */
  salt?: string
}

export function record(nameVersionBuild: string, told: Told = {}): ArchiveRecord {
  const {
    channel = 'https://conda.example.org/main',
    subdir = 'linux-64',
    depends = [],
    constrains = [],
    salt = '',
  } = told
  const [name = '', version = '', build = ''] = nameVersionBuild.split(' ')
  return {
    url: `${channel}/${subdir}/${name}-${version}-${build}.tar.bz2`,
    name,
    version,
    build,
    subdir,
    md5: hash('md5', nameVersionBuild + salt),
    sha256: hash('sha256', nameVersionBuild + salt),
    size: 1000 + nameVersionBuild.length,
    depends,
    constrains,
  }
}

const PYTORCH = 'https://conda.example.org/pytorch'

/** For a driver of CUDA 9.2; the constraint on __cuda is the one that today's metadata has and that of 2019 had not. */
export const tutorialRecords = (cudaConstraint: readonly string[] = ['__cuda >=9.2']): ArchiveRecord[] => [
  record('pytorch 1.3.0 py3.6_cuda9.2.148_cudnn7.6.3_0', {
    channel: PYTORCH,
    depends: ['cudatoolkit >=9.2,<9.3', 'python >=3.6,<3.7.0a0', 'numpy >=1.11'],
  }),
  record('torchvision 0.4.1 py36_cu92', {
    channel: PYTORCH,
    depends: ['pytorch 1.3.0', 'python >=3.6,<3.7.0a0', 'six'],
  }),
  record('cudatoolkit 9.2 0', { constrains: cudaConstraint }),
  record('numpy 1.19.2 py36h54aff64_0', { depends: ['python >=3.6,<3.7.0a0', 'libgcc-ng >=7.3.0'] }),
  record('python 3.6.13 h12debd9_1', { depends: ['libgcc-ng >=7.3.0', 'openssl >=1.1.1j,<1.1.2a', 'pip'] }),
  record('pip 21.2.2 py36h06a4308_0', { depends: ['python >=3.6,<3.7.0a0'] }),
  record('openssl 1.1.1w h7f8727e_0', { depends: ['libgcc-ng >=11.2.0'] }),
  record('libgcc-ng 11.2.0 h1234567_1', { depends: ['__glibc >=2.17'] }),
  record('six 1.16.0 pyhd3eb1b0_1', { subdir: 'noarch', depends: ['python'] }),
]

export const TORCHVIZ = { name: 'torchviz', version: '0.0.2', sha256: [hash('sha256', 'torchviz-0.0.2.tar.gz')] }

export const tutorialParts = (parts: Partial<LockParts> = {}): LockParts => ({
  platform: 'linux-64',
  records: tutorialRecords(),
  pip: [TORCHVIZ],
  ...parts,
})

export function lockOf(parts: Partial<LockParts> = {}): PinnedLock {
  return taken(makeLock(tutorialParts(parts)))
}

export function taken<T>(reading: Reading<T>): T {
  if (reading.ok) return reading.value
  throw new Error(reading.findings.map(one => `${one.line ?? ''} ${one.detail}`).join('\n'))
}

/** What was refused, in sentences. */
export function refusalOf<T>(reading: Reading<T>): string {
  if (reading.ok) throw new Error('it was taken')
  return reading.findings.map(one => one.detail).join('\n')
}

export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const mixed = [...list]
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    const [a, b] = [mixed[i], mixed[j]]
    if (a !== undefined && b !== undefined) [mixed[i], mixed[j]] = [b, a]
  }
  return mixed
}
