// The programs that the local cluster needs, and the Debian packages that bring them.

import { DeployError } from '../errors.ts'
import { findProgram } from './programs.ts'

export interface Requirement {
  program: string
  debianPackage: string
}

const BASE: readonly Requirement[] = [
  { program: 'slurmctld', debianPackage: 'slurmctld' },
  { program: 'slurmd', debianPackage: 'slurmd' },
  { program: 'sbatch', debianPackage: 'slurm-client' },
  { program: 'munged', debianPackage: 'munge' },
  { program: 'redis-server', debianPackage: 'redis-server' },
  { program: 'sshd', debianPackage: 'openssh-server' },
  { program: 'ssh', debianPackage: 'openssh-client' },
]

// The -core packages bring the programs without a system database and its start-up.
const ACCOUNTING: readonly Requirement[] = [
  { program: 'slurmdbd', debianPackage: 'slurmdbd' },
  { program: 'mariadbd', debianPackage: 'mariadb-server-core' },
  { program: 'mariadb', debianPackage: 'mariadb-client-core' },
]

export const REQUIREMENTS: readonly Requirement[] = [...BASE, ...ACCOUNTING]

export function missingPrograms({
  accounting = true,
  also = [],
}: {
  accounting?: boolean
  also?: readonly Requirement[]
} = {}): Requirement[] {
  return [...(accounting ? REQUIREMENTS : BASE), ...also].filter(({ program }) => findProgram(program) === undefined)
}

export function requirePrograms(accounting: boolean) {
  const missing = missingPrograms({ accounting })
  if (missing.length === 0) return
  throw new DeployError(
    'PROGRAMS_MISSING',
    `not installed: ${missing.map(({ program }) => program).join(', ')}. On Debian: apt-get install --no-install-recommends ${missing.map(({ debianPackage }) => debianPackage).join(' ')}`,
  )
}
