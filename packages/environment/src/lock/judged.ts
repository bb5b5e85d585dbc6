// A lock as the judge reads one: its requirements go back to the packages that ask for them.
import type { EnvironmentLock } from '@trotline/contracts'
import { frameworkOf } from '../builds/framework-names.ts'
import { cudaOfPackage } from '../gpu-packages.ts'
import type { LockedPackage } from '../judge-lock.ts'

/** For judgeLock: `judgeLock(packagesOfLock(lock), hardware, matrix)`. */
export function packagesOfLock({ conda, pip, virtualPackages }: EnvironmentLock): LockedPackage[] {
  const asks = new Map<string, string[]>()
  for (const { name, requires, by } of virtualPackages) {
    // Once is enough for a finding: the first of them says it for all.
    const [first = ''] = by
    asks.set(first, [...(asks.get(first) ?? []), requires === '*' ? name : `${name} ${requires}`])
  }
  return [
    ...conda.map(({ name, version, build, url }) => ({ name, version, build, url, constrains: asks.get(name) ?? [] })),
    ...pip.map(({ name, version }) => ({ name, version })),
  ]
}

/** Of thousands those few that a judge asks about, so that judging each sort of node costs nothing. What asks for virtual packages counts. */
export const tellingPackages = (packages: readonly LockedPackage[]): LockedPackage[] =>
  packages.filter(
    ({ name, version, depends = [], constrains = [] }) =>
      name === 'python' ||
      name === 'cudnn' ||
      frameworkOf(name) !== null ||
      cudaOfPackage(name, version) !== null ||
      [...depends, ...constrains].some(line => line.startsWith('__')),
  )
