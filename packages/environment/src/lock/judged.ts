// A lock as the judge reads one: its requirements go back to the packages that ask for them.
import type { EnvironmentLock } from '@trotline/contracts'
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
